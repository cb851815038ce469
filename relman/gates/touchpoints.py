"""Gate: whatever a release changes has an owner."""

from __future__ import annotations

from relman.gates import difference
from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict

NAME = "touchpoints"
SHOWN = 3


def ask(question: Question) -> Verdict:
    """A warning for a path that no ``[[touchpoint]]`` leads to an owner; it never refuses."""
    if not question.config.touchpoint:
        return Verdict(NAME, Answer.NOT_SET_UP, "no [[touchpoint]] in relman.toml")
    found = difference.places(question)
    nobodys = [place.path for place in found if not place.mapped]
    inputs: dict[str, object] = {"paths": len(found), "of nobody's": nobodys}
    if not nobodys:
        owners = sorted({place.domain for place in found})
        return Verdict(
            NAME, Answer.GO, f"{len(found)} paths, of {', '.join(owners) or 'nothing'}", inputs=inputs
        )
    more = f" and {len(nobodys) - SHOWN} more" if len(nobodys) > SHOWN else ""
    fact = f"nobody owns {', '.join(nobodys[:SHOWN])}{more}"
    return Verdict(NAME, Answer.WARN, fact, "inv ops.touchpoints, and write [[touchpoint]]", inputs=inputs)


GATE = Gate(
    id="touchpoints",
    name=NAME,
    row="operating-model",
    source=("A7",),
    without=Answer.WARN,
    lifted_by="operating-model",
    ask=ask,
)
