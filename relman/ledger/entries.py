"""What goes into the ledger and what comes out of it, and the five methods of a store.

What it is not: SQL. A store keeps these values; the engine and the pages read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import msgspec

from relman import clock
from relman.models import ServiceKey


class Draft(msgspec.Struct, frozen=True):
    """What somebody wants recorded.

    Attributes:
        kind: What happened: ``run.opened``, ``step.intent``, ``step.done``, ``release.shipped`` …
        key: The service it is about.
        environment: The environment's name.
        run: The run it belongs to, empty for none.
        step: The step's key, empty for none.
        epoch: The driver's authority; only entries that open or resume a run carry it.
        detail: JSON only. It lies beside the chain under a salted digest and can be erased.
        supersedes: For ``run.opened``: an open run of the same lane is closed first. Only a
            rollback does that.
    """

    kind: str
    key: ServiceKey
    environment: str
    run: str = ""
    step: str = ""
    epoch: int = 0
    detail: dict[str, Any] = {}
    supersedes: bool = False


class Entry(msgspec.Struct, frozen=True):
    """One leaf with its detail, as it was recorded. ``detail`` is empty once it was erased."""

    seq: int
    ts: str
    kind: str
    actor: str
    key: ServiceKey
    environment: str
    run: str
    step: str
    epoch: int
    detail: dict[str, Any]
    hash: str

    @property
    def at(self) -> datetime:
        """When it was recorded."""
        return clock.instant(self.ts)


class Run(msgspec.Struct, frozen=True):
    """One execution of a plan, as the leaves tell it.

    Attributes:
        lane: ``traffic`` or ``build``; one open run a lane and service.
        state: ``open``, or how it ended.
        epoch: The authority of the driver that drives it now.
    """

    id: str
    kind: str
    lane: str
    state: str
    epoch: int
    key: ServiceKey
    environment: str


class Fence(msgspec.Struct, frozen=True):
    """Who appends: refused in the same transaction when the run is no longer driven by them."""

    run: str
    epoch: int


class Store(Protocol):
    """Where a ledger lies. Five methods, and no sixth: what decides stands in the engine."""

    def append(self, drafts: Sequence[Draft], fence: Fence | None = None) -> tuple[Entry, ...]:
        """Record all of the drafts or none of them.

        Raises:
            Fenced: The fence's run is closed, or another driver's epoch stands on it.
            Locked: A run is to be opened while another one is open in its lane.
            Unreachable: The store cannot be written.
        """

    def entries(self, key: ServiceKey | None = None, *, run: str = "", after: int = -1) -> tuple[Entry, ...]:
        """What was recorded, oldest first, about a service or of a run, after a sequence number."""

    def runs(self, key: ServiceKey) -> tuple[Run, ...]:
        """Every run of a service, oldest first."""

    def drive(self, key: ServiceKey, lane: str) -> AbstractContextManager[None]:
        """Hold the right to drive a lane; it ends with the process, however that ends.

        Raises:
            Locked: Another process holds it.
        """

    def close(self) -> None:
        """Let go of the files or connections."""
