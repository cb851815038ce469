"""Is shipping allowed now, until when, and when is it next?

What it is not: a gate (``gates`` asks this and adds what to type), and not the place where the
emergency stop or a rollback's right of way is decided.

Open time is one set of instants: windows and overrides, less freezes and holidays, plus emergency
overrides. It is computed as an ordered stream of half-open spans in UTC, lazily, so an answer
looks no further than it must. Rule numbers (W1 to W9) are those of the window rules; local times
become instants as RFC 5545 section 3.3.5 says.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from relman.clock import aware
from relman.config.schedule import Freeze, Holiday, Override, Schedule, Window
from relman.config.words import Day, LocalMoment, Zone
from relman.models import listed
from relman.ops import weeks
from relman.ops.spans import Span, between, clipped, merged

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)

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


def answer(schedule: Schedule, now: datetime, overrides: Sequence[Override] = ()) -> Answer:
    """What the schedule says at ``now``.

    Args:
        schedule: The windows, freezes and holidays.
        now: Any instant, with an offset.
        overrides: What the ledger holds; the schedule itself has none.

    Raises:
        UsageError: ``now`` is naive.
    """
    now = aware(now).astimezone(UTC)
    horizon = _horizon(schedule, now, overrides)
    spans = _open_time(schedule, Span(now, horizon), overrides)
    first = next(spans, None)
    if first is None:
        return Answer(open=False)
    if first.start > now:
        return Answer(open=False, next_opening=first.start)
    if first.end >= horizon:
        return Answer(open=True)
    following = next(spans, None)
    return Answer(open=True, closes_at=first.end, next_opening=following.start if following else None)


def explain(schedule: Schedule, now: datetime, overrides: Sequence[Override] = ()) -> str:
    """The answer in one line, in the schedule's own zone.

    ``Wed 10:00-16:00 Europe/Berlin, 2 h 14 min left``, or ``it is Thu 26 Nov 11:04 Europe/Berlin;
    the window is Wed 10:00-16:00; next Wed 2 Dec 10:00 (in 5 days 22 h)``.

    Raises:
        UsageError: ``now`` is naive.
    """
    found = answer(schedule, now, overrides)
    if found.open:
        return _open_line(schedule, now, overrides, found.closes_at)
    at = f"it is {_moment(now, schedule.tz)} {schedule.tz}"
    closure = frozen(schedule, now)
    why = _closure_words(closure) if closure else _windows_words(schedule)
    if found.next_opening is None:
        return f"{at}; {why}; it does not open again"
    opening = _moment(found.next_opening, schedule.tz, after=now)
    return f"{at}; {why}; next {opening} (in {_length(found.next_opening - now)})"


def closes_within(
    schedule: Schedule, now: datetime, seconds: float, overrides: Sequence[Override] = ()
) -> bool:
    """Whether a cut that takes so many seconds does not fit (last call).

    A window is closed at its end instant (W1), so a cut that would end exactly there does not fit.
    Nothing fits while it is closed.

    Raises:
        UsageError: ``now`` is naive.
    """
    found = answer(schedule, now, overrides)
    if not found.open or found.closes_at is None:
        return not found.open
    return (found.closes_at - now.astimezone(UTC)).total_seconds() <= seconds


def frozen(schedule: Schedule, now: datetime) -> Freeze | Holiday | None:
    """The freeze or holiday in force; of several the one that ends last.

    Raises:
        UsageError: ``now`` is naive.
    """
    now = aware(now).astimezone(UTC)
    at = [(span, closure) for span, closure in _closures(schedule) if span.start <= now < span.end]
    return max(at, key=lambda pair: pair[0].end)[1] if at else None


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


def _open_time(schedule: Schedule, within: Span, overrides: Sequence[Override]) -> Iterator[Span]:
    """Open time, as disjoint spans in order."""
    granted = [_granted(override) for override in overrides]
    piercing = [_granted(override) for override in overrides if override.emergency]
    closed = (span for span, _ in _closures(schedule))
    ordinary = (
        span
        for allowed in between(closed, within)
        for span in clipped(_windows_and(schedule, granted, allowed), allowed)
    )
    return merged(heapq.merge(ordinary, clipped(sorted(piercing), within)))


def _windows_and(schedule: Schedule, granted: list[Span], within: Span) -> Iterator[Span]:
    """Windows and overrides as one set (W7, W8)."""
    streams = [occurrences(window, schedule.tz, within) for window in schedule.windows]
    return merged(heapq.merge(*streams, sorted(granted)))


def _granted(override: Override) -> Span:
    return Span(override.since.astimezone(UTC), override.expires.astimezone(UTC))


def _closures(schedule: Schedule) -> Iterator[tuple[Span, Freeze | Holiday]]:
    """Every freeze and holiday with the span that it closes (W5, W6)."""
    for freeze in schedule.freezes:
        end = schedule.tz.instant(freeze.to.last) if freeze.to else FOREVER
        yield Span(schedule.tz.instant(freeze.since.first), end), freeze
    for entry in schedule.holidays:
        holiday = entry if isinstance(entry, Holiday) else Holiday(date=entry)
        day = LocalMoment(holiday.date)
        yield Span(schedule.tz.instant(day.first), schedule.tz.instant(day.last)), holiday


def _horizon(schedule: Schedule, now: datetime, overrides: Sequence[Override]) -> datetime:
    """From where on nothing new can happen, so "not until there" means never.

    After the last dated thing only weekly windows are left, and their pattern repeats when the
    calendar (28 years) and every window's rhythm of weeks have come round together. Two centuries
    are enough where that takes longer.
    """
    dated = [now, *(moment for span, _ in _closures(schedule) for moment in span if moment < FOREVER)]
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
    schedule: Schedule, now: datetime, overrides: Sequence[Override], closes_at: datetime | None
) -> str:
    inside = None if frozen(schedule, now) else current(schedule, now)
    if inside:
        what = f"{_window_words(inside[0])} {inside[0].tz or schedule.tz}"
    else:
        what = _override_words(overrides, now)
    if closes_at is None:
        return f"{what}, it does not close again"
    left = f"{what}, {_length(closes_at - now)} left"
    as_written = inside is not None and inside[1].end == closes_at
    return left if as_written else f"{left}, until {_moment(closes_at, schedule.tz, after=now)}"


def _override_words(overrides: Sequence[Override], now: datetime) -> str:
    active = [override for override in overrides if override.since <= now < override.expires]
    last = max(active, key=lambda override: override.expires)
    kind = "emergency override" if last.emergency else "override"
    return f"{kind} ({last.reason})" if last.reason else kind


def _windows_words(schedule: Schedule) -> str:
    words = [_window_words(window) + (f" {window.tz}" if window.tz else "") for window in schedule.windows]
    return f"the window is {words[0]}" if len(words) == 1 else f"the windows are {listed(words)}"


def _window_words(window: Window) -> str:
    rhythm = f" every {window.every} weeks" if window.every > 1 else ""
    return f"{_days_words(window.days)} {window.start}-{window.end}{rhythm}"


def _days_words(days: Iterable[Day]) -> str:
    """``Wed``, ``Mon, Wed``; three and more in a row are ``Mon-Fri``."""
    numbers = sorted({day.number for day in days})
    names = [Day.values[number].capitalize() for number in numbers]
    in_a_row = len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1  # noqa: PLR2004
    return f"{names[0]}-{names[-1]}" if in_a_row else ", ".join(names)


def _closure_words(closure: Freeze | Holiday) -> str:
    if isinstance(closure, Holiday):
        return f"holiday {closure.date}" + (f" ({closure.name})" if closure.name else "")
    until = f"to {closure.to}" if closure.to else "until further notice"
    return f"freeze from {closure.since} {until}" + (f" ({closure.reason})" if closure.reason else "")


def _moment(instant: datetime, zone: Zone, *, after: datetime | None = None) -> str:
    """``Wed 2 Dec 10:00``, with the year where it is not that of ``after``."""
    local = instant.astimezone(zone.info)
    other_year = after is not None and after.astimezone(zone.info).year != local.year
    year = f" {local.year}" if other_year else ""
    day = Day.values[local.weekday()].capitalize()
    return f"{day} {local.day} {_MONTHS[local.month - 1]}{year} {local:%H:%M}"


def _length(length: timedelta) -> str:
    """Elapsed time in the two largest units, rounded down: ``5 days 22 h``, ``14 min``."""
    hours, seconds = divmod(int(length.total_seconds()), 3600)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} day{'s' if days > 1 else ''} {hours} h"
    if hours:
        return f"{hours} h {seconds // 60} min"
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"  # noqa: PLR2004
