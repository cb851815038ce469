"""Gate: the version is free. A tag of that name means that it was shipped already."""

from __future__ import annotations

from relman.gates.question import Question
from relman.models import Answer, Verdict

NAME = "version"


def ask(question: Question) -> Verdict:
    """No tag of the name, or one on this very commit: another environment has it already."""
    candidate = question.candidate
    name = f"{question.config.prefix(candidate.key.service)}{candidate.version}"
    found = question.repo().tags().get(name, candidate.commit)
    if found != candidate.commit:
        return Verdict(NAME, Answer.NO_GO, f"{name} is tagged already, on {found[:7]}", "inv release.prepare")
    after = f", after {candidate.prior}" if candidate.prior else ", the first that relman ships"
    return Verdict(NAME, Answer.GO, f"{candidate.version}{after}")
