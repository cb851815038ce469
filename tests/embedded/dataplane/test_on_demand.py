"""Faults on demand in the traffic: as often as was asked for, where it was asked for, and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from .wire import GET, Backend, Dataplane, between, dial, get, saying

NAME = "projects/p/locations/l/services/shop/revisions/shop-v1"


@pytest.fixture
def shop(plane: Dataplane) -> Iterator[Dataplane]:
    """A service with one revision, without faults before and after."""
    with Backend(saying("shop")) as backend:
        plane.serve({NAME: 100}, {NAME: backend.port})
        yield plane
        plane.ask("faults", faults=[])


def demand(plane: Dataplane, **fault: object) -> None:
    """Have one fault, and no other."""
    plane.ask("faults", faults=[{"name": "f1", **fault}])


def statuses(plane: Dataplane, count: int, path: str = "/") -> list[int]:
    """The answers to so many requests on one connection."""
    found = []
    with dial(plane.port) as peer:
        for _ in range(count):
            peer.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            found.append(peer.response()[0])
    return found


def test_a_rate_is_exact_and_a_seed_says_which(shop: Dataplane) -> None:
    """5 % are 5 of each 100; the same seed strikes the same ones, another one others; all are counted."""
    sequences = []
    for seed in (1, 1, 2):
        shop.ask("faults", faults=[])
        demand(shop, kind="errors", rate=5, seed=seed)
        sequences.append(statuses(shop, 200))
    assert [one[:100].count(500) for one in sequences] == [5, 5, 5]
    assert [one.count(200) for one in sequences] == [190, 190, 190]
    assert sequences[0] == sequences[1] != sequences[2]
    assert shop.ask("faults")["faults"] == {"f1": {"seen": 200, "struck": 10}}


def test_only_what_was_named_is_struck(shop: Dataplane) -> None:
    """Some paths of one revision, from the second request on, twice."""
    demand(shop, kind="errors", revision="shop-v1", path=["/pay", "/buy"], status=418, nth=2, times=2)
    assert statuses(shop, 3) == [200, 200, 200]
    assert statuses(shop, 4, "/buy/7?x=1") == [200, 418, 418, 200]
    for other in ({"revision": "shop-v2"}, {"service": "shoe"}, {"service": "hop"}):
        demand(shop, kind="errors", **other)
        assert statuses(shop, 1) == [200]
    demand(shop, kind="errors", service="shop")
    assert statuses(shop, 1) == [500]


def test_a_slow_revision_is_late(shop: Dataplane) -> None:
    """The answer is the revision's own; who asks for something else does not wait."""
    demand(shop, kind="slow", path=["/slow"], latency=0.2)
    began = time.monotonic()
    assert get(shop.port, path="/slow") == (200, b"shop")
    assert 0.2 <= time.monotonic() - began < 2
    with dial(shop.port) as peer:
        demand(shop, kind="slow", path=["/slow"], latency=60)
        peer.send(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
        assert get(shop.port) == (200, b"shop")


def test_nothing_is_later_than_the_timeout_of_its_service(plane: Dataplane) -> None:
    """Then it is 504, and what was late never reaches the revision."""
    demand(plane, kind="slow", latency=0.3)
    with between(plane, saying("shop"), timeout=0.1) as peer:
        peer.send(GET)
        assert peer.response()[0] == 504
        assert get(plane.port)[0] == 504
    plane.ask("faults", faults=[])


def test_a_reset_is_one(shop: Dataplane) -> None:
    """The client sees ECONNRESET, no end of the answer; the next one is served."""
    demand(shop, kind="reset", times=1)
    with pytest.raises(ConnectionResetError):
        get(shop.port)
    assert get(shop.port) == (200, b"shop")


def test_faults_come_one_after_the_other(shop: Dataplane) -> None:
    """What is slow may fail besides; one that answers is the last, and counts outlive a new set of faults."""
    slow = {"name": "f1", "kind": "slow", "latency": 0.05}
    errors = {"name": "f2", "kind": "errors", "status": 503}
    shop.ask("faults", faults=[slow, errors, {"name": "f3", "kind": "reset"}])
    assert statuses(shop, 2) == [503, 503]
    counts = shop.ask("faults", faults=[slow])["faults"]
    assert counts == {"f1": {"seen": 2, "struck": 2}}


def test_a_posted_body_does_not_stand_in_the_way(shop: Dataplane) -> None:
    """The answer comes although the body is still on its way, and the connection goes on."""
    demand(shop, kind="errors", status=500, times=1)
    with dial(shop.port) as peer:
        peer.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
        assert peer.response()[0] == 500
        peer.send(b"defPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        assert peer.response() == (200, b"shophi")


def test_errors_count_as_the_revisions_own(shop: Dataplane) -> None:
    """So that whoever judges a canary by its figures sees them."""
    statuses(shop, 1)
    before = shop.stats(NAME)["statuses"].get("5xx", 0)
    demand(shop, kind="errors", times=2)
    statuses(shop, 3)
    assert shop.stats(NAME)["statuses"]["5xx"] - before == 2
