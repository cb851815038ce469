"""The tests of relman itself: ``inv test``.

What it is not: a way to test somebody else's repository. The tests lie beside relman in its own
checkout; an installed relman has none.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from invoke.context import Context
from invoke.exceptions import Exit

from relman.errors import Unreachable
from relman.tasks.declare import task

ROOT = Path(__file__).resolve().parents[2]


@task(default=True)
def run(_context: Context, *, path: tuple[str, ...] = ("tests",), keyword: str = "", junit: str = "") -> None:
    """Run relman's own tests.

    The last lines say what was left out, and how it went. The exit code is pytest's.

    Args:
        path: A folder, file or test, below relman's checkout.
        keyword: Only tests whose names match, as for pytest's -k.
        junit: Also write a JUnit XML report to this file.
    """
    if not (ROOT / "tests").is_dir():
        raise Unreachable(
            "relman's own tests are not installed",
            fact=f"no folder {ROOT / 'tests'}",
            clears="run it in a clone of relman's repository",
        )
    flags = [
        *("--numprocesses", "auto"),
        *(["-k", keyword] if keyword else []),
        *([f"--junitxml={Path(junit).resolve()}"] if junit else []),
    ]
    if code := pytest([*path, *flags]):
        raise Exit(code=code)


@task
def crash(_context: Context) -> None:
    """Kill a cut at every step, and resume it.

    The crash test whole: kill -9 before and after every entry of a cut, then release.resume, each
    compared with an undisturbed run. Takes a few minutes.
    """
    if code := pytest(["tests/release/test_crash.py"], {"RELMAN_FULL": "1"}):
        raise Exit(code=code)


def pytest(arguments: list[str], variables: Mapping[str, str] = MappingProxyType({})) -> int:
    """Run pytest in the checkout, its output going where ours goes; returns its exit code."""
    command, environ = [sys.executable, "-m", "pytest", *arguments], {**os.environ, **variables}
    with subprocess.Popen(command, cwd=ROOT, env=environ) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # pytest got it too, and ends by itself with a summary
