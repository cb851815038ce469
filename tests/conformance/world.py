"""Where the suite runs, and what a test does there: create, update, split, look, delete.

What it is not: the platform's own world (``tests.embedded.world``). All that is said here can be said to
Google as well: names are random, everything that was made is deleted.
"""

from __future__ import annotations

import json
import secrets
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.error import URLError

import requests
from google.cloud import run_v2
from google.longrunning import operations_pb2

from tests.conformance.clients import Clients, Refused

HELLO = "us-docker.pkg.dev/cloudrun/container/hello"
"""Google's public image. That its page has the name of its revision in it is from memory (?)."""


@dataclass(frozen=True)
class Place:
    """Where the suite runs.

    Attributes:
        project: The project's id.
        region: The region.
        image: What is deployed: the suite's own app, or Google's hello.
        endpoint: Where a platform listens; empty for Google.
        real: Nobody knows what is behind it: only what Google allows is asked.
        repository: A git repository with the app, which the platform can build; empty for a real place.
        prefix: Begins every name that is made.
    """

    project: str
    region: str
    image: str
    endpoint: str
    real: bool
    repository: str = ""
    prefix: str = field(default_factory=lambda: f"c{secrets.token_hex(3)}")

    @property
    def parent(self) -> str:
        """Project and region, as the APIs name them."""
        return f"projects/{self.project}/locations/{self.region}"

    def service(self, service_id: str) -> str:
        """The whole name of a service."""
        return f"{self.parent}/services/{service_id}"

    def revision(self, service_id: str, name: str) -> str:
        """The whole name of a revision."""
        return f"{self.service(service_id)}/revisions/{name}"


@dataclass(frozen=True)
class Ended:
    """How a change came out.

    Attributes:
        code: Of the error, 0 when there is none.
        message: Of the error.
        service: What the operation answered, empty with an error.
        done: It has ended.
        name: The operation's name.
    """

    code: int
    message: str
    service: run_v2.Service
    done: bool = True
    name: str = ""


