"""How long ``inv --list`` takes here, against a ``tasks.py`` of one task: ``python -m benchmarks.startup``.

What it is not: a test. The machine's speed cancels out in the ratio, its noise only by enough rounds.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.interleaved import medians, seconds

ROOT = Path(__file__).resolve().parents[1]
MOST = 1.3
"""The aim."""
ONE_TASK = '''\
from invoke import task


@task
def hello(c):
    """Say hello."""
'''
FLOOR, HERE = "a tasks.py of one task, by Invoke", "this project, by ./inv"


def main() -> int:
    """Measure, print, and judge.

    Returns:
        0 if the ratio is at most the aim, else 1.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tasks.py").write_text(ONE_TASK, encoding="utf-8")
        found = medians(contestants(Path(folder)), rounds)
    ratio = found[HERE] / found[FLOOR]
    for name, median in found.items():
        print(f"{name:36} {median * 1000:6.0f} ms")
    print(f"{'ratio':36} {ratio:6.2f}     (at most {MOST}; medians of {rounds} rounds)")
    return int(ratio > MOST)


def contestants(folder: Path) -> dict[str, partial[float]]:
    """The floor and this project, in one environment."""
    floor = [sys.executable, "-m", "invoke", "--list"]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    return {FLOOR: partial(seconds, floor, folder, environ), HERE: partial(seconds, listing(), ROOT, environ)}


def listing() -> list[str]:
    """``./inv --list``; where this runs in another environment than its own, what it would run there."""
    if Path(sys.prefix) == ROOT / ".venv":
        return [str(ROOT / "inv"), "--list"]
    return [sys.executable, "-P", "-m", "relman", "--search-root", str(ROOT), "--list"]


if __name__ == "__main__":
    sys.exit(main())
