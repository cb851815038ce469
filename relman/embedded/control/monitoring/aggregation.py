"""Alignment and reduction: points brought to one grid of time, series brought together.

What it is not: the whole of Google's. What does not fit a series is refused in Google's words, what is
not served here in ours.

Source: ``google.monitoring.v3.Aggregation``. The grid ends where the request's interval ends. A point
belongs whole to the period in which it ends: Google may interpolate (?). A period without points has no
point (?).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

from google.protobuf.message import Message

from relman.embedded.control.monitoring import messages
from relman.embedded.control.monitoring.filter import LABELS, selector
from relman.embedded.control.monitoring.series import APART, NANOS, Point, Series, Value
from relman.embedded.resources import buckets
from relman.embedded.resources.minutes import Distribution
from relman.embedded.resources.refusals import Refusal, invalid

SHORTEST = 60
LONGEST = 104 * 7 * 24 * 3600
SAME = ""


@dataclass(frozen=True)
class Operation:
    """What becomes of several values.

    Attributes:
        value: Makes one of them, the oldest first.
        kind: The metric kind of the result, empty for that of the input.
        type: The value type of the result, empty for that of the input.
        numbers: It can be applied to numbers.
        distributions: It can be applied to distributions.
    """

    value: Callable[[Sequence[Any]], Value]
    kind: str = "GAUGE"
    type: str = "DOUBLE"
    numbers: bool = True
    distributions: bool = False


def total(values: Sequence[Any]) -> Value:
    """The sum."""
    return reduce(lambda one, other: one + other, values)  # type: ignore[no-any-return]


def percentile(share: float, values: Sequence[Any]) -> float:
    """What this share of all is below; within a bucket as if its values were spread evenly."""
    if not isinstance(values[0], Distribution):
        return _quantile(share, sorted(values))
    whole = total(values)
    return _within(share, whole) if isinstance(whole, Distribution) else float("nan")


def mean(values: Sequence[Any]) -> float:
    """The mean, of distributions that of all they hold."""
    if isinstance(values[0], Distribution):
        return float(sum(one.total for one in values) / sum(one.count for one in values))
    return float(statistics.fmean(values))


def spread(values: Sequence[Any]) -> float:
    """The standard deviation, of distributions that of all they hold."""
    whole = total(values)
    if isinstance(whole, Distribution):
        return float((whole.deviation / whole.count) ** 0.5)
    return float(statistics.pstdev(values))


PERCENTILES = {f"PERCENTILE_{share:02}": partial(percentile, share / 100) for share in (5, 50, 95, 99)}
ALIGNERS = {
    "ALIGN_SUM": Operation(total, SAME, SAME, distributions=True),
    "ALIGN_MIN": Operation(min, type=SAME),
    "ALIGN_MAX": Operation(max, type=SAME),
    "ALIGN_MEAN": Operation(mean),
    "ALIGN_COUNT": Operation(len, type="INT64"),
    "ALIGN_STDDEV": Operation(spread),
    **{
        f"ALIGN_{name}": Operation(value, numbers=False, distributions=True)
        for name, value in PERCENTILES.items()
    },
}
"""Those for any kind; ALIGN_DELTA, ALIGN_RATE and ALIGN_NEXT_OLDER are for one of them."""
REDUCERS = {
    "REDUCE_SUM": Operation(total, SAME, SAME, distributions=True),
    "REDUCE_MIN": Operation(min, SAME, SAME),
    "REDUCE_MAX": Operation(max, SAME, SAME),
    "REDUCE_MEAN": Operation(mean, distributions=True),
    "REDUCE_COUNT": Operation(len, type="INT64", distributions=True),
    "REDUCE_STDDEV": Operation(spread, distributions=True),
    **{f"REDUCE_{name}": Operation(value, distributions=True) for name, value in PERCENTILES.items()},
}


def aggregated(found: list[Series], asked: Message, end: int, field: str) -> list[Series]:
    """The series that an ``Aggregation`` makes of others.

    Args:
        found: The others; all have the kind and the type of the first.
        asked: The message.
        end: The end of the request's interval, in nanoseconds.
        field: The message's name in the request.

    Raises:
        InvalidArgument: It contradicts itself, or cannot be applied to such series, or is not served.
    """
    aligner = _named(messages.Aligner, asked.per_series_aligner, f"{field}.perSeriesAligner")
    reducer = _named(messages.Reducer, asked.cross_series_reducer, f"{field}.crossSeriesReducer")
    if aligner == "ALIGN_NONE":
        if reducer != "REDUCE_NONE":
            raise _wrong(f"{field}.perSeriesAligner", aligner, f"{reducer} needs aligned series")
        return found
    period = _period(asked, field)
    aligned = [_aligned(one, aligner, period, end, field) for one in found]
    if reducer == "REDUCE_NONE":
        return aligned
    return _reduced(aligned, reducer, _groups(asked.group_by_fields, field), field)


def rates(asked: Message) -> bool:
    """Whether the result is per second."""
    return bool(asked.per_series_aligner == messages.Aligner.ALIGN_RATE)


def check(asked: Message, like: Series, field: str) -> Series:
    """Refuse an aggregation that cannot be applied to such a series, also when there is none.

    Returns:
        What a result looks like.
    """
    results = aggregated([replace(like, points=(Point(0, 0, _sample(like.type)),))], asked, 0, field)
    return results[0]


def _aligned(series: Series, name: str, period: int, end: int, field: str) -> Series:
    operation = _aligner(series, name, period, field)
    periods: dict[int, list[Value]] = {}
    for point in reversed(series.points):
        periods.setdefault((end - point.end) // period, []).append(point.value)
    kind = operation.kind or series.kind
    long = 0 if kind == "GAUGE" else period - APART
    points = tuple(
        Point(end - number * period - long, end - number * period, operation.value(values))
        for number, values in sorted(periods.items())
    )
    return replace(series, kind=kind, type=operation.type or series.type, points=points)


def _aligner(series: Series, name: str, period: int, field: str) -> Operation:
    """The operation of an aligner for such a series."""
    found = ALIGNERS.get(name)
    if series.kind == "DELTA":
        seconds = period / NANOS
        rate = Operation(lambda values: sum(values) / seconds)
        found = {"ALIGN_DELTA": ALIGNERS["ALIGN_SUM"], "ALIGN_RATE": rate}.get(name, found)
    elif name == "ALIGN_NEXT_OLDER":
        found = Operation(lambda values: values[-1], SAME, SAME, distributions=True)
    if name == "ALIGN_PERCENT_CHANGE":
        raise _wrong(f"{field}.perSeriesAligner", name, "The embedded platform does not serve this aligner")
    if not found or not _fits(found, series.type):
        raise _wrong(
            f"{field}.perSeriesAligner",
            name,
            f"The aligner cannot be applied to metrics with kind {series.kind} and value type {series.type}",
        )
    return found


def _reduced(aligned: list[Series], name: str, groups: list[str], field: str) -> list[Series]:
    operation = REDUCERS.get(name)
    together: dict[tuple[str, ...], list[Series]] = {}
    for one in aligned:
        if not operation or not _fits(operation, one.type):
            raise _wrong(
                f"{field}.crossSeriesReducer",
                name,
                f"The reducer cannot be applied to metrics with kind {one.kind} and value type {one.type}",
            )
        together.setdefault(tuple(one.labels.get(label, "") for label in groups), []).append(one)
    return [_merged(members, operation, groups) for members in together.values() if operation]


def _merged(members: list[Series], operation: Operation, groups: Iterable[str]) -> Series:
    """One series of several; it keeps the labels it was grouped by, and always the project."""
    first = members[0]
    periods: dict[tuple[int, int], list[Value]] = {}
    for point in (point for one in members for point in one.points):
        periods.setdefault((point.end, point.begin), []).append(point.value)
    kept = {"resource.labels.project_id", *groups}
    kind = operation.kind or first.kind
    points = (
        Point(end if kind == "GAUGE" else begin, end, operation.value(values))
        for (end, begin), values in sorted(periods.items(), reverse=True)
    )
    labels = {name: text for name, text in first.labels.items() if name in kept}
    return Series(first.metric, labels, kind, operation.type or first.type, tuple(points))


def _groups(fields: Iterable[str], field: str) -> list[str]:
    known = LABELS | {"resource.type", "metric.type"}
    groups = [selector(one) for one in fields]
    for one, text in zip(groups, fields, strict=True):
        if one not in known:
            raise _wrong(f"{field}.groupByFields", text, f"known are {', '.join(sorted(known))}")
    return groups


def _period(asked: Message, field: str) -> int:
    period: int = asked.alignment_period.seconds * NANOS + asked.alignment_period.nanos
    if not SHORTEST * NANOS <= period <= LONGEST * NANOS:
        raise _wrong(
            f"{field}.alignmentPeriod",
            f"{asked.alignment_period.seconds}s",
            f"The value must be at least {SHORTEST} seconds and at most 104 weeks",
        )
    return period


def _named(kind: Any, number: int, field: str) -> str:  # noqa: ANN401 - a proto-plus enumeration
    try:
        return str(kind(number).name)
    except ValueError as error:
        raise _wrong(field, str(number), "There is no such value") from error


def _fits(operation: Operation, kind: str) -> bool:
    return operation.distributions if kind == "DISTRIBUTION" else operation.numbers


def _sample(kind: str) -> Value:
    return Distribution(1, 1.0, 1.0, {0: 1}) if kind == "DISTRIBUTION" else 1


def _quantile(share: float, ordered: Sequence[float]) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _within(share: float, whole: Distribution) -> float:
    wanted, passed = share * whole.count, 0
    for number, count in sorted(whole.buckets.items()):
        if passed + count >= wanted:
            low, high = buckets.floor(number), buckets.floor(number + 1)
            return low if number > buckets.FINITE else low + (high - low) * (wanted - passed) / count
        passed += count
    return float("nan")


def _wrong(field: str, value: str, why: str) -> Refusal:
    return invalid(field, f'Field {field} had an invalid value of "{value}": {why}.')
