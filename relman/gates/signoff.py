"""Gate: the signed go/no-go, which a team's profile demands.

This version cannot verify signatures yet. It says so, and unknown is no-go: a team's release
does not ship unsigned because a part is missing.
"""

from __future__ import annotations

from relman.gates.question import Question
from relman.models import Answer, Verdict

NAME = "sign-off"


def ask(question: Question) -> Verdict:
    """Not set up for ``solo``; unknown, and so no-go, for ``team``."""
    if question.config.profile == "solo":
        return Verdict(NAME, Answer.NOT_SET_UP, 'profile = "solo" needs no signatures')
    fact = "this version of relman cannot verify signatures yet"
    return Verdict(NAME, Answer.UNKNOWN, fact)
