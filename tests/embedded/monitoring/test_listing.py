"""``ListTimeSeries`` from kept minutes: intervals, alignment, reduction, paging, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import monitoring_v3

from relman.embedded.control.monitoring.listing import listed
from relman.embedded.control.monitoring.series import COUNT, LATENCIES
from relman.embedded.resources.buckets import bucket
from relman.embedded.resources.minutes import Minutes
from relman.embedded.resources.store import Store
from relman.embedded.wire import monitoring

BEGIN = 30_000_000
"""A minute."""
CLOSED = BEGIN + 10
PLACE = "projects/p1/locations/europe-west1/services/api/revisions"


def cell(minute: int, revision: str, code: int, *latencies: float) -> list[Any]:
    """A cell as the data plane hands it over."""
    buckets: dict[int, int] = {}
    for one in latencies:
        buckets[bucket(one)] = buckets.get(bucket(one), 0) + 1
    squares = sum(one * one for one in latencies)
    name = f"{PLACE}/{revision}"
    return [BEGIN + minute, name, code, len(latencies), sum(latencies), squares, list(buckets.items())]


@pytest.fixture(scope="module")
def minutes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Minutes]:
    """Three minutes of two revisions."""
    store = Store(tmp_path_factory.mktemp("minutes") / "state.db")
    kept = Minutes(store)
    kept.keep("a", 1, [cell(0, "v1", 200, 5, 5, 5, 105), cell(0, "v2", 200, 5, 1005), cell(0, "v2", 500, 5)])
    kept.keep("a", 2, [cell(1, "v1", 200, *[20] * 6), cell(2, "v1", 200, 5), cell(12, "v1", 200, 5)])
    yield kept
    store.close()


def asked(minutes: Minutes, what: str = COUNT, *, closed: int = CLOSED, **fields: Any) -> Any:
    """The answer to a request for ten minutes."""
    interval = {"start_time": {"seconds": BEGIN * 60}, "end_time": {"seconds": (BEGIN + 10) * 60}}
    given = {"name": "projects/p1", "filter": f'metric.type = "{what}"', "interval": interval} | fields
    request = monitoring_v3.ListTimeSeriesRequest(given)
    return listed(monitoring_v3.ListTimeSeriesRequest.pb(request), minutes.of, closed)


def aggregated(aligner: str, reducer: str = "REDUCE_NONE", seconds: int = 60, *groups: str) -> dict[str, Any]:
    """An aggregation."""
    return {
        "alignment_period": {"seconds": seconds},
        "per_series_aligner": aligner,
        "cross_series_reducer": reducer,
        "group_by_fields": groups,
    }


def values(answer: Any) -> list[list[float]]:
    """The points' values by series, the newest first."""
    return [
        [point.value.int64_value or point.value.double_value for point in one.points]
        for one in answer.time_series
    ]


def test_points_come_newest_first(minutes: Minutes) -> None:
    """One series for each revision and code; of the minute that is not closed nothing is told."""
    assert values(asked(minutes)) == [[1, 6, 4], [2], [1]]
    until = {"start_time": {"seconds": 0}, "end_time": {"seconds": (BEGIN + 20) * 60}}
    assert values(asked(minutes, interval=until)) == [[1, 6, 4], [2], [1]]


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [(0, 60, [[4], [2], [1]]), (1, 59, []), (0, 59, []), (60, 120, [[6]]), (59.5, 120, [[6, 4], [2], [1]])],
)
def test_an_interval_is_half_open(minutes: Minutes, first: float, last: int, found: list[list[int]]) -> None:
    """What ends at its end belongs to it, what ends at its begin does not."""
    begin, nanos = BEGIN * 60 + int(first), int(first % 1 * 1e9)
    interval = {
        "start_time": {"seconds": begin, "nanos": nanos},
        "end_time": {"seconds": BEGIN * 60 + last},
    }
    assert values(asked(minutes, interval=interval)) == found


