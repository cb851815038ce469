"""The on-call rules one by one, where the case files leave room, and far away in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relman import config
from relman.errors import ConfigError, UsageError
from relman.ops import load, oncall
from relman.ops.oncall import Handoff
from relman.ops.spans import Span

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
LONDON = "Europe/London"
ALWAYS = {"start": "00:00", "end": "24:00"}
NIGHTS = {"start": "20:00", "end": "08:00"}


def layer(*people: str, **more: Any) -> dict[str, Any]:
    """A weekly layer from 5 January 2026 on."""
    return {"participants": people, "start": "2026-01-05T09:00", "every": {"weeks": 1}, **more}


def rota(*layers: dict[str, Any], **more: Any) -> config.Rota:
    """A rota in London."""
    return config.rota({"tz": LONDON, "layers": layers, **more})


def replaced(
    user: str | None, start: datetime, end: datetime, created: str | None = None
) -> config.Replacement:
    """Somebody else, for some time."""
    return config.replacement(
        {"user": user, "from": start.isoformat(), "to": end.isoformat(), "created": created}
    )


HOUR = timedelta(hours=1)


def test_a_shift_begins_at_the_same_time_on_the_wall() -> None:
    """C1: a handoff at 09:00 stays one when clocks change, here on 29 March."""
    found = oncall.next_handoff(rota(layer("ana", "ben")), datetime(2026, 3, 28, tzinfo=UTC))
    assert found == Handoff(datetime(2026, 3, 30, 8, tzinfo=UTC), "ana")


def test_a_handoff_that_the_clocks_leave_out_is_an_hour_later() -> None:
    """C1, W4: 01:30 does not exist on 29 March; it is read with the offset before, which is 02:30."""
    days = rota(layer("ana", "ben", start="2026-03-28T01:30", every={"days": 1}))
    found = oncall.next_handoff(days, datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert found == Handoff(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "ben")


def test_a_day_that_the_calendar_leaves_out_is_nobodys_shift() -> None:
    """C1: Samoa had no 30 December 2011; the shift of that day lasts no time."""
    samoa = layer("ana", "ben", "chloe", start="2011-12-29T09:00", every={"days": 1}, tz="Pacific/Apia")
    found = oncall.next_handoff(rota(samoa), datetime(2011, 12, 29, 20, tzinfo=UTC))
    assert found == Handoff(datetime(2011, 12, 30, 19, tzinfo=UTC), "chloe")


def test_the_instant_of_a_handoff_is_the_incoming_persons() -> None:
    """C2: a microsecond before, it is the outgoing person still."""
    weekly, at = rota(layer("ana", "ben")), datetime(2026, 1, 12, 9, tzinfo=UTC)
    assert oncall.person(weekly, at) == "ben"
    assert oncall.person(weekly, at - timedelta.resolution) == "ana"


def test_before_start_and_from_until_on_a_layer_has_nobody() -> None:
    """C3: the end is the first instant without anybody."""
    weekly = rota(layer("ana", "ben", until="2026-01-20T12:00"))
    assert oncall.answer(weekly, datetime(2026, 1, 1, tzinfo=UTC)) == oncall.Standing(
        primary=None,
        since=None,
        next_handoff=Handoff(datetime(2026, 1, 5, 9, tzinfo=UTC), "ana"),
        secondary=None,
    )
    over = datetime(2026, 1, 20, 12, tzinfo=UTC)
    assert oncall.next_handoff(weekly, over - HOUR) == Handoff(over, None)
    assert oncall.person(weekly, over) is None
    assert oncall.next_handoff(weekly, over) is None


def test_an_end_may_be_an_instant() -> None:
    """C3: with an offset it needs no zone."""
    weekly = rota(layer("ana", until="2026-07-20T12:00+02:00"))
    assert oncall.next_handoff(weekly, NOON) == Handoff(datetime(2026, 7, 20, 10, tzinfo=UTC), None)


def test_a_mask_does_not_change_whose_turn_it_is() -> None:
    """C4: turns pass while the layer has nobody, too."""
    nights = rota(layer("ana", "ben", every={"days": 1}, restrict=[{**NIGHTS, "days": ["mon"]}]))
    assert [oncall.person(nights, datetime(2026, 1, day, 22, tzinfo=UTC)) for day in (5, 6, 12, 19)] == [
        "ana",
        None,
        "ben",
        "ana",
    ]


def test_the_last_layer_that_has_somebody_wins() -> None:
    """C5: by its place in the list, not by its start."""
    two = rota(layer("ana", start="2026-01-10T09:00"), layer("ben"))
    assert oncall.person(two, NOON) == "ben"
    masked = rota(layer("ana"), layer("ben", restrict=[NIGHTS]))
    assert oncall.person(masked, NOON) == "ana"


def test_nobody_on_purpose_beats_the_layers() -> None:
    """C6: a replacement by nobody is a gap, and the handoff says so."""
    weekly, off = rota(layer("ana")), replaced(None, NOON + HOUR, NOON + 2 * HOUR)
    assert oncall.next_handoff(weekly, NOON, [off]) == Handoff(NOON + HOUR, None)
    assert list(oncall.gaps(weekly, Span(NOON, NOON + 9 * HOUR), [off])) == [
        Span(NOON + HOUR, NOON + 2 * HOUR)
    ]


def test_of_two_replacements_made_at_once_the_later_in_the_list_holds() -> None:
    """C6: and one without a date of making is older than any other."""
    old, first, last = (
        replaced(name, NOON, NOON + HOUR, made)
        for name, made in (("o", None), ("f", "2026-01-01T00:00:00Z"), ("l", "2026-01-01T01:00:00+01:00"))
    )
    assert oncall.person(rota(layer("ana")), NOON, [first, last, old]) == "l"


def test_replacing_a_person_by_themselves_is_no_handoff() -> None:
    """C7: what counts is the person."""
    weekly, same = rota(layer("ana", "ben")), replaced("ben", NOON + HOUR, NOON + 2 * HOUR)
    assert oncall.answer(weekly, NOON, [same]) == oncall.answer(weekly, NOON)


def test_second_is_the_one_before_who_is_neither_in_turn_nor_on_call() -> None:
    """C8: where the one before has taken over, it is the one before that; with nobody left, nobody."""
    three = rota(layer("ana", "ben", "chloe"), secondary="previous")
    covers = [replaced("ana", NOON, NOON + HOUR)]
    assert oncall.secondary(three, NOON) == "ana"
    assert oncall.secondary(three, NOON, covers) == "chloe"
    two = rota(layer("ana", "ben"), secondary="previous")
    assert oncall.secondary(two, NOON, covers) is None
    assert oncall.secondary(rota(layer("ana", "ben")), NOON) is None


@pytest.mark.parametrize(
    ("layers", "at"),
    [
        ([layer("ana")], NOON),
        ([layer("ana"), layer("ana", "ana", every={"days": 1})], NOON),
        ([layer("ana"), layer("ana", restrict=[NIGHTS])], NOON),
        ([layer("ana", restrict=[ALWAYS])], NOON),
        ([layer("ben", "chloe"), layer("ana")], NOON),
        # Seven take turns by the day, of whom the same one has every Monday.
        ([layer("ana"), layer("ana", *"bcdefg", every={"days": 1},
                              restrict=[{"days": ["mon"], "start": "10:00", "end": "11:00"}])], NOON),
        ([layer("ana", restrict=[ALWAYS]), layer("ana", every={"weeks": 519}, restrict=[NIGHTS])], NOON),
    ],
)  # fmt: skip
def test_never_is_an_answer(layers: list[dict[str, Any]], at: datetime) -> None:
    """C7: nothing that changes the person will ever come, and that is found out in the end."""
    found = oncall.answer(rota(*layers), at)
    assert (found.primary, found.next_handoff) == ("ana", None)


@pytest.mark.parametrize("year", [1, 2056, 9998, 9999])
def test_any_year_can_be_asked_about(year: int) -> None:
    """However far it is from the rota's start, the question is answered."""
    daily = rota(layer("ana", "ben", every={"days": 1}, restrict=[ALWAYS]))
    expected = {1: {None}, 9999: {None}}.get(year, {"ana", "ben"})
    assert oncall.answer(daily, datetime(year, 1, 1, 12, tzinfo=UTC)).primary in expected


