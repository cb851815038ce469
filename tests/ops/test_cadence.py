"""The turns of a cadence over years, and how each stands: held, late, overdue, missed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from relman import config
from relman.clock import stamp
from relman.config import words
from relman.config.cadence import CadenceItem
from relman.errors import UsageError
from relman.ledger import Entry
from relman.models import TEAM
from relman.ops import cadence, held
from relman.ops.cadence import Days, Standing

BERLIN = words.Zone("Europe/Berlin")
DAYS = Days(BERLIN)


def item(when: str, **more: Any) -> CadenceItem:
    """A cadence item."""
    said = {"id": "x", "what": "it", "owner": "ops-lead", "when": when, **more}
    return msgspec.convert(said, CadenceItem, dec_hook=words.read)


def day(text: str) -> date:
    """A date."""
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    """A wall-clock time in Berlin."""
    return BERLIN.instant(datetime.fromisoformat(text))


def on(found: CadenceItem, since: str, count: int, days: Days = DAYS) -> list[str]:
    """The days on which the first so many turns take place."""
    return [str(one.on) for one in islice(cadence.occurrences(found, days, day(since)), count)]


def test_two_years_of_mondays_at_ten_whatever_the_clocks_do() -> None:
    """W4: each is at 10:00 on the wall; the weeks over the clock changes have 167 and 169 hours."""
    turns = list(
        takewhile(
            lambda one: one.day < day("2028-01-01"),
            cadence.occurrences(item("mon 10:00"), DAYS, day("2026-01-01")),
        )
    )
    assert len(turns) == 104
    assert {f"{one.start.astimezone(ZoneInfo('Europe/Berlin')):%a %H:%M}" for one in turns} == {"Mon 10:00"}
    pauses = [(later.start - one.start) // timedelta(hours=1) for one, later in pairwise(turns)]
    assert {hours: pauses.count(hours) for hours in pauses} == {168: 99, 167: 2, 169: 2}
    assert {one.end - one.start for one in turns} == {timedelta(minutes=30)}


def test_a_time_that_a_clock_change_leaves_out_or_repeats() -> None:
    """W4: 02:30 is 03:30 on the day that skips it, and the first of the two on the day that has it twice."""
    sundays = {
        one.day: one.start
        for one in islice(cadence.occurrences(item("sun 02:30"), DAYS, day("2026-03-01")), 60)
    }
    assert sundays[day("2026-03-29")] == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert sundays[day("2026-10-25")] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert sundays[day("2027-03-28")] == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_every_second_week_from_its_anchor_over_a_year_of_53_weeks() -> None:
    """W9: whole weeks from that of the anchor, none before, and 14 days between them in any winter."""
    biweekly = item("thu 14:00", every=2, anchor="2026-12-01")  # a Tuesday: its week counts
    assert on(biweekly, "2026-01-01", 4) == ["2026-12-03", "2026-12-17", "2026-12-31", "2027-01-14"]
    turns = list(islice(cadence.occurrences(biweekly, DAYS, day("2026-12-01")), 53))
    assert {later.day - one.day for one, later in pairwise(turns)} == {timedelta(days=14)}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("first tue 10:00", ["2026-12-01", "2027-01-05", "2027-02-02", "2027-03-02"]),
        ("fourth mon 10:00", ["2026-12-28", "2027-01-25", "2027-02-22", "2027-03-22"]),
        ("last fri 15:00", ["2026-11-27", "2026-12-25", "2027-01-29", "2027-02-26"]),
        ("second wed 10:00", ["2026-12-09", "2027-01-13", "2027-02-10", "2027-03-10"]),
    ],
)
def test_days_of_the_month(when: str, expected: list[str]) -> None:
    """The first such day of the month, not the day in its first week; the last may be the fifth."""
    assert on(item(when), "2026-11-24", 4) == expected


def test_days_of_the_month_over_twenty_years() -> None:
    """Each month has exactly one, and the last is never followed by another in its month."""
    turns = list(islice(cadence.occurrences(item("last fri 15:00"), DAYS, day("2026-01-01")), 240))
    assert len({(one.day.year, one.day.month) for one in turns}) == 240
    assert {(one.day + timedelta(days=7)).month != one.day.month for one in turns} == {True}


def off(*holidays: str, freezes: Any = ()) -> Days:
    """Days with these holidays and freezes."""
    window = {"days": ["wed"], "start": "10:00", "end": "16:00"}
    return cadence.days(
        BERLIN,
        config.schedule(
            {"tz": "Europe/Berlin", "windows": [window], "holidays": [*holidays], "freezes": [*freezes]}
        ),
    )


def test_a_holiday_moves_a_turn_to_the_next_working_day() -> None:
    """Easter Monday's review is on Tuesday at the same time; it is still known as Monday's."""
    easter = off("2027-03-26", "2027-03-29")
    turns = list(islice(cadence.occurrences(item("mon 10:00"), easter, day("2027-03-22")), 3))
    assert [(str(one.day), str(one.on)) for one in turns] == [
        ("2027-03-22", "2027-03-22"),
        ("2027-03-29", "2027-03-30"),
        ("2027-04-05", "2027-04-05"),
    ]
    assert turns[1].start == at("2027-03-30T10:00")
    assert (turns[0].because, turns[1].because) == ("", "holiday")


def test_a_holiday_moves_over_a_weekend_but_not_onto_one() -> None:
    """Good Friday's review waits for Tuesday after Easter; what stands on a Sunday may stay on a weekend."""
    easter = off("2027-03-26", "2027-03-29")
    assert on(item("fri 15:00"), "2027-03-26", 2, easter) == ["2027-03-30", "2027-04-02"]
    assert on(item("sat 15:00"), "2027-03-27", 1, off("2027-03-27")) == ["2027-03-28"]


