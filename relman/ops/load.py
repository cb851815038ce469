"""How much on-call everybody has: hours, nights, weekends, weeks in a row, and how fairly it falls.

What it is not: a judgement. It counts, and says what is over the limits that the team wrote down.
Hours are elapsed hours (C9): a week in which clocks change has 167 or 169 of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, timedelta

from msgspec import Struct
from msgspec.structs import replace

from relman.clock import aware
from relman.config.rota import Limits, Mask, Replacement, Rota
from relman.config.schedule import Window
from relman.config.words import Day, LocalTime, Zone
from relman.errors import UsageError
from relman.models import PERCENT
from relman.ops import windows
from relman.ops.spans import Span, clipped
from relman.ops.turns import turns

NIGHT = Mask(start=LocalTime("22:00"), end=LocalTime("06:00")).window
WEEKEND = Mask(days=(Day("sat"), Day("sun")), start=LocalTime("00:00"), end=LocalTime("24:00")).window
REST = timedelta(days=1)
"""A shorter interruption is no rest: the weeks before and after it are in a row."""

_HOUR, _WEEK, _FOUR_WEEKS = timedelta(hours=1), timedelta(weeks=1), timedelta(weeks=4)


class Share(Struct, frozen=True):
    """What one person has.

    Attributes:
        person: Who.
        hours: Elapsed hours on call.
        nights: Those between 22:00 and 06:00, in the rota's zone.
        weekends: Those on Saturdays and Sundays, in the rota's zone.
        weeks_in_a_row: The longest time without a day of rest, in weeks of the calendar.
        fairness: How far the hours are from everybody's mean, in percent: 0 is an equal share.
        over: Which limits are passed, in words.
    """

    person: str
    hours: float
    nights: float
    weekends: float
    weeks_in_a_row: float
    fairness: float
    over: tuple[str, ...] = ()


class Load(Struct, frozen=True):
    """What everybody has in a span.

    Attributes:
        span: Where it was counted.
        people: Everybody who takes turns, or has hours, in the order of the file.
        gaps: When nobody is on call.
        gap_hours: How long that is, in elapsed hours.
    """

    span: Span
    people: tuple[Share, ...]
    gaps: tuple[Span, ...]
    gap_hours: float


def load(rota: Rota, span: Span, replacements: Sequence[Replacement] = ()) -> Load:
    """Count a span.

    Args:
        rota: The layers.
        span: From an instant to another one, with offsets.
        replacements: What the ledger holds.

    Raises:
        UsageError: A time is naive, or the span has no length.
    """
    span = Span(aware(span.start).astimezone(UTC), aware(span.end).astimezone(UTC))
    if span.start >= span.end:
        raise UsageError("the end is not after the start", fact=f"{span.start} to {span.end}")
    held: dict[str | None, list[Span]] = {None: []}
    held |= {name: [] for layer in rota.layers for name in layer.participants}
    for turn in turns(rota, span, replacements):
        held.setdefault(turn.person, []).append(Span(turn.start, turn.end))
    gaps = tuple(held.pop(None))
    mean = sum(map(_hours, held.values())) / len(held)
    shares = tuple(_share(rota, span, str(name), mine, mean) for name, mine in held.items())
    return Load(span, shares, gaps, _hours(gaps))


def _share(rota: Rota, span: Span, person: str, mine: Sequence[Span], mean: float) -> Share:
    counted = Share(
        person=person,
        hours=_hours(mine),
        nights=_hours(_within(NIGHT, rota.tz, mine)),
        weekends=_hours(_within(WEEKEND, rota.tz, mine)),
        weeks_in_a_row=max((_wall(one, rota.tz) / _WEEK for one in _without_rest(mine)), default=0.0),
        fairness=PERCENT * (_hours(mine) / mean - 1) if mean else 0.0,
    )
    return replace(
        counted, over=tuple(_over(counted, rota.limits, min(_FOUR_WEEKS / (span.end - span.start), 1)))
    )


def _hours(spans: Iterable[Span]) -> float:
    return sum((span.end - span.start for span in spans), timedelta()) / _HOUR


def _within(window: Window, zone: Zone, spans: Iterable[Span]) -> Iterator[Span]:
    """The parts of the spans that a weekly window has."""
    for span in spans:
        yield from clipped(windows.occurrences(window, zone, span), span)


def _without_rest(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans, with those joined that have no day of rest between them."""
    pending: Span | None = None
    for span in spans:
        if pending and span.start - pending.end < REST:
            pending = Span(pending.start, span.end)
            continue
        if pending:
            yield pending
        pending = span
    if pending:
        yield pending


def _wall(span: Span, zone: Zone) -> timedelta:
    """How far the clocks on the wall move: a week is a week, whether they are changed in it or not."""
    start, end = (edge.astimezone(zone.info).replace(tzinfo=None) for edge in span)
    return end - start


def _over(share: Share, limits: Limits, per_four_weeks: float) -> Iterator[str]:
    """The limits that are passed; hours of more than four weeks are taken as what they come to in four."""
    if share.weeks_in_a_row > limits.consecutive_weeks:
        yield f"{share.weeks_in_a_row:.3g} weeks in a row (limit {limits.consecutive_weeks})"
    rates = {"night": (share.nights, limits.night_hours), "weekend": (share.weekends, limits.weekend_hours)}
    for name, (hours, limit) in rates.items():
        if limit is not None and hours * per_four_weeks > limit:
            yield f"{hours * per_four_weeks:.3g} {name} hours in four weeks (limit {limit:g})"
