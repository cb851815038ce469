"""The client of this folder's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.embedded.v1.knative import Knative
from tests.embedded.world import World


@pytest.fixture(scope="session")
def knative(platform: World) -> Iterator[Knative]:
    """A client of v1."""
    client = Knative(platform)
    with client.session:
        yield client
