"""Contestants in turns, so that whatever else the machine does meets all of them alike.

What it is not: a judge. It gives medians; what they must be is each benchmark's own business.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

WARM_UPS = 2


def medians(contestants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each contestant returns, over rounds in which all take their turn.

    Args:
        contestants: Each does its thing once and returns what it measured.
        rounds: How many turns count; two go before them and do not.
    """
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(WARM_UPS + rounds):
        for name, run in contestants.items():
            measured = run()
            if turn >= WARM_UPS:
                found[name].append(measured)
    return {name: median(values) for name, values in found.items()}


def seconds(command: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None) -> float:
    """How long a process takes from its start to its end.

    Raises:
        subprocess.CalledProcessError: It failed; a failure's time means nothing.
    """
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)
    return time.perf_counter() - began
