"""Who is on call at an instant, since when, until when, and who then?

What it is not: the record of replacements and of who accepted which shift (``ops.shifts``), or of
how much a person had (``ops.load``). Rule numbers (C7, C8) are those of the on-call rules.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from relman.clock import aware
from relman.config.rota import Layer, Replacement, Rota
from relman.ops.spans import FOREVER, Span
from relman.ops.turns import START, Turn, lifetime, regular, turns

# Weekdays and clock-change rules repeat after 28 years, which are whole weeks; see ops.windows.
_CALENDAR_DAYS = 7 * 1461
_TWO_CENTURIES = 200 * 1461 // 4
_LOOK_BACK, _FURTHER = timedelta(days=8), 8


class Handoff(Struct, frozen=True):
    """When somebody else takes over.

    Attributes:
        at: The first instant of the incoming person.
        to: Who that is; None: nobody.
    """

    at: datetime
    to: str | None


class Standing(Struct, frozen=True):
    """What the rota says at one instant.

    Attributes:
        primary: Who is on call; None: nobody.
        since: When that turn began; None: nobody was on call before.
        next_handoff: When a different person takes over, or nobody; None: never.
        secondary: The second, where the rota has one.
    """

    primary: str | None
    since: datetime | None
    next_handoff: Handoff | None
    secondary: str | None


def answer(rota: Rota, now: datetime, replacements: Sequence[Replacement] = ()) -> Standing:
    """What the rota says at ``now``.

    Args:
        rota: The layers.
        now: Any instant, with an offset.
        replacements: What the ledger holds; the rota itself has none.

    Raises:
        UsageError: ``now`` is naive.
    """
    return Standing(
        primary=person(rota, now, replacements),
        since=since(rota, now, replacements),
        next_handoff=next_handoff(rota, now, replacements),
        secondary=secondary(rota, now, replacements),
    )


def person(rota: Rota, at: datetime, replacements: Sequence[Replacement] = ()) -> str | None:
    """Who is on call at an instant; None: nobody.

    Raises:
        UsageError: ``at`` is naive.
    """
    return next(turns(rota, _instant(at), replacements)).person


def next_handoff(rota: Rota, now: datetime, replacements: Sequence[Replacement] = ()) -> Handoff | None:
    """The first later instant at which the primary is a different person, or nobody (C7); None: never.

    Raises:
        UsageError: ``now`` is naive.
    """
    following = next(upcoming(rota, now, replacements), None)
    return Handoff(following.start, following.person) if following else None


def upcoming(rota: Rota, now: datetime, replacements: Sequence[Replacement] = ()) -> Iterator[Turn]:
    """The turns after the one that is running at ``now``, as far as anything new can happen.

    Raises:
        UsageError: ``now`` is naive.
    """
    now = aware(now).astimezone(UTC)
    ahead = turns(rota, Span(now, _horizon(rota, now, replacements)), replacements)
    next(ahead, None)
    return ahead


def since(rota: Rota, now: datetime, replacements: Sequence[Replacement] = ()) -> datetime | None:
    """When the turn began that is running at ``now``; None: nobody was on call before.

    Raises:
        UsageError: ``now`` is naive.
    """
    instant = _instant(now)
    first, back = min([instant.start, *_dates(rota, replacements)]), _LOOK_BACK
    while True:
        start = _moved(instant.start, -back)
        *_, running = turns(rota, Span(start, instant.end), replacements)
        if running.start > start:
            return running.start
        if start < first:
            return None
        back *= _FURTHER


def secondary(rota: Rota, at: datetime, replacements: Sequence[Replacement] = ()) -> str | None:
    """Who is second at an instant (C8): the nearest before the one whose regular turn it is.

    Raises:
        UsageError: ``at`` is naive.
    """
    found = regular(rota, aware(at).astimezone(UTC)) if rota.secondary else None
    if found is None:
        return None
    order, number = found[0].participants, found[1]
    taken = {order[number % len(order)], person(rota, at, replacements)}
    before = (order[(number - back) % len(order)] for back in range(1, len(order)))
    return next((one for one in before if one not in taken), None)


def gaps(rota: Rota, within: Span, replacements: Sequence[Replacement] = ()) -> Iterator[Span]:
    """The stretches of a span in which nobody is on call, on purpose or not."""
    return (Span(one.start, one.end) for one in turns(rota, within, replacements) if one.person is None)


def first(rota: Rota, replacements: Sequence[Replacement] = ()) -> datetime:
    """When anybody is on call for the first time."""
    began = [lifetime(layer, rota.tz).start for layer in rota.layers]
    return min([*began, *(one.since.astimezone(UTC) for one in replacements if one.user)])


def _instant(at: datetime) -> Span:
    at = aware(at).astimezone(UTC)
    return Span(at, at + timedelta.resolution)


def _dates(rota: Rota, replacements: Sequence[Replacement]) -> Iterator[datetime]:
    """Every dated beginning and end."""
    for layer in rota.layers:
        yield from (edge for edge in lifetime(layer, rota.tz) if edge < FOREVER)
    for one in replacements:
        yield from (one.since.astimezone(UTC), one.to.astimezone(UTC))


def _horizon(rota: Rota, now: datetime, replacements: Sequence[Replacement]) -> datetime:
    """From where on nothing new can happen, so "not until there" means never.

    After the last dated thing only layers without an end are left. Theirs is a pattern that repeats
    when the calendar (28 years) and every layer's order have come round together. Two centuries are
    enough where that takes longer.
    """
    settled = max([now, *_dates(rota, replacements)])
    left = _left(rota)
    if len({one for layer in left for one in layer.participants}) <= 1 and _always(left):
        return settled + timedelta.resolution
    taking_turns = [layer for layer in left if len(set(layer.participants)) > 1]
    rounds = (layer.every.length.days * len(layer.participants) for layer in taking_turns)
    return _moved(settled, timedelta(days=min(math.lcm(_CALENDAR_DAYS, *rounds), _TWO_CENTURIES)))


def _left(rota: Rota) -> list[Layer]:
    """The layers that count for ever: without an end, and not under another that always has somebody."""
    endless = [layer for layer in rota.layers if layer.until is None]
    whole = [number for number, layer in enumerate(endless) if not layer.restrict]
    return endless[whole[-1] :] if whole else endless


def _always(left: Sequence[Layer]) -> bool:
    """Whether there always is somebody, or never anybody."""
    return not left or any(not layer.restrict for layer in left)


def _moved(moment: datetime, by: timedelta) -> datetime:
    """Earlier or later, within the calendar."""
    try:
        return min(max(moment + by, START), FOREVER)
    except OverflowError:
        return FOREVER if by > timedelta() else START
