"""Last call: whether what is about to begin will be over before the window closes.

What it is not: a promise. How long a cut takes is what its bakes take, plus what the other steps
of earlier cuts took, by their median (ruling 21).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from statistics import median

from msgspec import Struct

from relman.ledger import Entry
from relman.models import PERCENT

EARLIER = 10
"""How many of the newest cuts are looked at."""
MINUTE = 60
WAITING = ("bake-", "judge-")
"""The steps that wait and judge, by the beginning of their keys; their length is planned, not measured."""


class Expected(Struct, frozen=True, kw_only=True):
    """How long a cut is expected to take.

    Attributes:
        phases: The percentages that it goes through.
        bake: Seconds at each of them but the last.
        rest: Seconds that everything else takes, the median of earlier cuts.
        cuts: How many earlier cuts that is taken from; 0: there is none, and ``rest`` is 0.
        finishes: ``overrun = "finish"`` is written down: bakes may end after the window does.
    """

    phases: tuple[int, ...]
    bake: float
    rest: float
    cuts: int
    finishes: bool = False

    @property
    def bakes(self) -> float:
        """Seconds of all bakes."""
        return self.bake * (len(self.phases) - 1)

    @property
    def seconds(self) -> float:
        """What must fit into the window."""
        return self.rest + (0 if self.finishes else self.bakes)

    @property
    def text(self) -> str:
        """``20 min of bakes, 2 min for the rest (median of 4 cuts)``."""
        last = f"median of {self.cuts} cuts" if self.cuts > 1 else "as the last cut"
        measured = f"{_minutes(self.rest)} for the rest ({last})"
        known = measured if self.cuts else "the rest is not known yet"
        return known if self.finishes else f"{_minutes(self.bakes)} of bakes, {known}"


def expected(
    entries: Iterable[Entry], *, phases: Sequence[int], bake: float, finishes: bool = False
) -> Expected:
    """What a cut is expected to take, by the releases that the ledger has of the service.

    Args:
        entries: Of the service, oldest first.
        phases: The percentages of the cut.
        bake: Seconds at each of them but the last.
        finishes: Bakes may end after the window does.
    """
    spent: dict[str, float] = {}
    shipped: list[str] = []
    for entry in entries:
        if entry.kind == "step.done" and not entry.step.startswith(WAITING):
            spent[entry.run] = spent.get(entry.run, 0) + float(entry.detail.get("seconds") or 0)
        elif entry.kind == "release.shipped":
            shipped.append(entry.run)
    found = [spent.get(run, 0) for run in shipped[-EARLIER:]]
    rest = median(found) if found else 0
    return Expected(phases=tuple(phases), bake=bake, rest=rest, cuts=len(found), finishes=finishes)


def fitting(cut: Expected, left: float) -> tuple[str, ...]:
    """What relman.toml could say so that the cut fits into what is left of the window.

    Args:
        cut: The cut as it is set up.
        left: Seconds until the window closes.
    """
    ways = [f"phases = {list(fewer)} ({_harm(fewer, cut)})" for fewer in _fewer(cut, left)[:1]]
    minutes = int((left - cut.rest) // (MINUTE * max(len(cut.phases) - 1, 1)))
    if 0 < minutes * MINUTE < cut.bake and not cut.finishes:
        # A cut that ends exactly when the window does has not fitted (W1).
        exact = cut.rest + minutes * MINUTE * (len(cut.phases) - 1) >= left
        ways += [f'bake = "{minutes - exact}m"'] if minutes > exact else []
    if cut.rest < left and not cut.finishes:
        ways.append('overrun = "finish" (bakes may end after the window)')
    return tuple(ways)


def _fewer(cut: Expected, left: float) -> list[tuple[int, ...]]:
    """The phases without the first ones, the longest way that fits first."""
    shorter = [cut.phases[at:] for at in range(1, len(cut.phases))]
    return [] if cut.finishes else [one for one in shorter if cut.rest + cut.bake * (len(one) - 1) < left]


def _harm(fewer: tuple[int, ...], cut: Expected) -> str:
    """What a larger first phase costs, should the candidate be bad."""
    first = f"{fewer[0]} % of the users" if fewer[0] < PERCENT else "all users"
    return f"{first} meet it first instead of {cut.phases[0]} %"


def _minutes(seconds: float) -> str:
    """Whole minutes, or seconds where there is none, rounded up so that nothing is promised too early."""
    return f"{ceil(seconds)} s" if seconds < MINUTE else f"{ceil(seconds / MINUTE)} min"