def test_a_turn_whose_next_one_comes_first_is_left_out() -> None:
    """A whole week of holidays has no meeting to make up for."""
    week = off(*(f"2026-12-{number}" for number in range(21, 29)))
    assert on(item("mon 10:00"), "2026-12-14", 3, week) == ["2026-12-14", "2026-12-29", "2027-01-04"]


def test_a_freeze_stops_shipping_and_not_the_talking_about_it() -> None:
    """An item takes place in a freeze, unless it only serves to ship."""
    frozen = off(freezes=[{"from": "2026-12-18", "to": "2027-01-03"}])
    assert on(item("mon 10:00"), "2026-12-14", 3, frozen) == ["2026-12-14", "2026-12-21", "2026-12-28"]
    shipping = item("wed 10:00", in_freeze="skip")
    assert on(shipping, "2026-12-14", 3, frozen) == ["2026-12-16", "2027-01-06", "2027-01-13"]
    open_end = off(freezes=[{"from": "2026-12-18T12:00"}])
    kept = takewhile(
        lambda one: one.day < day("2027-06-01"),
        cadence.occurrences(item("fri 11:00", in_freeze="skip"), open_end, day("2026-12-01")),
    )
    assert [str(one.day) for one in islice(kept, 3)] == ["2026-12-04", "2026-12-11", "2026-12-18"]


def standing(now: str, *held: tuple[str, str], since: str = "2026-11-30") -> dict[str, str]:
    """How the Mondays stand at a time in Berlin; ``held`` are days and times."""
    known = {("x", day(one)): at(moment) for one, moment in held}
    found = cadence.turns(item("mon 10:00"), DAYS, day(since), known, at(now))
    return {str(turn.occurrence.day): turn.standing.value for turn in found}


def test_the_life_of_a_turn() -> None:
    """Coming until its day, due until that is over, overdue until the next one begins, then missed."""
    assert standing("2026-12-06T23:59", since="2026-12-07") == {"2026-12-07": "coming"}
    assert standing("2026-12-07T00:00", since="2026-12-07")["2026-12-07"] == "due"
    assert standing("2026-12-07T23:59", since="2026-12-07")["2026-12-07"] == "due"
    assert standing("2026-12-08T00:00", since="2026-12-07")["2026-12-07"] == "overdue"
    assert standing("2026-12-14T09:59", since="2026-12-07")["2026-12-07"] == "overdue"
    assert standing("2026-12-14T10:00", since="2026-12-07")["2026-12-07"] == "missed"


def test_what_was_held_is_held_when_it_was() -> None:
    """In time up to the next turn, late from then on; and before it was held nobody knew of it."""
    assert standing("2026-12-10T12:00", ("2026-12-07", "2026-12-08T09:00"), since="2026-12-07") == {
        "2026-12-07": "held",
        "2026-12-14": "coming",
    }
    assert standing("2026-12-20T12:00", ("2026-12-07", "2026-12-14T10:00"), since="2026-12-07") == {
        "2026-12-07": "held late",
        "2026-12-14": "overdue",
        "2026-12-21": "coming",
    }
    assert (
        standing("2026-12-07T20:00", ("2026-12-07", "2026-12-08T09:00"), since="2026-12-07")["2026-12-07"]
        == "due"
    )


def test_adherence_is_what_the_record_says() -> None:
    """Turns whose day is over, held in time, late, missed, and how many of the newest in a row."""
    held = {
        ("x", day("2026-11-30")): at("2026-11-30T10:30"),
        ("x", day("2026-12-07")): at("2026-12-15T09:00"),
    }
    found = cadence.turns(item("mon 10:00"), DAYS, day("2026-11-30"), held, at("2026-12-29T12:00"))
    assert cadence.adherence("x", found) == cadence.Adherence("x", 5, 1, 1, 3, 3)
    assert cadence.adherence("x", found).share == 0.2
    assert cadence.adherence("x", ()).share is None


