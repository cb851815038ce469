"""Cloud Build API v1: a commit becomes an image.

What it is not: a builder. What is sent are the steps that the real Cloud Build runs: ``docker
build`` where the commit has a Dockerfile, else Google's buildpacks. CreateBuild has no request
id, so every build carries a tag that a second look finds (ruling 6).

Source: https://cloud.google.com/build/docs/api/reference/rest/v1/projects.builds
"""

from __future__ import annotations

from typing import Any

import msgspec

from relman.wire import options, speaking

READ_SECONDS = 8.0
WRITE_SECONDS = 15.0
DOCKER = "gcr.io/cloud-builders/docker"
PACK = "gcr.io/k8s-skaffold/pack"
BUILDER = "gcr.io/buildpacks/builder:latest"
RUNNING = {"PENDING", "QUEUED", "WORKING"}


class Source(msgspec.Struct, frozen=True):
    """Where the commit is fetched from: any git remote, the full hash, and the folder that is built."""

    url: str
    commit: str
    folder: str = ""


class LiveBuild(msgspec.Struct, frozen=True):
    """A build as the platform answered it.

    Attributes:
        status: As Cloud Build spells it: ``QUEUED``, ``WORKING``, ``SUCCESS``, ``FAILURE`` …
        digest: ``sha256:…`` of the image, empty until there is one.
        complaint: Why it failed, empty where it did not.
        log: Where the build's log is.
    """

    id: str
    status: str
    digest: str = ""
    complaint: str = ""
    log: str = ""

    @property
    def running(self) -> bool:
        """It has not ended yet."""
        return self.status in RUNNING


def steps(image: str, *, dockerfile: bool, start: str | None) -> list[dict[str, Any]]:
    """The steps that build ``image``, as the real Cloud Build runs them.

    Args:
        image: The name and tag to build.
        dockerfile: The commit has a Dockerfile at its top.
        start: The start command for buildpacks; None leaves it to the Procfile.
    """
    if dockerfile:
        return [{"name": DOCKER, "args": ["build", "-t", image, "."]}]
    # A bare $PORT would be taken for a substitution of Cloud Build's; $$ is a plain dollar sign.
    command = ["--env", f"GOOGLE_ENTRYPOINT={start.replace('$', '$$')}"] if start else []
    args = ["build", image, "--builder", BUILDER, "--network", "cloudbuild", *command]
    return [{"name": PACK, "entrypoint": "pack", "args": args}]


class CloudBuild:
    """The official client, spoken to over REST.

    Args:
        endpoint: Where the API is; None for Google's own.
    """

    def __init__(self, endpoint: str | None) -> None:
        """Remember the endpoint; nothing is imported or connected before the first request."""
        self.endpoint = endpoint
        self._made: Any = None

    def submit(
        self, project: str, *, source: Source, image: str, tags: list[str], run: list[dict[str, Any]]
    ) -> None:
        """Ask for a build of ``source`` as ``image`` with the steps ``run``; do not wait for it."""
        from google.cloud.devtools import cloudbuild_v1

        build = cloudbuild_v1.Build(
            source={"git_source": {"url": source.url, "revision": source.commit, "dir_": source.folder}},
            steps=run,
            images=[image],
            tags=tags,
        )
        with speaking("Cloud Build", self.endpoint):
            self._client().create_build(project_id=project, build=build, retry=None, timeout=WRITE_SECONDS)

    def builds(self, project: str, tag: str) -> tuple[LiveBuild, ...]:
        """The builds that carry a tag, the oldest first."""
        with speaking("Cloud Build", self.endpoint):
            found = self._client().list_builds(
                request={"project_id": project, "filter": f'tags="{tag}"'}, retry=None, timeout=READ_SECONDS
            )
            return tuple(_build(one) for one in found)[::-1]

    def close(self) -> None:
        """Close the connections."""
        if self._made:
            self._made.transport.close()
        self._made = None

    def _client(self) -> Any:  # noqa: ANN401 - the official client's class
        if self._made is None:
            from google.cloud.devtools import cloudbuild_v1

            self._made = cloudbuild_v1.CloudBuildClient(transport="rest", **options(self.endpoint))
        return self._made


def _build(one: Any) -> LiveBuild:  # noqa: ANN401 - proto-plus message
    images = one.results.images
    return LiveBuild(
        id=one.id,
        status=one.status.name,
        digest=images[0].digest if images else "",
        complaint=one.failure_info.detail or one.status_detail,
        log=one.log_url,
    )
