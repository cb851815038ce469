"""Gate: the weekly deploy window is open at this instant."""

from __future__ import annotations

from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Price, Verdict
from relman.ops import windows

NAME = "deploy window"


def ask(question: Question) -> Verdict:
    """Open by the rules of ``ops.windows``; a team without a window has the gate not set up."""
    schedule, now = question.config.window, question.now
    if schedule is None:
        return Verdict(NAME, Answer.NOT_SET_UP, "no [window] in relman.toml")
    fact = windows.explain(schedule, now)
    answer = windows.answer(schedule, now)
    if answer.open:
        return Verdict(NAME, Answer.GO, fact)
    price = Price.EMERGENCY if windows.frozen(schedule, now) else Price.OVERRIDE
    opens = f"at {answer.next_opening.isoformat()}" if answer.next_opening else "never: mend [window]"
    return Verdict(NAME, Answer.NO_GO, fact, f"inv release.cut, {opens}", price=price)


GATE = Gate(
    id="window",
    name=NAME,
    row="deploy-rollback",
    source=("B8a", "A2c"),
    without=Answer.UNKNOWN,
    lifted_by="deploy-rollback",
    ask=ask,
    profiles=("solo", "team"),
    timed=True,
)
