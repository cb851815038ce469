"""Traffic: asked for, refused, split, tagged, switched without a loss (rows 25 to 34)."""

from __future__ import annotations

import threading
from collections import Counter
from http.client import HTTPConnection
from typing import Any

import pytest
from google.api_core import exceptions

from tests.embedded.world import LATEST, REVISION, World, page, target, until


@pytest.fixture(scope="module")
def two(platform: World) -> World:
    """A service ``two`` with the revisions v1, which serves, and v2 at 0 % with a tag."""
    platform.create("two", traffic=[target("two-v1", 100)])
    traffic = [target("two-v1", 100), target("two-v2", 0, "next")]
    operation = platform.update("two", template=platform.template("two-v2"), traffic=traffic)
    assert not operation.error.message
    return platform


def answers(url: str, count: int) -> Counter[str]:
    """How often each revision answered, over one connection."""
    return Counter(str(page(url)["K_REVISION"]) for _ in range(count))


def test_row_12_traffic_may_name_the_revision_that_the_same_request_makes(two: World) -> None:
    """At 0 % with a tag it has a URL of its own, and no user sees it."""
    statuses = two.service("two").traffic_statuses
    assert [(one.revision, one.percent, one.tag) for one in statuses] == [
        ("two-v1", 100, ""),
        ("two-v2", 0, "next"),
    ]
    assert not statuses[0].uri
    assert page(statuses[1].uri)["K_REVISION"] == "two-v2"
    assert answers(two.service("two").uri, 20) == {"two-v1": 20}


def test_row_33_a_shift_is_in_force_when_its_operation_is_done(two: World) -> None:
    """20 to 80, then all, then back: each at once, the URLs stay."""
    before = two.service("two")
    two.update("two", traffic=[target("two-v1", 80), target("two-v2", 20, "next")])
    counts = answers(before.uri, 100)
    assert 5 <= counts["two-v2"] <= 40
    two.update("two", traffic=[target("two-v2", 100, "next")])
    assert answers(before.uri, 20) == {"two-v2": 20}
    two.update("two", traffic=[target("two-v1", 100), target("two-v2", 0, "next")])
    after = two.service("two")
    assert answers(before.uri, 20) == {"two-v1": 20}
    assert (after.uri, after.traffic_statuses) == (before.uri, before.traffic_statuses)


def test_row_33_no_request_is_lost_while_traffic_moves(two: World) -> None:
    """Keep-alive clients go on through flips, stops and starts of revisions."""
    over, lost, served = threading.Event(), [], Counter[str]()
    port = int(two.service("two").uri.rpartition(":")[2])

    def ask() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        while not over.is_set():
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                answer.read()
                served[str(answer.status)] += 1
            except OSError as error:
                lost.append(error)
                connection.close()
        connection.close()

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    for revision in ("two-v2", "two-v1") * 4:
        assert not two.update("two", traffic=[target(revision, 100)]).error.message
    over.set()
    for client in clients:
        client.join()
    assert not lost
    assert set(served) == {"200"}
    two.update("two", traffic=[target("two-v1", 100), target("two-v2", 0, "next")])


@pytest.mark.parametrize(
    ("traffic", "sentence"),
    [
        ([target("two-v1", 90)], "Traffic targets sum to 90, want 100"),
        ([target("two-v1", 60), target("two-v1", 60)], "Traffic targets sum to 120"),
        ([target("two-v1", 100, "a"), target("two-v2", 0, "a")], 'Multiple definitions for "tag"'),
        ([target("two-v1", 100, "t" * 44)], "cannot exceed 46 characters"),
        ([target("two-v1", 100, "Tag")], "not a valid traffic tag"),
        ([{"type_": LATEST, "revision": "two-v1", "percent": 100}], "must not name a revision"),
        ([{"type_": REVISION, "percent": 100}], "must name a revision"),
        ([target("two-v1", -1), target("two-v1", 101)], "not within 0 to 100"),
    ],
)
def test_rows_25_27_28_29_traffic_that_cannot_be_served_is_refused(
    two: World, traffic: list[dict[str, Any]], sentence: str
) -> None:
    """And nothing has changed."""
    before = two.service("two")
    with pytest.raises(exceptions.BadRequest, match=sentence):
        two.ask("two", traffic=traffic)
    assert two.service("two") == before


def test_rows_26_31_no_traffic_means_the_latest_ready_revision(platform: World) -> None:
    """A status of LATEST names no revision; what a deploy makes ready gets the traffic."""
    platform.create("row26")
    uri = platform.service("row26").uri
    platform.update("row26", template=platform.template("row26-v2"))
    status = platform.service("row26").traffic_statuses[0]
    assert (status.type_, status.percent, status.revision, status.uri) == (LATEST, 100, "", "")
    assert answers(uri, 10) == {"row26-v2": 10}


def test_row_30_an_unknown_revision_fails_the_operation(platform: World) -> None:
    """With code 13; what serves goes on."""
    platform.create("row30")
    operation = platform.update("row30", traffic=[target("row30-v9", 100)])
    assert operation.error.code == 13
    assert operation.error.message.startswith("Revision 'row30-v9' does not exist or is deleted.")
    assert page(platform.service("row30").uri)["K_REVISION"] == "row30-v1"


def test_row_32_a_pinned_split_sticks(platform: World) -> None:
    """A later deploy gets no traffic until somebody moves it."""
    platform.create("row32", traffic=[target("row32-v1", 100)])
    platform.update("row32", template=platform.template("row32-v2"))
    assert answers(platform.service("row32").uri, 10) == {"row32-v1": 10}


def test_row_46_a_revision_that_nothing_goes_to_is_stopped_and_started_again(platform: World) -> None:
    """Its process ends; traffic brings it back."""
    platform.create("row46", traffic=[target("row46-v1", 100)])
    platform.update("row46", template=platform.template("row46-v2"), traffic=[target("row46-v2", 100)])
    until(lambda: pid_of(platform, "row46-v1") == 0)
    platform.update("row46", traffic=[target("row46-v1", 100)])
    assert page(platform.service("row46").uri)["K_REVISION"] == "row46-v1"


def pid_of(world: World, revision: str) -> int:
    """The process of a revision by the platform's own word."""
    revisions = [one for service in world.status()["services"] for one in service["revisions"]]
    return next(int(one["pid"]) for one in revisions if one["name"] == revision)
