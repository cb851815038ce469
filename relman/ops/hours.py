"""The hours in which shipping is allowed: ``[window]``, and what the ledger says of time.

What it is not: another arithmetic. Freezes, stops and overrides of the ledger are handed to
``windows``, beside what relman.toml says, so that one rule of precedence judges all (ruling 20):
emergency stop, freeze or holiday (unless the override is an emergency), override, window, closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from relman.config.schedule import Override, Schedule, Window
from relman.config.words import Zone
from relman.ledger import Entry
from relman.models import Release
from relman.ops import overrides, windows
from relman.ops.closures import Closure, recorded, written
from relman.ops.overrides import Granted
from relman.ops.spans import Span

GATE = "window"
"""The gate's id, which an override names."""


class Hours(Struct, frozen=True, kw_only=True):
    """When shipping is allowed, by the file and by the ledger.

    Attributes:
        schedule: ``[window]``; without windows in it all time is open that no closure takes.
        overrides: What the ledger holds.
        closures: The freezes and stops that the ledger holds.
    """

    schedule: Schedule
    overrides: tuple[Override, ...] = ()
    closures: tuple[Closure, ...] = ()

    @property
    def set_up(self) -> bool:
        """Whether there is a ``[window]``."""
        return bool(self.schedule.windows)

    @property
    def zone(self) -> Zone:
        """In which local times are told."""
        return self.schedule.tz

    def answer(self, now: datetime) -> windows.Answer:
        """Whether it is open, until when, and when next."""
        return windows.answer(self.schedule, now, self.overrides, self.closures)

    def explain(self, now: datetime) -> str:
        """The answer in one line."""
        return windows.explain(self.schedule, now, self.overrides, self.closures)

    def frozen(self, now: datetime) -> Closure | None:
        """The closure in force: a stop before all others."""
        return windows.frozen(self.schedule, now, self.closures)

    def current(self, now: datetime) -> tuple[Window, Span] | None:
        """The window that has an occurrence now, closures left aside."""
        return windows.current(self.schedule, now)

    def openings(self, within: Span) -> Iterator[Span]:
        """Open time, cut to a span."""
        return windows.openings(self.schedule, within, self.overrides, self.closures)

    def closed(self) -> tuple[Closure, ...]:
        """Every closure, of the file and of the ledger, by its start."""
        return tuple(sorted((*written(self.schedule), *self.closures), key=lambda one: one.span))


def of(
    schedule: Schedule | None,
    entries: Sequence[Entry],
    *,
    release: Release | None = None,
    zone: Zone | None = None,
) -> Hours:
    """The hours by a schedule and by the ledger.

    Args:
        schedule: ``[window]``, None where there is none.
        entries: What the ledger has of the team and of the service.
        release: What is to ship: an override opens for what it was granted for. None: all of them.
        zone: In which local times are told where there is no ``[window]``; UTC by default.
    """
    ordered = sorted(entries, key=lambda entry: entry.seq)
    granted = [one for one in overrides.recorded(ordered) if one.gate == GATE and _for(one, release)]
    return Hours(
        schedule=schedule or Schedule(tz=zone or Zone("UTC"), windows=()),
        overrides=tuple(one.window for one in granted),
        closures=recorded(ordered),
    )


def _for(granted: Granted, release: Release | None) -> bool:
    named = granted.candidate
    return release is None or (named["version"], named["digest"]) == (release.version, release.digest)
