"""Whose turn it is, as an ordered stream of half-open stretches in UTC.

What it is not: an answer about one instant (``ops.oncall``). The stream is computed lazily, so who
asks looks no further than they must. Rule numbers (C1 to C6) are those of the on-call rules; local
times become instants as RFC 5545 section 3.3.5 says.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from relman.config.rota import Layer, Replacement, Rota
from relman.config.words import Zone
from relman.ops import windows
from relman.ops.spans import FOREVER, Span, merged

START = datetime(1, 1, 1, tzinfo=UTC)
"""Before anything that is dated."""


class Turn(NamedTuple):
    """A stretch of time in which one person is on call; None: nobody is."""

    start: datetime
    end: datetime
    person: str | None


def turns(rota: Rota, within: Span, replacements: Sequence[Replacement] = ()) -> Iterator[Turn]:
    """Who is on call in a span, in order, clipped to it and without a hole.

    Two turns that follow one another are of different people, and a turn of nobody is a gap.

    Args:
        rota: The layers.
        within: Where to look, in UTC.
        replacements: What the ledger holds; the rota itself has none.
    """
    alive = [layer for layer in rota.layers if _overlaps(lifetime(layer, rota.tz), within)]
    below = partial(_layered, alive, rota.tz)
    return _joined(_whole(_over(_replaced(replacements, within), below, within), within))


def regular(rota: Rota, at: datetime) -> tuple[Layer, int] | None:
    """The layer that wins at an instant, and which of its shifts it is; None: no layer has anybody.

    The last in the list that has somebody wins (C5). Replacements play no part.

    Args:
        rota: The layers.
        at: The instant, in UTC.
    """
    instant = Span(at, at + timedelta.resolution)
    for layer in reversed(rota.layers):
        zone = layer.tz or rota.tz
        if _overlaps(lifetime(layer, zone), instant) and any(_of_layer(layer, zone, instant)):
            return layer, _number(layer, zone, at)
    return None


def lifetime(layer: Layer, zone: Zone) -> Span:
    """From a layer's start to its ``until`` (C3).

    Args:
        layer: The layer.
        zone: The rota's zone, for a layer that has none of its own.
    """
    zone = layer.tz or zone
    end = layer.until.instant(zone).astimezone(UTC) if layer.until else FOREVER
    return Span(_handoff(layer, zone, 0), min(end, FOREVER))


def _overlaps(span: Span, other: Span) -> bool:
    return span.start < other.end and span.end > other.start


def _layered(layers: Sequence[Layer], zone: Zone, within: Span) -> Iterator[Turn]:
    """The last layer, and in its holes those before it (C5)."""
    if not layers:
        return iter(())
    *lower, top = layers
    return _over(_of_layer(top, top.tz or zone, within), partial(_layered, lower, zone), within)


def _over(top: Iterable[Turn], below: Callable[[Span], Iterator[Turn]], within: Span) -> Iterator[Turn]:
    """What is on top, and in its holes what is below, which is asked for nothing but the holes."""
    cursor = within.start
    for turn in top:
        if cursor < turn.start:
            yield from below(Span(cursor, turn.start))
        yield turn
        cursor = turn.end
    if cursor < within.end:
        yield from below(Span(cursor, within.end))


def _of_layer(layer: Layer, zone: Zone, within: Span) -> Iterator[Turn]:
    """A layer's shifts, less what its mask takes away (C4)."""
    alive = lifetime(layer, zone)
    inside = Span(max(alive.start, within.start), min(alive.end, within.end))
    shifts = _shifts(layer, zone, inside)
    if not layer.restrict:
        return shifts
    allowed = (windows.occurrences(mask.window, zone, inside) for mask in layer.restrict)
    return _masked(shifts, merged(heapq.merge(*allowed)))


def _shifts(layer: Layer, zone: Zone, within: Span) -> Iterator[Turn]:
    """Whose shift it is (C1, C2), in a part of the layer's life (C3)."""
    cursor, end = within
    if cursor < end and len(set(layer.participants)) == 1:  # no need to count shifts
        yield Turn(cursor, end, layer.participants[0])
        return
    number = _number(layer, zone, cursor) if cursor < end else 0
    while cursor < end:
        over = min(_handoff(layer, zone, number + 1), end)
        if cursor < over:  # in a zone that leaves a day out, a shift may last no time
            yield Turn(cursor, over, layer.participants[number % len(layer.participants)])
        cursor, number = max(cursor, over), number + 1


def _handoff(layer: Layer, zone: Zone, number: int) -> datetime:
    """The instant at which a shift begins: wall-clock time, counted on the calendar (C1)."""
    try:
        return zone.instant(layer.start.first + number * layer.every.length)
    except OverflowError:
        return FOREVER


def _number(layer: Layer, zone: Zone, at: datetime) -> int:
    """Which shift an instant belongs to: the last one that has begun."""
    wall = at.astimezone(zone.info).replace(tzinfo=None)
    number = (wall - layer.start.first) // layer.every.length + 2
    while number > 0 and _handoff(layer, zone, number) > at:
        number -= 1
    return max(number, 0)


def _masked(shifts: Iterable[Turn], allowed: Iterator[Span]) -> Iterator[Turn]:
    """The parts of the shifts that lie within the spans; both in order."""
    span = next(allowed, None)
    for turn in shifts:
        while span and span.start < turn.end:
            part = Span(max(span.start, turn.start), min(span.end, turn.end))
            if part.start < part.end:
                yield Turn(*part, turn.person)
            if span.end > turn.end:
                break
            span = next(allowed, None)


def _replaced(replacements: Sequence[Replacement], within: Span) -> Iterator[Turn]:
    """Where replacements hold: of those that overlap, the one made last (C6)."""
    near = [one for one in replacements if _overlaps(Span(one.since, one.to), within)]
    near.sort(key=lambda one: one.created or START)  # stable: of two made at once the later in the list
    inside = (edge.astimezone(UTC) for one in near for edge in (one.since, one.to))
    edges = sorted({min(max(edge, within.start), within.end) for edge in inside})
    for start, end in pairwise(edges):
        holding = [one for one in near if one.since <= start < one.to]
        if holding:
            yield Turn(start, end, holding[-1].user)


def _whole(found: Iterable[Turn], within: Span) -> Iterator[Turn]:
    """The turns, with nobody where there is none."""
    cursor = within.start
    for turn in found:
        if cursor < turn.start:
            yield Turn(cursor, turn.start, None)
        yield turn
        cursor = turn.end
    if cursor < within.end:
        yield Turn(cursor, within.end, None)


def _joined(found: Iterable[Turn]) -> Iterator[Turn]:
    """A boundary that does not change the person is none (C7)."""
    pending: Turn | None = None
    for turn in found:
        if pending and pending.person == turn.person:
            pending = Turn(pending.start, turn.end, turn.person)
            continue
        if pending:
            yield pending
        pending = turn
    if pending:
        yield pending
