"""A service that things happen to, Google's clients over each wire, and faults that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from relman.embedded import faulting
from relman.embedded.testing import EmbeddedPlatform, StandingFault
from tests.embedded.clients.pointing import Clients, over_grpc, over_rest
from tests.embedded.world import World, target

Fault = Callable[..., StandingFault]


@pytest.fixture(params=[over_rest, over_grpc], ids=["rest", "grpc"])
def clients(request: pytest.FixtureRequest, platform: World) -> Iterator[Clients]:
    """The typed clients over one wire."""
    found: Clients = request.param(platform.endpoint)
    yield found
    found.close()


@pytest.fixture(scope="session")
def shop(platform: World) -> World:
    """A service ``shop`` with ``shop-v1``, which serves, and ``shop-v2``."""
    platform.create("shop", traffic=[target("shop-v1", 100)])
    platform.update("shop", template=platform.template("shop-v2"))
    return platform


@pytest.fixture
def fault(shop: World) -> Iterator[Fault]:
    """Make something fail; in the end it is good again, and all traffic of the shop at v1."""
    running = EmbeddedPlatform(shop.endpoint, shop.state)

    def demanded(kind: str, **where: Any) -> StandingFault:
        return running.fault(kind, **where)

    yield demanded
    faulting.clear(shop.endpoint)
    shop.update("shop", traffic=[target("shop-v1", 100)])
