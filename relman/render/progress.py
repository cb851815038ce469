"""How far a run is, folded from its events: a frozen value, no I/O.

What it is not: the engine's state. It only knows what it was told, and it is thrown away with the
screen that shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from relman.models import Event
from relman.render.pages import Share, printable, width
from relman.render.words import Planned, said, said_each, shares_of, steps_of

WIDEST_NAME = 30
FOOT = ("Ctrl-C pauses here", "other terminal: inv release.rollback")


class Running(msgspec.Struct, frozen=True):
    """The step that runs, since when, and what it waits for (all lengths in seconds)."""

    key: str
    line: str
    since: datetime
    expected: float | None = None
    waits: str = ""
    total: float | None = None
    detail: str = ""

    def elapsed(self, now: datetime) -> float:
        """Seconds since it began."""
        return (now - self.since).total_seconds()


class Progress(msgspec.Struct, frozen=True):
    """What the live screen draws.

    Attributes:
        since: When the run was first heard of.
        pending: Steps of the plan that have not started.
        lines: Every step's line, in the plan's order.
        running: The step that runs, if one does.
        shares: The traffic split last seen, the candidate first.
        returning: A step failed or the run was aborted; what follows puts things back.
        foot: What a person can do meanwhile.
    """

    since: datetime
    pending: tuple[Planned, ...] = ()
    lines: tuple[str, ...] = ()
    running: Running | None = None
    shares: tuple[Share, ...] = ()
    returning: bool = False
    foot: tuple[str, ...] = FOOT

    def after(self, event: Event, now: datetime) -> Progress:
        """The progress once ``event`` was heard at ``now``."""
        fold = _FOLDS.get(event.kind)
        return fold(self, event, now) if fold else self

    def column(self, least: int) -> int:
        """The display width that the steps' lines are padded to; a longer line pushes only its own row."""
        return max((wide for wide in map(width, self.lines) if least < wide <= WIDEST_NAME), default=least)

    def elapsed(self, now: datetime) -> float:
        """Seconds since the run was first heard of."""
        return (now - self.since).total_seconds()

    def left(self, now: datetime) -> float:
        """The seconds that are still to come, as far as they are known; 0 where nothing is."""
        rest = 0.0
        if self.running:
            length = self.running.total or self.running.expected or 0.0
            rest = max(length - self.running.elapsed(now), 0.0)
        return rest + sum(step.seconds or 0.0 for step in self.pending)


def _planned(_before: Progress, event: Event, now: datetime) -> Progress:
    steps = steps_of(event)
    foot = said_each(event, "foot") or FOOT
    return Progress(now, pending=steps, lines=tuple(step.line for step in steps), foot=foot)


def _started(before: Progress, event: Event, now: datetime) -> Progress:
    expected = next((step.seconds for step in before.pending if step.key == event.key), None)
    running = Running(event.key, printable(event.text), now, expected=expected)
    returning = before.returning or bool(event.facts.get("returning"))
    pending = () if returning else _without(before, event.key)
    return msgspec.structs.replace(before, running=running, pending=pending, returning=returning)


def _waiting(before: Progress, event: Event, now: datetime) -> Progress:
    """What is waited for; a resumed bake brings its own elapsed seconds along."""
    facts, known = event.facts, before.running
    running = known or Running(event.key, printable(event.text), now)
    elapsed = facts.get("elapsed")
    heard = msgspec.structs.replace(
        running,
        since=running.since if elapsed is None else now - timedelta(seconds=elapsed),
        waits=printable(event.text),
        total=facts.get("total"),
        detail=said(event, "detail"),
    )
    return msgspec.structs.replace(before, running=heard, pending=_without(before, event.key))


def _ended(before: Progress, event: Event, _now: datetime) -> Progress:
    return msgspec.structs.replace(before, running=None, pending=_without(before, event.key))


def _failed(before: Progress, _event: Event, _now: datetime) -> Progress:
    return msgspec.structs.replace(before, running=None, pending=(), returning=True)


def _shifted(before: Progress, event: Event, _now: datetime) -> Progress:
    return msgspec.structs.replace(before, shares=shares_of(event))


def _without(before: Progress, key: str) -> tuple[Planned, ...]:
    return tuple(step for step in before.pending if step.key != key)


_FOLDS: dict[str, Callable[[Progress, Event, datetime], Progress]] = {
    "plan": _planned,
    "step.started": _started,
    "step.waiting": _waiting,
    "step.done": _ended,
    "step.failed": _failed,
    "step.owed": _ended,
    "traffic": _shifted,
}
