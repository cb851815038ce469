"""The faults that stand: kept before they are acknowledged, counted, told apart by their names.

What it is not: what they do (``strikes`` to calls, ``rehearsal`` to everything else). The store holds
them, so faults outlive the platform, however it ends, and so do the counts of those about calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from relman.embedded.resources.conditions import Failure, Trouble
from relman.embedded.resources.faults import KINDS, BadFault, Fault, shown
from relman.embedded.resources.messages import CommonReason
from relman.embedded.resources.shelf import Entry
from relman.embedded.resources.store import Store
from relman.embedded.resources.striking import Tally, names

SHELF = "fault"
Change = tuple[str, int]
"""One change of one service: the service's uid, and the generation that it made."""
LAST = "last fault"
"""The setting that holds the last number given, so that no name comes back."""


@dataclass
class Standing:
    """One fault that stands.

    Attributes:
        tally: The fault and its counts.
        facts: What is needed to make it good again.
        cleared: Set when it stands no more, so that nothing waits for it.
    """

    tally: Tally
    facts: Mapping[str, Any]
    cleared: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def fault(self) -> Fault:
        """What it is."""
        return self.tally.fault

    @property
    def stands(self) -> bool:
        """It was not cleared yet."""
        return not self.cleared.is_set()

    async def lasts(self, seconds: float) -> bool:
        """Wait; whether it still stands then."""
        try:
            await asyncio.wait_for(self.cleared.wait(), seconds)
        except TimeoutError:
            return True
        return False


class Faults:
    """Every fault that stands.

    Args:
        store: Where they are kept.
        now: The true time.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Those of the last platform stand again."""
        self._store = store
        self._now = now
        self._standing = {row.name: _standing(row.body, row.facts) for row in store.all(SHELF)}
        self.late: set[Change] = set()
        """The changes of services that are to be dropped, but late."""

    def now(self) -> datetime:
        """The time that the platform believes: the true one, unless its clock lies."""
        lies = self.all("clock")
        if not lies:
            return self._now()
        lie = lies[-1].fault
        return lie.at or self._now() + timedelta(seconds=lie.offset)

    def all(self, *kinds: str) -> list[Standing]:
        """Those of these kinds, or all, oldest first."""
        return [one for one in self._standing.values() if not kinds or one.fault.kind in kinds]

    def at(self, place: str) -> list[Standing]:
        """Those of one place (``Kind.place``), oldest first."""
        return [one for one in self._standing.values() if KINDS[one.fault.kind].place == place]

    def add(self, fault: Fault, facts: Mapping[str, Any]) -> Standing:
        """Let a fault stand from now on.

        Raises:
            BadFault: Its name is taken.
        """
        if fault.name in self._standing:
            raise BadFault(f"a fault {fault.name!r} stands already; clear it first, or give no name")
        with self._store.transaction():
            named = msgspec.structs.replace(fault, name=fault.name or self._fresh())
            self.keep(one := Standing(Tally(named), facts))
        self._standing[named.name] = one  # only when it is kept
        return one

    def keep(self, one: Standing) -> None:
        """Keep a fault with its counts."""
        counts = {"seen": one.tally.seen, "struck": one.tally.struck}
        self._store.put(SHELF, one.fault.name, msgspec.json.encode(one.fault), {**one.facts, **counts})

    def clear(self, one: Standing) -> None:
        """Let a fault stand no more."""
        self._store.drop(SHELF, one.fault.name)
        self._standing.pop(one.fault.name, None)
        one.cleared.set()

    def hold(self, service: str) -> bool:
        """Whether no change of this service may come in force now."""
        return any(names(one.fault.service, "services", service) for one in self.all("held"))

    def _fresh(self) -> str:
        number = int(self._store.setting(LAST) or 0) + 1
        while f"f{number}" in self._standing:
            number += 1
        self._store.keep_setting(LAST, str(number))
        return f"f{number}"


def change(entry: Entry) -> Change:
    """The present change of a service."""
    return entry.message.uid, entry.message.generation


def dropped(entry: Entry) -> Failure | None:
    """Why the present change of a service was dropped on demand, if it was."""
    found = entry.facts.get("dropped")
    if not found or found["generation"] != entry.message.generation:
        return None
    return Failure(found["code"], Trouble(found["message"], CommonReason.REVISION_FAILED))


def listed(one: Standing, counts: Mapping[str, int]) -> dict[str, Any]:
    """A standing fault for people and machines: what it is, and how often it has struck."""
    return {**shown(one.fault), "seen": one.tally.seen, "struck": one.tally.struck, **counts}


def _standing(body: bytes, facts: dict[str, Any]) -> Standing:
    counts = {key: facts.pop(key) for key in ("seen", "struck")}
    return Standing(Tally(msgspec.json.decode(body, type=Fault), **counts), facts)
