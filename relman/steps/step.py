"""What every step is, what it can see, and the world it acts in.

What it is not: any particular step. A step is a frozen value: it prints as one line, is stored
as JSON, and is safe to settle again, because it looks before it acts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from relman.errors import Fenced
from relman.live import Mark
from relman.models import Emit, ServiceKey, TrafficSplit

if TYPE_CHECKING:
    from relman.clock import Clock
    from relman.cloudbuild import CloudBuild
    from relman.cloudrun import CloudRun
    from relman.config import Config, Target
    from relman.ledger import Entry, RunRecord
    from relman.live import LiveService
    from relman.repo import Repo


class Done(msgspec.Struct, frozen=True):
    """The step is done; the value is recorded, ``text`` in it is what people read."""

    value: dict[str, Any] = {}


class Failed(msgspec.Struct, frozen=True):
    """The step cannot be done.

    Attributes:
        reason: Why.
        clears: What a person types to mend it, where that is known.
        facts: What is recorded with the failure, besides: JSON only.
    """

    reason: str
    clears: str = ""
    facts: dict[str, Any] = {}


class Absent(msgspec.Struct, frozen=True):
    """Nothing of the step is there yet: it may act."""


class Pending(msgspec.Struct, frozen=True):
    """It is under way: what it waits for, and how far that is, in seconds, where it is known."""

    text: str
    elapsed: float | None = None
    total: float | None = None


Seen = Done | Failed | Absent | Pending


@dataclass
class Authority:
    """A driver's right to write to the service (ruling 11).

    Attributes:
        epoch: The driver's own, carried by its first write.
        run: Its run; two drivers without a common ledger may take the same epoch.
        found: The epoch that the service carried when this driver began.
        wrote: The service was seen to carry this driver's own mark.
    """

    epoch: int
    run: str
    found: int
    wrote: bool = False

    def mark(self, step: str) -> Mark:
        """What this driver's writes carry."""
        return Mark(self.epoch, self.run, step)

    def owns(self, live: LiveService) -> bool:
        """Whether the last write was this driver's. A lost answer is found out by this."""
        mine = (live.epoch, live.run) == (self.epoch, self.run)
        self.wrote = self.wrote or mine
        return mine

    def check(self, live: LiveService) -> None:
        """Stop a forward driver that is no longer the newest.

        Raises:
            Fenced: The service carries a newer, lower or missing epoch.
        """
        if self.owns(live) or (not self.wrote and live.epoch == self.found):
            return
        left = self.epoch if self.wrote else self.found
        raise Fenced(
            "somebody else has written to the service",
            fact=f"it carries epoch {live.epoch or 'none'}; this driver left {left or 'none'}",
            clears="inv release.status",
        )


@dataclass(kw_only=True)
class Outside:
    """What a driver, its steps and the gates can look at and act upon; nothing in it is stored.

    Attributes:
        doubt: Seconds in which an unanswered action of a dead process may still appear.
        config: None for a rollback from nothing but the service's name, as is ``target``.
        labels: What people call a revision, by its name.
        ledger: Reads what was recorded about a service, oldest first.
        plan: Digest of the plan that is driven or shown, empty where there is none.
    """

    key: ServiceKey
    environment: str
    cloud: CloudRun
    builds: CloudBuild
    repo: Callable[[], Repo]
    clock: Clock
    emit: Emit
    doubt: float
    config: Config | None = None
    target: Target | None = None
    labels: dict[str, str] = field(default_factory=dict)
    ledger: Callable[[ServiceKey], tuple[Entry, ...]] = lambda _key: ()
    plan: str = ""

    def label(self, revision: str) -> str:
        """The version of a revision, or its name."""
        return self.labels.get(revision) or revision


@dataclass(kw_only=True)
class World(Outside):
    """The outside as one run sees it: with the driver's authority, and what is recorded of the run.

    Attributes:
        patience: Seconds to wait for the platform before the run is paused.
    """

    authority: Authority
    record: RunRecord
    patience: float = 30.0

    @classmethod
    def of(cls, outside: Outside, authority: Authority, record: RunRecord, labels: dict[str, str]) -> World:
        """The world of a run.

        Args:
            outside: What its driver sees.
            authority: The driver's.
            record: Of the run.
            labels: Further names for revisions.
        """
        seen = {each.name: getattr(outside, each.name) for each in fields(Outside)}
        return cls(**seen | {"labels": outside.labels | labels}, authority=authority, record=record)


class Step(msgspec.Struct, frozen=True, tag_field="kind"):
    """One unit of a plan.

    Attributes:
        changes: It changes what users may see, so a failure after it must be put back.
        pauses: Its failure stops the run for a person and puts nothing back.
        insists: It does what it must whatever it finds: only steps of a rollback do.
        owes: Its failure ends nothing and changes no outcome: it is recorded as owed, and tried again by
            ``release.resume``.
    """

    changes: ClassVar[bool] = False
    pauses: ClassVar[bool] = False
    insists: ClassVar[bool] = False
    owes: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """The step's name, which never repeats within a run."""
        raise NotImplementedError

    @property
    def line(self) -> str:
        """The step as one line for people."""
        raise NotImplementedError

    @property
    def failed(self) -> str:
        """What is said when it failed."""
        return f"{self.line} failed"

    @property
    def leaves(self) -> TrafficSplit | None:
        """The traffic that this step leaves, None if it touches none."""
        return None

    @property
    def hint(self) -> str:
        """What a person types if this fails and is not put back; empty leaves it to the plan."""
        return ""

    @property
    def stamp(self) -> dict[str, Any]:
        """What is recorded with a failure, besides its reason."""
        return {}

    def observe(self, world: World) -> Seen:
        """Look whether it is done already. The answer comes from the world, or was recorded."""
        raise NotImplementedError

    def act(self, world: World) -> Seen | str:
        """Make it so. Called only when it was observed absent.

        Returns:
            What came of it, for a step whose outcome only we know; else what the platform
            complained of, and the outcome is observed.
        """
        raise NotImplementedError


class Knowledge(Step, frozen=True):
    """A step whose outcome only we know, so that it is remembered and not observed."""

    def observe(self, world: World) -> Seen:  # noqa: ARG002 - only what was recorded counts
        """It is absent until its outcome was recorded; then it is not asked."""
        return Absent()
