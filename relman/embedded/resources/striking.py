"""Which of many calls a fault strikes: counted, never by chance.

What it is not: what happens then. Two faults with the same numbers strike the same calls, on every
machine and in every version of Python.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from relman.embedded.resources.faults import Fault

BLOCK = 100
ROUNDING = 1e-9


@dataclass
class Tally:
    """One fault's count.

    Attributes:
        fault: Whose.
        seen: The calls that it is about, so far.
        struck: Of these, those that it was done to.
    """

    fault: Fault
    seen: int = 0
    struck: int = 0

    @property
    def spent(self) -> bool:
        """It has struck as often as it was to."""
        return 0 < self.fault.times <= self.struck

    def strikes(self) -> bool:
        """Count one more call that the fault is about, and say whether this one is struck."""
        self.seen += 1
        turn = self.seen - self.fault.nth
        if turn < 0 or self.spent or not chosen(self.fault.rate, self.fault.seed, turn):
            return False
        self.struck += 1
        return True


def chosen(rate: float, seed: int, turn: int) -> bool:
    """Whether one of a sequence is struck.

    Args:
        rate: Percent; of each hundred exactly that many are struck, of what is left over one more
            as soon as it makes a whole one.
        seed: Which ones of each hundred.
        turn: Counted from 0.
    """
    block, place = divmod(turn, BLOCK)
    return rate >= BLOCK or place in _places(rate, seed, block)


@lru_cache(maxsize=1024)
def _places(rate: float, seed: int, block: int) -> frozenset[int]:
    """The struck places of one hundred: the first ones in an order that the seed decides."""
    quota = int((block + 1) * rate + ROUNDING) - int(block * rate + ROUNDING)
    order = sorted(range(BLOCK), key=lambda place: _drawn(f"{seed}/{block}/{place}"))
    return frozenset(order[:quota])


def _drawn(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def names(wanted: str, collection: str, resource: str) -> bool:
    """Whether a resource's full name is, or lies below, what a fault names by id or by full name.

    Args:
        wanted: ``api`` or ``projects/p/locations/l/services/api``; empty for each.
        collection: ``services`` or ``revisions``.
        resource: The full name.
    """
    inner = f"/{wanted}/" if wanted.startswith("projects/") else f"/{collection}/{wanted}/"
    return not wanted or inner in f"/{resource}/"
