"""One platform with a clock of its own for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.embedded.monitoring.world import Client, Timed
from tests.embedded.world import World, target


@pytest.fixture(scope="module")
def timed(platform: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timed]:
    """The platform, with a service ``shop`` whose v2 has a fifth of the traffic."""
    one = Timed(tmp_path_factory.mktemp("timed") / "state", platform)
    try:
        one.create("shop", traffic=[target("shop-v1", 100)])
        traffic = [target("shop-v1", 80), target("shop-v2", 20)]
        assert not one.update("shop", template=one.template("shop-v2"), traffic=traffic).error.message
        yield one
    finally:
        one.close()


@pytest.fixture
def client(timed: Timed) -> Iterator[Client]:
    """A client of the shop."""
    one = Client(timed.service("shop").uri)
    yield one
    one.close()
