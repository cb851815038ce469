"""Two years, lived through under a clock that is handed in, with each change of clocks in three zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from relman import config
from relman.ops import ahead, hours, windows
from relman.ops.spans import Span

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
CHANGES = {
    "Europe/Berlin": ["2026-03-29", "2026-10-25", "2027-03-28", "2027-10-31"],
    "America/New_York": ["2026-03-08", "2026-11-01", "2027-03-14", "2027-11-07"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04", "2027-04-04", "2027-10-03"],
}
"""From the zones' own rules: last Sundays; second and first Sunday; first Sundays, by half an hour."""
HOUR = timedelta(hours=1)
STEP = {"Europe/Berlin": HOUR, "America/New_York": HOUR, "Australia/Lord_Howe": HOUR / 2}
ZONES = list(CHANGES)


def schedule(zone: str, day: str, start: str, end: str) -> config.Schedule:
    """One weekly window."""
    return config.schedule({"tz": zone, "windows": [{"days": [day], "start": start, "end": end}]})


def lived(found: config.Schedule) -> list[Span]:
    """The openings that somebody sees who waits for each next one, from BEGIN to END."""
    now, seen = BEGIN, list[Span]()
    while True:
        opens = windows.answer(found, now).next_opening
        assert opens is not None
        if opens >= END:
            return seen
        closes = windows.answer(found, opens).closes_at
        assert closes is not None
        assert not windows.answer(found, opens - timedelta.resolution).open
        assert windows.answer(found, closes - timedelta.resolution).open
        assert not windows.answer(found, closes).open
        seen.append(Span(opens, closes))
        now = closes


@pytest.mark.parametrize("zone", ZONES)
def test_wednesday_is_at_ten_on_the_wall_all_year(zone: str) -> None:
    """W2, W4: 104 Wednesdays, each from 10:00 to 16:00 as clocks there show it, whatever UTC has."""
    seen = lived(schedule(zone, "wed", "10:00", "16:00"))
    shown = {
        (f"{a.astimezone(ZoneInfo(zone)):%a %H:%M}", f"{b.astimezone(ZoneInfo(zone)):%H:%M}") for a, b in seen
    }
    assert shown == {("Wed 10:00", "16:00")}
    assert len(seen) == 104
    assert {b - a for a, b in seen} == {6 * HOUR}
    assert len({a.time() for a, _ in seen}) == 2, "two offsets, so two times of day in UTC"


@pytest.mark.parametrize("zone", ZONES)
def test_a_night_is_longer_or_shorter_when_clocks_change(zone: str) -> None:
    """W3, W4: Saturday 22:00 to Sunday 06:00 lasts 8 hours, but for the four nights of a change."""
    seen = lived(schedule(zone, "sat", "22:00", "06:00"))
    odd = {b.astimezone(ZoneInfo(zone)).date().isoformat(): b - a for a, b in seen if b - a != 8 * HOUR}
    assert sorted(odd) == CHANGES[zone]
    assert sorted(odd.values()) == [8 * HOUR - STEP[zone]] * 2 + [8 * HOUR + STEP[zone]] * 2


@pytest.mark.parametrize("zone", ZONES)
def test_a_window_in_the_gap_and_in_the_fold(zone: str) -> None:
    """W4: 01:15 to 02:15 on Sundays. In a gap the offset before it counts, in a fold the first time."""
    seen = lived(schedule(zone, "sun", "01:15", "02:15"))
    lasting = {a.astimezone(ZoneInfo(zone)).date().isoformat(): b - a for a, b in seen}
    assert len(lasting) == 104 or len(lasting) == 105
    for day in CHANGES[zone]:
        midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
        opens = (
            midnight.astimezone(UTC) + HOUR * 1.25
        )  # 01:15 is before each of these changes, the first time
        assert any(a == opens for a, _ in seen), day
        assert lasting[day] in {HOUR, HOUR - STEP[zone], HOUR + STEP[zone]}


@pytest.mark.parametrize("zone", ZONES)
def test_every_other_week_keeps_its_rhythm_over_the_long_year(zone: str) -> None:
    """W9: 2026 has 53 weeks; the gap between two openings is two weeks on the wall, always."""
    every = {"days": ["tue"], "start": "09:00", "end": "10:00", "every": 2, "anchor": "2026-01-06"}
    seen = lived(config.schedule({"tz": zone, "windows": [every]}))
    days = [a.astimezone(ZoneInfo(zone)).date() for a, _ in seen]
    assert {later - day for day, later in pairwise(days)} == {timedelta(days=14)}


@pytest.mark.parametrize("zone", ZONES)
def test_frozen_days_are_whole_days_of_the_wall(zone: str) -> None:
    """W5, W6: a freeze and a holiday on a day of a change take just the hours that it has."""
    for day in CHANGES[zone]:
        whole = {"tz": zone, "windows": [{"days": ["sat", "sun", "mon"], "start": "00:00", "end": "24:00"}]}
        for closed in ({"holidays": [day]}, {"freezes": [{"from": day, "to": day}]}):
            found = hours.of(config.schedule({**whole, **closed}), [])
            midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
            opens = found.answer(midnight).next_opening
            assert opens is not None
            assert found.answer(midnight - timedelta.resolution).open
            assert opens - midnight == 24 * HOUR - ahead.shift(found.zone, datetime.fromisoformat(day).date())


@pytest.mark.parametrize("zone", ZONES)
def test_the_calendar_knows_the_days_on_which_clocks_change(zone: str) -> None:
    """Of 730 days four, and each by as much as the zone's clocks are put."""
    days = ahead.days(hours.of(schedule(zone, "wed", "10:00", "16:00"), []), Span(BEGIN, END))
    found = {one.date.isoformat(): abs(one.shift) for one in days if one.shift}
    assert found == dict.fromkeys(CHANGES[zone], STEP[zone])
