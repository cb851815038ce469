"""The rules of windows, one by one, and the line that a person reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from relman import config
from relman.errors import UsageError
from relman.ops import windows

WED = {"days": ["wed"], "start": "10:00", "end": "16:00"}
EVERY_DAY = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00"}


def berlin(*entries: dict[str, Any], **more: Any) -> config.Schedule:
    """A schedule in Berlin; by default the window of the screens page."""
    return config.schedule({"tz": "Europe/Berlin", "windows": list(entries or [WED]), **more})


def at(text: str) -> datetime:
    """A wall-clock time in Berlin's winter."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone(timedelta(hours=1)))


def override(since: str, expires: str, **more: Any) -> config.Override:
    """An override between two winter times."""
    return config.override({"from": at(since), "expires": at(expires), **more})


def test_half_open_to_the_microsecond() -> None:
    """W1: open at the start instant and in the last microsecond, closed at the end instant."""
    schedule = berlin()
    tick = timedelta(microseconds=1)
    moments = [at("2026-11-25T10:00") - tick, at("2026-11-25T10:00"), at("2026-11-25T16:00") - tick]
    moments.append(at("2026-11-25T16:00"))
    assert [windows.answer(schedule, moment).open for moment in moments] == [False, True, True, False]


def test_the_zone_of_the_evaluator_plays_no_part() -> None:
    """W2: one instant has one answer, in whatever zone it is written; answers are in UTC."""
    schedule = berlin()
    moment = at("2026-11-25T11:00")
    tokyo = moment.astimezone(timezone(timedelta(hours=9)))
    assert windows.answer(schedule, moment) == windows.answer(schedule, tokyo)
    closes = windows.answer(schedule, tokyo).closes_at
    assert closes is not None
    assert closes.tzinfo is UTC


@pytest.mark.parametrize("ask", [windows.answer, windows.explain, windows.frozen, windows.current])
def test_a_naive_time_is_refused(ask: Any) -> None:
    """W2: a time without an offset is another instant on every machine."""
    with pytest.raises(UsageError, match="without an offset"):
        ask(berlin(), datetime.fromisoformat("2026-11-25T11:00"))


def test_a_window_of_its_own_zone() -> None:
    """W2: a window's own zone goes before that of the schedule, and the line says it."""
    schedule = berlin({**WED, "tz": "Asia/Tokyo"})
    assert windows.answer(schedule, at("2026-11-25T02:00")).open
    assert "Wed 10:00-16:00 Asia/Tokyo" in windows.explain(schedule, at("2026-11-25T02:00"))
    assert "the window is Wed 10:00-16:00 Asia/Tokyo" in windows.explain(schedule, at("2026-11-25T09:00"))


def test_past_midnight_belongs_to_the_day_of_the_start() -> None:
    """W3: Sunday's night runs into Monday, over the end of the week too."""
    schedule = berlin({"days": ["sun"], "start": "22:00", "end": "02:00"})
    assert windows.answer(schedule, at("2026-11-30T01:59")).open
    assert not windows.answer(schedule, at("2026-11-29T01:00")).open


def test_the_whole_day_on_a_change_of_clocks() -> None:
    """W4: 00:00 to 24:00 has 23 hours in March and 25 in October."""
    schedule = berlin({"days": ["sun"], "start": "00:00", "end": "24:00"})
    hours = []
    for day in ("2026-03-29T12:00", "2026-10-25T12:00"):
        found = windows.current(schedule, at(day))
        assert found is not None
        hours.append((found[1].end - found[1].start) / timedelta(hours=1))
    assert hours == [23, 25]