def test_a_naive_time_is_refused() -> None:
    """A time without an offset is another instant on every machine."""
    for ask in (oncall.answer, oncall.person, oncall.next_handoff, oncall.since, oncall.secondary):
        with pytest.raises(UsageError, match="without an offset"):
            ask(rota(layer("ana"), secondary="previous"), NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"layers": [layer("ana")]}, "tz"),
        ({"tz": "Europe/Londn", "layers": [layer("ana")]}, "did you mean"),
        ({"tz": LONDON, "layers": []}, "length >= 1"),
        ({"tz": LONDON, "layers": [layer()]}, "length >= 1"),
        ({"tz": LONDON, "layers": [layer("")]}, "not empty"),
        ({"tz": LONDON, "layers": [layer("ana", every={"weeks": 0})]}, ">= 1"),
        ({"tz": LONDON, "layers": [layer("ana", every={"days": -1})]}, ">= 1"),
        ({"tz": LONDON, "layers": [layer("ana", every={"hours": 12})]}, "unknown field `hours`"),
        ({"tz": LONDON, "layers": [layer("ana", every={})]}, "either 'days' or 'weeks'"),
        ({"tz": LONDON, "layers": [layer("ana", every={"days": 7, "weeks": 1})]}, "either"),
        ({"tz": LONDON, "layers": [layer("ana", start="2026-01-05T09:00Z")]}, "local date-time"),
        ({"tz": LONDON, "layers": [layer("ana", until="2026-01-05T09:00")]}, "not after 'start'"),
        ({"tz": LONDON, "layers": [layer("ana", until="2026-01-05T09:00Z")]}, "not after 'start'"),
        ({"tz": LONDON, "layers": [layer("ana", tz="Mars/Base")]}, "zone"),
        ({"tz": LONDON, "layers": [layer("ana", restrict=[{"start": "9:00", "end": "10:00"}])]}, "time of"),
        ({"tz": LONDON, "layers": [layer("ana", restrict=[{"start": "09:00", "end": "09:00"}])]}, "equal"),
        ({"tz": LONDON, "layers": [layer("ana", restrict=[{**NIGHTS, "days": []}])]}, "length >= 1"),
        ({"tz": LONDON, "layers": [layer("ana", rotation="weekly")]}, "rotation"),
        ({"tz": LONDON, "layers": [layer("ana")], "secondary": "next"}, "previous"),
        ({"tz": LONDON, "layers": [layer("ana")], "overrides": []}, "overrides"),
    ],
)
def test_what_cannot_be_read_is_refused(document: dict[str, Any], told: str) -> None:
    """Nothing is guessed: each such rota is an error that says what is wrong."""
    with pytest.raises(ConfigError, match=told):
        config.rota(document)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"from": "2026-01-14T12:00:00"}, "timezone"),
        ({"to": "2026-01-14T13:00:00"}, "timezone"),
        ({"created": "2026-01-14"}, "datetime"),
        ({"to": "2026-01-14T12:00:00Z"}, "'to' is not after 'from'"),
        ({"user": ""}, "not empty"),
        ({"who": "ana"}, "who"),
    ],
)
def test_a_replacement_that_cannot_be_read_is_refused(written: dict[str, str], told: str) -> None:
    """Times carry an offset, and the end is after the beginning."""
    whole = {"user": "ana", "from": "2026-01-14T12:00:00Z", "to": "2026-01-14T13:00:00Z", **written}
    with pytest.raises(ConfigError, match=told):
        config.replacement(whole)


