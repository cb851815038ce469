"""Gate: the version is free. A tag of that name means that it was shipped already."""

from __future__ import annotations

from relman.gates.question import Question
from relman.models import Answer, Verdict

NAME = "version"


def ask(question: Question) -> Verdict:
    """No tag of the name, and a revision of the name only with this candidate's content."""
    candidate = question.candidate
    name = f"{question.config.tag_prefix}{candidate.version}"
    found = question.repo().tags().get(name)
    if found:
        return Verdict(NAME, Answer.NO_GO, f"{name} is tagged already, on {found[:7]}", "inv release.prepare")
    return Verdict(NAME, Answer.GO, f"{candidate.version}, after {candidate.prior or 'nothing'}")
