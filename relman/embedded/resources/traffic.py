"""Traffic: what a service asks for, where it goes, and how it is told (rows 25 to 31).

What it is not: the proxy. It turns targets into shares by revision name; the data plane splits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from relman.embedded.resources.messages import Allocation, TrafficTarget
from relman.embedded.resources.refusals import invalid

LATEST = Allocation.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
REVISION = Allocation.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
WHOLE = 100
LONGEST_TOGETHER = 46
TAG = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True)
class Share:
    """A target with its revision known by name, which LATEST alone does not tell."""

    revision: str
    percent: int
    tag: str


def fill(service: Message) -> None:
    """No traffic means all to the latest ready revision (row 26); a target's type may be implied."""
    if not service.traffic:
        service.traffic.append(TrafficTarget(type_=LATEST, percent=WHOLE))
    for target in service.traffic:
        target.type_ = target.type_ or (REVISION if target.revision else LATEST)


def check(service_id: str, targets: Sequence[Message]) -> None:
    """Refuse traffic that cannot be served as it is written.

    Raises:
        InvalidArgument: Names the field and the value.
    """
    for number, target in enumerate(targets):
        _check_target(f"service.traffic[{number}]", target)
    total = sum(target.percent for target in targets)
    if total != WHOLE:
        raise invalid(
            "service.traffic", f"service.traffic: the sum of percents is {total}, should be {WHOLE}."
        )
    _check_tags(service_id, [target.tag for target in targets if target.tag])


def _check_target(field: str, target: Message) -> None:
    if not 0 <= target.percent <= WHOLE:
        raise invalid(f"{field}.percent", f"{field}.percent: must be a number between 0 and {WHOLE}.")
    place = f"{field}.revision"
    if (target.type_ == REVISION) is not bool(target.revision):
        sentence = "must be specified if and only if traffic type is TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION."
        raise invalid(place, f"{place}: {sentence}")
    if "/" in target.revision:
        raise invalid(place, f"{place}: '{target.revision}' is not the short name of a revision.")


def _check_tags(service_id: str, tags: list[str]) -> None:
    for tag in tags:
        if not TAG.fullmatch(tag):
            raise invalid("service.traffic.tag", f"service.traffic.tag: '{tag}' is not a valid traffic tag.")
        if len(tag) + len(service_id) > LONGEST_TOGETHER:
            raise invalid("spec.traffic.tag", _too_long(tag, service_id))
    if len(set(tags)) != len(tags):
        raise invalid("service.traffic", "service.traffic: may not contain a duplicate tag.")


def _too_long(tag: str, service_id: str) -> str:
    return (
        f"spec.traffic.tag: traffic tag '{tag}' and service name '{service_id}' together are too long."
        f" Combined traffic tag and service name cannot exceed {LONGEST_TOGETHER} characters."
    )


def follows_latest(targets: Iterable[Message]) -> bool:
    """Whether any target goes wherever the latest ready revision is."""
    return any(target.type_ == LATEST for target in targets)


def resolve(targets: Iterable[Message], latest_ready: str) -> list[Share]:
    """The targets with LATEST put in by name; an empty name where no revision was ever ready."""
    return [
        Share(target.revision if target.type_ == REVISION else latest_ready, target.percent, target.tag)
        for target in targets
    ]


def split(shares: Iterable[Share]) -> list[tuple[str, int]]:
    """What the data plane draws from: one percentage for each revision."""
    together: dict[str, int] = {}
    for share in shares:
        together[share.revision] = together.get(share.revision, 0) + share.percent
    return [(revision, percent) for revision, percent in together.items() if percent]


def write_statuses(service: Message, targets: Iterable[Message], uris: dict[str, str]) -> None:
    """Mirror the targets; a LATEST entry names no revision (row 31), only a tag has a URL."""
    del service.traffic_statuses[:]
    for target in targets:
        status = service.traffic_statuses.add(type_=target.type_, revision=target.revision)
        status.percent, status.tag = target.percent, target.tag
        status.uri = uris.get(target.tag, "") if target.tag else ""
