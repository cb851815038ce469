"""Faults on top of each other, cleared in the midst, and where nothing can be kept: none is left behind."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions

from relman.embedded import faulting
from relman.embedded.control.faults import Faults
from relman.embedded.control.proxy import DataPlane
from relman.embedded.daemon import Broken
from relman.embedded.resources import faults as kinds
from relman.embedded.resources.faults import BadFault
from relman.embedded.resources.store import Store
from relman.embedded.runtime.leftovers import SOCKET
from tests.embedded.clients.pointing import over_grpc
from tests.embedded.faults.conftest import Fault
from tests.embedded.faults.test_calls import NAME
from tests.embedded.faults.test_platform import named
from tests.embedded.world import World, page, target, until


def seen(shop: World, begun: Any) -> tuple[bool, int]:
    """Whether an operation is done, and with which error."""
    operation = shop.services.get_operation({"name": begun.operation.name})
    return operation.done, operation.error.code


def test_an_operation_hangs_as_long_as_one_fault_wants_it_to(shop: World, fault: Fault) -> None:
    """It failed late meanwhile, and that fault is cleared: it is told when the other one is."""
    hangs = fault("operation-hangs")
    fails = fault("operation-fails", latency="100ms", code="ABORTED")
    begun = shop.ask("shop", traffic=[target("shop-v2", 100)])
    until(lambda: withholding(shop, begun) == [hangs.name])
    assert seen(shop, begun) == (False, 0)
    fails.clear()
    assert seen(shop, begun) == (False, 0)
    hangs.clear()
    assert seen(shop, begun) == (True, 10)


def test_the_end_of_an_operation_is_kept_however_many_withhold_it(shop: World, fault: Fault) -> None:
    """Also of one that was done when it was answered."""
    shop.update("shop", template=shop.template("shop-both1"))
    shop.update("shop", template=shop.template("shop-both2"))
    both = [fault("operation-hangs", method="DeleteRevision") for _ in range(2)]
    begun = shop.revisions.delete_revision(name=f"{NAME}/revisions/shop-both1")
    for one in both:
        assert seen(shop, begun) == (False, 0)
        one.clear()
    assert seen(shop, begun) == (True, 0)


def test_what_is_cleared_while_a_call_waits_strikes_no_more(shop: World, fault: Fault) -> None:
    """And comes back with no platform: nothing is kept that does not stand."""
    late = fault("latency", method="UpdateService", latency="1h")
    after = fault("operation-hangs")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(shop.ask, "shop", traffic=[target("shop-v2", 100)])
        until(lambda: faulting.standing(shop.endpoint)[0]["seen"])
        after.clear()
        assert kept(shop) == [late.name]
        late.clear()
    assert shop.wait(asked.result()).done
    assert kept(shop) == [one["name"] for one in faulting.standing(shop.endpoint)]


def test_what_was_struck_and_is_cleared_while_the_call_waits_is_let_go(shop: World, fault: Fault) -> None:
    """The other order: the fault struck, an hour's latency began, both are cleared."""
    fault("operation-hangs")
    fault("latency", method="UpdateService", latency="1h")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(shop.ask, "shop", traffic=[target("shop-v2", 100)])
        until(lambda: faulting.standing(shop.endpoint)[1]["struck"])
        faulting.clear(shop.endpoint)
    assert shop.wait(asked.result()).done


def withholding(shop: World, begun: Any) -> list[str]:
    """The faults that still withhold an operation, in the state file."""
    with closing(sqlite3.connect(shop.state / "state.db")) as file:
        asked = "SELECT facts FROM resource WHERE kind = 'operation' AND name = ?"
        ((facts,),) = file.execute(asked, (begun.operation.name,))
    found: list[str] = json.loads(facts)["withheld by"]
    return found


def kept(shop: World) -> list[str]:
    """The faults in the state file."""
    with closing(sqlite3.connect(shop.state / "state.db")) as file:
        return [name for (name,) in file.execute("SELECT name FROM resource WHERE kind = 'fault'")]


def test_a_late_drop_holds_up_nobody_who_writes_again(shop: World, fault: Fault) -> None:
    """It was of one change; the next one comes in force at once."""
    fault("operation-fails", change="dropped", latency="1h", times=1)
    shop.ask("shop", traffic=[target("shop-v2", 100)])
    assert shop.wait(shop.ask("shop", traffic=[target("shop-v2", 100, "again")]), 5).done
    assert page(shop.service("shop").uri)["K_REVISION"] == "shop-v2"


