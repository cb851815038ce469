"""What Cloud Run answered, as frozen values; and the parts of a write that follow from them.

What it is not: the client (``cloudrun``). Everything here is pure: JSON in, values and JSON out.

Source: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from relman.ledger import chain
from relman.models import Release, TrafficSplit

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
EPOCH = "relman.dev/epoch"
RUN = "relman.dev/run"
STEP = "relman.dev/step"
WAY_BACK = "relman.dev/way-back"
TEMPLATE = "relman.dev/template"
VERSION = "relman.dev/version"
COMMIT = "relman.dev/commit"
OURS = "relman.dev/"
SERVICE_FIELDS = ("description", "ingress", "labels", "launchStage", "scaling")
"""What a manifest may say of the service itself, besides annotations."""


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


class Mark(msgspec.Struct, frozen=True):
    """Whose write it was: the driver's epoch, its run, and the step."""

    epoch: int
    run: str
    step: str


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
    reconciling: bool
    annotations: dict[str, str]
    template: dict[str, Any]
    asked: tuple[Target, ...]
    served: tuple[Target, ...]
    latest_ready: str
    uri: str
    complaint: str
    fields: dict[str, Any]

    @classmethod
    def empty(cls, annotations: dict[str, str]) -> LiveService:
        """A service that is not there yet, but for the annotations that it will have."""
        return cls("", False, annotations, {}, (), (), "", "", "", {})  # noqa: FBT003 - a row of nothing

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
    def run(self) -> str:
        """The run that last wrote; it tells two drivers apart that took the same epoch."""
        return self.annotations.get(RUN, "")

    @property
    def step(self) -> str:
        """The step of that run that last wrote: what it did may have been undone by hand since."""
        return self.annotations.get(STEP, "")

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
        return Release(self.version, self.name, digest)

    @property
    def version(self) -> str:
        """The version that relman gave it; empty for a revision of another hand.

        A deploy by hand copies the annotations of the one before, so the name must agree.
        """
        told, content = self.annotations.get(VERSION, ""), self.annotations.get(TEMPLATE, "")[:7]
        words = told.replace(".", "-").replace("+", "-").lower()
        ours = told and content and (f"-v{words}-{content}" in self.name or f"-r{content}" in self.name)
        return told if ours else ""


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


def marked(live: LiveService, mark: Mark, way_back: WayBack) -> dict[str, str]:
    """The annotations to write: all that were there, the driver's mark, and the way back.

    The whole map goes out, because a mask of ``annotations`` is taken to replace it (ruling 11).
    """
    text = msgspec.json.encode(way_back).decode()
    ours = {EPOCH: str(mark.epoch), RUN: mark.run, STEP: mark.step, WAY_BACK: text}
    return {**live.annotations, **ours}


def template_digest(template: dict[str, Any]) -> str:
    """SHA-256 of a revision template without its name and relman's own annotations (ruling 5)."""
    annotations = template.get("annotations", {})
    foreign = {name: value for name, value in annotations.items() if not name.startswith(OURS)}
    bare = {name: value for name, value in template.items() if name not in {"revision", "annotations"}}
    return chain.sha256(bare | ({"annotations": foreign} if foreign else {}))


def _spelled(target: Target) -> dict[str, Any]:
    return {"type": target.type, **msgspec.to_builtins(target)}


def _targets(found: list[dict[str, Any]]) -> tuple[Target, ...]:
    return tuple(msgspec.convert(one, Target) for one in found)


def service(body: dict[str, Any]) -> LiveService:
    """The service of an answer's JSON."""
    terminal = body.get("terminalCondition", {})
    failed = terminal.get("state") == "CONDITION_FAILED"
    return LiveService(
        etag=body.get("etag", ""),
        reconciling=body.get("reconciling", False),
        annotations=body.get("annotations", {}),
        template=body.get("template", {}),
        asked=_targets(body.get("traffic", [])),
        served=_targets(body.get("trafficStatuses", [])),
        latest_ready=body.get("latestReadyRevision", "").rpartition("/")[2],
        uri=body.get("uri", ""),
        complaint=terminal.get("message", "") if failed else "",
        fields={name: body[name] for name in SERVICE_FIELDS if name in body},
    )


def revision(body: dict[str, Any]) -> LiveRevision:
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
