"""Overrides: a recorded, expiring lift of one gate, for one candidate (ruling 3).

What it is not: the lifting (``gates``), or the question who may. Entries in, values out; times come
in as parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from msgspec import Struct

from relman.clock import aware, instant, stamp
from relman.config import Override
from relman.ledger import Draft, Entry
from relman.models import Candidate

KIND = "override.granted"
LASTS = timedelta(hours=2)


class Signed(NamedTuple):
    """What a team's override is recorded with.

    Attributes:
        by: The ids of the two.
        signatures: Their statements, each with its signature.
        review: The action that it leaves behind, as JSON (``held.Action``).
    """

    by: tuple[str, str]
    signatures: tuple[dict[str, str], ...]
    review: dict[str, Any]


class Granted(Struct, frozen=True):
    """One override as the ledger has it.

    Attributes:
        gate: The id of the gate that it lifts.
        candidate: What it was granted for, as :func:`subject` tells it; it lifts nothing for another.
        reason: Why.
        incident: The incident that it belongs to.
        since: The instant at which it begins.
        expires: The instant at which it is over.
        emergency: It pierces a freeze and a holiday too.
        by: Who granted it.
        entry: The hash of its entry.
        signatures: For a team the statements of the two who signed, each with its signature.
    """

    gate: str
    candidate: dict[str, str]
    reason: str
    incident: str
    since: datetime
    expires: datetime
    emergency: bool
    by: str
    entry: str
    signatures: tuple[dict[str, str], ...] = ()

    @property
    def window(self) -> Override:
        """As a schedule of windows takes it; who reads of it must know that it is for one version only."""
        return Override(
            since=self.since,
            expires=self.expires,
            reason=f"for {self.candidate['version']} only: {self.reason}",
            incident=self.incident,
            emergency=self.emergency,
        )


def draft(
    gate: str,
    candidate: Candidate,
    now: datetime,
    *,
    reason: str,
    incident: str,
    emergency: bool = False,
    signed: Signed | None = None,
) -> Draft:
    """The entry that grants an override, from ``now`` on for two hours.

    Args:
        gate: The gate's id.
        candidate: What it is for.
        now: From when on.
        reason: Why.
        incident: The incident that it belongs to.
        emergency: It pierces a freeze and a holiday too.
        signed: For a team, what two people have signed, and the review that it leaves behind.

    Raises:
        UsageError: ``now`` is naive.
    """
    detail: dict[str, Any] = {
        "gate": gate,
        "candidate": subject(candidate),
        "reason": reason,
        "incident": incident,
        "from": stamp(now),
        "expires": stamp(now + LASTS),
        "emergency": emergency,
        "signatures": [*signed.signatures] if signed else [],
    }
    detail |= {"by": [*signed.by], "review": signed.review} if signed else {}
    return Draft(KIND, candidate.key, candidate.environment, detail=detail)


def subject(candidate: Candidate) -> dict[str, str]:
    """What an override is bound to: this commit, as this image, under this version."""
    return {"version": candidate.version, "commit": candidate.commit, "digest": candidate.digest}


def granted(entries: Iterable[Entry], gate: str, candidate: Candidate, now: datetime) -> tuple[Granted, ...]:
    """The overrides of a gate that hold for a candidate at an instant, oldest first.

    Args:
        entries: What the ledger has of the service.
        gate: The gate's id.
        candidate: What is to ship.
        now: The instant, with an offset; half-open: at ``expires`` it is over.

    Raises:
        UsageError: ``now`` is naive.
    """
    return tuple(
        one
        for one in recorded(entries)
        if one.gate == gate and one.candidate == subject(candidate) and one.since <= aware(now) < one.expires
    )


def count(entries: Iterable[Entry], since: datetime) -> int:
    """How many were granted since an instant, of whatever gate."""
    return sum(one.since >= aware(since) for one in recorded(entries))


def recorded(entries: Iterable[Entry]) -> tuple[Granted, ...]:
    """Every override that the ledger holds, oldest first, whatever it is for."""
    return tuple(_read(one.detail, one) for one in entries if one.kind == KIND and one.detail)


def _read(detail: dict[str, Any], entry: Entry) -> Granted:
    return Granted(
        gate=detail["gate"],
        candidate=detail["candidate"],
        reason=detail["reason"],
        incident=detail["incident"],
        since=instant(detail["from"]),
        expires=instant(detail["expires"]),
        emergency=detail["emergency"],
        by=" and ".join(detail.get("by", ())) or entry.actor,
        entry=entry.hash,
        signatures=tuple(detail.get("signatures", ())),
    )
