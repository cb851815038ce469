"""What every gate is asked about, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from relman.clock import Clock, aware
from relman.cloudrun import CloudRun
from relman.config import Config, Target
from relman.errors import Refused
from relman.ledger import Entry
from relman.live import LiveService
from relman.models import TEAM, Candidate, Release, ServiceKey
from relman.repo import Repo


@dataclass(kw_only=True)
class Question:
    """May this candidate ship, now or at another instant?

    Attributes:
        key: The service.
        proposed: The candidate; None where nothing is prepared.
        chain: The releases that a rollback could go to, newest first.
        first: No release of the service ever was good.
        ledger: Reads what was recorded about a service, oldest first.
        at: The instant that is asked about; None: now.
        plan: Digest of the plan that would ship it, empty where none was made.
        run: The run that asks; empty outside of one.
    """

    key: ServiceKey
    proposed: Candidate | None
    chain: tuple[Release, ...]
    first: bool
    config: Config
    target: Target
    repo: Callable[[], Repo]
    cloud: CloudRun
    clock: Clock
    ledger: Callable[[ServiceKey], tuple[Entry, ...]]
    at: datetime | None = None
    plan: str = ""
    run: str = ""

    @property
    def candidate(self) -> Candidate:
        """The candidate, for a gate that needs one.

        Raises:
            Refused: Nothing is prepared.
        """
        if self.proposed is None:
            raise Refused("nothing is prepared for the commit checked out", clears="inv release.prepare")
        return self.proposed

    @cached_property
    def now(self) -> datetime:
        """The instant that is asked about, the same for all gates, in UTC.

        Raises:
            UsageError: ``at`` is naive.
        """
        return aware(self.clock.now() if self.at is None else self.at).astimezone(UTC)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """What the ledger had of the service at that instant."""
        return self._known(self.key)

    @cached_property
    def team(self) -> tuple[Entry, ...]:
        """What the ledger had at that instant of what belongs to no service: freezes, shifts, meetings."""
        return self._known(TEAM)

    @cached_property
    def live(self) -> LiveService | None:
        """The service as it is, read once for all gates."""
        return self.cloud.service(self.key)

    def _known(self, key: ServiceKey) -> tuple[Entry, ...]:
        """What was recorded later is not known yet at an instant that is over."""
        return tuple(entry for entry in self.ledger(key) if self.at is None or entry.at <= self.at)
