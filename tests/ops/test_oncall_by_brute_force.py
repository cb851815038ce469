"""The rota against a second one that paints every quarter of an hour of two years.

What it is not: fast, or lazy. It knows no spans: a layer paints its shifts over a row of quarters,
a mask wipes, the next layer paints over that, and who is on call is read off. A wall-clock time is
looked up in a table of what clocks show.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from relman import config
from relman.ops import load, oncall
from relman.ops.spans import Span
from relman.ops.turns import turns

STEP = timedelta(minutes=15)
DAY = timedelta(days=1)
BEGIN = datetime(2025, 12, 1, tzinfo=UTC)
TICKS = 2 * 365 * 96
END = BEGIN + TICKS * STEP
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PEOPLE = ["ana", "ben", "chloe", "dan"]

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # changes by half an hour
    "Africa/Cairo",  # at midnight, so that one day begins at 01:00
    "America/Havana",  # midnight occurs twice
    "Pacific/Chatham",  # 12:45, and 13:45 in summer
    "Africa/Casablanca",  # changes around Ramadan
    "Asia/Kathmandu",  # 5:45, no changes
    "UTC",
]

Shift = tuple[int, int] | None
"""A layer's place in the list and the number of the shift, or nobody."""


class Painted(NamedTuple):
    """For each quarter: which shift is regular, and who is on call."""

    shifts: list[Shift]
    people: list[str | None]


@cache
def walls(zone: str) -> dict[datetime, int]:
    """From each wall-clock time to the first quarter in which clocks show it."""
    table: dict[datetime, int] = {}
    local = ZoneInfo(zone)
    for tick in range(-8 * 96, TICKS + 100 * 96):
        table.setdefault((BEGIN + tick * STEP).astimezone(local).replace(tzinfo=None), tick)
    return table


def tick_of(zone: str, wall: datetime) -> int:
    """The rule in plain words: first occurrence; in a gap, go on counting from before it."""
    shown = wall
    while shown not in walls(zone):
        shown -= STEP
    return walls(zone)[shown] + (wall - shown) // STEP


def fill(row: list[Any], start: int, end: int, value: object) -> None:
    """Paint some quarters, as far as the row goes."""
    for tick in range(max(start, 0), min(end, len(row))):
        row[tick] = value


def painted_layer(layer: dict[str, Any], zone: str) -> list[int | None]:
    """The number of the shift that each quarter belongs to."""
    row: list[int | None] = [None] * TICKS
    length, number = timedelta(**layer["every"]), 0
    while (start := tick_of(zone, layer["start"] + number * length)) < TICKS:
        fill(row, start, tick_of(zone, layer["start"] + (number + 1) * length), number)
        number += 1
    if layer["until"]:
        fill(row, tick_of(zone, layer["until"]), TICKS, None)
    if layer["restrict"]:
        allowed = [False] * TICKS
        for mask in layer["restrict"]:
            paint_mask(allowed, mask, zone)
        row = [number if may else None for number, may in zip(row, allowed, strict=True)]
    return row


