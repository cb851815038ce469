"""``gcloud builds``, unmodified: listed, described, and the log read where gcloud looks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.embedded.gcloud.cli import Gcloud
from tests.embedded.world import World, page

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


def test_a_folder_is_submitted_built_and_deployed(gcloud: Gcloud, platform: World) -> None:
    """The log is streamed while it is built; what was built is what then answers."""
    image = "gcr.io/p1/submitted:v1"
    said = gcloud.done("builds", "submit", platform.repository, "--pack", f"image={image}")
    assert "REMOTE BUILD OUTPUT" in said
    assert f"Stored {image} as sha256:" in said
    assert "SUCCESS" in said
    assert "is serving 100 percent" in gcloud.done("run", "deploy", "submitted", "--image", image)
    assert page(platform.service("submitted").uri)["K_SERVICE"] == "submitted"


def test_a_build_without_a_source_says_what_became_of_it(gcloud: Gcloud, tmp_path: Path) -> None:
    """With ``--no-source``, in a region: its steps find an empty folder, and the reason is told."""
    config = tmp_path / "cloudbuild.yaml"
    config.write_text("steps:\n- name: gcr.io/k8s-skaffold/pack\n  args: [build, eu/p1/none:v1]\n")
    place = ("--region", "europe-west1")
    said = gcloud.refused("builds", "submit", "--no-source", "--config", config, *place)
    assert "BUILD FAILURE: no start command" in said
    assert "FAILURE" in gcloud.done("builds", "list", *place)