def test_every_turn_of_two_years_is_missed_once_and_only_once() -> None:
    """Time travel, a day at a time: with nothing held, what is open grows by one a week and never shrinks."""
    now, open_turns = at("2026-01-01T12:00"), []
    while now < at("2028-01-01T12:00"):
        found = cadence.turns(item("mon 10:00"), DAYS, day("2026-01-01"), {}, now)
        open_turns.append(sum(turn.open for turn in found))
        now += timedelta(days=9)
    assert open_turns == sorted(open_turns)
    assert open_turns[-1] == 104
    assert {later - one for one, later in pairwise(open_turns)} == {1, 2}


def test_nothing_counts_before_the_model_holds() -> None:
    """A team that adopts the model today has missed nothing."""
    assert standing("2026-12-01T09:00", since="2026-12-01") == {"2026-12-07": "coming"}


def test_a_naive_time_is_refused() -> None:
    """A time without an offset is another instant on every machine."""
    with pytest.raises(UsageError, match="without an offset"):
        cadence.turns(
            item("mon 10:00"), DAYS, day("2026-12-01"), {}, datetime.fromisoformat("2026-12-01T09:00")
        )


def test_how_old_an_item_may_be() -> None:
    """Its longest regular pause and a day: 8 for a week, 15 for two, 36 for a month."""
    biweekly = item("mon 10:00", every=2, anchor="2026-11-30")
    assert [cadence.most_days(one) for one in (item("mon 10:00"), biweekly, item("last fri 10:00"))] == [
        8,
        15,
        36,
    ]


def test_a_full_cycle_is_the_longest_pause_below_a_month() -> None:
    """Two weeks for the seeds' team, whatever comes monthly or less often."""
    biweekly = item("thu 10:00", every=2, anchor="2026-12-03")
    rare = item("thu 10:00", every=6, anchor="2026-12-03")
    assert cadence.cycle([item("mon 10:00"), biweekly, rare, item("first tue 10:00")]) == timedelta(weeks=2)
    assert cadence.cycle([item("mon 10:00")]) == timedelta(weeks=1)
    assert cadence.cycle([]) == timedelta(weeks=2)


def test_the_turns_of_a_held_early_meeting_go_on() -> None:
    """Held before its day: held, and the next one is coming."""
    assert standing("2026-12-05T12:00", ("2026-12-07", "2026-12-04T15:00"), since="2026-12-07") == {
        "2026-12-07": Standing.HELD.value,
        "2026-12-14": "coming",
    }


def test_a_turn_that_a_week_of_holidays_moves_to_the_next_is_left_out() -> None:
    """One meeting on that Monday, not two."""
    week = [f"2026-12-{number:02}" for number in range(7, 12)]
    assert on(item("mon 10:00"), "2026-11-30", 3, off(*week)) == ["2026-11-30", "2026-12-14", "2026-12-21"]


def test_what_goes_on_past_midnight_is_not_overdue_before_it_is_over() -> None:
    """Nobody is asked to make up for a meeting in which they sit."""
    night = item("mon 22:00", length="4h")

    def stands(now: str) -> Standing:
        return cadence.turns(night, DAYS, day("2026-11-30"), {}, at(now))[0].standing

    assert [stands(f"2026-12-01T{time}") for time in ("01:59", "02:00")] == [Standing.DUE, Standing.OVERDUE]


def test_what_comes_every_four_weeks_makes_no_cycle() -> None:
    """Two weeks, where nothing else comes more often."""
    assert cadence.cycle([item("mon 10:00", every=4, anchor="2026-11-30")]) == timedelta(weeks=2)


def test_of_two_records_of_one_turn_the_first_says_when() -> None:
    """Ledgers of two machines may both have one; held in time stays held in time."""
    said = {"item": "mon", "occurrence": "2026-11-30", "attendees": [], "decisions": [], "actions": []}
    about = {"pack": {"sha256": "", "as_of": "", "entries": 0}, "model": {"version": "1", "sha256": ""}}
    first, second = (
        Entry(
            seq,
            stamp(at(f"2026-11-30T{time}")),
            held.KIND,
            "",
            TEAM,
            "",
            "",
            "",
            0,
            {"record": said | about},
            "",
        )
        for seq, time in enumerate(("10:20", "18:00"))
    )
    assert held.held([first, second]) == {("mon", day("2026-11-30")): at("2026-11-30T10:20")}
