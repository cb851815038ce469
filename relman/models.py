"""The values that everything else speaks of: frozen, JSON-shaped, without I/O.

What it is not: configuration (``config``) or what Cloud Run answered (``cloudrun``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from relman.errors import UsageError

PERCENT = 100


class ServiceKey(msgspec.Struct, frozen=True, order=True):
    """Which Cloud Run service is meant. The ledger is keyed by project, region and service."""

    project: str
    region: str
    service: str

    @property
    def path(self) -> str:
        """The full resource name, as the Cloud Run Admin API v2 spells it."""
        return f"projects/{self.project}/locations/{self.region}/services/{self.service}"

    def __str__(self) -> str:
        """``service (project, region)``: how a person reads it."""
        return f"{self.service} ({self.project}, {self.region})"


TEAM = ServiceKey("", "", "")
"""What an entry of the ledger is about that belongs to no service: a freeze, a shift, a meeting held."""


class TrafficSplit(msgspec.Struct, frozen=True):
    """Percentages per revision name. They sum to 100, or there are none (no service yet).

    Only explicit revisions stand here; 0 % entries and tags are no traffic. Equal splits compare
    equal, whatever the order they were given in.
    """

    shares: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        """Sort the shares and refuse what does not sum to 100.

        Raises:
            UsageError: A percentage is out of range or the sum is neither 0 nor 100.
        """
        kept = tuple(sorted((revision, percent) for revision, percent in self.shares if percent))
        total = sum(percent for _, percent in kept)
        if kept and (total != PERCENT or any(percent < 0 for _, percent in kept)):
            raise UsageError("a traffic split must sum to 100", fact=str(dict(self.shares)))
        msgspec.structs.force_setattr(self, "shares", kept)

    @classmethod
    def all_to(cls, revision: str) -> TrafficSplit:
        """The whole traffic on one revision."""
        return cls(((revision, PERCENT),))

    @classmethod
    def between(cls, candidate: str, stable: TrafficSplit, percent: int) -> TrafficSplit:
        """``percent`` to the candidate, the rest to the one revision that is stable.

        Raises:
            UsageError: Stable is itself split over several revisions.
        """
        if percent == PERCENT:
            return cls.all_to(candidate)
        return cls(((candidate, percent), (stable.sole, PERCENT - percent)))

    @property
    def sole(self) -> str:
        """The one revision that has the whole traffic.

        Raises:
            UsageError: There is no such revision.
        """
        if len(self.shares) != 1:
            raise UsageError("the traffic is not on one revision", fact=str(self))
        return self.shares[0][0]

    def percent(self, revision: str) -> int:
        """What a revision has, in percent."""
        return dict(self.shares).get(revision, 0)

    def __str__(self) -> str:
        """``api-v1 80 %, api-v2 20 %``."""
        return ", ".join(f"{revision} {percent} %" for revision, percent in self.shares) or "none"


class Release(msgspec.Struct, frozen=True):
    """What a rollback can go to: a revision that was good, and the image it runs.

    ``version`` is empty for a revision that was adopted without one.
    """

    version: str
    revision: str
    digest: str

    def __str__(self) -> str:
        """The version, or the revision where there is none."""
        return self.version or self.revision


class Commit(msgspec.Struct, frozen=True, gc=False):
    """A commit as git tells it; every text is decoded, whatever its encoding was.

    Attributes:
        hash: Its full hash.
        parents: Their full hashes; none at a root, several at a merge.
        author: The author's name.
        email: The author's address, which is self-declared.
        when: When it was committed, in seconds since 1970.
        message: The whole message.
        paths: What it changed against its first parent; empty where nobody asked.
    """

    hash: str
    parents: tuple[str, ...]
    author: str
    email: str
    when: int
    message: str
    paths: tuple[str, ...] = ()


class TagRef(msgspec.Struct, frozen=True):
    """A git tag, and the full hash of the commit that it leads to; empty if it leads to none."""

    name: str
    commit: str


class Candidate(msgspec.Struct, frozen=True):
    """What is proposed to ship: decided, built and frozen by ``prepare``.

    Attributes:
        key: The service.
        environment: The environment's name, ``production`` where the file names none.
        version: SemVer 2.0.0, without the tag's prefix.
        commit: The full commit that was built; empty where an image was given and git is absent.
        image: ``name@sha256:…``; never a tag.
        template: The full revision template as the v2 REST API spells it, without ``revision``.
        template_digest: SHA-256 of the template's RFC 8785 form, in hex.
        revision: The name that the revision will have.
        tag: The traffic tag that gives the revision a URL.
        prior: The version that was live when this was prepared, empty at the first release.
        service_fields: What applies to the service itself, at Create only.
    """

    key: ServiceKey
    environment: str
    version: str
    commit: str
    image: str
    template: dict[str, Any]
    template_digest: str
    revision: str
    tag: str
    prior: str = ""
    service_fields: dict[str, Any] = {}

    @property
    def digest(self) -> str:
        """``sha256:…`` of the image."""
        return self.image.rpartition("@")[2]

    @property
    def release(self) -> Release:
        """The candidate as what a later rollback can go to."""
        return Release(self.version, self.revision, self.digest)


class Answer(StrEnum):
    """What a gate says. Unknown counts as no-go; a warning is shown, and passes."""

    GO = "go"
    WARN = "warn"
    NO_GO = "no-go"
    UNKNOWN = "unknown"
    NOT_SET_UP = "not set up"


class Price(StrEnum):
    """What it takes to pass a gate that says no, where somebody may lift it."""

    OVERRIDE = "override"
    EMERGENCY = "emergency"
    NOBODY = "nobody"


class Verdict(msgspec.Struct, frozen=True):
    """One gate's answer, the fact behind it, and the command that clears it.

    Attributes:
        gate: The gate's name.
        answer: What it says.
        fact: Why, with the numbers.
        clears: The command that a person types next.
        inputs: The facts that it was judged by, JSON only, so that it can be judged again later.
        as_of: When these facts were so; None, while it is asked, is the instant of the question.
        price: What it takes to pass, if it does not: a freeze takes an emergency; nothing lifts a stop.
        lifted: What lets the candidate pass all the same: who, until when, why; or that it is advice.
        id: The gate's id, filled in by whoever asks it, as is ``lifted``.
    """

    gate: str
    answer: Answer
    fact: str
    clears: str = ""
    inputs: dict[str, Any] = {}
    as_of: datetime | None = None
    price: Price = Price.OVERRIDE
    lifted: str = ""
    id: str = ""

    @property
    def passes(self) -> bool:
        """Go, a warning, a gate that is not set up (shown in every plan), or one that was lifted."""
        return self.answer in {Answer.GO, Answer.WARN, Answer.NOT_SET_UP} or bool(self.lifted)


class Event(msgspec.Struct, frozen=True):
    """One thing that happened, for whoever watches: terminal, pipe or JSON lines.

    ``kind`` is one of: ``plan``, ``gate``, ``step.started``, ``step.waiting``, ``step.done``,
    ``step.failed``, ``step.owed``, ``traffic``, ``note``, ``done``, ``failed``. ``facts`` holds JSON
    only; what each kind carries is written down in ``render``.
    """

    kind: str
    text: str
    key: str = ""
    seconds: float | None = None
    facts: dict[str, Any] = {}


Emit = Callable[[Event], None]


def silent(_event: Event) -> None:
    """An :data:`Emit` for callers who do not watch."""


def spelled(seconds: float) -> str:
    """A length of time as ``relman.toml`` spells it: ``90s``, ``10m``, ``2h``."""
    for length, unit in ((3600, "h"), (60, "m")):
        if seconds and seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds:g}s"


def listed(words: Iterable[str]) -> str:
    """``a, b and c``."""
    *head, last = list(words)
    return f"{', '.join(head)} and {last}" if head else last
