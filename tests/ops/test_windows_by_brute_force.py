"""Windows against an oracle that asks every quarter of an hour, in weeks with clock changes.

The oracle knows zones only as a table from wall clocks to instants that it read off by walking
through the weeks; it uses neither ``fold`` nor any arithmetic of the library. Every boundary in
the generated schedules, and every zone's offset, is a whole number of quarters.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from relman import config
from relman.ops import windows

STEP = timedelta(minutes=15)
DAY = timedelta(days=1)
BEFORE, AFTER = 5, 16
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # changes by half an hour
    "Africa/Cairo",  # at midnight, so that one day begins at 01:00
    "America/Havana",  # midnight occurs twice
    "Atlantic/Azores",
    "Pacific/Chatham",  # 12:45, and 13:45 in summer
    "Africa/Casablanca",  # changes around Ramadan
    "Asia/Kathmandu",  # 5:45, no changes
    "UTC",
]


class Scene(NamedTuple):
    """A schedule as a case file spells it, and an instant."""

    document: dict[str, Any]
    overrides: list[dict[str, Any]]
    now: datetime


@cache
def changes(zone: str) -> list[datetime]:
    """Midnights in UTC of the days of 2026 on which the zone's offset changes, or one in June."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + n * DAY for n in range(20, 345)]
    local = ZoneInfo(zone)
    found = [
        day for day in days if day.astimezone(local).utcoffset() != (day + DAY).astimezone(local).utcoffset()
    ]
    return found or [datetime(2026, 6, 1, tzinfo=UTC)]


@cache
def walls(zone: str, around: datetime) -> dict[datetime, datetime]:
    """From each wall-clock time in these weeks to the first instant at which clocks show it."""
    table: dict[datetime, datetime] = {}
    at, local = around - (BEFORE + 4) * DAY, ZoneInfo(zone)
    while at < around + (AFTER + 4) * DAY:
        table.setdefault(at.astimezone(local).replace(tzinfo=None), at)
        at += STEP
    return table


def instant(table: dict[datetime, datetime], wall: datetime) -> datetime:
    """The rule in plain words: first occurrence; in a gap, go on counting from before it."""
    shown = wall
    while shown not in table:
        shown -= STEP
    return table[shown] + (wall - shown)


def clock(text: str) -> timedelta:
    """``10:15`` as time since midnight."""
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def monday(day: date) -> date:
    """The Monday of a day's week."""
    return day - day.weekday() * DAY


def in_window(window: dict[str, Any], table: dict[datetime, datetime], at: datetime, near: date) -> bool:
    """Whether any occurrence that starts within two days of ``near`` has the instant in it."""
    for day in (near + n * DAY for n in range(-2, 3)):
        weeks = (monday(day) - monday(window["anchor"])) // DAY // 7
        if DAYS[day.weekday()] not in window["days"] or weeks < 0 or weeks % window["every"]:
            continue
        midnight = datetime.combine(day, datetime.min.time())
        length = clock(window["end"]) - clock(window["start"])
        end = midnight + clock(window["end"]) + (DAY if length <= timedelta() else timedelta())
        if instant(table, midnight + clock(window["start"])) <= at < instant(table, end):
            return True
    return False


def is_closed(document: dict[str, Any], table: dict[datetime, datetime], at: datetime) -> bool:
    """Whether a holiday or a freeze has the instant in it."""
    local = at.astimezone(ZoneInfo(document["tz"])).replace(tzinfo=None)
    if local.date() in document["holidays"]:
        return True
    for freeze in document["freezes"]:
        if isinstance(freeze["from"], datetime):
            if instant(table, freeze["from"]) <= at < instant(table, freeze["to"]):
                return True
        elif freeze["from"] <= local.date() <= freeze["to"]:
            return True
    return False


def is_open(scene: Scene, around: datetime, at: datetime) -> bool:
    """The precedence of ruling 20, spelled out for one instant."""
    document = scene.document
    active = [override for override in scene.overrides if override["from"] <= at < override["expires"]]
    if any(override["emergency"] for override in active):
        return True
    if is_closed(document, walls(document["tz"], around), at):
        return False
    return bool(active) or any(
        in_window(window, walls(window["tz"], around), at, at.astimezone(ZoneInfo(window["tz"])).date())
        for window in document["windows"]
    )


def times(last: int) -> st.SearchStrategy[str]:
    """A quarter of an hour of the day: any, but mostly of those in which clocks change."""
    quarters = st.integers(0, 14) | st.integers(88, last) | st.integers(0, last)
    return quarters.map(lambda n: f"{n // 4:02d}:{n % 4 * 15:02d}")


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Scene, datetime]:
    """A schedule around a clock change, and the midnight of that change."""
    zone = draw(st.sampled_from(ZONES))
    around = draw(st.sampled_from(changes(zone)))
    local_days = (st.integers(-1, 2) | st.integers(-4, 12)).map(lambda n: (around + n * DAY).date())
    quarters = st.integers(-40, 160).map(lambda n: around + n * STEP)  # the day itself, mostly

    def window() -> dict[str, Any]:
        start, end = draw(times(95)), draw(times(96))
        end = end if end != start else "24:00" if start != "24:00" else "12:00"
        own = draw(st.sampled_from([zone, zone, draw(st.sampled_from(ZONES))]))
        return {
            "days": draw(st.lists(st.sampled_from(DAYS), min_size=3, max_size=7, unique=True)),
            "start": start,
            "end": end,
            "tz": own,
            "every": draw(st.sampled_from([1, 1, 2, 3])),
            "anchor": draw(local_days) - 7 * DAY,
        }

    def freeze() -> dict[str, Any]:
        first, last = sorted([draw(local_days), draw(local_days)])
        if draw(st.booleans()):
            return {"from": first, "to": last}
        begin = datetime.combine(first, datetime.min.time()) + clock(draw(times(95)))
        return {"from": begin, "to": begin + draw(st.integers(1, 200)) * STEP}

    def override() -> dict[str, Any]:
        begin = draw(quarters)
        expires = begin + draw(st.integers(1, 192)) * STEP
        return {"from": begin, "expires": expires, "emergency": draw(st.booleans())}

    document = {
        "tz": zone,
        "windows": [window() for _ in range(draw(st.integers(1, 3)))],
        "freezes": [freeze() for _ in range(draw(st.integers(0, 2)))],
        "holidays": draw(st.lists(local_days, max_size=2)),
    }
    overrides = [override() for _ in range(draw(st.integers(0, 2)))]
    return Scene(document, overrides, draw(quarters)), around


@settings(max_examples=100, deadline=None)
@given(scenes())
def test_agrees_with_asking_every_quarter_of_an_hour(drawn: tuple[Scene, datetime]) -> None:
    """The three answers are what one finds by looking at every quarter until the state changes."""
    scene, around = drawn
    found = windows.answer(
        config.schedule(scene.document), scene.now, [config.override(entry) for entry in scene.overrides]
    )
    end = around + AFTER * DAY
    quarters = [scene.now + n * STEP for n in range((end - scene.now) // STEP)]
    states = [is_open(scene, around, at) for at in quarters]
    closing = next((at for at, state in zip(quarters, states, strict=True) if not state), None)
    opening = next(
        (at for at, now, before in zip(quarters[1:], states[1:], states, strict=False) if now and not before),
        None,
    )
    assert found.open == states[0]
    assert within(found.closes_at, end) == (closing if states[0] else None)
    assert within(found.next_opening, end) == opening


def within(moment: datetime | None, end: datetime) -> datetime | None:
    """The moment, if the oracle looked as far."""
    return moment if moment and moment < end else None
