"""Gate: the signed go/no-go, which a team's profile demands.

This version cannot verify signatures yet. It says so, and unknown is no-go: a team's release
does not ship unsigned because a part is missing.
"""

from __future__ import annotations

from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict

NAME = "sign-off"


def ask(_question: Question) -> Verdict:
    """Unknown, and so no-go; ``solo`` does not ask."""
    fact = "this version of relman cannot verify signatures yet"
    return Verdict(NAME, Answer.UNKNOWN, fact)


GATE = Gate(
    id="sign-off",
    name=NAME,
    row="deploy-rollback",
    source=("B23", "B28"),
    without=Answer.UNKNOWN,
    lifted_by="",
    ask=ask,
)
