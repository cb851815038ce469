"""``gcloud builds``, unmodified: listed, described, and the log read where gcloud looks for it."""

from __future__ import annotations

import pytest

from tests.embedded.gcloud.cli import Gcloud
from tests.embedded.world import World

pytestmark = pytest.mark.wants_program("gcloud")


def test_a_build_is_listed_described_and_its_log_is_read(gcloud: Gcloud, platform: World) -> None:
    """The log comes over TLS from the platform itself."""
    build = platform.build()
    assert build.id in gcloud.done("builds", "list")
    described = gcloud.told("builds", "describe", build.id)
    assert described["results"]["images"][0]["digest"] == build.results.images[0].digest
    log = gcloud.done("builds", "log", build.id)
    assert f"Stored eu/p1/api:v1 as {build.results.images[0].digest}" in log
    assert "has ended and cannot be cancelled" in gcloud.refused("builds", "cancel", build.id)
