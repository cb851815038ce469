"""When each thing that a team does again and again has its turn, and whether it was done.

What it is not: typed. That an item was held is told by the ledger's entries alone, each bound to one
occurrence; what is late, missed or kept is worked out here from those and a time that is handed in.

An occurrence is known by the day that its rule names. Local times become instants as RFC 5545 section
3.3.5 says (W4), every N weeks counts from the week of the anchor (W9). On a holiday it moves to the next
working day at the same time, for meetings are made up for; if its next turn comes first, it is left out.
A freeze stops shipping and not the talking about it, so an item takes place in it unless it says otherwise.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise, takewhile

from msgspec import Struct

from relman.clock import aware
from relman.config.cadence import CadenceItem
from relman.config.schedule import Holiday, Schedule
from relman.config.words import Zone
from relman.ops import weeks
from relman.ops.closures import Closure, written

LAST_DAY = date(9998, 12, 31)
_DAY = timedelta(days=1)
_SATURDAY = 5
_A_WEEK, _A_MONTH = 7, 35  # days; from the last Friday of a month to that of the next it can be 35
_FOUR_WEEKS = 4


@dataclass(frozen=True)
class Days:
    """Which days count: the zone they are counted in, and the days off.

    Attributes:
        zone: The model's zone.
        holidays: The name of each holiday, by its date.
        freezes: When nothing may ship, by the file and by the ledger.
    """

    zone: Zone
    holidays: Mapping[date, str] = field(default_factory=dict)
    freezes: tuple[Closure, ...] = ()

    def of(self, moment: datetime) -> date:
        """The day on which an instant falls.

        Raises:
            UsageError: The time carries no offset.
        """
        return aware(moment).astimezone(self.zone.info).date()

    def begins(self, day: date) -> datetime:
        """The first instant of a day."""
        return self.zone.instant(datetime(day.year, day.month, day.day))  # noqa: DTZ001  wall clock

    def frozen(self, moment: datetime) -> bool:
        """Whether a freeze is in force; a holiday is none."""
        return any(one.span.start <= moment < one.span.end for one in self.freezes)


def days(zone: Zone, schedule: Schedule | None = None, recorded: Iterable[Closure] = ()) -> Days:
    """The days of a model's zone, with the holidays and freezes of the deploy window.

    Args:
        zone: The model's zone.
        schedule: ``[window]``; None: there is none.
        recorded: The freezes and stops that the ledger holds.
    """
    holidays = schedule.holidays if schedule else ()
    named = [each if isinstance(each, Holiday) else Holiday(date=each) for each in holidays]
    freezes = [one for one in (written(schedule) if schedule else ()) if one.kind == "freeze"]
    return Days(zone, {each.date: each.name for each in named}, (*freezes, *recorded))


class Occurrence(Struct, frozen=True, order=True):
    """One turn of an item.

    Attributes:
        start: Its first instant, in UTC.
        end: The instant at which it is over.
        item: The item's id.
        day: The day that the item's rule names: what the ledger knows it by.
        on: The day on which it takes place; another one where a holiday moved it.
        because: The holiday that moved it, in words; empty for none.
    """

    start: datetime
    end: datetime
    item: str
    day: date
    on: date
    because: str = ""


def occurrences(item: CadenceItem, days: Days, since: date) -> Iterator[Occurrence]:
    """An item's turns whose rule names ``since`` or a later day, in order, as far as the calendar goes."""
    for day, following in pairwise(_rule_days(item, since)):
        on = _working_day(item, days, day)
        found = _occurrence(item, days, day, on)
        if on < following and not (item.in_freeze == "skip" and days.frozen(found.start)):
            yield found


def _rule_days(item: CadenceItem, since: date) -> Iterator[date]:
    found = _weekly(item, since) if item.when.week is None else _monthly(item, since)
    return (day for day in found if day >= since)


def _weekly(item: CadenceItem, since: date) -> Iterator[date]:
    first = weeks.first_week(item.every, item.anchor, since.toordinal())
    number = item.when.day.number
    return (
        date.fromordinal(week + number) for week in range(first, LAST_DAY.toordinal() - 6, 7 * item.every)
    )


def _monthly(item: CadenceItem, since: date) -> Iterator[date]:
    """The first, second, third, fourth or last such day of each month."""
    for month in range(since.year * 12 + since.month - 1, LAST_DAY.year * 12 + 12):
        year, number = divmod(month, 12)
        found = [
            week[item.when.day.number]
            for week in months.Calendar().monthdatescalendar(year, number + 1)
            if week[item.when.day.number].month == number + 1
        ]
        yield found[item.when.week or 0]


