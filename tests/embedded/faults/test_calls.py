"""What a fault does to a call, seen by Google's own clients over both wires."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from google.api_core import exceptions

from tests.embedded.clients.pointing import Clients
from tests.embedded.faults.conftest import Fault
from tests.embedded.world import PLACE, World, target, until

NAME = f"{PLACE}/services/shop"
MARK = "example.com/second-writer"


def moved(clients: Clients, revision: str = "shop-v2", etag: str = "", **more: Any) -> Any:
    """Send all traffic to a revision; the operation, as it is begun."""
    service = {"name": NAME, "etag": etag, "traffic": [target(revision, 100)]}
    return clients.services.update_service(
        {"service": service, "update_mask": {"paths": ["traffic"]}, **more}
    )


def asked(shop: World) -> str:
    """The revision that the service's traffic names."""
    return shop.service("shop").traffic[0].revision


@pytest.mark.parametrize(
    ("what", "seen"),
    [
        ({"kind": "unavailable"}, exceptions.ServiceUnavailable),
        ({"kind": "exhausted"}, exceptions.TooManyRequests),
        ({"kind": "refused", "code": "ABORTED"}, exceptions.Conflict),
        ({"kind": "refused", "code": "DATA_LOSS"}, exceptions.GoogleAPICallError),
    ],
)
def test_a_refusal_is_the_one_that_was_asked_for(
    shop: World, clients: Clients, fault: Fault, what: dict[str, str], seen: type[Exception]
) -> None:
    """As often as was asked for, of the nth such call on; nothing is changed, other calls go through."""
    one = fault(method="UpdateService", service="shop", nth=2, times=2, **what)
    moved(clients, "shop-v1")
    for _ in range(2):
        with pytest.raises(seen, match=f"fault {one.name} of the embedded platform"):
            moved(clients)
        assert clients.services.get_service(name=NAME).traffic[0].revision == "shop-v1"
    moved(clients)
    assert asked(shop) == "shop-v2"
    assert (one.seen, one.struck) == (4, 2)


def test_another_service_is_not_struck(shop: World, clients: Clients, fault: Fault) -> None:
    """A fault about one service, or one revision, lets the others alone, and sees none of their calls."""
    others = [
        fault("unavailable", service="shoppe"),
        fault("unavailable", service=NAME + "pe"),
        fault("unavailable", method="GetRevision", revision="shop-v2"),
    ]
    moved(clients)
    clients.revisions.get_revision(name=f"{NAME}/revisions/shop-v1")
    assert [one.seen for one in others] == [0, 0, 0]
    with pytest.raises(exceptions.ServiceUnavailable):
        clients.revisions.get_revision(name=f"{NAME}/revisions/shop-v2", retry=None)
    assert asked(shop) == "shop-v2"


def test_a_lost_reply_leaves_the_change_made(shop: World, clients: Clients, fault: Fault) -> None:
    """REST sees the connection end, gRPC UNAVAILABLE: neither can know; a second look tells."""
    fault("reply-lost", service="shop", times=1)
    lost = (requests.exceptions.ConnectionError, exceptions.ServiceUnavailable)
    with pytest.raises(lost):
        moved(clients)
    assert asked(shop) == "shop-v2"
    until(lambda: not shop.service("shop").reconciling)
    moved(clients, "shop-v1")


def test_a_lost_reply_of_a_refusal_is_lost_too(shop: World, clients: Clients, fault: Fault) -> None:
    """Whoever gets no answer does not learn that it was no."""
    fault("reply-lost", service="shop")
    with pytest.raises((requests.exceptions.ConnectionError, exceptions.ServiceUnavailable)):
        moved(clients, etag='"stale"')
    assert asked(shop) == "shop-v1"


def test_latency_delays_the_change_and_outlives_its_client(
    shop: World, clients: Clients, fault: Fault
) -> None:
    """A client that gives up has changed the service all the same, a little later."""
    fault("latency", method="UpdateService", latency="400ms", times=2)
    began = time.monotonic()
    moved(clients, "shop-v1")
    assert 0.4 <= time.monotonic() - began < 3
    service = {"name": NAME, "traffic": [target("shop-v2", 100)]}
    request = {"service": service, "update_mask": {"paths": ["traffic"]}}
    with pytest.raises((requests.exceptions.ReadTimeout, exceptions.DeadlineExceeded)):
        clients.services.update_service(request, timeout=0.2)
    assert asked(shop) == "shop-v1"
    until(lambda: asked(shop) == "shop-v2")


def test_clearing_lets_go_of_what_waits(shop: World, fault: Fault) -> None:
    """An hour's latency ends with its fault."""
    one = fault("latency", method="GetService", latency="1h")
    with pytest.raises(requests.exceptions.ReadTimeout):
        shop.services.get_service(name=NAME, timeout=0.2, retry=None)
    one.clear()
    assert shop.service("shop").name == NAME


def test_a_stale_etag_is_refused_though_nothing_was_changed(clients: Clients, fault: Fault) -> None:
    """Between a client's read and its write the etag has become another; the generation has not."""
    fault("stale-etag", service="shop", times=1)
    before = clients.services.get_service(name=NAME)
    with pytest.raises(exceptions.Conflict):
        moved(clients, etag=before.etag)
    after = clients.services.get_service(name=NAME)
    assert (after.generation, after.etag != before.etag) == (before.generation, True)
    moved(clients, etag=after.etag)


def test_a_stale_etag_may_be_what_a_read_hands_out(clients: Clients, fault: Fault) -> None:
    """Named for GetService, the etag is stale as soon as it was read."""
    fault("stale-etag", service="shop", method="GetService", times=1)
    etag = clients.services.get_service(name=NAME).etag
    with pytest.raises(exceptions.Conflict):
        moved(clients, etag=etag)


def test_a_second_writer_wins_the_race(shop: World, clients: Clients, fault: Fault) -> None:
    """Its change is real: a generation of its own, an annotation, and whoever sent an etag is refused."""
    one = fault("second-writer", service="shop", times=2)
    before = clients.services.get_service(name=NAME)
    with pytest.raises(exceptions.Conflict):
        moved(clients, etag=before.etag)
    after = clients.services.get_service(name=NAME)
    assert after.generation == before.generation + 1
    assert after.annotations[MARK] == f"{one.name} 1"
    moved(clients)
    assert asked(shop) == "shop-v2"


def test_a_second_writer_may_move_the_traffic_back(shop: World, clients: Clients, fault: Fault) -> None:
    """Just after the client's change was acknowledged, somebody sends all to another revision."""
    fault("second-writer", service="shop", when="after", to="shop-v1", times=1)
    begun = moved(clients)
    assert begun.metadata.traffic[0].revision == "shop-v2"
    assert asked(shop) == "shop-v1"


def test_the_same_seed_strikes_the_same_calls(clients: Clients, fault: Fault) -> None:
    """A rate is a sequence: the same for the same seed, another one for another, whatever the wire."""

    def sequence(seed: int) -> list[bool]:
        with fault("unavailable", method="GetRevision", rate=30, seed=seed):
            return [refused(clients) for _ in range(30)]

    first = sequence(7)
    assert first == sequence(7) != sequence(8)
    assert any(first)
    assert not all(first)


def refused(clients: Clients) -> bool:
    """Whether a read is refused just now."""
    try:
        clients.revisions.get_revision(name=f"{NAME}/revisions/shop-v1", retry=None)
    except exceptions.ServiceUnavailable:
        return True
    return False