def paint_mask(allowed: list[bool], mask: dict[str, Any], zone: str) -> None:
    """Every occurrence of a mask, day by day."""
    for n in range(-2, TICKS // 96 + 2):
        midnight = (BEGIN + n * DAY).replace(tzinfo=None)
        if DAYS[midnight.weekday()] in mask["days"]:
            start, end = midnight + since_midnight(mask["start"]), midnight + since_midnight(mask["end"])
            fill(allowed, tick_of(zone, start), tick_of(zone, end if end > start else end + DAY), True)  # noqa: FBT003


def since_midnight(text: str) -> timedelta:
    """``10:15`` as time since midnight."""
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def painted(document: dict[str, Any], overrides: list[dict[str, Any]]) -> Painted:
    """Layers from the first to the last, then overrides from the oldest to the newest."""
    shifts: list[Shift] = [None] * TICKS
    for place, layer in enumerate(document["layers"]):
        row = painted_layer(layer, layer["tz"] or document["tz"])
        shifts = [old if n is None else (place, n) for old, n in zip(shifts, row, strict=True)]
    order = [layer["participants"] for layer in document["layers"]]
    people = [order[one[0]][one[1] % len(order[one[0]])] if one else None for one in shifts]
    for override in sorted(overrides, key=lambda one: one["created"]):
        start, end = ((override[key] - BEGIN) // STEP for key in ("from", "to"))
        fill(people, start, end, override["user"])
    return Painted(shifts, people)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A rota as a case file spells it, and its overrides."""
    zone = draw(st.sampled_from(ZONES))
    quarters = st.integers(0, 14) | st.integers(0, 95)  # mostly those in which clocks change
    times = quarters.map(lambda n: f"{n // 4:02d}:{n % 4 * 15:02d}")
    days = st.integers(3, 40) | st.integers(3, 700)
    walls_ = st.tuples(days, quarters).map(
        lambda at: (BEGIN + at[0] * DAY + at[1] * STEP).replace(tzinfo=None)
    )

    def mask() -> dict[str, Any]:
        start, end = draw(times), draw(times)
        end = end if end != start else "24:00" if start != "00:00" else "12:00"
        return {
            "days": draw(st.lists(st.sampled_from(DAYS), min_size=1, unique=True)),
            "start": start,
            "end": end,
        }

    def layer() -> dict[str, Any]:
        start = draw(walls_)
        length = draw(st.integers(1, 9) | st.just(7))
        return {
            "participants": draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4)),
            "start": start,
            "every": draw(st.sampled_from([{"days": length}, {"weeks": 1}, {"weeks": 2}])),
            "until": draw(st.none() | st.integers(1, 20_000).map(lambda n: start + n * STEP)),
            "tz": draw(st.sampled_from([None, None, *ZONES])),
            "restrict": [mask() for _ in range(draw(st.sampled_from([0, 0, 1, 2])))],
        }

    def override() -> dict[str, Any]:
        begin = BEGIN + draw(st.integers(0, TICKS - 1)) * STEP
        return {
            "user": draw(st.sampled_from([*PEOPLE, "eve", None])),
            "from": begin,
            "to": begin + draw(st.integers(1, 3000)) * STEP,
            "created": BEGIN + draw(st.integers(0, 10**6)) * timedelta(seconds=1),
        }

    layers = [layer() for _ in range(draw(st.integers(1, 3)))]
    overrides = [override() for _ in range(draw(st.integers(0, 4)))]
    return {"tz": zone, "secondary": "previous", "layers": layers}, overrides


@settings(max_examples=40, deadline=None)
@given(scenes(), st.lists(st.integers(0, TICKS - 1), min_size=4, max_size=4))
def test_agrees_with_painting_every_quarter_of_two_years(
    scene: tuple[dict[str, Any], list[dict[str, Any]]], asked: list[int]
) -> None:
    """Who, until when and then who, since when, who is second, how long: all read off the painting."""
    document, overrides = scene
    rota = config.rota(document)
    replacements = [config.replacement(one) for one in overrides]
    truth = painted(document, overrides)
    found = list(turns(rota, Span(BEGIN, END), replacements))
    assert [(one.start, one.person) for one in found] == runs(truth.people)
    for at in asked:
        agrees_at(rota, replacements, truth, at)
    held = load.load(rota, Span(BEGIN, END), replacements)
    count = Counter(truth.people)
    assert {one.person: one.hours for one in held.people if one.hours} == {
        person: number / 4 for person, number in count.items() if person
    }
    assert held.gap_hours == count[None] / 4


def runs(people: list[str | None]) -> list[tuple[datetime, str | None]]:
    """The quarters at which the person changes, and to whom."""
    found, at = [], 0
    for person, same in groupby(people):
        found.append((BEGIN + at * STEP, person))
        at += len(list(same))
    return found


def agrees_at(rota: config.Rota, replacements: list[config.Replacement], truth: Painted, at: int) -> None:
    """The answers about one quarter, asked a little after it began."""
    now = BEGIN + at * STEP + timedelta(minutes=7, microseconds=1)
    answer, primary = oncall.answer(rota, now, replacements), truth.people[at]
    assert answer.primary == primary
    assert answer.secondary == second(rota, truth.shifts[at], primary)
    following = next((tick for tick in range(at, TICKS) if truth.people[tick] != primary), None)
    if following is not None:
        assert answer.next_handoff == oncall.Handoff(BEGIN + following * STEP, truth.people[following])
    else:
        assert answer.next_handoff is None or answer.next_handoff.at >= END
    began = next((tick + 1 for tick in range(at, -1, -1) if truth.people[tick] != primary), None)
    assert answer.since == (None if began is None and not primary else BEGIN + (began or 0) * STEP)


def second(rota: config.Rota, shift: Shift, primary: str | None) -> str | None:
    """Going back in the order, the first who is neither whose turn it is nor on call."""
    if shift is None:
        return None
    order = list(rota.layers[shift[0]].participants)
    turn = shift[1] % len(order)
    before = order[:turn][::-1] + order[turn + 1 :][::-1]
    return next((one for one in before if one not in {order[turn], primary}), None)
