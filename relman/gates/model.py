"""Gate: the operating model can be worked by: valid, with nothing left to do."""

from __future__ import annotations

from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict
from relman.ops import checks

NAME = "operating model"
CLEARS = "inv ops.check"

_SHOWN = 3


def ask(question: Question) -> Verdict:
    """As ``ops.check`` finds it, without the commands and contacts that only a task knows.

    What makes work harder and stops nothing, such as a role without a deputy, is a warning here.
    """
    config, now = question.config, question.now
    if config.model is None:
        return Verdict(NAME, Answer.NOT_SET_UP, "no [model] in relman.toml")
    found = checks.faults(checks.check(checks.Asked(config, now)))
    stopping = tuple(one for one in found if one.rule not in checks.TOLERATED)
    facts = {
        "version": config.model.version,
        "findings": [f"{one.file}:{one.line} {one.rule}" for one in found],
    }
    if not found:
        fact = f"version {config.model.version}, {len(config.raci)} decisions, nothing to mend"
        return Verdict(NAME, Answer.GO, fact, inputs=facts)
    answer = Answer.NO_GO if stopping else Answer.WARN
    return Verdict(NAME, answer, _told(stopping or found), CLEARS, inputs=facts)


def _told(found: tuple[checks.Finding, ...]) -> str:
    shown = [f"{one.file}:{one.line} {one.what}" for one in found[:_SHOWN]]
    more = len(found) - len(shown)
    return "; ".join([*shown, *([f"and {more} more"] if more else [])])


GATE = Gate(
    id="model",
    name=NAME,
    row="operating-model",
    source=("A1b", "A2b", "A2d", "A5a", "A8", "A9", "B19", "B20", "B35", "B36"),
    without=Answer.NO_GO,
    lifted_by="",
    ask=ask,
    timed=True,
)
