"""Gate: the version is free, and its tag can be made. A tag of that name means that it was shipped already.

Where the tag is to be pushed, the remote is asked too.
"""

from __future__ import annotations

from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict
from relman.tags import Tags

NAME = "version"


def ask(question: Question) -> Verdict:
    """No tag of the name, or one on this very commit: another environment has it already."""
    candidate = question.candidate
    name = f"{question.config.prefix(candidate.key.service)}{candidate.version}"
    inputs = {"tag": name, "commit": candidate.commit}
    found = question.repo().tags().get(name, candidate.commit)
    if found != candidate.commit:
        fact = f"{name} is tagged already, on {found[:7]}"
        return Verdict(NAME, Answer.NO_GO, fact, "inv release.prepare", inputs={**inputs, "tagged": found})
    tags = Tags(question.repo().root)
    tags.tagger(question.clock.now())  # refuses where git does not know who tags
    there = tags.there(question.config.remote, name) if question.config.tag.push else None
    if there and there.commit != candidate.commit:
        fact = f"{name} is tagged already on {question.config.remote}, on {there.commit[:7]}"
        fetch = f"git fetch {question.config.remote} --tags, then inv release.prepare"
        return Verdict(NAME, Answer.NO_GO, fact, fetch, inputs={**inputs, "tagged": there.commit})
    after = f", after {candidate.prior}" if candidate.prior else ", the first that relman ships"
    return Verdict(NAME, Answer.GO, f"{candidate.version}{after}", inputs=inputs)


GATE = Gate(
    id="version",
    name=NAME,
    row="deploy-rollback",
    source=("A1d",),
    without=Answer.UNKNOWN,
    lifted_by="",
    ask=ask,
    profiles=("solo", "team"),
)
