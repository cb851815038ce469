"""Cloud Run Admin API v2: what relman reads from it and the three writes it knows.

What it is not: a decision. Steps decide what to write; here a request is sent once, with its
etag, and whatever the official client raises is turned into one tree of errors.

Source: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from relman.ledger import chain
from relman.models import Release, ServiceKey, TrafficSplit
from relman.wire import speaking

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
EPOCH = "relman.dev/epoch"
WAY_BACK = "relman.dev/way-back"
TEMPLATE = "relman.dev/template"
VERSION = "relman.dev/version"
COMMIT = "relman.dev/commit"
OURS = "relman.dev/"
READ_SECONDS = 4.0
"""A read that takes longer is taken for no answer: a rollback must say so within ten seconds."""
WRITE_SECONDS = 15.0
LONGEST_NAME = 46
"""Tag and service name together (row 29 of the platform's semantics)."""


def tag_of(revision: str) -> str:
    """The tag of relman's own for a revision, ``c-`` and five hex digits: only a tag gives it a URL."""
    return f"c-{hashlib.sha256(revision.encode()).hexdigest()[:5]}"


class Target(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One entry of a service's traffic, as it was asked for or as it is served."""

    type: str = LATEST
    revision: str = ""
    percent: int = 0
    tag: str = ""
    uri: str = ""

    @property
    def is_relman(self) -> bool:
        """The entry carries relman's own tag, and not one of the team's."""
        return bool(self.tag) and self.tag == tag_of(self.revision)


class RolledBack(msgspec.Struct, frozen=True):
    """The last rollback, as it stands on the service: which revisions, when, and the bad image."""

    leaves: str
    to: str
    when: str
    digest: str = ""


class WayBack(msgspec.Struct, frozen=True):
    """The way back, kept on the service itself so that it needs no ledger (ruling 12).

    Attributes:
        chain: The releases a rollback can go to, newest first.
        rolled_back: The last rollback, until the next deploy.
        candidate: The revision that the rollout under way brings, or brought last.
    """

    chain: tuple[Release, ...] = ()
    rolled_back: RolledBack | None = None
    candidate: str = ""


class LiveService(msgspec.Struct, frozen=True):
    """A service as the platform answered it."""

    etag: str
    generation: int
    reconciling: bool
    annotations: dict[str, str]
    template: dict[str, Any]
    asked: tuple[Target, ...]
    served: tuple[Target, ...]
    latest_ready: str
    uri: str
    complaint: str

    @classmethod
    def empty(cls, annotations: dict[str, str]) -> LiveService:
        """A service that is not there yet, but for the annotations that it will have."""
        return cls("", 0, False, annotations, {}, (), (), "", "", "")  # noqa: FBT003 - a row of nothing

    @property
    def split(self) -> TrafficSplit:
        """The traffic by revision; a LATEST entry means the latest *ready* revision (row 25)."""
        return self._split(self.asked)

    @property
    def served_split(self) -> TrafficSplit:
        """The traffic as the platform says that it is served now."""
        return self._split(self.served)

    @property
    def pinned(self) -> bool:
        """No traffic follows LATEST: a deploy by anybody cannot move it."""
        return all(target.type == REVISION for target in self.asked if target.percent) and any(
            target.percent for target in self.asked
        )

    @property
    def epoch(self) -> int:
        """The authority that last wrote, 0 for none."""
        text = self.annotations.get(EPOCH, "")
        return int(text) if text.isdecimal() else 0

    @property
    def way_back(self) -> WayBack:
        """What the service says of the way back; unreadable counts as nothing said."""
        try:
            return msgspec.json.decode(self.annotations.get(WAY_BACK, "{}"), type=WayBack)
        except msgspec.DecodeError:
            return WayBack()

    def tag_uri(self, revision: str) -> str:
        """The URL of a revision's relman tag, empty while it has none."""
        return next((target.uri for target in self.served if target.tag == tag_of(revision)), "")

    def tagged(self, revision: str) -> bool:
        """Whether relman's tag for a revision is asked for."""
        return any(target.tag == tag_of(revision) for target in self.asked)

    def _split(self, targets: Iterable[Target]) -> TrafficSplit:
        shares: dict[str, int] = {}
        for target in targets:
            name = target.revision if target.type == REVISION else self.latest_ready
            shares[name] = shares.get(name, 0) + target.percent
        if not any(shares.values()) and self.latest_ready:
            return TrafficSplit.all_to(self.latest_ready)  # row 26: empty means LATEST
        return TrafficSplit(tuple(shares.items()) if any(shares.values()) else ())


class LiveRevision(msgspec.Struct, frozen=True):
    """A revision as the platform answered it. ``ready`` is None while nobody knows."""

    name: str
    ready: bool | None
    reason: str
    image: str
    annotations: dict[str, str]

    @property
    def release(self) -> Release:
        """The revision as what a rollback can go to."""
        digest = self.image.rpartition("@")[2] if "@" in self.image else ""
        return Release(self.annotations.get(VERSION, ""), self.name, digest)


def composed(live: LiveService, split: TrafficSplit, tagged: Iterable[str]) -> list[dict[str, Any]]:
    """The traffic list to write: an explicit split, relman's tags, and every tag of the team's.

    Args:
        live: The service as read with the etag that the write will carry.
        split: The traffic, by revision name.
        tagged: The revisions that keep (or get) relman's tag at 0 %.
    """
    kept = [
        Target(type=target.type, revision=target.revision, tag=target.tag)
        for target in live.asked
        if target.tag and not target.is_relman
    ]
    shares = [Target(REVISION, revision, percent) for revision, percent in split.shares]
    ours = [Target(REVISION, revision, tag=tag_of(revision)) for revision in dict.fromkeys(tagged)]
    return [_spelled(target) for target in [*shares, *ours, *kept]]


def marked(live: LiveService, epoch: int, way_back: WayBack) -> dict[str, str]:
    """The annotations to write: all that were there, the driver's epoch, and the way back.

    The whole map goes out, because a mask of ``annotations`` is taken to replace it (ruling 11).
    """
    text = msgspec.json.encode(way_back).decode()
    return {**live.annotations, EPOCH: str(epoch), WAY_BACK: text}


def template_digest(template: dict[str, Any]) -> str:
    """SHA-256 of a revision template without its name and relman's own annotations (ruling 5)."""
    annotations = template.get("annotations", {})
    foreign = {name: value for name, value in annotations.items() if not name.startswith(OURS)}
    bare = {name: value for name, value in template.items() if name not in {"revision", "annotations"}}
    return chain.sha256(bare | ({"annotations": foreign} if foreign else {}))


class CloudRun:
    """The official client, spoken to over REST.

    Args:
        endpoint: Where the API is; None for Google's own.
    """

    def __init__(self, endpoint: str | None) -> None:
        """Remember the endpoint; nothing is imported or connected before the first request."""
        self.endpoint = endpoint
        self._clients: dict[str, Any] = {}

    def service(self, key: ServiceKey) -> LiveService | None:
        """The service, or None if there is none."""
        found = self._read("Services", "get_service", key.path)
        return _live(_plain(found)) if found else None

    def revision(self, key: ServiceKey, name: str) -> LiveRevision | None:
        """One revision, or None if there is none."""
        found = self._read("Revisions", "get_revision", f"{key.path}/revisions/{name}")
        return _revision(_plain(found)) if found else None

    def revisions(self, key: ServiceKey) -> tuple[LiveRevision, ...]:
        """All revisions of a service, newest first as the platform lists them."""
        with self._speaking():
            found = self._client("Revisions").list_revisions(
                parent=key.path, retry=None, timeout=READ_SECONDS
            )
            return tuple(_revision(_plain(one)) for one in found)

    def create(self, key: ServiceKey, body: dict[str, Any]) -> str:
        """Ask for a new service; the operation's name. ALREADY_EXISTS is its fence."""
        from google.cloud import run_v2

        parent, _, service_id = key.path.partition("/services/")
        request = run_v2.CreateServiceRequest(
            parent=parent, service=_message(run_v2.Service, body), service_id=service_id
        )
        return self._write("create_service", request)

    def update(self, key: ServiceKey, *, etag: str, body: dict[str, Any]) -> str:
        """Write exactly the fields of ``body`` (its keys are the mask) if the etag still holds.

        Returns:
            The operation's name.

        Raises:
            Raced: The service has changed since the etag was read.
            Rejected: The platform refuses the request as it is.
        """
        from google.cloud import run_v2

        whole = {"name": key.path, "etag": etag, **body}
        request = run_v2.UpdateServiceRequest(
            service=_message(run_v2.Service, whole), update_mask={"paths": sorted(body)}
        )
        return self._write("update_service", request)

    def settle(self, operation: str, seconds: float) -> str:
        """Let the server wait for an operation; what it complains of, empty for nothing (yet).

        The answer is a hint: what came of the operation is read from the service itself.
        """
        with self._speaking():
            done = self._client("Services").wait_operation(
                {"name": operation, "timeout": {"seconds": int(seconds)}}, timeout=seconds + READ_SECONDS
            )
            return str(done.error.message)

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.transport.close()
        self._clients.clear()

    def _client(self, kind: str) -> Any:  # noqa: ANN401 - the official client's classes
        if kind not in self._clients:
            from google.auth.credentials import AnonymousCredentials
            from google.cloud import run_v2

            options = {"client_options": {"api_endpoint": self.endpoint}} if self.endpoint else {}
            if self.endpoint:
                options["credentials"] = AnonymousCredentials()  # type: ignore[no-untyped-call,assignment]
            self._clients[kind] = getattr(run_v2, f"{kind}Client")(transport="rest", **options)
        return self._clients[kind]

    def _read(self, kind: str, method: str, name: str) -> Any:  # noqa: ANN401 - a message or None
        from google.api_core.exceptions import NotFound

        with self._speaking():
            try:
                return getattr(self._client(kind), method)(name=name, retry=None, timeout=READ_SECONDS)
            except NotFound:
                return None

    def _write(self, method: str, request: Any) -> str:  # noqa: ANN401 - a request message
        with self._speaking():
            sent = getattr(self._client("Services"), method)(request, retry=None, timeout=WRITE_SECONDS)
            return str(sent.operation.name)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn whatever the client raises into relman's errors, in this one place."""
        with speaking("Cloud Run", self.endpoint):
            yield


def _message(kind: Any, body: dict[str, Any]) -> Any:  # noqa: ANN401 - proto-plus classes
    from google.protobuf import json_format

    return kind.wrap(json_format.ParseDict(body, kind.pb(kind())))


def _plain(message: Any) -> dict[str, Any]:  # noqa: ANN401 - proto-plus classes
    from google.protobuf import json_format

    return dict(json_format.MessageToDict(type(message).pb(message)))


def _spelled(target: Target) -> dict[str, Any]:
    return {"type": target.type, **msgspec.to_builtins(target)}


def _targets(found: list[dict[str, Any]]) -> tuple[Target, ...]:
    return tuple(msgspec.convert(one, Target) for one in found)


def _live(body: dict[str, Any]) -> LiveService:
    terminal = body.get("terminalCondition", {})
    failed = terminal.get("state") == "CONDITION_FAILED"
    return LiveService(
        etag=body.get("etag", ""),
        generation=int(body.get("generation", 0)),
        reconciling=body.get("reconciling", False),
        annotations=body.get("annotations", {}),
        template=body.get("template", {}),
        asked=_targets(body.get("traffic", [])),
        served=_targets(body.get("trafficStatuses", [])),
        latest_ready=body.get("latestReadyRevision", "").rpartition("/")[2],
        uri=body.get("uri", ""),
        complaint=terminal.get("message", "") if failed else "",
    )


def _revision(body: dict[str, Any]) -> LiveRevision:
    """``Ready`` alone decides; ``Active`` FAILED with reason RETIRED is no failure (row 21)."""
    conditions = {one.get("type"): one for one in body.get("conditions", [])}
    ready = conditions.get("Ready", {})
    known = {"CONDITION_SUCCEEDED": True, "CONDITION_FAILED": False}
    images = [one.get("image", "") for one in body.get("containers", [])]
    return LiveRevision(
        name=body.get("name", "").rpartition("/")[2],
        ready=known.get(ready.get("state", "")),
        reason=ready.get("message", ""),
        image=images[0] if images else "",
        annotations=body.get("annotations", {}),
    )
