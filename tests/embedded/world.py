"""A platform under test and Google's own clients for it. What it is not: a mock of anything."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2
from google.cloud.devtools import cloudbuild_v1

PLACE = "projects/p1/locations/europe-west1"
PACK = "gcr.io/k8s-skaffold/pack"
DOCKER = "gcr.io/cloud-builders/docker"
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
REVISION = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
DONE = run_v2.Condition.State.CONDITION_SUCCEEDED
FAILED = run_v2.Condition.State.CONDITION_FAILED


def command(*words: object) -> subprocess.CompletedProcess[str]:
    """Run the platform's command line."""
    argv = [sys.executable, "-m", "relman.embedded", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


def until(truth: Callable[[], Any], seconds: float = 10) -> Any:
    """Wait until something is true, and hand it back."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = truth()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not true within {seconds} s: {truth}")


def page(url: str) -> dict[str, Any]:
    """What the app says of itself at a URL."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the platform's own URL
        found: dict[str, Any] = json.loads(answer.read())
    return found


def target(revision: str, percent: int = 0, tag: str = "") -> dict[str, Any]:
    """One traffic target by name."""
    return {"type_": REVISION, "revision": revision, "percent": percent, "tag": tag}


class World:
    """One running platform."""

    def __init__(self, state: Path, endpoint: str, repository: Path) -> None:
        """Open the clients."""
        self.state, self.endpoint, self.repository = state, endpoint, repository
        options: dict[str, Any] = {
            "transport": "rest",
            "credentials": AnonymousCredentials(),  # type: ignore[no-untyped-call]
            "client_options": {"api_endpoint": endpoint},
        }
        self.services = run_v2.ServicesClient(**options)
        self.revisions = run_v2.RevisionsClient(**options)
        self.builds = cloudbuild_v1.CloudBuildClient(**options)
        self.image = ""

    def close(self) -> None:
        """Close the clients."""
        for client in (self.services, self.revisions, self.builds):
            client.transport.close()  # type: ignore[no-untyped-call]
        for client in (self.services, self.revisions, self.builds):
            client.transport.operations_client._transport._session.close()  # noqa: SLF001 - it has no close of its own

    def status(self) -> dict[str, Any]:
        """What the platform's command says."""
        found: dict[str, Any] = json.loads(command("status", "--state", self.state, "--json").stdout)
        return found

    def build(self, **fields: Any) -> cloudbuild_v1.Build:
        """Ask for a build and wait for its end."""
        sha = git(self.repository, "rev-parse", "HEAD")
        build = {
            "source": {"git_source": {"url": self.repository.as_uri(), "revision": sha}},
            "steps": [{"name": PACK, "args": ["build", "eu/p1/api:v1", "--builder", "b"]}],
            "images": ["eu/p1/api:v1"],
        } | fields
        begun = self.builds.create_build({"project_id": "p1", "build": build})
        build_id = begun.metadata.build.id
        ended = (3, 4, 5, 6, 7)
        found: cloudbuild_v1.Build = until(lambda: self._ended(build_id, ended), 30)
        return found

    def _ended(self, build_id: str, ended: tuple[int, ...]) -> cloudbuild_v1.Build | None:
        build = self.builds.get_build(project_id="p1", id=build_id)
        return build if build.status in ended else None

    def template(self, name: str = "", **fields: Any) -> dict[str, Any]:
        """A revision template of the test's app."""
        return {"revision": name, "containers": [{"image": self.image, **fields}]}

    def create(self, service_id: str, **fields: Any) -> Any:
        """Create a service and wait; the operation."""
        service = {"template": self.template(f"{service_id}-v1")} | fields
        return self.wait(self.begin(service_id, **service))

    def begin(self, service_id: str, **service: Any) -> Any:
        """Create a service, and do not wait."""
        return self.services.create_service({"parent": PLACE, "service_id": service_id, "service": service})

    def update(self, service_id: str, *mask: str, etag: str = "", **fields: Any) -> Any:
        """Update a service and wait; the operation."""
        return self.wait(self.ask(service_id, *mask, etag=etag, **fields))

    def ask(self, service_id: str, *mask: str, etag: str = "", **fields: Any) -> Any:
        """Update a service, and do not wait."""
        service = {"name": f"{PLACE}/services/{service_id}", "etag": etag, **fields}
        request = {"service": service, "update_mask": {"paths": list(mask or fields)}}
        return self.services.update_service(request)

    def wait(self, begun: Any, seconds: int = 20) -> Any:
        """Wait for an operation at the server."""
        request = {"name": begun.operation.name, "timeout": {"seconds": seconds}}
        return self.services.wait_operation(request, timeout=seconds + 5)

    def service(self, service_id: str) -> run_v2.Service:
        """The service as it stands."""
        return self.services.get_service(name=f"{PLACE}/services/{service_id}")

    def revision(self, service_id: str, name: str) -> run_v2.Revision:
        """A revision as it stands."""
        return self.revisions.get_revision(name=f"{PLACE}/services/{service_id}/revisions/{name}")


def conditions(revision: run_v2.Revision) -> dict[str, run_v2.Condition]:
    """A revision's conditions by type."""
    return {one.type_: one for one in revision.conditions}


def pid_of(world: World, revision: str) -> int:
    """The process of a revision by the platform's own word."""
    revisions = [one for service in world.status()["services"] for one in service["revisions"]]
    return next(int(one["pid"]) for one in revisions if one["name"] == revision)


def git(repository: Path, *words: str) -> str:
    """Run git in a repository."""
    argv = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@b.example", *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def launched(state: Path, repository: Path, *flags: object) -> World:
    """A platform that was started for this."""
    begun = command("up", "--state", state, "--port", free_port(), *flags)
    assert begun.returncode == 0, begun.stderr
    return World(state, begun.stdout.strip(), repository)


def free_port() -> int:
    """A port that nobody has."""
    from relman.embedded import ports

    return ports.free()
