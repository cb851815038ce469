"""Gate: there is a way back, proven by what the platform says now."""

from __future__ import annotations

from msgspec.structs import replace

from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.live import LiveService
from relman.models import PERCENT, Answer, Release, Verdict

NAME = "way back"


def ask(question: Question) -> Verdict:
    """The newest good release serves everything, is Ready, and is what relman knows."""
    if question.first:
        return Verdict(NAME, Answer.GO, "first release: nothing to go back to")
    live = question.live
    if live is None:
        return Verdict(NAME, Answer.UNKNOWN, f"{question.key} is gone", "inv release.status")
    if not question.chain:
        return _no(f"relman never released {question.key.service}", "inv release.adopt")
    inputs = {"traffic": dict(live.split.shares), "way_back": [one.revision for one in question.chain]}
    return replace(_serving(question, live, question.chain[0]), inputs=inputs)


def _serving(question: Question, live: LiveService, stable: Release) -> Verdict:
    if live.reconciling:
        return Verdict(NAME, Answer.UNKNOWN, "Cloud Run is reconciling the service", "inv release.plan")
    if live.split.percent(stable.revision) != PERCENT:
        fact = f"the traffic is {live.split}; the last good release is {stable.revision}"
        return _no(fact, "inv release.adopt to keep it, or inv release.rollback")
    found = question.cloud.revision(question.key, stable.revision)
    if found is None or not found.ready:
        return _no(
            f"{stable.revision} is {'gone' if found is None else found.reason or 'not Ready'}",
            "inv release.status",
        )
    return Verdict(NAME, Answer.GO, f"{stable} ({stable.revision}) is Ready")


def _no(fact: str, clears: str) -> Verdict:
    return Verdict(NAME, Answer.NO_GO, fact, clears)


GATE = Gate(
    id="way-back",
    name=NAME,
    row="deploy-rollback",
    source=("B8c",),
    without=Answer.UNKNOWN,
    lifted_by="",
    ask=ask,
    profiles=("solo", "team"),
)