@pytest.mark.parametrize(
    ("aggregation", "found"),
    [
        (aggregated("ALIGN_DELTA"), [[1, 6, 4], [2], [1]]),
        (aggregated("ALIGN_SUM", seconds=600), [[11], [2], [1]]),
        (aggregated("ALIGN_RATE", seconds=600), [[11 / 600], [2 / 600], [1 / 600]]),
        (aggregated("ALIGN_MEAN", seconds=600), [[11 / 3], [2], [1]]),
        (aggregated("ALIGN_MAX", seconds=600), [[6], [2], [1]]),
        (aggregated("ALIGN_COUNT", seconds=600), [[3], [1], [1]]),
        (aggregated("ALIGN_DELTA", "REDUCE_SUM"), [[1, 6, 7]]),
        (aggregated("ALIGN_DELTA", "REDUCE_MAX"), [[1, 6, 4]]),
        (aggregated("ALIGN_DELTA", "REDUCE_COUNT"), [[1, 1, 3]]),
        (aggregated("ALIGN_DELTA", "REDUCE_SUM", 60, "resource.label.revision_name"), [[1, 6, 4], [3]]),
        (aggregated("ALIGN_DELTA", "REDUCE_SUM", 60, "metric.labels.response_code_class"), [[1, 6, 6], [1]]),
        (aggregated("ALIGN_DELTA", "REDUCE_PERCENTILE_50", 600), [[2]]),
    ],
)
def test_counts_are_aligned_and_reduced(
    minutes: Minutes, aggregation: dict[str, Any], found: list[list[float]]
) -> None:
    """On a grid that ends with the interval."""
    assert values(asked(minutes, aggregation=aggregation)) == [pytest.approx(one) for one in found]


def test_a_point_on_the_edge_of_a_period_belongs_to_the_one_that_it_ends(minutes: Minutes) -> None:
    """Of the first three minutes, the second one ends the first period of two."""
    (series, *_) = asked(minutes, aggregation=aggregated("ALIGN_DELTA", seconds=120)).time_series
    told = [
        (point.interval.end_time.seconds // 60 - BEGIN, point.value.int64_value) for point in series.points
    ]
    assert told == [(4, 1), (2, 10)]


def test_a_reduced_series_keeps_what_it_was_grouped_by(minutes: Minutes) -> None:
    """And the project; its kind and type are those of the result."""
    aggregation = aggregated("ALIGN_RATE", "REDUCE_SUM", 60, "resource.labels.revision_name")
    one = asked(minutes, aggregation=aggregation).time_series[0]
    assert dict(one.resource.labels) == {"project_id": "p1", "revision_name": "v1"}
    assert dict(one.metric.labels) == {}
    assert (one.metric_kind, one.value_type) == (1, 3), "GAUGE, DOUBLE"
    assert one.points[0].interval.start_time == one.points[0].interval.end_time


def test_distributions_are_added_up(minutes: Minutes) -> None:
    """Their counts, means, deviations and buckets, over time and over series."""
    aggregation = aggregated("ALIGN_DELTA", "REDUCE_SUM", 600)
    (series,) = asked(minutes, LATENCIES, aggregation=aggregation).time_series
    value = series.points[0].value.distribution_value
    every = [5, 5, 5, 105, 5, 1005, 5, *[20] * 6, 5]
    mean = sum(every) / len(every)
    assert (value.count, value.mean) == (len(every), pytest.approx(mean))
    assert value.sum_of_squared_deviation == pytest.approx(sum((one - mean) ** 2 for one in every))
    assert sum(value.bucket_counts) == value.count
    assert value.bucket_counts[0] == 6
    assert len(value.bucket_counts) == bucket(1005) + 1


@pytest.mark.parametrize(("aligner", "low", "high"), [("50", 0, 10), ("95", 95, 120), ("99", 95, 120)])
def test_percentiles_lie_in_their_bucket(minutes: Minutes, aligner: str, low: int, high: int) -> None:
    """Of the latencies of the period, spread evenly within a bucket."""
    answer = asked(minutes, LATENCIES, aggregation=aggregated(f"ALIGN_PERCENTILE_{aligner}"))
    assert low < values(answer)[0][-1] < high
    assert answer.unit == "ms"


def test_a_second_aggregation_follows_the_first(minutes: Minutes) -> None:
    """The highest p95 of the revisions, and then its mean over time."""
    first = aggregated("ALIGN_PERCENTILE_95", "REDUCE_MAX")
    whole = values(asked(minutes, LATENCIES, aggregation=first))[0]
    second = aggregated("ALIGN_MEAN", seconds=600)
    assert values(asked(minutes, LATENCIES, aggregation=first, secondary_aggregation=second)) == [
        [pytest.approx(sum(whole) / len(whole))]
    ]


def test_pages_hold_points_and_follow_each_other(minutes: Minutes) -> None:
    """A minute that closes meanwhile does not move them; headers are paged by series."""
    found: list[tuple[str, float]] = []
    until = {"start_time": {"seconds": 0}, "end_time": {"seconds": (BEGIN + 20) * 60}}
    token = ""
    for closed in (CLOSED, CLOSED + 9, CLOSED + 9):
        answer = asked(minutes, interval=until, page_size=2, page_token=token, closed=closed)
        for one, held in zip(answer.time_series, values(answer), strict=True):
            found += [(one.resource.labels["revision_name"], value) for value in held]
        token = answer.next_page_token
    assert found == [("v1", 1), ("v1", 6), ("v1", 4), ("v2", 2), ("v2", 1)]
    assert not token
    assert values(asked(minutes, interval=until, closed=CLOSED + 9))[0] == [1, 1, 6, 4]
    headers = asked(minutes, view="HEADERS", page_size=2)
    assert [len(one.points) for one in headers.time_series] == [0, 0]
    with pytest.raises(exceptions.InvalidArgument, match="page_token"):
        asked(minutes, page_token=headers.next_page_token)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "folders/1"}, "projects/… is served"),
        ({"interval": {"end_time": {"seconds": 1}}}, "interval.startTime is required"),
        ({"interval": {"start_time": {"seconds": 1}}}, "interval.endTime is required"),
        ({"interval": {"start_time": {"seconds": 1}, "end_time": {"seconds": 1}}}, "must be earlier"),
        ({"order_by": "name"}, "must be left blank"),
        ({"view": 7}, "Field view"),
        ({"page_size": -1}, "must not be negative"),
        ({"page_token": "x"}, "page_token"),
        ({"aggregation": aggregated("ALIGN_NONE", "REDUCE_SUM")}, "needs aligned series"),
        ({"aggregation": aggregated("ALIGN_DELTA", seconds=59)}, "at least 60 seconds"),
        ({"aggregation": aggregated("ALIGN_PERCENTILE_95")}, "with kind DELTA and value type INT64"),
        ({"aggregation": aggregated("ALIGN_NEXT_OLDER")}, "The aligner cannot be applied"),
        ({"aggregation": aggregated("ALIGN_PERCENT_CHANGE")}, "does not serve this aligner"),
        ({"aggregation": aggregated("ALIGN_DELTA", "REDUCE_FRACTION_TRUE")}, "The reducer cannot be applied"),
        ({"aggregation": aggregated("ALIGN_DELTA", "REDUCE_SUM", 60, "metric.labels.path")}, "groupByFields"),
        ({"aggregation": {"per_series_aligner": 99}}, "There is no such value"),
        ({"secondary_aggregation": aggregated("ALIGN_DELTA")}, "only be specified with aggregation"),
    ],
)
def test_what_cannot_be_is_refused(minutes: Minutes, fields: dict[str, Any], why: str) -> None:
    """Also when there is nothing to apply it to."""
    for name in ("projects/p1", "projects/nobody"):
        with pytest.raises(exceptions.InvalidArgument) as refused:
            asked(minutes, **({"name": name} | fields))
        assert why in refused.value.message


