"""Probes: what a container must answer to count as started, and to live on (row 43)."""

from __future__ import annotations

import time
from typing import Any
from urllib.error import HTTPError

import pytest

from relman.embedded.runtime.lifetime import LIFELESS
from tests.embedded.world import DONE, World, conditions, page, until

GRPC = {"command": ["python", "grpc_app.py"]}


def pid(world: World, service: str) -> int:
    """The process of the service's first revision, as the platform knows it."""
    found = next(one for one in world.status()["services"] if one["name"].endswith(f"/{service}"))
    return int(found["revisions"][0]["pid"])


def env(**variables: object) -> list[dict[str, str]]:
    """Variables as a container has them."""
    return [{"name": name, "value": str(value)} for name, value in variables.items()]


@pytest.mark.parametrize(("value", "code"), [("yes", 0), ("no", 9)])
def test_row_43_an_http_probe_sends_its_headers(platform: World, value: str, code: int) -> None:
    """The container that refuses who it does not know is started only by who says so."""
    headers = [{"name": "X-Member", "value": value}]
    probe = {
        "http_get": {"path": "/members", "http_headers": headers},
        "period_seconds": 1,
        "failure_threshold": 1,
    }
    name = f"member-{value}"
    operation = platform.create(name, template=platform.template(f"{name}-v1", startup_probe=probe))
    assert operation.error.code == code


def test_row_43_a_probe_begins_after_its_delay(platform: World) -> None:
    """Not ready before, though it listens."""
    probe = {"tcp_socket": {}, "initial_delay_seconds": 1}
    begun = time.monotonic()
    platform.create("late", template=platform.template("late-v1", startup_probe=probe))
    assert 1 <= time.monotonic() - begun < 4


@pytest.mark.parametrize(("service", "code"), [("shop", 0), ("cellar", 9)])
def test_row_43_a_grpc_startup_probe_asks_for_its_service(platform: World, service: str, code: int) -> None:
    """SERVING is a yes; a service that the container does not know is none."""
    probe = {"grpc": {"service": service}, "period_seconds": 3, "failure_threshold": 1}
    container = GRPC | {"startup_probe": probe, "env": env(SERVICE="shop")}
    template = platform.template(f"rpc-{service}-v1", **container)
    assert platform.create(f"rpc-{service}", template=template).error.code == code


def test_row_43_a_container_that_falls_ill_is_killed_and_started_again(platform: World) -> None:
    """After as many failures of its liveness probe in a row as it may have."""
    probe = {"http_get": {"path": "/health"}, "period_seconds": 1, "failure_threshold": 2}
    platform.create("ill", template=platform.template("ill-v1", liveness_probe=probe))
    uri, first = platform.service("ill").uri, pid(platform, "ill")
    page(f"{uri}/fall-ill")
    with pytest.raises(HTTPError):
        page(f"{uri}/health")
    begun = time.monotonic()
    until(lambda: pid(platform, "ill") not in {first, 0})
    assert time.monotonic() - begun > 0.8, "one failure was enough"
    until(lambda: conditions(platform.revision("ill", "ill-v1"))["ContainerHealthy"].state == DONE)
    assert page(f"{uri}/health")["pid"] != first


@pytest.mark.parametrize(
    ("probe", "container"),
    [
        ({"grpc": {}}, GRPC | {"env": env(WELL_FOR=3)}),
        ({"tcp_socket": {"port": 9}}, {}),
    ],
    ids=["grpc", "tcp"],
)
def test_row_43_liveness_by_grpc_and_tcp(
    platform: World, probe: dict[str, Any], container: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    """What no longer says SERVING, and what does not listen on the probe's own port, is started again."""
    name = f"lively-{request.node.callspec.id}"
    lively = {"liveness_probe": probe | {"period_seconds": 1, "failure_threshold": 1}}
    platform.create(name, template=platform.template(f"{name}-v1", **container, **lively))
    killed = f"/{name}-v1: {LIFELESS}"  # one that never lives is up too briefly for its number to be seen
    until(lambda: (platform.state / "platform.log").read_text().count(killed) > 1, 30)


def test_row_43_a_healthy_container_is_left_alone(platform: World) -> None:
    """Asked every second, it is the same process after three."""
    probe = {"http_get": {"path": "/health"}, "period_seconds": 1, "failure_threshold": 1}
    platform.create("well", template=platform.template("well-v1", liveness_probe=probe))
    first, begun = pid(platform, "well"), time.monotonic()
    assert until(lambda: time.monotonic() - begun > 3 and pid(platform, "well")) == first
