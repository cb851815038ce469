"""What was asked of each revision, how it ended, and what is still under way.

What it is not: a log, nor monitoring; these numbers live as long as the process. Those of ``minutes``
are handed over and kept.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from relman.embedded.dataplane.minutes import Minutes

REACHED_NONE = frozenset({"unserved", "unreachable"})
"""The errors of requests that no instance took: none had room, none could be started, or none accepted it."""


GROUPS = [f"{digit}xx" for digit in range(10)]


@dataclass
class Tally:
    """The counters of one revision."""

    requests: int = 0
    in_flight: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)


class Meter:
    """The counters of all revisions, and the waiting for one to be idle."""

    def __init__(self) -> None:
        """Start from zero."""
        self.minutes = Minutes()
        self._tallies: dict[str, Tally] = {}
        self._waiting: dict[str, list[asyncio.Event]] = {}

    def begun(self, revision: str) -> None:
        """A request was given to this revision."""
        tally = self._tallies.get(revision)
        if tally is None:
            tally = self._tallies[revision] = Tally()
        tally.requests += 1
        tally.in_flight += 1

    def ended(self, revision: str, status: int, error: str, seconds: float, now: float) -> None:
        """A request is over now: the status that the client was shown, or 0; what went wrong, if anything.

        Two count in no minute: one that was shown nothing because its client left has no code (?), and
        one that no instance took. Google leaves out what does not reach an instance, such as what comes
        when there are as many as there may be (https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run).
        """
        tally = self._tallies[revision]
        tally.in_flight -= 1
        if status:
            group = GROUPS[status // 100]
            tally.statuses[group] = tally.statuses.get(group, 0) + 1
            if error not in REACHED_NONE:
                self.minutes.count(revision, status, seconds, now)
        if error:
            tally.errors[error] = tally.errors.get(error, 0) + 1
        if not tally.in_flight:
            for event in self._waiting.pop(revision, ()):
                event.set()

    async def drained(self, revision: str, patience: float) -> int:
        """Wait ``patience`` seconds at most until nothing is under way there; how much still is."""
        if self._in_flight(revision):
            event = asyncio.Event()
            self._waiting.setdefault(revision, []).append(event)
            try:
                async with asyncio.timeout(patience):
                    await event.wait()
            except TimeoutError:
                self._waiting.get(revision, []).remove(event)
        return self._in_flight(revision)

    def figures(self) -> dict[str, Any]:
        """The counters, by revision."""
        return {name: vars(tally) for name, tally in self._tallies.items()}

    def _in_flight(self, revision: str) -> int:
        tally = self._tallies.get(revision)
        return tally.in_flight if tally else 0