def test_an_aligner_that_does_not_fit_is_refused_in_googles_words(minutes: Minutes) -> None:
    """As people met it on Google: https://github.com/grafana/grafana/issues/22634."""
    with pytest.raises(exceptions.InvalidArgument) as refused:
        asked(minutes, LATENCIES, aggregation=aggregated("ALIGN_MEAN"))
    assert refused.value.message == (
        'Field aggregation.perSeriesAligner had an invalid value of "ALIGN_MEAN": '
        "The aligner cannot be applied to metrics with kind DELTA and value type DISTRIBUTION."
    )


def test_a_batch_counts_once(minutes: Minutes) -> None:
    """However often it comes; another data plane's numbers begin anew; what is too old goes."""
    before = minutes.totals(0)
    minutes.keep("a", 2, [cell(1, "v1", 200, 20)])
    assert minutes.totals(0) == before
    minutes.keep("b", 1, [cell(20, "v3", 200, 20)])
    assert minutes.totals(0)[f"{PLACE}/v3"] == {200: 1}
    assert minutes.last == ("b", 1)


def test_the_paths_are_those_of_googles_discovery_document() -> None:
    """The official client has no REST transport to read them from."""
    folder = resources.files("googleapiclient") / "discovery_cache" / "documents"
    projects = json.loads((folder / "monitoring.v3.json").read_text())["resources"]["projects"]["resources"]
    told = {
        "ListTimeSeries": projects["timeSeries"]["methods"]["list"],
        "GetMetricDescriptor": projects["metricDescriptors"]["methods"]["get"],
        "ListMetricDescriptors": projects["metricDescriptors"]["methods"]["list"],
        "GetMonitoredResourceDescriptor": projects["monitoredResourceDescriptors"]["methods"]["get"],
        "ListMonitoredResourceDescriptors": projects["monitoredResourceDescriptors"]["methods"]["list"],
    }
    assert set(told) == set(monitoring.PATHS)
    for route in monitoring.routes():
        flat = "/" + told[route.method]["flatPath"]
        assert told[route.method]["httpMethod"] == route.verb == "GET"
        assert route.pattern.fullmatch(flat), (route.pattern, flat)
