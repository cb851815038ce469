"""Canary figures of real traffic, read with Google's own client, through lags, shifts and kills."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing, suppress
from functools import partial
from http.client import HTTPException

import pytest
import requests
from google.api_core import exceptions
from google.cloud import monitoring_v3
from google.protobuf import json_format

from relman.embedded.resources import buckets
from tests.embedded.monitoring.world import COUNT, LATENCIES, Client, Timed
from tests.embedded.world import command, target, until


@pytest.fixture(autouse=True)
def at_once(timed: Timed) -> None:
    """No lag, unless a test sets one."""
    set_lag(timed, "0s")


def set_lag(timed: Timed, lag: str) -> None:
    """As a person sets it while the platform runs."""
    told = command("up", "--state", timed.state, "--monitoring-lag", lag)
    assert told.returncode == 0, told.stderr


def test_each_request_is_counted_by_revision_and_code(timed: Timed, client: Client) -> None:
    """Exactly as the client met them, in the minute that is over; the open one is not told."""
    begin = timed.next_minute()
    for number in range(100):
        client.ask("/answer/503" if number % 10 == 0 else "/answer/404" if number % 10 == 1 else "/")
    assert not timed.figures(begin, begin + 120)
    timed.next_minute()
    assert timed.counts(begin, begin + 120) == client.met
    assert len(client.met) > 4, "both revisions, several codes"
    series = timed.figures(begin, begin + 120, where=' metric.labels.response_code_class="5xx"')
    assert {one.metric.labels["response_code_class"] for one in series} == {"5xx"}
    one = series[0]
    assert dict(one.resource.labels) == {
        "project_id": "p1",
        "location": "europe-west1",
        "service_name": "shop",
        "configuration_name": "shop",
        "revision_name": one.resource.labels["revision_name"],
    }
    assert (one.metric_kind, one.value_type) == (2, 2), "DELTA, INT64"
    assert [point.interval.end_time.timestamp() for point in one.points] == [begin + 60]
    assert one.points[0].interval.start_time.timestamp() == pytest.approx(begin + 0.001)


def test_a_slow_request_is_in_its_bucket(timed: Timed, client: Client) -> None:
    """A second, measured from when it reached the revision, in the histogram and in the percentile."""
    begin = timed.next_minute()
    client.ask("/slow")
    revision = next(iter(client.met))[0]
    timed.next_minute()
    where = f' AND resource.labels.revision_name = "{revision}"'
    (series,) = timed.figures(begin, begin + 60, LATENCIES, where=where)
    value = series.points[0].value.distribution_value
    layout = value.bucket_options.exponential_buckets
    assert (layout.num_finite_buckets, layout.growth_factor, layout.scale) == (buckets.FINITE, 1.1, 10)
    assert 1000 <= value.mean < 2000
    assert (value.count, sum(value.bucket_counts)) == (1, 1)
    assert list(value.bucket_counts).index(1) == len(value.bucket_counts) - 1 == buckets.bucket(value.mean)
    aggregation = {"alignment_period": {"seconds": 60}, "per_series_aligner": "ALIGN_PERCENTILE_50"}
    (aligned,) = timed.figures(begin, begin + 60, LATENCIES, where=where, aggregation=aggregation)
    assert 900 <= aligned.points[0].value.double_value < 2200


def test_faults_of_a_revision_are_in_its_figures(timed: Timed, client: Client) -> None:
    """A canary that is rehearsed as ill is ill in the figures too: its errors, and that it is slow."""
    begin = timed.next_minute()
    timed.update("shop", traffic=[target("shop-v2", 100)])
    ill = {"kind": "errors", "name": "ill", "revision": "shop-v2", "path": ["/pay"]}
    late = {"kind": "slow", "name": "late", "revision": "shop-v2", "path": ["/late"], "latency": 0.3}
    for fault in (ill, late):
        requests.post(f"{timed.endpoint}/faults", json=fault, timeout=5).raise_for_status()
    client.ask("/late")
    url = timed.service("shop").uri
    assert [requests.get(f"{url}/pay", timeout=5).status_code for _ in range(3)] == [500] * 3
    for name in ("ill", "late"):
        requests.delete(f"{timed.endpoint}/faults/{name}", timeout=5).raise_for_status()
    timed.update("shop", traffic=[target("shop-v1", 80), target("shop-v2", 20)])
    timed.next_minute()
    assert timed.counts(begin, begin + 60) == {("shop-v2", "200"): 1, ("shop-v2", "500"): 3}
    slow = timed.figures(begin, begin + 60, LATENCIES, where=' metric.labels.response_code="200"')[0]
    assert 300 <= slow.points[0].value.distribution_value.mean < 1000


def test_a_minute_is_told_when_the_lag_is_over(timed: Timed, client: Client) -> None:
    """It can be set while the platform runs, and is kept; until then the minute is as if it had not been."""
    set_lag(timed, "90s")
    begin = timed.next_minute()
    client.ask()
    timed.set_clock(begin + 60 + 85)
    assert not timed.figures(begin, begin + 60)
    timed.set_clock(begin + 60 + 90)
    assert timed.counts(begin, begin + 60) == client.met
    assert timed.status()["monitoring_lag"] == 90
    assert "in Cloud Monitoring 90 s after their minute" in command("status", "--state", timed.state).stdout
    refused = command("up", "--state", timed.state, "--monitoring-lag", "999h")
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (
        1,
        "the platform refuses that: the lag is whole seconds, at most 86400",
    )


def test_a_clock_that_lies_makes_nobody_forget(timed: Timed, client: Client) -> None:
    """A year ahead the minutes are older than is kept; once the lie is over they are there still."""
    begin = timed.next_minute()
    client.ask()
    timed.set_clock(begin + 365 * 86400)
    timed.set_clock(begin + 120)
    assert timed.counts(begin, begin + 60) == client.met


def test_a_shift_within_a_minute(timed: Timed, client: Client) -> None:
    """Each revision has in that minute what it answered, before and after."""
    begin = timed.next_minute()
    timed.update("shop", traffic=[target("shop-v1", 100)])
    for _ in range(5):
        client.ask()
    timed.update("shop", traffic=[target("shop-v2", 100)])
    for _ in range(7):
        client.ask()
    timed.update("shop", traffic=[target("shop-v1", 80), target("shop-v2", 20)])
    timed.next_minute()
    assert timed.counts(begin, begin + 60) == {("shop-v1", "200"): 5, ("shop-v2", "200"): 7} == client.met


def test_a_killed_control_plane_loses_and_doubles_nothing(timed: Timed) -> None:
    """Traffic goes on meanwhile, and is counted in the minutes in which it ended."""
    begin, over = timed.next_minute(), threading.Event()
    clients = [Client(timed.service("shop").uri) for _ in range(2)]

    def go_on(client: Client) -> None:
        while not over.is_set():
            client.ask()

    threads = [threading.Thread(target=go_on, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    until(timed.collected)
    timed.kill()
    until(partial(exceeds, clients, sum(client.met.total() for client in clients) + 100))
    timed.start()
    over.set()
    for thread in threads:
        thread.join()
    timed.next_minute()
    met = sum((client.met for client in clients), Counter[tuple[str, str]]())
    assert timed.counts(begin, timed.next_minute()) == met
    assert met.total() > 100
    for client in clients:
        client.close()


def test_a_killed_data_plane_takes_nothing_that_was_collected(timed: Timed) -> None:
    """The next one counts on from there."""
    begin, met = timed.next_minute(), Counter[tuple[str, str]]()
    for _ in range(2):
        before = timed.collected()
        client = Client(timed.service("shop").uri)
        for _ in range(20):
            client.ask()
        until(partial(has_collected, timed, before + 20))
        client.close()
        timed.kill_data_plane()
        met += client.met
    timed.next_minute()
    assert timed.counts(begin, begin + 60) == met


def test_a_new_data_plane_counts_by_the_platforms_clock(timed: Timed) -> None:
    """From its first request on: it hears the time before it serves."""
    begin = timed.next_minute()
    url = timed.service("shop").uri
    timed.end_data_plane()
    met = until(partial(first_met, url))
    timed.next_minute()
    assert timed.counts(begin, begin + 60) == met
    until(lambda: timed.status()["settled"])


def first_met(url: str) -> Counter[tuple[str, str]]:
    """What a client meets at once, nothing while nobody answers."""
    with closing(Client(url)) as client, suppress(OSError, HTTPException):
        client.ask()
    return client.met


def test_rest_tells_the_same_as_grpc(timed: Timed, client: Client) -> None:
    """With the parameters that Google's REST takes; pages are followed by both; headers have no points."""
    begin = timed.next_minute()
    for _ in range(10):
        client.ask()
    end = timed.next_minute()
    aggregation = {
        "alignment_period": {"seconds": 60},
        "per_series_aligner": "ALIGN_RATE",
        "cross_series_reducer": "REDUCE_SUM",
        "group_by_fields": ["resource.label.service_name", "metric.labels.response_code_class"],
    }
    (series,) = timed.figures(begin, end, aggregation=aggregation, page_size=1)
    url = f"{timed.endpoint}/v3/projects/p1/timeSeries"
    asked = {
        "filter": f'metric.type = "{COUNT}"',
        "interval.startTime": f"{world_time(begin)}",
        "interval.endTime": f"{world_time(end)}",
        "aggregation.alignmentPeriod": "60s",
        "aggregation.perSeriesAligner": "ALIGN_RATE",
        "aggregation.crossSeriesReducer": "REDUCE_SUM",
        "aggregation.groupByFields": aggregation["group_by_fields"],
    }
    answer = requests.get(url, params=asked, timeout=5).json()
    assert answer["unit"] == "1/s"
    told = monitoring_v3.ListTimeSeriesResponse.pb(monitoring_v3.ListTimeSeriesResponse())
    json_format.ParseDict(answer, told)
    assert told.time_series[0] == monitoring_v3.TimeSeries.pb(series)
    assert series.points[0].value.double_value == pytest.approx(10 / 60)
    header = requests.get(url, params=asked | {"view": "HEADERS"}, timeout=5).json()["timeSeries"][0]
    assert "points" not in header
    assert header["resource"]["labels"] == {"project_id": "p1", "service_name": "shop"}


