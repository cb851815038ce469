"""Gate: what was promised after the worst incidents is done."""

from __future__ import annotations

from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict
from relman.ops import held, pace, people

NAME = "actions"
WORST = "P1"
CLEARS = "inv ops.actions --overdue"


def ask(question: Question) -> Verdict:
    """Overdue actions are a warning; one that follows from a P1 refuses the cut."""
    if not question.config.cadence:
        return Verdict(NAME, Answer.NOT_SET_UP, "no [[cadence]] in relman.toml")
    today = pace.days_of(question.config).of(question.now)
    open_now = [one for one in held.actions(question.team) if one.done is None]
    overdue = [one.action for one in open_now if one.overdue(today)]
    inputs = {"open": len(open_now), "overdue": [one.id for one in overdue]}
    if not overdue:
        return Verdict(NAME, Answer.GO, f"{len(open_now)} open, none overdue", inputs=inputs)
    worst = [one for one in overdue if one.severity == WORST]
    first = (worst or overdue)[0]
    whose = people.told(question.config, first.owner)
    more = f", and {len(overdue) - 1} more" if len(overdue) > 1 else ""
    kind = f"{WORST} action" if worst else "action"
    fact = f"{kind} overdue since {first.due}: {first.id} {first.text} ({whose}){more}"
    return Verdict(NAME, Answer.NO_GO if worst else Answer.WARN, fact, CLEARS, inputs=inputs)


GATE = Gate(
    id="actions",
    name=NAME,
    row="incident-response",
    source=("A6e", "B22"),
    without=Answer.WARN,
    lifted_by="incident-response",
    ask=ask,
    timed=True,
)
