"""gcloud, pointed at the platform that the tests share."""

from __future__ import annotations

import pytest

from tests.embedded.gcloud.cli import Gcloud
from tests.embedded.world import World


@pytest.fixture(scope="session")
def gcloud(platform: World) -> Gcloud:
    """The command as a newcomer has it."""
    return Gcloud(platform)
