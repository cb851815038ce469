"""What is ahead: the next openings, the days on which clocks change, and how a day looks.

What it is not: a page. What is worked out here is drawn by ``render`` and written as ``.ics``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import islice, takewhile

from msgspec import Struct

from relman.clock import aware
from relman.config.schedule import Window
from relman.config.words import Zone
from relman.ops import windows, words
from relman.ops.closures import Closure
from relman.ops.hours import Hours
from relman.ops.ics import Occasion, uid
from relman.ops.spans import Span

DAY = timedelta(days=1)
FAR = timedelta(days=3660)
"""How far ahead an opening is looked for."""
SUMMARY = "Deploy window"


class Mark(StrEnum):
    """How a day looks to one who wants to ship."""

    OPEN = "open"
    PARTLY = "partly"
    LOST = "lost"
    HOLIDAY = "holiday"
    FROZEN = "frozen"
    NOTHING = ""


class Lengths(defaultdict[date, timedelta]):
    """So much of a day; nothing, where nothing is said."""

    def __init__(self) -> None:
        """Nothing is said."""
        super().__init__(timedelta)


class DayAhead(Struct, frozen=True):
    """One day of the calendar.

    Attributes:
        date: In the zone of the schedule.
        mark: How it looks: what of its windows is left by closures; or, without any, what closes it.
        shift: How far clocks are put forward on it; negative: back.
    """

    date: date
    mark: Mark
    shift: timedelta


def following(hours: Hours, now: datetime, count: int) -> tuple[Span, ...]:
    """The openings that begin after ``now``, so many at most."""
    now = aware(now).astimezone(UTC)
    ahead = hours.openings(Span(now, now + FAR))
    return tuple(islice((span for span in ahead if span.start > now), count))


def closures(hours: Hours, within: Span) -> tuple[Closure, ...]:
    """The freezes, stops and holidays that touch a span, by their start."""
    return tuple(one for one in hours.closed() if one.span.start < within.end and one.span.end > within.start)


def months(hours: Hours, now: datetime, count: int) -> Span:
    """From the first instant of the month of ``now``, so many months, in the zone of the schedule."""
    local = aware(now).astimezone(hours.zone.info)
    number = local.year * 12 + local.month - 1
    first, last = (divmod(one, 12) for one in (number, number + count))
    return Span(*(_midnight(hours.zone, date(year, month + 1, 1)) for year, month in (first, last)))


def days(hours: Hours, within: Span) -> tuple[DayAhead, ...]:
    """Every day of a span of whole days; an occurrence belongs to the day on which it starts (W3)."""
    zone = hours.zone
    first = within.start.astimezone(zone.info).date()
    every = (date.fromordinal(number) for number in range(first.toordinal(), date.max.toordinal()))
    here = takewhile(lambda day: _midnight(zone, day) < within.end, every)
    planned, opened = _lengths(hours, within)
    closed = closures(hours, within)
    return tuple(
        DayAhead(day, _mark(planned.get(day), opened.get(day), _closing(closed, day, zone)), shift(zone, day))
        for day in here
    )


def shift(zone: Zone, day: date) -> timedelta:
    """How far clocks are put forward on a day: it is that much shorter than 24 hours."""
    return DAY - (_midnight(zone, day + DAY) - _midnight(zone, day))


def occasions(hours: Hours, within: Span) -> tuple[Occasion, ...]:
    """Each occurrence of each window, as events of a calendar, less what closures take of it.

    An event keeps its identity when the window's hours change, or a freeze takes a part of it.
    """
    return tuple(
        Occasion(uid("window", str(number), day.isoformat(), str(part)), span.start, span.end, SUMMARY, about)
        for number, window in enumerate(hours.schedule.windows)
        for about in [f"{words.window(window)} {window.tz or hours.zone}"]
        for day, occurrence in _occurrences(hours, window, within)
        for part, span in enumerate(hours.openings(occurrence))
    )


def _occurrences(hours: Hours, window: Window, within: Span) -> Iterator[tuple[date, Span]]:
    """The occurrences that begin within a span, with the day on which they do."""
    zone = (window.tz or hours.zone).info
    for span in windows.occurrences(window, hours.zone, within):
        if within.start <= span.start:
            yield span.start.astimezone(zone).date(), span


def _lengths(hours: Hours, within: Span) -> tuple[Lengths, Lengths]:
    """How long each day would be open by its windows, and how long it is, with overrides."""
    planned, opened = Lengths(), Lengths()
    whole = [each for one in hours.schedule.windows for _, each in _occurrences(hours, one, within)]
    extra = [Span(one.since.astimezone(UTC), one.expires.astimezone(UTC)) for one in hours.overrides]
    for span in whole + (extra if hours.set_up else []):
        day = span.start.astimezone(hours.zone.info).date()
        planned[day] += span.end - span.start if span in whole else timedelta()
        opened[day] += sum((part.end - part.start for part in hours.openings(span)), timedelta())
    return planned, opened


def _closing(closed: tuple[Closure, ...], day: date, zone: Zone) -> Closure | None:
    """What closes the day at its noon; a holiday is told before a freeze."""
    noon = _midnight(zone, day) + DAY / 2
    found = [one for one in closed if one.span.start <= noon < one.span.end]
    return min(found, key=lambda one: one.kind != "holiday", default=None)


def _mark(planned: timedelta | None, opened: timedelta | None, closure: Closure | None) -> Mark:
    if opened:
        return Mark.PARTLY if planned and opened < planned else Mark.OPEN
    if planned:
        return Mark.LOST
    if closure:
        return Mark.HOLIDAY if closure.kind == "holiday" else Mark.FROZEN
    return Mark.NOTHING


def _midnight(zone: Zone, day: date) -> datetime:
    return zone.instant(datetime(day.year, day.month, day.day))  # noqa: DTZ001  (wall clock; the zone is here)
