"""Gate: the operating model is reviewed after its first full cycle, and then each quarter."""

from __future__ import annotations

from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict
from relman.ops import pace, review

NAME = "model review"
CLEARS = "inv ops.review"


def ask(question: Question) -> Verdict:
    """A warning from 7 days late on, a refusal from 21."""
    if not question.config.cadence:
        return Verdict(NAME, Answer.NOT_SET_UP, "no [[cadence]] in relman.toml")
    days = pace.days_of(question.config)
    stands = review.review(question.config, question.team, days, question.now)
    if stands.due is None:
        return Verdict(NAME, Answer.GO, "nothing was held yet, so the first cycle has not begun")
    late, inputs = stands.late(days.of(question.now)), {"due": str(stands.due)}
    fact = f"due {stands.due}" + (f", {late} days late" if late else "")
    if late >= review.BLOCK_AFTER:
        return Verdict(NAME, Answer.NO_GO, fact, CLEARS, inputs=inputs)
    if late >= review.WARN_AFTER:
        return Verdict(NAME, Answer.WARN, fact, CLEARS, inputs=inputs)
    return Verdict(NAME, Answer.GO, fact, inputs=inputs)


GATE = Gate(
    id="model-review",
    name=NAME,
    row="operating-model",
    source=("A14b",),
    without=Answer.WARN,
    lifted_by="operating-model",
    ask=ask,
    timed=True,
)