# ── how much ─────────────────────────────────────────────────────────────────────────────────────


def counted(span: Span, *layers: dict[str, Any], **more: Any) -> dict[str, load.Share]:
    """What each person has."""
    return {one.person: one for one in load.load(rota(*layers, **more), span).people}


def test_hours_are_elapsed_hours() -> None:
    """C9: the week in which summer ends has 169, of which nine are that night's."""
    october = Span(datetime(2026, 10, 19, 8, tzinfo=UTC), datetime(2026, 10, 26, 9, tzinfo=UTC))
    (ana,) = counted(october, layer("ana")).values()
    assert (ana.hours, ana.nights, ana.weekends, ana.weeks_in_a_row) == (169, 57, 49, 1)


def test_an_interruption_of_less_than_a_day_is_no_rest() -> None:
    """Two weeks with two hours off in the middle are two weeks in a row; a day off makes it less."""
    fortnight = Span(datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 1, 19, 9, tzinfo=UTC))
    weeks = {
        hours: load.load(rota(layer("ana")), fortnight, [replaced("ben", NOON, NOON + hours * HOUR)])
        for hours in (2, 24)
    }
    assert {hours: held.people[0].weeks_in_a_row for hours, held in weeks.items()} == {
        2: 2,
        24: pytest.approx((9 * 24 + 3) / 168),
    }


def test_fairness_is_the_distance_from_the_mean() -> None:
    """Who is in the rota and had nothing counts too."""
    week = Span(datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 1, 12, 9, tzinfo=UTC))
    held = counted(week, layer("ana", "ben"))
    assert {name: one.fairness for name, one in held.items()} == {"ana": 100, "ben": -100}


def test_limits_are_told_in_words() -> None:
    """Night and weekend hours of more than four weeks are compared as what they come to in four."""
    start = datetime(2026, 1, 5, 9, tzinfo=UTC)
    limits = {"consecutive_weeks": 1, "night_hours": 56, "weekend_hours": 47.5}
    (ana,) = counted(Span(start, start + 168 * HOUR), layer("ana"), limits=limits).values()
    assert ana.over == ("48 weekend hours in four weeks (limit 47.5)",)
    (ana,) = counted(Span(start, start + 1344 * HOUR), layer("ana"), limits=limits).values()
    assert ana.over == (
        "8 weeks in a row (limit 1)",
        "224 night hours in four weeks (limit 56)",
        "192 weekend hours in four weeks (limit 47.5)",
    )


def test_gaps_show_over_a_year_and_not_over_a_week() -> None:
    """Sydney, London and New York look like cover in July and not in winter.

    An hour is missing while Sydney has summer time and London has not: on the 87 days before 29 March
    and on the 68 from 25 October on.
    """
    places = [("Australia/Sydney", 9, 18), ("Europe/London", 8, 16), ("America/New_York", 11, 19)]
    sun = rota(
        *(
            layer(zone, start="2025-12-01T00:00", tz=zone, restrict=[
                {"start": f"{start:02d}:00", "end": f"{end:02d}:00"}
            ])
            for zone, start, end in places
        )
    )  # fmt: skip
    july = Span(datetime(2026, 7, 6, tzinfo=UTC), datetime(2026, 7, 13, tzinfo=UTC))
    year = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert load.load(sun, july).gap_hours == 0
    assert load.load(sun, year).gap_hours == 87 + 68


def test_a_span_without_length_is_refused() -> None:
    """There is nothing to count in it."""
    with pytest.raises(UsageError, match="not after"):
        load.load(rota(layer("ana")), Span(NOON, NOON))