def test_an_occurrence_that_the_gap_swallows_does_not_take_place() -> None:
    """W4: 02:30 is read as 03:30, which is after an end of 03:00; it is next week's turn."""
    schedule = berlin({"days": ["sun"], "start": "02:30", "end": "03:00"})
    found = windows.answer(schedule, datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert found.next_opening == datetime(2026, 4, 5, 0, 30, tzinfo=UTC)


def test_a_freeze_of_dates_has_both_days() -> None:
    """W5: closed from the first midnight to the end of the last day, in the schedule's zone."""
    schedule = berlin(EVERY_DAY, freezes=[{"from": "2026-12-18", "to": "2027-01-03"}])
    found = windows.answer(schedule, at("2026-12-01T00:00"))
    assert (found.closes_at, found.next_opening) == (at("2026-12-18T00:00"), at("2027-01-04T00:00"))


def test_a_freeze_without_an_end_is_never_over() -> None:
    """W5: until further notice; before it things go on, after it nothing opens."""
    schedule = berlin(freezes=[{"from": "2026-11-25T12:00", "reason": "audit"}])
    assert windows.answer(schedule, at("2026-11-25T11:00")) == windows.Answer(
        open=True, closes_at=at("2026-11-25T12:00")
    )
    assert windows.answer(schedule, at("2026-12-02T11:00")) == windows.Answer(open=False)


def test_a_holiday_closes_its_day() -> None:
    """W6: that local date, and no more."""
    schedule = berlin(EVERY_DAY, holidays=["2026-12-25", {"date": "2026-12-26", "name": "Boxing Day"}])
    found = windows.answer(schedule, at("2026-12-24T12:00"))
    assert (found.closes_at, found.next_opening) == (at("2026-12-25T00:00"), at("2026-12-27T00:00"))


def test_only_an_emergency_pierces_a_freeze() -> None:
    """W7: a plain override opens outside windows, an emergency in a freeze too."""
    schedule = berlin(freezes=[{"from": "2026-12-01", "to": "2026-12-31"}])
    plain = override("2026-12-03T09:00", "2026-12-03T10:00")
    outside = override("2026-11-26T09:00", "2026-11-26T10:00")
    emergency = override("2026-12-03T09:00", "2026-12-03T10:00", emergency=True)
    assert not windows.answer(schedule, at("2026-12-03T09:30"), [plain]).open
    assert windows.answer(schedule, at("2026-11-26T09:30"), [outside]).open
    assert windows.answer(schedule, at("2026-12-03T09:30"), [emergency]) == windows.Answer(
        open=True, closes_at=at("2026-12-03T10:00"), next_opening=at("2027-01-06T10:00")
    )


def test_what_abuts_is_one_opening() -> None:
    """W8: a window, an override at its end and another window after that close once."""
    schedule = berlin(WED, {"days": ["wed"], "start": "17:00", "end": "18:00"})
    bridge = override("2026-11-25T16:00", "2026-11-25T17:00")
    found = windows.answer(schedule, at("2026-11-25T11:00"), [bridge])
    assert (found.closes_at, found.next_opening) == (at("2026-11-25T18:00"), at("2026-12-02T10:00"))


def test_every_other_week_over_a_year_of_53_weeks() -> None:
    """W9: whole weeks from the anchor's, so the gap over the New Year is 14 days like any other."""
    schedule = berlin({**WED, "every": 2, "anchor": "2026-12-25"})
    assert windows.answer(schedule, at("2026-12-01T00:00")).next_opening == at("2026-12-23T10:00")
    assert windows.answer(schedule, at("2026-12-24T00:00")).next_opening == at("2027-01-06T10:00")


def test_never_is_found_out() -> None:
    """Always open never closes, across every change of clocks; answers in far years are exact."""
    assert windows.answer(berlin(EVERY_DAY), at("2026-11-25T11:00")) == windows.Answer(open=True)
    far = berlin(freezes=[{"from": "2026-01-01", "to": "2999-12-31"}])
    assert windows.answer(far, at("2026-11-25T11:00")).next_opening == at("3000-01-01T10:00")
    gone = berlin(freezes=[{"from": "2026-01-01", "to": "9999-12-31"}])
    assert windows.answer(gone, at("2026-11-25T11:00")) == windows.Answer(open=False)


@pytest.mark.parametrize(("seconds", "closes"), [(3599.5, False), (3600, True), (3601, True)])
def test_last_call(seconds: float, closes: bool) -> None:  # noqa: FBT001
    """What would end at the very end instant does not fit any more: it is closed by then."""
    assert windows.closes_within(berlin(), at("2026-11-25T15:00"), seconds) is closes


def test_last_call_at_the_edges() -> None:
    """Nothing fits into a closed window, and everything into one that never closes."""
    assert windows.closes_within(berlin(), at("2026-11-26T11:00"), 0)
    assert not windows.closes_within(berlin(EVERY_DAY), at("2026-11-26T11:00"), 1e9)


def test_which_freeze_is_in_force() -> None:
    """Of several the one that ends last, so that a refusal names what one has to wait for."""
    short = {"from": "2026-11-25", "reason": "short", "to": "2026-11-25"}
    schedule = berlin(freezes=[short, {"from": "2026-11-20", "to": "2026-11-30", "reason": "long"}])
    found = windows.frozen(schedule, at("2026-11-25T11:00"))
    assert found is not None
    assert (found.kind, found.reason) == ("freeze", "long")
    assert windows.frozen(schedule, at("2026-12-01T00:00")) is None


LINES = [
    ("2026-11-25T13:46", {}, "Wed 10:00-16:00 Europe/Berlin, 2 h 14 min left"),
    (
        "2026-11-26T11:04",
        {},
        (
            "it is Thu 26 Nov 11:04 Europe/Berlin; the window is Wed 10:00-16:00; "
            "next Wed 2 Dec 10:00 (in 5 days 22 h)"
        ),
    ),
    (
        "2026-12-30T11:00",
        {"freezes": [{"from": "2026-12-18", "to": "2027-01-03", "reason": "year end"}]},
        (
            "it is Wed 30 Dec 11:00 Europe/Berlin; freeze from 2026-12-18 to 2027-01-03 (year end); "
            "next Wed 6 Jan 2027 10:00 (in 6 days 23 h)"
        ),
    ),
    (
        "2026-11-25T11:00",
        {"holidays": [{"date": "2026-11-25", "name": "Founders' Day"}]},
        (
            "it is Wed 25 Nov 11:00 Europe/Berlin; holiday 2026-11-25 (Founders' Day); "
            "next Wed 2 Dec 10:00 (in 6 days 23 h)"
        ),
    ),
    (
        "2026-11-25T11:00",
        {"freezes": [{"from": "2026-11-25T11:30", "to": "2026-11-25T12:00"}]},
        "Wed 10:00-16:00 Europe/Berlin, 30 min left, until Wed 25 Nov 11:30",
    ),
    (
        "2026-11-25T11:00",
        {"freezes": [{"from": "2026-11-25"}]},
        (
            "it is Wed 25 Nov 11:00 Europe/Berlin; freeze from 2026-11-25 until further notice; "
            "it does not open again"
        ),
    ),
]


@pytest.mark.parametrize(("now", "more", "line"), LINES)
def test_the_line_that_a_person_reads(now: str, more: dict[str, Any], line: str) -> None:
    """The sentences of the screens, and their kin."""
    assert windows.explain(berlin(**more), at(now)) == line


def test_the_line_of_an_override() -> None:
    """Who ships outside the window reads what lets them."""
    granted = override("2026-11-26T11:00", "2026-11-26T12:00", reason="INC-42", emergency=True)
    line = windows.explain(berlin(), at("2026-11-26T11:04"), [granted])
    assert line == "emergency override (INC-42), 56 min left, until Thu 26 Nov 12:00"


def test_days_and_rhythm_in_words() -> None:
    """Three days in a row and more are a range; a rhythm of weeks is said."""
    weekdays = {"days": ["tue", "mon", "wed"], "start": "10:00", "end": "16:00"}
    rhythm = {"days": ["mon", "fri"], "start": "22:00", "end": "02:00", "every": 2, "anchor": "2026-11-23"}
    line = windows.explain(berlin(weekdays, rhythm), at("2026-11-26T11:04"))
    assert "the windows are Mon-Wed 10:00-16:00 and Mon, Fri 22:00-02:00 every 2 weeks" in line


def test_of_two_windows_the_line_names_the_one_that_lasts() -> None:
    """Who reads "until" looks for the window that ends then."""
    short, long = ({**WED, "end": end} for end in ("12:00", "18:00"))
    for both in ((short, long), (long, short)):
        assert windows.explain(berlin(*both), at("2026-11-25T11:00")).startswith("Wed 10:00-18:00")
