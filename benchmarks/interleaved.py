"""Contestants in turns, so that whatever else the machine does meets all of them alike.

What it is not: a judge. It gives medians; what they must be is each benchmark's own business.
"""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

WARM_UPS = 2
T = TypeVar("T")


class Cost(NamedTuple):
    """What a process took: seconds from its start to its end, and seconds of CPU with its children."""

    wall: float
    cpu: float


def medians(contestants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each contestant returns, over rounds in which all take their turn.

    Args:
        contestants: Each does its thing once and returns what it measured.
        rounds: How many turns count; two go before them and do not.
    """
    found = turns(contestants, rounds)
    return {name: median(values) for name, values in found.items()}


def turns(contestants: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """What each contestant returned in each round that counts."""
    found: dict[str, list[T]] = {name: [] for name in contestants}
    for turn in range(WARM_UPS + rounds):
        for name, run in contestants.items():
            measured = run()
            if turn >= WARM_UPS:
                found[name].append(measured)
    return found


def seconds(command: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None) -> float:
    """How long a process takes from its start to its end.

    Raises:
        subprocess.CalledProcessError: It failed; a failure's time means nothing.
    """
    return cost(command, folder, environ).wall


def cost(command: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None) -> Cost:
    """What a process costs.

    Raises:
        subprocess.CalledProcessError: It failed; a failure's cost means nothing.
    """
    began, before = time.perf_counter(), _cpu_of_children()
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)
    return Cost(time.perf_counter() - began, _cpu_of_children() - before)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
