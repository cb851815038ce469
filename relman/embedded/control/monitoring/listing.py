"""``ListTimeSeries``: from a request and the minutes to a page of series.

What it is not: the collecting, nor the clock; what is visible is told to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from google.protobuf.message import Message

from relman.embedded.control.monitoring import filter as filters
from relman.embedded.control.monitoring import messages
from relman.embedded.control.monitoring.aggregation import aggregated, check, rates
from relman.embedded.control.monitoring.descriptors import METRICS, unknown
from relman.embedded.control.monitoring.series import LATENCIES, MINUTE, Point, Series, made, told
from relman.embedded.resources.minutes import Distribution, Key
from relman.embedded.resources.paging import page
from relman.embedded.resources.refusals import invalid

MOST = 100_000
PROJECT = re.compile(r"projects/[^/]+")
Read = Callable[[str, int, int], list[tuple[Key, Distribution]]]


def listed(request: Message, read: Read, closed: int) -> Message:
    """Answer a request.

    Args:
        request: A ``ListTimeSeriesRequest``.
        read: Gives the minutes of a project, from the first to the last.
        closed: The minute before which everything is visible.

    Raises:
        InvalidArgument: Something of the request is wrong, or not served.
        NotFound: The metric is unknown.
    """
    begin, end = _interval(request)
    wanted = filters.read(request.filter)
    _check(request, wanted.metric)
    closed, token = _resumed(request.page_token, closed)
    last = min(end // MINUTE, closed) - 1  # a minute's point stands at its end, which may be the interval's
    found = made(wanted.metric, read(request.name, begin // MINUTE, last))
    chosen = [one for one in found if wanted.test(one.selectors)]
    for asked, field in _aggregations(request):
        chosen = aggregated(chosen, asked, end, field)
    part, token = _page(request, chosen, token)
    return messages.ListTimeSeriesResponse(
        time_series=part, unit=_unit(request, wanted.metric), next_page_token=token and f"{closed}.{token}"
    )


def _interval(request: Message) -> tuple[int, int]:
    """The interval in nanoseconds: what ends at its end belongs to it, what ends at its begin does not."""
    if not PROJECT.fullmatch(request.name):
        raise invalid("name", f'Field name had an invalid value of "{request.name}": projects/… is served.')
    begin = _time(request.interval, "start_time", "interval.startTime")
    end = _time(request.interval, "end_time", "interval.endTime")
    if begin >= end:
        raise invalid("interval.startTime", "Field interval.startTime must be earlier than interval.endTime.")
    return begin, end


def _time(interval: Message, name: str, field: str) -> int:
    if not interval.HasField(name):
        raise invalid(field, f"Field {field} is required.")
    try:
        nanoseconds: int = getattr(interval, name).ToNanoseconds()
    except ValueError as error:
        raise invalid(field, f"Field {field} had an invalid value: {error}.") from error
    return nanoseconds


def _check(request: Message, metric: str) -> None:
    """Refuse what is wrong whatever the minutes hold."""
    if metric not in METRICS:
        raise unknown(metric)
    if request.order_by:
        raise invalid("orderBy", "Field orderBy is not supported: it must be left blank.")
    if request.view not in set(messages.View):
        raise invalid("view", f'Field view had an invalid value of "{request.view}".')
    sample = Series(metric, {}, "DELTA", "DISTRIBUTION" if metric == LATENCIES else "INT64", ())
    for asked, field in _aggregations(request):
        sample = check(asked, sample, field)


def _aggregations(request: Message) -> list[tuple[Message, str]]:
    second = request.secondary_aggregation
    if second.ByteSize() and not request.aggregation.ByteSize():
        raise invalid("secondaryAggregation", "secondaryAggregation may only be specified with aggregation.")
    return [(request.aggregation, "aggregation"), (second, "secondaryAggregation")]


def _resumed(token: str, closed: int) -> tuple[int, str]:
    """What was visible when the first page was asked for: the later pages continue that list."""
    until, dot, rest = token.partition(".")
    if dot and until.isdecimal():
        return min(int(until), closed), rest
    return closed, token


def _page(request: Message, chosen: Sequence[Series], token: str) -> tuple[list[Message], str]:
    """A page of series, or with points a page of these, a series being told on the next page again."""
    bare = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("page_token")
    bare.ClearField("page_size")
    asked = bare.SerializeToString(deterministic=True).hex()
    size = request.page_size
    if request.view == messages.View.HEADERS:
        part, token = page(chosen, size=size, token=token, asked=asked, most=MOST)
        return [told(one, full=False) for one in part], token
    points = [(number, point) for number, one in enumerate(chosen) for point in one.points]
    some, token = page(points, size=size, token=token, asked=asked, most=MOST)
    found: dict[int, list[Point]] = {}
    for number, point in some:
        found.setdefault(number, []).append(point)
    return [
        told(replace(chosen[number], points=tuple(held)), full=True) for number, held in found.items()
    ], token


def _unit(request: Message, metric: str) -> str:
    """The unit after all: a rate is one per second."""
    return "1/s" if rates(request.aggregation) else METRICS[metric].unit
