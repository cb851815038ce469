"""A clock that lies, an image that is gone, and what becomes of faults when the platform ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from relman.embedded import faulting
from relman.embedded.images.repositories import resolve
from relman.embedded.resources.deleted import KEPT, Deleted, marked
from relman.embedded.resources.faults import BadFault
from relman.embedded.resources.messages import Service
from relman.embedded.resources.store import Store
from relman.embedded.runtime.process import peer
from tests.embedded import world
from tests.embedded.faults.conftest import Fault
from tests.embedded.faults.test_calls import NAME
from tests.embedded.world import World, page, pid_of, target, until


def touched(shop: World) -> datetime:
    """When the service was last changed, by the platform's own clock."""
    shop.update("shop", annotations={"touched": os.urandom(4).hex()})
    at: datetime = shop.service("shop").update_time
    return at


def test_a_clock_may_run_ahead_or_stand_still(shop: World, fault: Fault) -> None:
    """Each time it writes is the one it believes; the newest lie counts; etags still change."""
    fault("clock", offset="-2h")
    assert timedelta(hours=1.9) < datetime.now(UTC) - touched(shop) < timedelta(hours=2.1)
    still = fault("clock", at="2031-01-02T03:04:05Z")
    etags = set()
    for _ in range(2):
        assert touched(shop) == datetime(2031, 1, 2, 3, 4, 5, tzinfo=UTC)
        etags.add(shop.service("shop").etag)
    assert len(etags) == 2
    still.clear()
    assert touched(shop) < datetime.now(UTC) - timedelta(hours=1.9)
    faulting.clear(shop.endpoint)
    assert datetime.now(UTC) - touched(shop) < timedelta(minutes=1)


def test_an_answer_carries_the_time_that_the_platform_believes(shop: World, fault: Fault) -> None:
    """``Date``, as Google's answers have it, of errors too: a client that compares clocks sees the lie."""
    fault("clock", at="2031-01-02T03:04:05Z")
    for path in ("/v2/projects/acme/locations/europe-west1/services/none", "/nowhere"):
        answer = requests.get(f"{shop.endpoint}{path}", timeout=10)
        assert (answer.status_code, answer.headers["date"]) == (404, "Thu, 02 Jan 2031 03:04:05 GMT")


def test_what_was_deleted_outlives_a_lie(shop: World, fault: Fault) -> None:
    """Two months ahead its time is over; by the true time it is not, and it is listed again."""
    shop.create("gone")
    shop.wait(shop.services.delete_service(name=NAME.replace("shop", "gone")))

    def listed() -> bool:
        found = shop.services.list_services({"parent": world.PLACE, "show_deleted": True})
        return any(one.name.endswith("/gone") for one in found)

    with fault("clock", offset="60d"):
        assert not listed()
    assert listed()


def test_what_was_deleted_long_ago_is_forgotten(tmp_path: Path) -> None:
    """When its time is over, not before."""
    with contextlib.closing(Store(tmp_path / "state.db")) as store:
        deleted, now = Deleted(store, "service", Service), datetime.now(UTC)
        deleted.keep(marked(Service(name="a"), now))
        deleted.forget_old(now + KEPT - timedelta(seconds=1))
        assert [one.name for one in deleted.all("", now)] == ["a"]
        deleted.forget_old(now + KEPT)
        assert not deleted.all("", now)


def test_an_image_that_is_gone_keeps_what_serves(shop: World, fault: Fault) -> None:
    """Nothing new can be made of it and an idle revision cannot come back; cleared, it is there again."""
    until(lambda: not pid_of(shop, "shop-v2"))
    with fault("image-gone", revision="shop-v1"):
        assert page(shop.service("shop").uri)["K_REVISION"] == "shop-v1"
        with pytest.raises(BadFault, match="no image"):
            fault("image-gone", image=shop.image)
        assert shop.update("shop", template=shop.template("shop-gone")).error.code
        assert shop.update("shop", traffic=[target("shop-v2", 100)]).error.code
        assert page(shop.service("shop").uri)["K_REVISION"] == "shop-v1"
    assert not shop.update("shop", template=shop.template("shop-back")).error.message


def test_an_image_has_all_its_names_again(shop: World, fault: Fault) -> None:
    """Its tags come back with it."""
    index = shop.state / "images" / "index.json"
    before = named(index)
    one = fault("image-gone", image="eu/p1/api:v1")
    assert named(index) == before - {("eu/p1/api:v1", shop.image.partition("@")[2])}
    one.clear()
    assert named(index) == before