def test_what_is_wrong_is_refused_on_both_wires(timed: Timed) -> None:
    """With Google's canonical errors."""
    with pytest.raises(exceptions.InvalidArgument, match="single metric type"):
        timed.metrics.list_time_series({"name": "projects/p1", "filter": 'project = "p1"', **hour()})
    with pytest.raises(exceptions.NotFound, match="Cannot find metric"):
        timed.metrics.list_time_series({"name": "projects/p1", "filter": 'metric.type = "a"', **hour()})
    answer = requests.get(f"{timed.endpoint}/v3/projects/p1/timeSeries?pageSise=1", timeout=5)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_the_descriptors_are_told(timed: Timed) -> None:
    """Of both metrics, which come a sample a minute and up to three minutes late, and of the resource."""
    found = {one.type: one for one in timed.metrics.list_metric_descriptors(name="projects/p1")}
    assert set(found) == {COUNT, LATENCIES}
    name = f"projects/p1/metricDescriptors/{LATENCIES}"
    assert timed.metrics.get_metric_descriptor(name=name) == found[LATENCIES]
    assert found[COUNT].metadata.ingest_delay.seconds == 180
    (resource,) = timed.metrics.list_monitored_resource_descriptors(name="projects/p1")
    assert timed.metrics.get_monitored_resource_descriptor(name=resource.name) == resource


def exceeds(clients: list[Client], count: int) -> bool:
    """Whether they have met more answers than that."""
    return sum(client.met.total() for client in clients) > count


def has_collected(timed: Timed, count: int) -> bool:
    """Whether the platform has kept so many requests."""
    return timed.collected() == count


def world_time(seconds: int) -> str:
    """As JSON spells a time."""
    from google.protobuf.timestamp_pb2 import Timestamp

    return str(Timestamp(seconds=seconds).ToJsonString())


def hour() -> dict[str, object]:
    """Some interval."""
    return {"interval": {"start_time": {"seconds": 0}, "end_time": {"seconds": 3600}}}
