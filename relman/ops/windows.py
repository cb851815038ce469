"""Is shipping allowed now, until when, and when is it next?

What it is not: a gate (``gates`` asks this and adds what to type), and not the place where a
rollback's right of way is decided: a rollback does not ask.

Open time is one set of instants: windows and overrides, less freezes and holidays, plus emergency
overrides, less emergency stops. It is computed as an ordered stream of half-open spans in UTC,
lazily, so an answer looks no further than it must. Rule numbers (W1 to W9) are those of the window
rules; local times become instants as RFC 5545 section 3.3.5 says.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from relman.clock import aware
from relman.config.schedule import Override, Schedule, Window
from relman.config.words import Zone
from relman.ops import weeks, words
from relman.ops.closures import Closure, in_force, written
from relman.ops.spans import FOREVER, Span, between, clipped, merged

# Weekdays and clock-change rules repeat after 28 years, which are 1461 whole weeks (until 2100,
# which is no leap year, shifts the pattern without making a new one).
_CALENDAR_WEEKS = 1461
_TWO_CENTURIES = 52 * 200


class Answer(Struct, frozen=True):
    """What the schedule says at one instant.

    Attributes:
        open: Whether shipping is allowed.
        closes_at: When open: the first instant at which it is not; None: never.
        next_opening: The first later instant at which it goes from closed to open; None: never.
    """

    open: bool
    closes_at: datetime | None = None
    next_opening: datetime | None = None


def answer(
    schedule: Schedule,
    now: datetime,
    overrides: Sequence[Override] = (),
    closures: Sequence[Closure] = (),
) -> Answer:
    """What the schedule says at ``now``.

    Args:
        schedule: The windows, freezes and holidays of relman.toml; without any window all time is open.
        now: Any instant, with an offset.
        overrides: What the ledger holds; the schedule itself has none.
        closures: The freezes and stops that the ledger holds.

    Raises:
        UsageError: ``now`` is naive.
    """
    now = aware(now).astimezone(UTC)
    closed = [*written(schedule), *closures]
    horizon = _horizon(schedule, now, overrides, closed)
    spans = _open_time(schedule, Span(now, horizon), overrides, closed)
    first = next(spans, None)
    if first is None:
        return Answer(open=False)
    if first.start > now:
        return Answer(open=False, next_opening=first.start)
    if first.end >= horizon:
        return Answer(open=True)
    following = next(spans, None)
    return Answer(open=True, closes_at=first.end, next_opening=following.start if following else None)


def openings(
    schedule: Schedule, within: Span, overrides: Sequence[Override] = (), closures: Sequence[Closure] = ()
) -> Iterator[Span]:
    """The times in which shipping is allowed, disjoint and in order, cut to a span."""
    return _open_time(schedule, within, overrides, [*written(schedule), *closures])


def explain(
    schedule: Schedule,
    now: datetime,
    overrides: Sequence[Override] = (),
    closures: Sequence[Closure] = (),
) -> str:
    """The answer in one line, in the schedule's own zone.

    ``Wed 10:00-16:00 Europe/Berlin, 2 h 14 min left``, or ``it is Thu 26 Nov 11:04 Europe/Berlin;
    the window is Wed 10:00-16:00; next Wed 2 Dec 10:00 (in 5 days 22 h)``.

    Raises:
        UsageError: ``now`` is naive.
    """
    found = answer(schedule, now, overrides, closures)
    closure = frozen(schedule, now, closures)
    if found.open:
        inside = None if closure else current(schedule, now)
        return _open_line(schedule, now, overrides, inside, found.closes_at)
    at = f"it is {words.moment(now, schedule.tz)} {schedule.tz}"
    why = closure.text if closure else words.windows(schedule)
    if found.next_opening is None:
        never = "until it is lifted" if closure and closure.id and closure.lasts else "again"
        return f"{at}; {why}; it does not open {never}"
    opening = words.moment(found.next_opening, schedule.tz, after=now)
    return f"{at}; {why}; next {opening} (in {words.length(found.next_opening - now)})"


def closes_within(
    schedule: Schedule,
    now: datetime,
    seconds: float,
    overrides: Sequence[Override] = (),
    closures: Sequence[Closure] = (),
) -> bool:
    """Whether a cut that takes so many seconds does not fit (last call).

    A window is closed at its end instant (W1), so a cut that would end exactly there does not fit.
    Nothing fits while it is closed.

    Raises:
        UsageError: ``now`` is naive.
    """
    found = answer(schedule, now, overrides, closures)
    if not found.open or found.closes_at is None:
        return not found.open
    return (found.closes_at - now.astimezone(UTC)).total_seconds() <= seconds


def frozen(schedule: Schedule, now: datetime, closures: Sequence[Closure] = ()) -> Closure | None:
    """The stop, freeze or holiday in force: a stop before all others, and then the one that ends last.

    Raises:
        UsageError: ``now`` is naive.
    """
    return in_force([*written(schedule), *closures], aware(now))


def current(schedule: Schedule, now: datetime) -> tuple[Window, Span] | None:
    """The window that has an occurrence at ``now``, and that occurrence, freezes left aside.

    Of several the one that ends last.

    Raises:
        UsageError: ``now`` is naive.
    """
    now = aware(now).astimezone(UTC)
    instant = Span(now, now + timedelta.resolution)
    at = [(window, span) for window in schedule.windows for span in occurrences(window, schedule.tz, instant)]
    return max(at, key=lambda pair: pair[1].end) if at else None


def occurrences(window: Window, zone: Zone, within: Span) -> Iterator[Span]:
    """The window's occurrences that touch a span, whole and in order.

    Args:
        window: The window.
        zone: The schedule's zone, for a window that has none of its own.
        within: Where to look.
    """
    zone = window.tz or zone
    for day in _days(window, within.start.date()):
        span = _occurrence(window, zone, day)
        if span.start >= within.end:
            return
        if span.start < span.end and span.end > within.start:  # W4: else it does not take place
            yield span


def _days(window: Window, around: date) -> Iterator[date]:
    """The days on which it starts, in order, from a few days before ``around`` on.

    Three days before: an overnight window that began the day before in a zone that is a day ahead,
    and one day more for zones that have left a calendar day out.
    """
    numbers = sorted({day.number for day in window.days})
    first = max(around.toordinal() - 3, date.min.toordinal())
    start = weeks.first_week(window.every, window.anchor, first)
    for monday in range(start, FOREVER.date().toordinal(), 7 * window.every):
        yield from (date.fromordinal(monday + n) for n in numbers if monday + n >= first)


def _occurrence(window: Window, zone: Zone, day: date) -> Span:
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  (wall clock; the zone comes next)
    start, end = window.start.since_midnight, window.end.since_midnight
    if end <= start:  # W3: past midnight, and it belongs to the day on which it starts
        end += timedelta(days=1)
    return Span(zone.instant(midnight + start), zone.instant(midnight + end))


def _open_time(
    schedule: Schedule, within: Span, overrides: Sequence[Override], closures: Sequence[Closure]
) -> Iterator[Span]:
    """Open time, as disjoint spans in order. A stop goes before everything (ruling 20)."""
    stops = [one.span for one in closures if one.kind == "stop"]
    others = [one.span for one in closures if one.kind != "stop"]
    for running in between(stops, within):
        yield from _unless_stopped(schedule, running, overrides, others)


def _unless_stopped(
    schedule: Schedule, within: Span, overrides: Sequence[Override], closed: list[Span]
) -> Iterator[Span]:
    granted = sorted(_granted(override) for override in overrides)
    piercing = sorted(_granted(override) for override in overrides if override.emergency)
    ordinary = (
        span
        for allowed in between(closed, within)
        for span in clipped(_windows_and(schedule, granted, allowed), allowed)
    )
    return merged(heapq.merge(ordinary, clipped(piercing, within)))


def _windows_and(schedule: Schedule, granted: list[Span], within: Span) -> Iterator[Span]:
    """Windows and overrides as one set (W7, W8); without any window all time."""
    if not schedule.windows:
        return iter([within])
    streams = [occurrences(window, schedule.tz, within) for window in schedule.windows]
    return merged(heapq.merge(*streams, granted))


def _granted(override: Override) -> Span:
    return Span(override.since.astimezone(UTC), override.expires.astimezone(UTC))


def _horizon(
    schedule: Schedule, now: datetime, overrides: Sequence[Override], closures: Sequence[Closure]
) -> datetime:
    """From where on nothing new can happen, so "not until there" means never.

    After the last dated thing only weekly windows are left, and their pattern repeats when the
    calendar (28 years) and every window's rhythm of weeks have come round together. Two centuries
    are enough where that takes longer.
    """
    dated = [now, *(moment for one in closures for moment in one.span if moment < FOREVER)]
    dated += [override.expires.astimezone(UTC) for override in overrides]
    dated += [_start_of(window) for window in schedule.windows if window.anchor]
    rhythm = math.lcm(_CALENDAR_WEEKS, *(window.every for window in schedule.windows))
    return _later(max(dated), weeks=min(rhythm, _TWO_CENTURIES))


def _start_of(window: Window) -> datetime:
    anchor = window.anchor or date.min
    return datetime(anchor.year, anchor.month, anchor.day, tzinfo=UTC)


def _later(moment: datetime, *, weeks: int) -> datetime:
    """So many weeks later, or FOREVER where the calendar does not reach as far."""
    try:
        return min(moment + timedelta(weeks=weeks), FOREVER)
    except OverflowError:
        return FOREVER


def _open_line(
    schedule: Schedule,
    now: datetime,
    overrides: Sequence[Override],
    inside: tuple[Window, Span] | None,
    closes_at: datetime | None,
) -> str:
    if inside:
        what = f"{words.window(inside[0])} {inside[0].tz or schedule.tz}"
    else:
        what = words.override(overrides, now) if schedule.windows else "no window is set up"
    if closes_at is None:
        return f"{what}, it does not close again"
    left = f"{what}, {words.length(closes_at - now)} left"
    as_written = inside is not None and inside[1].end == closes_at
    return left if as_written else f"{left}, until {words.moment(closes_at, schedule.tz, after=now)}"