def _working_day(item: CadenceItem, days: Days, day: date) -> date:
    """The day itself, or the first after it that is no holiday; a weekend is for what stands on one."""
    weekend_too = item.when.day.number >= _SATURDAY
    while day in days.holidays or (day.weekday() >= _SATURDAY and not weekend_too):
        day += _DAY
    return day


def _occurrence(item: CadenceItem, days: Days, day: date, on: date) -> Occurrence:
    wall = datetime(on.year, on.month, on.day) + item.when.time.since_midnight  # noqa: DTZ001  wall clock
    start = days.zone.instant(wall)
    because = (days.holidays[day] or "holiday") if on != day else ""
    return Occurrence(start, start + timedelta(seconds=item.length.seconds), item.id, day, on, because)


# ── held, due, overdue, missed ───────────────────────────────────────────────────────────────────


class Standing(StrEnum):
    """How an occurrence stands at one instant."""

    COMING = "coming"
    DUE = "due"
    """It is its day."""
    OVERDUE = "overdue"
    """Its day is over, and the next turn has not begun."""
    MISSED = "missed"
    """The next turn has begun."""
    HELD = "held"
    LATE = "held late"
    """It was held after the next turn had begun."""


class Turn(Struct, frozen=True):
    """An occurrence and how it stands.

    Attributes:
        until: When the item's next turn begins, in UTC.
        held: When it was held; None: it is not.
    """

    occurrence: Occurrence
    until: datetime
    standing: Standing
    held: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it ought to have been held and was not."""
        return self.standing in {Standing.OVERDUE, Standing.MISSED}


Held = Mapping[tuple[str, date], datetime]
"""When an occurrence was held, by item and day."""


def turns(item: CadenceItem, days: Days, since: date, held: Held, now: datetime) -> tuple[Turn, ...]:
    """Every turn of an item from ``since`` on up to the next one that is coming, in order.

    Args:
        item: The item.
        days: Which days count.
        since: The first day on which the model holds.
        held: What the ledger has; what was held after ``now`` is not known yet.
        now: Any instant, with an offset.

    Raises:
        UsageError: ``now`` is naive.
    """
    now = aware(now).astimezone(UTC)
    found: list[Turn] = []
    for occurrence, following in pairwise(occurrences(item, days, since)):
        if occurrence.on > days.of(now) and found and found[-1].standing is Standing.COMING:
            break
        found.append(_turn(occurrence, following.start, days, held, now))
    return tuple(found)


def _turn(occurrence: Occurrence, until: datetime, days: Days, held: Held, now: datetime) -> Turn:
    at = held.get((occurrence.item, occurrence.day))
    if at is not None and at <= now:
        return Turn(occurrence, until, Standing.LATE if at >= until else Standing.HELD, at)
    if days.of(now) < occurrence.on:
        return Turn(occurrence, until, Standing.COMING)
    if now >= until:
        return Turn(occurrence, until, Standing.MISSED)
    over = now >= days.begins(occurrence.on + _DAY) and now >= occurrence.end
    return Turn(occurrence, until, Standing.OVERDUE if over else Standing.DUE)


class Adherence(Struct, frozen=True):
    """How an item was kept, of the turns whose day is over or that were held.

    Attributes:
        item: The item's id.
        turns: How many turns there were.
        held: How many of them were held before the next one.
        late: How many were held later than that.
        missed: How many were not held.
        in_a_row: How many of the newest ones were not held.
    """

    item: str
    turns: int
    held: int
    late: int
    missed: int
    in_a_row: int

    @property
    def share(self) -> float | None:
        """The part of the turns that was held in time; None while there were none."""
        return self.held / self.turns if self.turns else None


def adherence(item: str, found: Iterable[Turn]) -> Adherence:
    """How an item was kept."""
    over = [turn for turn in found if turn.open or turn.held]
    counts = {each: sum(turn.standing is each for turn in over) for each in Standing}
    in_a_row = len(list(takewhile(lambda turn: turn.open, reversed(over))))
    missed = counts[Standing.OVERDUE] + counts[Standing.MISSED]
    return Adherence(item, len(over), counts[Standing.HELD], counts[Standing.LATE], missed, in_a_row)


def most_days(item: CadenceItem) -> int:
    """After how many days without it an item is old: its longest regular pause, and a day for a holiday."""
    return (_A_MONTH if item.when.week is not None else _A_WEEK * item.every) + 1


def cycle(items: Iterable[CadenceItem]) -> timedelta:
    """One full cycle: the longest pause of those that come more often than once in four weeks.

    Where there are none, two weeks.
    """
    pauses = [item.every for item in items if item.when.week is None and item.every < _FOUR_WEEKS]
    return timedelta(weeks=max(pauses, default=2))
