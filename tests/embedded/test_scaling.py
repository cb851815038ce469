"""How many instances a revision has: none while nobody asks, more while many do, its minimum (row 44)."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError

import pytest

from relman.embedded.runtime.process import found
from tests.embedded.conftest import running
from tests.embedded.world import DONE, World, command, conditions, page, target, until


@pytest.fixture(scope="module")
def brisk(platform: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A platform that lets an idle instance go after a second, and gives a revision three at most."""
    state = tmp_path_factory.mktemp("brisk") / "state"
    shutil.copytree(platform.state / "images", state / "images")
    with running(state, platform.repository, "--idle-after", 1, "--most-instances", 3) as one:
        one.image = platform.image
        yield one


def pids(world: World, revision: str) -> list[int]:
    """The processes of a revision by the platform's own word."""
    revisions = [one for service in world.status()["services"] for one in service["revisions"]]
    return next(list(one["pids"]) for one in revisions if one["name"] == revision)


def at_once(url: str, count: int) -> list[dict[str, Any]]:
    """So many slow requests at the same time."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: page(f"{url}/slow"), range(count)))


def test_a_revision_sleeps_when_nobody_asks_and_the_next_request_wakes_it(brisk: World) -> None:
    """The first request waits for the start; a tag's does too; the revision stays ready all the time."""
    brisk.create("zero", traffic=[target("zero-v1", 100, "here")])
    service = brisk.service("zero")
    first = page(service.uri)["pid"]
    until(lambda: not pids(brisk, "zero-v1"))
    until(lambda: not found(first).alive)
    assert conditions(brisk.revision("zero", "zero-v1"))["Ready"].state == DONE
    second = page(service.uri)["pid"]
    assert second not in {0, first}
    until(lambda: not pids(brisk, "zero-v1"))
    assert page(service.traffic_statuses[0].uri)["K_REVISION"] == "zero-v1"


def test_many_who_wake_a_revision_are_all_answered(brisk: World) -> None:
    """By one instance, as its concurrency allows."""
    brisk.create("wake")
    until(lambda: not pids(brisk, "wake-v1"))
    assert len({one["pid"] for one in at_once(brisk.service("wake").uri, 8)}) == 1


def test_more_than_its_instances_can_take_brings_more_up_to_the_maximum(brisk: World) -> None:
    """One request each at a time; then all of them go."""
    template = brisk.template("more-v1") | {
        "max_instance_request_concurrency": 1,
        "scaling": {"max_instance_count": 2},
    }
    brisk.create("more", template=template)
    answers = at_once(brisk.service("more").uri, 4)
    assert len({one["pid"] for one in answers}) == 2
    until(lambda: not pids(brisk, "more-v1"))


def test_the_machine_has_a_maximum_of_its_own(brisk: World) -> None:
    """A revision that may have a hundred has three here."""
    template = brisk.template("most-v1") | {"max_instance_request_concurrency": 1}
    brisk.create("most", template=template)
    assert len({one["pid"] for one in at_once(brisk.service("most").uri, 6)}) == 3


def test_row_44_a_revision_keeps_its_minimum_warm(brisk: World) -> None:
    """They are up before it is ready, and stay while nobody asks; without traffic they end."""
    template = brisk.template("warm-v1") | {"scaling": {"min_instance_count": 2}}
    brisk.create("warm", template=template, traffic=[target("warm-v1", 100)])
    kept = pids(brisk, "warm-v1")
    assert len(kept) == 2
    brisk.create("idle")
    until(lambda: not pids(brisk, "idle-v1"))
    assert pids(brisk, "warm-v1") == kept
    assert conditions(brisk.revision("warm", "warm-v1"))["MinInstancesProvisioned"].state == DONE
    brisk.update("warm", template=brisk.template("warm-v2"), traffic=[target("warm-v2", 100)])
    until(lambda: not any(found(pid).alive for pid in kept))
    unprovisioned = conditions(brisk.revision("warm", "warm-v1"))["MinInstancesProvisioned"]
    assert unprovisioned.revision_reason.name == "MIN_INSTANCES_NOT_PROVISIONED"


def test_row_44_a_services_minimum_is_divided_by_percent(brisk: World) -> None:
    """In whole instances; a tag alone gets none."""
    split = [target("div-v1", 60), target("div-v2", 40)]
    brisk.create("div", traffic=[target("div-v1", 100)])
    brisk.update("div", template=brisk.template("div-v2"), traffic=split)
    brisk.update("div", scaling={"min_instance_count": 2})
    until(lambda: (len(pids(brisk, "div-v1")), len(pids(brisk, "div-v2"))) == (2, 1))
    brisk.update("div", traffic=[target("div-v1", 0, "old"), target("div-v2", 100)])
    until(lambda: (len(pids(brisk, "div-v1")), len(pids(brisk, "div-v2"))) == (0, 2))


