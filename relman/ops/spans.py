"""Stretches of time: half-open, in UTC, in ordered streams that are read no further than needed.

What it is not: windows or shifts; those say where the stretches come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of what has none."""


class Span(NamedTuple):
    """The instants from ``start`` to just before ``end``, in UTC."""

    start: datetime
    end: datetime


def between(closed: Iterable[Span], within: Span) -> Iterator[Span]:
    """What the closures leave of a span. Long freezes are jumped over, not walked through."""
    cursor = within.start
    for closure in sorted(closed):
        if closure.start > cursor and cursor < within.end:
            yield Span(cursor, min(closure.start, within.end))
        cursor = max(cursor, closure.end)
    if cursor < within.end:
        yield Span(cursor, within.end)


def clipped(spans: Iterable[Span], within: Span) -> Iterator[Span]:
    """The parts of ordered spans that lie within a span."""
    for span in spans:
        part = Span(max(span.start, within.start), min(span.end, within.end))
        if part.start < part.end:
            yield part


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Ordered spans, with those joined that overlap or abut (W8)."""
    pending: Span | None = None
    for span in spans:
        if pending is None or span.start > pending.end:
            if pending is not None:
                yield pending
            pending = span
        else:
            pending = Span(pending.start, max(pending.end, span.end))
    if pending is not None:
        yield pending