def test_an_image_that_comes_back_takes_no_name_from_a_newer_one(own: World) -> None:
    """It is there by its digest, as one whose tag was moved is."""
    older = own.image.partition("@")[2]
    faulting.add(own.endpoint, {"kind": "image-gone", "image": "eu/p1/api:v1"})
    args = ["build", "-t", "eu/p1/api:v1", "."]
    newer = own.build(steps=[{"name": world.DOCKER, "args": args}]).results.images[0].digest
    assert newer != older
    faulting.clear(own.endpoint)
    assert resolve(own.state / "images", "eu/p1/api:v1") == newer
    assert resolve(own.state / "images", own.image) == older
    own.create("back")


def named(index: Path) -> set[tuple[str, str]]:
    """The names in an index, each with its digest."""
    found = json.loads(index.read_text())["manifests"]
    return {(one["annotations"]["org.opencontainers.image.ref.name"], one["digest"]) for one in found}


def test_faults_outlive_the_platform(own: World) -> None:
    """Killed or stopped, the next one has them, and counts on; what was to fail late has failed."""
    own.create("shop", traffic=[target("shop-v1", 100)])
    port = own.endpoint.rpartition(":")[2]
    faulting.add(own.endpoint, {"kind": "errors", "name": "broken", "status": 503})
    faulting.add(own.endpoint, {"kind": "stale-etag", "name": "stale", "nth": 2})
    faulting.add(own.endpoint, {"kind": "operation-hangs", "name": "hangs", "method": "UpdateService"})
    late = {"kind": "operation-fails", "name": "late", "latency": "1h", "method": "CreateService"}
    faulting.add(own.endpoint, late)
    hanging = own.ask("shop", annotations={"a": "b"})
    failing = own.begin("late", template=own.template("late-v1"))
    before = faulting.standing(own.endpoint)
    os.kill(own.status()["pid"], signal.SIGKILL)
    again = world.command("up", "--state", own.state, "--port", port)
    assert again.returncode == 0
    assert "faults on demand stand: broken (errors), stale (stale-etag), hangs" in again.stderr
    counts = [(one["name"], one["seen"], one["struck"]) for one in before]
    assert counts == [("broken", 0, 0), ("stale", 1, 0), ("hangs", 1, 1), ("late", 1, 1)]
    assert faulting.standing(own.endpoint) == before
    assert own.wait(failing).error.code == 13
    assert not own.wait(hanging, 1).done
    assert world.command("down", "--state", own.state).returncode == 0
    assert world.command("up", "--state", own.state, "--port", port).returncode == 0
    assert status_of(own) == 503
    faulting.clear(own.endpoint, "hangs")
    faulting.clear(own.endpoint, "broken")
    assert own.wait(hanging).done
    assert status_of(own) == 200


def test_a_data_plane_that_dies_has_its_faults_again(own: World) -> None:
    """Before it serves, so that no request goes without."""
    own.create("shop", traffic=[target("shop-v1", 100)])
    faulting.add(own.endpoint, {"kind": "errors", "status": 503})
    assert status_of(own) == 503
    os.kill(plane_of(own), signal.SIGKILL)
    assert until(lambda: status_of(own)) == 503


def plane_of(own: World) -> int:
    """The process of a platform's data plane."""
    with contextlib.chdir(own.state), socket.socket(socket.AF_UNIX) as connection:
        connection.connect("dataplane.sock")
        return peer(connection)


def status_of(own: World) -> int:
    """What a user of the service gets, 0 if nothing."""
    try:
        with urllib.request.urlopen(own.service("shop").uri, timeout=5) as answer:  # noqa: S310 - its own URL
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def test_down_is_never_held_up(own: World) -> None:
    """Whatever stands, the platform stops at once."""
    own.create("shop", traffic=[target("shop-v1", 100)])
    for fault in ({"kind": "latency", "latency": "1h"}, {"kind": "held"}, {"kind": "slow", "latency": "1h"}):
        faulting.add(own.endpoint, fault)
    with pytest.raises(requests.exceptions.ReadTimeout):
        own.services.get_service(name=NAME, timeout=0.2, retry=None)
    stopped = world.command("down", "--state", own.state)
    assert (stopped.returncode, stopped.stdout) == (0, "stopped\n")
