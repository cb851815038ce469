"""Faults as people type them: refused with what is known, listed as they were typed, cleared."""

from __future__ import annotations

import http.client
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relman.embedded import faulting
from relman.embedded.resources.faults import CODES, KINDS, PARAMETERS, BadFault, fault_of
from relman.embedded.resources.striking import chosen
from relman.tasks import ns
from tests.embedded.faults.conftest import Fault
from tests.embedded.test_tasks import typed
from tests.embedded.world import World


def inv(shop: World, *words: str) -> subprocess.CompletedProcess[str]:
    """``inv platform.fault`` for the platform of the tests."""
    return typed(shop.state, "platform.fault", f"--state={shop.state}", *words)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "no kind of fault: None; known are latency, unavailable, "),
        ({"kind": "unavailble"}, r"'unavailble' \(did you mean unavailable\?\); known are latency, "),
        ({"kind": "held", "code": "ABORTED"}, "kind held takes no 'code'; it takes service"),
        ({"kind": "slow"}, "kind slow needs latency"),
        ({"kind": "clock"}, "kind clock needs exactly one of offset, at"),
        ({"kind": "clock", "offset": 1, "at": "2026-11-25T10:00:00Z"}, "exactly one of offset, at"),
        ({"kind": "clock", "at": "2026-11-25T10:00:00"}, "at is a time with its offset"),
        ({"kind": "clock", "at": "tomorrow"}, "at is a time with its offset"),
        ({"kind": "clock", "offset": "20000d"}, "offset is at most ten years"),
        ({"kind": "refused", "code": "TEAPOT"}, f"code is one of {CODES[0]}, "),
        ({"kind": "errors", "status": 200}, "status is an HTTP status of a failure"),
        ({"kind": "errors", "status": "500"}, "Expected `int`, got `str`"),
        ({"kind": "errors", "rate": 0}, "rate is a percentage above 0"),
        ({"kind": "errors", "rate": 100.5}, "rate is a percentage above 0 and up to 100"),
        ({"kind": "errors", "path": ["checkout"]}, "path begins with /"),
        ({"kind": "clock", "at": "0001-01-01T00:00:00+10:00"}, "between the years 1971 and 9900"),
        ({"kind": "clock", "at": "9999-12-31T23:59:59Z"}, "between the years 1971 and 9900"),
        ({"kind": "errors", "nth": 0}, "nth counts from 1"),
        ({"kind": "errors", "nth": 10**20}, "nth counts from 1"),
        ({"kind": "errors", "times": 10**20}, "times is a number of calls"),
        ({"kind": "errors", "seed": -(10**20)}, "seed is at most"),
        ({"kind": "slow", "latency": 10**400}, "latency is a time"),
        ({"kind": "errors", "times": -1}, "times is a number of calls"),
        ({"kind": "errors", "name": "No!"}, "name takes lower-case letters"),
        ({"kind": "latency", "latency": "soon"}, "latency is a time, like 500ms, 2s or 10m, not 'soon'"),
        ({"kind": "latency", "latency": "-2s"}, "latency is a time"),
        ({"kind": "operation-fails", "change": "lost"}, "change is one of made, dropped"),
        ({"kind": "second-writer", "when": "never"}, "when is one of before, after"),
    ],
)
def test_what_is_no_fault_is_refused_with_what_is_known(given: dict[str, object], sentence: str) -> None:
    """Each mistake has its sentence."""
    with pytest.raises(BadFault, match=sentence):
        fault_of(given)


def test_a_path_and_a_time_may_be_what_a_program_has(fault: Fault, shop: World) -> None:
    """One path by itself, a time as an object: as a test in Python writes them."""
    fault("errors", path="/checkout", revision="none")
    fault("clock", at=datetime(2027, 1, 1, tzinfo=UTC))
    first, second = faulting.standing(shop.endpoint)
    assert (first["path"], second["at"]) == (["/checkout"], "2027-01-01T00:00:00Z")


@pytest.mark.parametrize("rate", [0.1, 0.5, 1, 7, 12.5, 33.3, 50, 99.9, 100])
def test_a_rate_is_exact_over_every_hundred(rate: float) -> None:
    """After n hundreds the struck ones are n times the rate, rounded down; whatever the seed."""
    for seed in (0, 1):
        struck = [chosen(rate, seed, turn) for turn in range(1000)]
        sums = [sum(struck[: 100 * blocks]) for blocks in range(1, 11)]
        assert sums == [int(blocks * rate + 1e-9) for blocks in range(1, 11)]


def test_a_sequence_is_the_same_everywhere() -> None:
    """It is part of what is promised: a seed of today strikes the same calls next year."""
    assert [turn for turn in range(100) if chosen(5, 7, turn)] == [36, 41, 48, 68, 96]


def test_the_task_knows_every_kind_and_every_parameter() -> None:
    """What the platform can, the task's help names."""
    task = ns["platform.fault"]
    flags = {each.name: each for each in task.parameters}
    assert set(PARAMETERS) <= set(flags)
    assert [kind for kind in KINDS if kind not in flags["kind"].about] == []