class World:
    """One test's hands, over gRPC or REST."""

    def __init__(self, place: Place, wire: str, clients: Clients) -> None:
        """Nothing was made yet."""
        self.place, self.wire, self._clients = place, wire, clients
        self._made: list[str] = []

    def ask(self, api: str, method: str, **request: Any) -> Any:
        """One call, as it is.

        Raises:
            Refused: The API says no.
        """
        return self._clients.ask(api, method, **request)

    def name(self) -> str:
        """A name that nobody has; what is made under it is deleted after the test."""
        self._made.append(f"{self.place.prefix}-{secrets.token_hex(3)}")
        return self._made[-1]

    def template(self, revision: str = "", **fields: Any) -> dict[str, Any]:
        """A revision template of the app."""
        return {"revision": revision, "containers": [{"image": self.place.image, **fields}]}

    def mode(self, revision: str, mode: str, **fields: Any) -> dict[str, Any]:
        """A template of the app that is ``broken``, ``deaf`` or ``stubborn``."""
        return self.template(revision, env=[{"name": "MODE", "value": mode}], **fields)

    def begin(self, service_id: str, **service: Any) -> operations_pb2.Operation:
        """Create a service that answers strangers, and do not wait."""
        sent = {"template": self.template(f"{service_id}-v1"), "invoker_iam_disabled": True, **service}
        parent = self.place.parent
        return self.ask("services", "CreateService", parent=parent, service_id=service_id, service=sent)

    def create(self, service_id: str, **service: Any) -> Ended:
        """Create a service and wait."""
        return self.wait(self.begin(service_id, **service))

    def change(self, service_id: str, *mask: str, etag: str = "", **fields: Any) -> operations_pb2.Operation:
        """Update a service, and do not wait; the mask is what is given unless it is said."""
        service = {"name": self.place.service(service_id), "etag": etag, **fields}
        paths = {"paths": list(mask or fields)}
        return self.ask("services", "UpdateService", service=service, update_mask=paths)

    def update(self, service_id: str, *mask: str, etag: str = "", **fields: Any) -> Ended:
        """Update a service and wait."""
        return self.wait(self.change(service_id, *mask, etag=etag, **fields))

    def write(self, service: run_v2.Service) -> operations_pb2.Operation:
        """Write a service back as it is, without a mask."""
        return self.ask("services", "UpdateService", service=service)

    def wait(self, operation: operations_pb2.Operation, seconds: float = 600) -> Ended:
        """Wait for the end of an operation."""
        deadline = time.monotonic() + seconds
        while not operation.done and time.monotonic() < deadline:
            wait = {"seconds": 20}
            operation = self.ask("operations", "WaitOperation", name=operation.name, timeout=wait)
        service = run_v2.Service()
        if operation.response.type_url.endswith(".Service"):
            service = run_v2.Service.deserialize(operation.response.value)
        error = operation.error
        return Ended(error.code, error.message, service, operation.done, operation.name)

    def service(self, service_id: str) -> run_v2.Service:
        """The service as it stands."""
        found: run_v2.Service = self.ask("services", "GetService", name=self.place.service(service_id))
        return found

    def has(self, service_id: str) -> bool:
        """Whether the service is there."""
        try:
            self.service(service_id)
        except Refused as refused:
            if refused.status != "NOT_FOUND":
                raise
            return False
        return True

    def services(self, **request: Any) -> list[run_v2.Service]:
        """The services of the region, one page of them."""
        asked = {"parent": self.place.parent, **request}
        return list(self.ask("services", "ListServices", **asked).services)

    def revision(self, service_id: str, name: str) -> run_v2.Revision:
        """A revision as it stands."""
        whole = self.place.revision(service_id, name)
        found: run_v2.Revision = self.ask("revisions", "GetRevision", name=whole)
        return found

    def revisions(self, service_id: str) -> list[run_v2.Revision]:
        """The revisions of a service as they are listed."""
        parent = self.place.service(service_id)
        return list(self.ask("revisions", "ListRevisions", parent=parent).revisions)

    def delete(self, service_id: str, **request: Any) -> operations_pb2.Operation:
        """Delete a service, and do not wait."""
        return self.ask("services", "DeleteService", name=self.place.service(service_id), **request)

    def delete_revision(self, service_id: str, name: str) -> run_v2.Revision:
        """Delete a revision; what the operation answers."""
        whole = self.place.revision(service_id, name)
        operation = self.ask("revisions", "DeleteRevision", name=whole)
        while not operation.done:
            operation = self.ask("operations", "WaitOperation", name=operation.name)
        gone: run_v2.Revision = run_v2.Revision.deserialize(operation.response.value)
        return gone

    def http(self, method: str, path: str, **sent: Any) -> requests.Response:
        """One request of one's own, to the API that REST clients speak to."""
        return self._clients.http(method, path, **sent)

    def wait_json(self, operation: dict[str, Any]) -> None:
        """Wait for the end of an operation that came as JSON."""
        self.wait(operations_pb2.Operation(name=operation["name"]))

    def clear(self) -> None:
        """Delete all that was made, also when one delete is refused; it may be gone already."""
        made, self._made = self._made, []
        with ExitStack() as stack:
            for service_id in made:
                stack.callback(self._remove, service_id)

    def _remove(self, service_id: str) -> None:
        if self.has(service_id):
            self.delete(service_id)


def body(url: str, host: str = "", timeout: float = 20) -> str:
    """What a URL answers."""
    request = urllib.request.Request(url, headers={"host": host} if host else {})  # noqa: S310 - a service's
    with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
        return str(answer.read().decode())


def page(url: str) -> dict[str, Any]:
    """What the suite's own app says of itself."""
    found: dict[str, Any] = json.loads(body(url))
    return found


def answering(url: str, *revisions: str, host: str = "") -> str:
    """Which of these revisions answers at a URL; the app and Google's hello both say who they are."""
    text = body(url, host)
    found = [one for one in revisions if one in text]
    assert len(found) == 1, (found, text[:500])
    return found[0]


def shares(url: str, *revisions: str, count: int = 20) -> dict[str, int]:
    """How often each of these revisions answers."""
    found = [answering(url, *revisions) for _ in range(count)]
    return {one: found.count(one) for one in revisions if one in found}


def conditions(holder: run_v2.Service | run_v2.Revision) -> dict[str, run_v2.Condition]:
    """Conditions by type."""
    return {one.type_: one for one in holder.conditions}


def short(name: str) -> str:
    """The last part of a resource name."""
    return name.rpartition("/")[2]


def away(url: str) -> bool:
    """Nothing answers there."""
    try:
        body(url)
    except (URLError, ConnectionError):
        return True
    return False