def test_a_late_drop_ends_with_its_service(shop: World, fault: Fault) -> None:
    """The service can be deleted, and one of the same name be made."""
    fault("operation-fails", change="dropped", latency="1h", method="CreateService", times=1)
    shop.begin("dropped", template=shop.template("dropped-v1"))
    name = NAME.replace("shop", "dropped")
    assert shop.wait(shop.services.delete_service(name=name), 5).done
    made = shop.wait(shop.begin("dropped", template=shop.template("dropped-v1")), 5)
    assert (made.done, made.error.code) == (True, 0)
    assert shop.wait(shop.services.delete_service(name=name)).done


def test_a_fault_that_is_refused_takes_no_image_away(shop: World, fault: Fault) -> None:
    """Its name is taken: the image stays."""
    fault("reset", name="taken", revision="none")
    before = named(shop.state / "images" / "index.json")
    with pytest.raises(BadFault, match="stands already"):
        fault("image-gone", image="eu/p1/api:v1", name="taken")
    assert named(shop.state / "images" / "index.json") == before


def test_of_many_that_set_and_clear_at_once_nothing_is_left(shop: World, fault: Fault) -> None:
    """Neither in the platform nor in its data plane."""
    fault("reset", revision="none", name="stays")

    def storm(_: int) -> None:
        for _ in range(8):
            faulting.clear(shop.endpoint, faulting.add(shop.endpoint, {"kind": "errors"})["name"])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(storm, range(6)))
    assert page(shop.service("shop").uri)["K_REVISION"] == "shop-v1"
    assert [one["name"] for one in faulting.standing(shop.endpoint)] == ["stays"]


def test_the_data_plane_hears_last_what_was_demanded_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes to hear the first: a fault that was cleared does not come back to it."""
    monkeypatch.chdir(tmp_path)
    heard: list[list[str]] = []

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        faults = json.loads(await reader.readline())["faults"]
        await asyncio.sleep(0.2 if faults else 0)
        heard.append([one["kind"] for one in faults])
        writer.write(b'{"ok": true, "faults": {}}\n')
        writer.close()

    async def run() -> None:
        async with await asyncio.start_unix_server(slow, SOCKET):
            plane = DataPlane(tmp_path, list, lambda _: None)
            plane.faults = lambda: [kinds.Fault("reset")]
            first = asyncio.create_task(plane.demand())
            await asyncio.sleep(0.05)
            plane.faults = list
            await asyncio.gather(first, plane.demand())

    asyncio.run(run())
    assert heard == [["reset"], []]


def test_what_cannot_be_kept_is_refused_and_stands_not(own: World) -> None:
    """By whichever door: the client hears at once that the platform broke, and the platform goes on."""
    faulting.add(own.endpoint, {"kind": "latency", "latency": 0.001, "name": "counts"})
    clients = over_grpc(own.endpoint)
    with closing(clients), closing(sqlite3.connect(own.state / "state.db", timeout=0)) as file:
        file.execute("BEGIN IMMEDIATE")
        broken(Broken, "platform.log says why", lambda: faulting.add(own.endpoint, {"kind": "reset"}))
        asked = partial(clients.services.get_service, name=NAME, timeout=40)
        broken(exceptions.InternalServerError, "see the platform's log", asked)
        file.execute("ROLLBACK")
    assert [one["name"] for one in faulting.standing(own.endpoint)] == ["counts"]
    faulting.clear(own.endpoint)


def test_what_cannot_be_written_down_stands_not(tmp_path: Path) -> None:
    """Whoever was told that it failed is not struck by it."""
    with closing(Store(tmp_path / "state.db")) as store:
        faults = Faults(store, lambda: datetime.now(UTC))
        with pytest.raises(UnicodeEncodeError):
            faults.add(kinds.Fault("reset", service="\ud800"), {})
        assert faults.all() == []


def broken(kind: type[Exception], sentence: str, ask: Callable[[], object]) -> None:
    """What is asked fails with this."""
    with pytest.raises(kind, match=sentence):
        ask()