def test_a_fault_is_set_listed_and_cleared_by_the_task(shop: World, fault: Fault) -> None:
    """Listed as it would be typed, with its counts; exit 2 for what is not known."""
    assert fault is not None
    set_ = inv(shop, "--kind=slow", "--revision=shop-v2", "--path=/a b", "--path=/c", "--latency=1500ms")
    line = set_.stdout
    assert "slow  --revision=shop-v2 '--path=/a b' --path=/c --latency=1.5s  (seen 0, struck 0)" in line
    assert inv(shop).stdout == inv(shop, "--list").stdout == line
    name = line.split()[0]
    assert f"fault     slow  {name}" in typed(shop.state, "platform.status", f"--state={shop.state}").stdout
    wrong = inv(shop, "--clear", "--name=nobody")
    assert (wrong.returncode, wrong.stderr) == (2, f"no fault 'nobody' stands; there are: {name}\n")
    assert inv(shop, "--clear", f"--name={name}").stdout == f"cleared {line}"
    assert inv(shop, "--clear").stdout == "no faults\n"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"kind": "unavailable", "method": "UpdateServic"},
            r"no method 'UpdateServic' \(did you mean UpdateS",
        ),
        ({"kind": "operation-hangs", "method": "GetService"}, "known are CreateService, UpdateService, "),
        (
            {"kind": "operation-fails", "change": "dropped", "method": "DeleteService"},
            "--change dropped: no m",
        ),
        ({"kind": "image-gone", "image": "eu/none:v1"}, "no image 'eu/none:v1'"),
        ({"kind": "image-gone", "revision": "none-v1"}, "no revision 'none-v1'; there are: projects/"),
    ],
)
def test_the_platform_refuses_what_it_does_not_have(
    fault: Fault, given: dict[str, str], sentence: str
) -> None:
    """A method, an image, a revision: with those that there are."""
    with pytest.raises(BadFault, match=sentence):
        fault(**given)


def test_a_name_stands_for_one_fault(shop: World, fault: Fault) -> None:
    """A second one of the name is refused; of many clocks and outages each goes by itself."""
    fault("reset", name="mine")
    with pytest.raises(BadFault, match="a fault 'mine' stands already"):
        fault("errors", name="mine")
    assert [one["kind"] for one in shop.status()["faults"]] == ["reset"]


def test_no_name_comes_back(fault: Fault) -> None:
    """Whoever still asks for the counts of one that was cleared is not told another's."""
    first = fault("reset", revision="none")
    first.clear()
    second = fault("reset", revision="none")
    assert first.name != second.name


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--kind=held", "--list"], "--kind, --list and --clear are three things"),
        (["--clear", "--rate=5"], "--rate needs a --kind"),
    ],
)
def test_the_task_refuses_what_says_two_things(tmp_path: Path, words: list[str], sentence: str) -> None:
    """Exit 2 before any platform is asked."""
    ran = typed(tmp_path, "platform.fault", *words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert sentence in ran.stderr


def test_a_platform_that_is_away_is_told(tmp_path: Path) -> None:
    """Exit 69 with what to type; a fault that makes no sense is exit 2 all the same."""
    away = typed(tmp_path, "platform.fault", "--kind=reset")
    assert (away.returncode, away.stderr.splitlines()[1:]) == (69, ["  next: inv platform.up"])
    assert typed(tmp_path, "platform.fault", "--kind=rest").returncode == 2


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/faults", b"{"),
        ("POST", "/faults", b"[]"),
        ("POST", "/faults", b'{"kind": "errors", "colour": 1}'),
        ("POST", "/faults", b"[" * 100_000),
        ("POST", "/faults", b'{"kind": "errors", "revision": "\\ud800"}'),
        ("POST", "/faults", b'{"kind": "slow", "latency": ' + b"9" * 400 + b"}"),
        ("POST", "/faults/f1", b"{}"),
        ("PUT", "/faults", b"{}"),
        ("DELETE", "/faults/nobody", b""),
    ],
)
def test_the_wire_refuses_what_it_does_not_know(shop: World, method: str, path: str, body: bytes) -> None:
    """400 with a sentence, for programs that speak it themselves."""
    connection = http.client.HTTPConnection(shop.endpoint.removeprefix("http://"), timeout=10)
    connection.request(method, path, body)
    answer = connection.getresponse()
    assert (answer.status, list(json.loads(answer.read()))) == (400, ["error"])
    connection.close()


def test_v1_meets_the_same_faults(shop: World, fault: Fault) -> None:
    """What gcloud speaks goes by the same door: refused, or left without an answer."""
    path = "/apis/serving.knative.dev/v1/namespaces/p1/services/shop"

    def asked() -> int:
        connection = http.client.HTTPConnection(shop.endpoint.removeprefix("http://"), timeout=10)
        try:
            connection.request("GET", path, headers={"host": "europe-west1-run.relman.internal"})
            return connection.getresponse().status
        finally:
            connection.close()

    assert asked() == 200
    with fault("unavailable", method="GetService", service="shop"):
        assert asked() == 503
    fault("reply-lost", method="GetService")
    with pytest.raises(http.client.RemoteDisconnected):
        asked()
