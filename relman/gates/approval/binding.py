"""Whether what was signed is what would ship: every bound fact, observed again (signing.md, step 3).

What it is not: the observing (``observing``). Here signed and observed facts are held against each other,
and each that differs is named with its threat.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from relman.approval.request import Occurrence, OnCallBound, Replaced, Request
from relman.errors import Refused
from relman.gates.approval import observing
from relman.gates.question import Question
from relman.models import listed
from relman.signing import Subject
from relman.signing.statements import Sha256
from relman.signing.strict import sha256

SHORT = 60


class Fact(NamedTuple):
    """One bound fact.

    Attributes:
        name: What it is called.
        threat: What it would be if it differed.
        signed: As it stands in the request.
        observed: As it is now.
    """

    name: str
    threat: str
    signed: Any
    observed: Any

    @property
    def told(self) -> str:
        """What differs, for people; a digest says nothing to them."""
        signed, observed = _said(self.signed), _said(self.observed)
        sides = f"signed {signed}, now {observed}" if signed != observed else "changed"
        return f"{self.threat}: {self.name} {sides}"


def differing(request: Request, question: Question) -> tuple[Fact, ...]:
    """The bound facts that are no longer what was signed.

    Raises:
        Refused: Nothing is prepared, or what is bound cannot be observed.
    """
    return tuple(one for one in _facts(request, question) if one.signed != one.observed)


def _facts(request: Request, question: Question) -> Iterator[Fact]:
    """Every bound fact; what takes git or the platform comes last."""
    key, candidate = question.key, question.candidate
    name, _, digest = candidate.image.partition("@sha256:")
    yield Fact("service", "T04", request.key, key)
    yield Fact("environment", "T04", request.environment, question.target.environment)
    yield Fact("version", "T04", request.version, candidate.version)
    yield Fact("commit", "T05", request.commit, candidate.commit)
    yield Fact("image", "T06", request.image, candidate.image)
    yield Fact("subject", "T06", request.subject, (Subject.of(name, digest),) if digest else ())
    yield Fact("template", "T05", request.template, Sha256(candidate.template_digest))
    yield Fact("plan", "T05", request.plan.sha256, question.plan)
    yield Fact("from", "T04", request.replaces, observing.replaced(question))
    slot = observing.occurrence(question, question.now)
    yield Fact("window", "T04", request.window, slot)
    yield Fact("on-call", "T08", request.oncall, observing.on_call(question, slot, question.now))
    known = observing.written(question)
    yield Fact("authors", "T07", request.authors, observing.authors(question, known))
    yield Fact("difference", "T05", request.difference, Sha256(sha256(observing.difference(question, known))))


def need_same(request: Request, question: Question) -> None:
    """Refuse what is no longer what was signed.

    Raises:
        Refused: Every fact that differs is named.
    """
    if found := differing(request, question):
        raise Refused(
            f"the approval is void: {listed(one.name for one in found)} changed",
            fact="; ".join(one.told for one in found),
            clears="inv checklist.open",
        )


def _said(value: Any) -> str:  # noqa: ANN401, PLR0911 - whatever is bound
    match value:
        case None:
            return "nothing"
        case Sha256():
            return value.sha256[:12]
        case Replaced():
            return value.revision
        case Occurrence():
            start, end = (datetime.fromtimestamp(one, UTC) for one in (value.start, value.end))
            return f"{start:%a %Y-%m-%d %H:%M} to {end:%H:%M}Z"
        case OnCallBound():
            return f"{value.person} by rota {value.rota.sha256[:8]}"
        case tuple():
            return ", ".join(_said(one) for one in value) or "nobody"
    text = str(value)
    return text if len(text) <= SHORT else f"…{text[1 - SHORT :]}"  # the end tells images apart
