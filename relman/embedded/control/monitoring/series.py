"""Time series: the points of one revision and response code, made from minutes and told as Google does.

What it is not: arithmetic; ``aggregation`` turns series into others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from google.protobuf.message import Message

from relman.embedded.control.monitoring import messages
from relman.embedded.resources import buckets
from relman.embedded.resources.minutes import Distribution, Key

COUNT, LATENCIES = "run.googleapis.com/request_count", "run.googleapis.com/request_latencies"
RESOURCE = "cloud_run_revision"
NANOS = 1_000_000_000
MINUTE = 60 * NANOS
APART = 1_000_000
"""Nanoseconds between the end of one interval and the begin of the next: Google's intervals are closed.

Seen of another metric in https://github.com/prometheus-community/stackdriver_exporter/issues/241; of
Cloud Run's not (?). Whoever tells minutes apart by their ends is right either way.
"""
Value = int | float | Distribution


@dataclass(frozen=True)
class Point:
    """One value of a time, or of an instant if it begins and ends there, in nanoseconds since the epoch."""

    begin: int
    end: int
    value: Value


@dataclass(frozen=True)
class Series:
    """One time series.

    Attributes:
        metric: The type of its metric.
        labels: What filters and groups name: ``metric.labels.…``, ``resource.labels.…``.
        kind: DELTA or GAUGE.
        type: INT64, DOUBLE or DISTRIBUTION.
        points: The newest first.
    """

    metric: str
    labels: Mapping[str, str]
    kind: str
    type: str
    points: tuple[Point, ...]

    @cached_property
    def selectors(self) -> Mapping[str, str]:
        """Everything that a filter can ask for."""
        project = self.labels["resource.labels.project_id"]
        return {**self.labels, "metric.type": self.metric, "resource.type": RESOURCE, "project": project}


def made(metric: str, found: Iterable[tuple[Key, Distribution]]) -> list[Series]:
    """The series of a metric, in the order of their labels, from minutes that are given oldest first."""
    grouped: dict[tuple[str, int], list[Point]] = {}
    for key, value in found:
        end = (key.minute + 1) * MINUTE
        figure = value if metric == LATENCIES else value.count
        grouped.setdefault((key.revision, key.code), []).append(Point(end - MINUTE + APART, end, figure))
    kind = "DISTRIBUTION" if metric == LATENCIES else "INT64"
    return [
        Series(metric, _labels(revision, code), "DELTA", kind, tuple(reversed(points)))
        for (revision, code), points in sorted(grouped.items())
    ]


def told(series: Series, *, full: bool) -> Message:
    """A series as a message, with its points or as a header only."""
    message = messages.TimeSeries(
        metric=messages.Metric(type=series.metric, labels=_under("metric.labels.", series)),
        resource=messages.MonitoredResource(type=RESOURCE, labels=_under("resource.labels.", series)),
        metric_kind=messages.MetricDescriptor.MetricKind.Value(series.kind),
        value_type=messages.MetricDescriptor.ValueType.Value(series.type),
    )
    if full:
        message.points.extend(_point(point, series.type) for point in series.points)
    return message


def _labels(revision: str, code: int) -> dict[str, str]:
    _, project, _, location, _, service, _, name = revision.split("/")
    return {
        "metric.labels.response_code": str(code),
        "metric.labels.response_code_class": f"{code // 100}xx",
        "resource.labels.configuration_name": service,
        "resource.labels.location": location,
        "resource.labels.project_id": project,
        "resource.labels.revision_name": name,
        "resource.labels.service_name": service,
    }


def _under(prefix: str, series: Series) -> dict[str, str]:
    return {
        name.removeprefix(prefix): text for name, text in series.labels.items() if name.startswith(prefix)
    }


def _point(point: Point, kind: str) -> Message:
    message = messages.Point()
    message.interval.start_time.FromNanoseconds(point.begin)
    message.interval.end_time.FromNanoseconds(point.end)
    if isinstance(point.value, Distribution):
        message.value.distribution_value.CopyFrom(_distribution(point.value))
    elif kind == "INT64":
        message.value.int64_value = int(point.value)
    else:
        message.value.double_value = point.value
    return message


def _distribution(value: Distribution) -> Message:
    """Bucket counts end with the last that is not zero, as Google's do."""
    mean = value.total / value.count if value.count else 0.0
    message = messages.Distribution(count=value.count, mean=mean, sum_of_squared_deviation=value.deviation)
    layout = message.bucket_options.exponential_buckets
    layout.num_finite_buckets, layout.growth_factor = buckets.FINITE, buckets.GROWTH
    layout.scale = buckets.SCALE
    last = max((number for number, count in value.buckets.items() if count), default=-1)
    message.bucket_counts.extend(value.buckets.get(number, 0) for number in range(last + 1))
    return message
