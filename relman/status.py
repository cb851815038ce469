"""What ``release.status`` knows: the present of one service, as a value.

What it is not: text. ``render`` makes that of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relman.config import Schedule
from relman.ledger import Entry, Run, story
from relman.live import LiveService
from relman.models import Candidate, Release, ServiceKey


@dataclass(frozen=True)
class Status:
    """One service in one environment, now.

    Attributes:
        now: When it was read.
        live: The service as it is, None if there is none.
        chain: The good releases by the ledger, newest first.
        labels: What people call a revision, by its name.
        candidate: What is prepared and not shipped.
        open_runs: The runs that have not ended.
        entries: Everything that the ledger has of the service, oldest first.
        schedule: The deploy window, None if it is not set up.
        team: What the ledger has of the whole team: freezes and stops.
    """

    key: ServiceKey
    environment: str
    now: datetime
    live: LiveService | None
    chain: tuple[Release, ...]
    labels: dict[str, str]
    candidate: Candidate | None
    open_runs: tuple[Run, ...]
    entries: tuple[Entry, ...]
    schedule: Schedule | None
    team: tuple[Entry, ...] = ()

    @property
    def opens(self) -> str:
        """What the deploy window says, empty where none is set up and nothing is frozen."""
        from relman.ops import hours

        here = hours.of(self.schedule, (*self.team, *self.entries))
        return here.explain(self.now) if here.set_up or here.frozen(self.now) else ""

    @property
    def owed(self) -> tuple[story.Debt, ...]:
        """What releases that are over still owe; an open run settles its own."""
        running = {run.id for run in self.open_runs}
        return tuple(debt for debt in story.owed(self.entries) if debt.run not in running)
