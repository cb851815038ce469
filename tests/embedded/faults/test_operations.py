"""Operations that hang, fail late, or whose change is dropped; changes that are held."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest
import requests
from google.api_core import exceptions

from relman.embedded import faulting
from tests.embedded.clients.pointing import Clients
from tests.embedded.faults.conftest import Fault
from tests.embedded.faults.test_calls import NAME, moved
from tests.embedded.world import FAILED, World, page, target, until


def served(shop: World) -> str:
    """The revision that a user meets."""
    return str(page(shop.service("shop").uri)["K_REVISION"])


def test_an_operation_hangs_although_its_change_is_made(shop: World, clients: Clients, fault: Fault) -> None:
    """Whoever polls, waits or lists sees it undone; once the fault is cleared it is what it came to."""
    one = fault("operation-hangs", service="shop", times=1)
    name = moved(clients).operation.name
    until(lambda: served(shop) == "shop-v2" and not shop.service("shop").reconciling)
    began = time.monotonic()
    assert not clients.wait(name, 1).done
    assert 1 <= time.monotonic() - began < 3
    assert not clients.services.get_operation({"name": name}).done
    one.clear()
    done = clients.services.get_operation({"name": name})
    assert (done.done, done.HasField("response")) == (True, True)


def test_whoever_waits_is_told_when_it_hangs_no_more(shop: World, fault: Fault) -> None:
    """Clearing wakes what waits; nobody sits out a timeout."""
    one = fault("operation-hangs", times=1)
    begun = shop.ask("shop", traffic=[target("shop-v2", 100)])
    timer = threading.Timer(0.3, one.clear)
    timer.start()
    began = time.monotonic()
    assert shop.wait(begun).done
    assert time.monotonic() - began < 5
    timer.join()


def test_an_operation_that_hangs_is_no_failure_of_a_delete(shop: World, fault: Fault) -> None:
    """One that was done when it was answered looks undone too, and what it deleted is gone."""
    shop.update("shop", template=shop.template("shop-v3"))
    shop.update("shop", template=shop.template("shop-v4"))
    one = fault("operation-hangs", method="DeleteRevision")
    begun = shop.revisions.delete_revision(name=f"{NAME}/revisions/shop-v3")
    assert not begun.operation.done
    one.clear()
    assert shop.wait(begun).done


def test_an_operation_fails_late_although_its_change_was_made(
    shop: World, clients: Clients, fault: Fault
) -> None:
    """The traffic has moved, the service is well, and the operation says that it failed: for good."""
    one = fault("operation-fails", service="shop", latency="300ms", code="UNAVAILABLE", times=1)
    began = time.monotonic()
    operation = clients.wait(moved(clients).operation.name)
    assert 0.3 <= time.monotonic() - began < 3
    assert (operation.error.code, operation.HasField("response")) == (14, False)
    assert f"fault {one.name} of" in operation.error.message
    assert served(shop) == "shop-v2"
    one.clear()
    assert clients.services.get_operation({"name": operation.name}).error.code == 14


def test_a_change_that_is_dropped_is_not_in_force(shop: World, clients: Clients, fault: Fault) -> None:
    """What was asked for stands in the service, what serves is what served before; the same again is free."""
    fault("operation-fails", service="shop", change="dropped", latency="300ms", code="INTERNAL", times=1)
    before = shop.service("shop")
    begun = moved(clients)
    assert shop.service("shop").reconciling
    operation = clients.wait(begun.operation.name)
    assert operation.error.code == 13
    after = shop.service("shop")
    assert after.traffic[0].revision == "shop-v2"
    assert after.traffic_statuses == before.traffic_statuses
    assert after.terminal_condition.state == FAILED
    assert (after.generation, after.observed_generation) == (
        before.generation + 1,
        before.observed_generation,
    )
    assert served(shop) == "shop-v1"
    assert not clients.wait(moved(clients).operation.name).HasField("error")
    assert served(shop) == "shop-v2"


def test_a_dropped_change_comes_in_force_if_it_is_cleared_before(shop: World, fault: Fault) -> None:
    """As if nothing had been wrong."""
    one = fault("operation-fails", change="dropped", latency="1h")
    begun = shop.ask("shop", traffic=[target("shop-v2", 100)])
    one.clear()
    assert not shop.wait(begun).error.message
    assert served(shop) == "shop-v2"


def test_held_changes_wait(shop: World, clients: Clients, fault: Fault) -> None:
    """They are taken in and stay on their way; what serves goes on, even if it crashes."""
    one = fault("held", service="shop")
    begun = moved(clients)
    assert not clients.wait(begun.operation.name, 1).done
    assert shop.service("shop").reconciling
    crash(shop)
    until(lambda: answers(shop) == "shop-v1")
    one.clear()
    assert clients.wait(begun.operation.name).done
    assert served(shop) == "shop-v2"


def test_a_held_delete_waits_too(shop: World, fault: Fault) -> None:
    """Until the fault is cleared."""
    shop.create("kept")
    one = fault("held", service="kept")
    begun = shop.services.delete_service(name=NAME.replace("shop", "kept"))
    assert not shop.wait(begun, 1).done
    one.clear()
    assert shop.wait(begun).done


def test_what_serves_survives_a_crash_after_a_failed_change(shop: World, fault: Fault) -> None:
    """A revision that is started again is found again, although the last change came to nothing."""
    fault("operation-fails", service="shop", change="dropped", times=1)
    assert shop.update("shop", traffic=[target("shop-v2", 100)]).error.code == 13
    crash(shop)
    until(lambda: answers(shop) == "shop-v1")


def test_a_fault_blocks_neither_status_nor_faults(shop: World, fault: Fault) -> None:
    """However much is wrong, what is wrong can be seen and cleared."""
    for kind in ("unavailable", "reply-lost", "operation-hangs", "held", "errors"):
        fault(kind)
    fault("latency", latency="1h")
    found = shop.status()["faults"]
    assert len(found) == 6
    assert {one["kind"] for one in faulting.clear(shop.endpoint)} == {one["kind"] for one in found}
    assert faulting.standing(shop.endpoint) == []


@pytest.mark.parametrize(
    ("kind", "seen"),
    [("unavailable", exceptions.ServiceUnavailable), ("reply-lost", requests.exceptions.ConnectionError)],
)
def test_a_build_is_struck_as_any_call_is(
    shop: World, fault: Fault, kind: str, seen: type[Exception]
) -> None:
    """Refused it is none; with the reply lost there is one, for whoever looks for it by its tag."""
    fault(kind, method="CreateBuild")
    with pytest.raises(seen):
        shop.build(tags=[kind])
    found = list(shop.builds.list_builds(project_id="p1", filter=f'tags="{kind}"'))
    assert len(found) == (1 if kind == "reply-lost" else 0)


def test_a_build_that_is_done_may_have_an_operation_that_is_not(shop: World, fault: Fault) -> None:
    """It is only the operation that hangs."""
    fault("operation-hangs", method="CreateBuild")
    assert shop.build().status == 3


def crash(shop: World) -> None:
    """End the process that serves, in the way of a program that crashes."""
    with contextlib.suppress(OSError, ValueError):
        page(f"{shop.service('shop').uri}/die")


def answers(shop: World) -> str:
    """The revision that answers just now, empty while none does."""
    try:
        return served(shop)
    except OSError:
        return ""
