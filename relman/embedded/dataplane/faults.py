"""Faults on demand in the traffic of a revision: which request is answered wrongly, late, or not at all.

What it is not: in the way. The plane has one of these only while there are faults.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from relman.embedded.resources.faults import Fault
from relman.embedded.resources.striking import Tally, names


class Strike(NamedTuple):
    """What happens to one request.

    Attributes:
        delay: Seconds before anything else.
        status: What it is answered, 0 if the revision may answer.
        reset: The client's connection is reset instead.
    """

    delay: float = 0.0
    status: int = 0
    reset: bool = False


class Faults:
    """The faults of the present, with their counts."""

    def __init__(self, faults: Iterable[Fault], before: Faults | None) -> None:
        """Those that were there before go on counting."""
        known = {one.fault: one for one in before.tallies} if before else {}
        self.tallies: list[Tally] = [known.get(fault) or Tally(fault) for fault in faults]

    def strike(self, revision: str, target: bytes) -> Strike | None:
        """What a request for a revision is struck with, if with anything.

        Every fault counts what it is about; one that answers leaves nothing for those after it.
        """
        path, delay = target.decode("latin-1"), 0.0
        for tally in self.tallies:
            fault = tally.fault
            if not (_about(fault, revision, path) and tally.strikes()):
                continue
            if fault.kind != "slow":
                return Strike(delay, fault.status, fault.kind == "reset")
            delay += fault.latency
        return Strike(delay) if delay else None

    def figures(self) -> dict[str, dict[str, int]]:
        """The counts, by the faults' names."""
        return {one.fault.name: {"seen": one.seen, "struck": one.struck} for one in self.tallies}


def _about(fault: Fault, revision: str, path: str) -> bool:
    if fault.path and not path.startswith(fault.path):
        return False
    return names(fault.service, "services", revision) and names(fault.revision, "revisions", revision)