def test_a_service_scaled_by_hand_has_as_many_instances_as_it_says(brisk: World) -> None:
    """However many ask, or nobody does; by percent as the minimum is."""
    template = brisk.template("hand-v1") | {"max_instance_request_concurrency": 1}
    by_hand = {"scaling_mode": "MANUAL", "manual_instance_count": 2}
    brisk.create("hand", template=template, scaling=by_hand)
    until(lambda: len(pids(brisk, "hand-v1")) == 2)
    kept = pids(brisk, "hand-v1")
    assert {one["pid"] for one in at_once(brisk.service("hand").uri, 4)} == set(kept)
    brisk.create("lazy")
    until(lambda: not pids(brisk, "lazy-v1"))  # whoever is idle was let go
    assert pids(brisk, "hand-v1") == kept
    brisk.update("hand", scaling=by_hand | {"manual_instance_count": 1})
    until(lambda: len(pids(brisk, "hand-v1")) == 1)


def test_an_instance_that_cannot_be_started_is_given_up_when_nobody_waits(brisk: World) -> None:
    """The one that serves goes on, and nothing is said to be wrong any more."""
    template = brisk.template("alone-v1") | {
        "max_instance_request_concurrency": 1,
        "scaling": {"min_instance_count": 1},
    }
    brisk.create("alone", template=template)
    uri, kept = brisk.service("alone").uri, pids(brisk, "alone-v1")
    with without_files(brisk):
        assert {one["pid"] for one in at_once(uri, 3)} == set(kept)
        assert "/alone-v1: The container cannot be started" in (brisk.state / "platform.log").read_text()
        until(lambda: not crash(brisk, "alone-v1"))
    assert pids(brisk, "alone-v1") == kept


def crash(world: World, revision: str) -> str:
    """What the platform says went wrong with the revision."""
    revisions = [one for service in world.status()["services"] for one in service["revisions"]]
    return next(str(one["crash"]) for one in revisions if one["name"] == revision)


@contextmanager
def without_files(world: World) -> Iterator[None]:
    """For a while nothing can be started: the images' files are gone."""
    files, hidden = world.state / "files", world.state / "hidden"
    files.rename(hidden)
    files.touch()
    try:
        yield
    finally:
        files.unlink()
        hidden.rename(files)


def test_a_revision_that_cannot_be_woken_says_why(brisk: World) -> None:
    """503 with the reason, at once; when the reason is gone, the next request is answered."""
    brisk.create("ill")
    uri = brisk.service("ill").uri
    until(lambda: not pids(brisk, "ill-v1"))
    with without_files(brisk):
        with pytest.raises(HTTPError, match="503") as refused:
            page(uri)
        assert b"cannot be started" in refused.value.read()
    assert conditions(brisk.revision("ill", "ill-v1"))["Ready"].state == DONE
    assert page(uri)["K_REVISION"] == "ill-v1"


def test_traffic_that_moves_to_a_sleeping_revision_wakes_it(brisk: World) -> None:
    """The shift is done at once, the first request waits."""
    brisk.create("shift", traffic=[target("shift-v1", 100)])
    both = [target("shift-v1", 100), target("shift-v2", 0, "next")]
    brisk.update("shift", template=brisk.template("shift-v2"), traffic=both)
    until(lambda: not pids(brisk, "shift-v2"))
    assert not brisk.update("shift", traffic=[target("shift-v2", 100)]).error.message
    assert page(brisk.service("shift").uri)["K_REVISION"] == "shift-v2"


def test_nobody_is_lost_while_instances_come_and_go(brisk: World) -> None:
    """Requests meet a revision just when it falls asleep; one that is lost would be an error here."""
    template = brisk.template("busy-v1") | {"max_instance_request_concurrency": 1}
    brisk.create("busy", template=template)
    uri, seen = brisk.service("busy").uri, set()
    with ThreadPoolExecutor(3) as pool:
        for pause in (1.0, 1.05, 1.1, 1.15, 1.2, 1.25):  # about when its idle instances are let go
            time.sleep(pause)
            seen |= {answer["pid"] for answer in pool.map(page, [uri] * 9)}
    assert len(seen) > 1


def test_all_instances_survive_the_control_plane_and_are_adopted(own: World) -> None:
    """Killed, started again: the same processes, each once; a revision that sleeps goes on sleeping."""
    command("down", "--state", own.state)
    command("up", "--state", own.state, "--idle-after", 1)
    own.create("sleepy")
    until(lambda: not pids(own, "sleepy-v1"))
    template = own.template("many-v1") | {"scaling": {"min_instance_count": 3}}
    own.create("many", template=template)
    uri, before = own.service("many").uri, pids(own, "many-v1")
    assert len(before) == 3
    control = found(own.status()["pid"])
    os.kill(control.pid, signal.SIGKILL)
    until(lambda: not control.alive)
    assert {page(uri)["pid"] for _ in range(10)} <= set(before)
    command("up", "--state", own.state, "--idle-after", 1)
    assert sorted(pids(own, "many-v1")) == sorted(before)
    assert not pids(own, "sleepy-v1")
    assert page(own.service("sleepy").uri)["K_REVISION"] == "sleepy-v1"
