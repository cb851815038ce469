"""What every test may count on, and the one way in which a test may be left out.

``@pytest.mark.needs_program("psql")`` leaves a test out where the system lacks that program; with
``root=True`` also where only root may use it and the user is another, with ``works=[…]`` where that command
fails, because the kernel forbids what it needs. The closing lines count what was left out; with
``RELMAN_FULL=1`` (in ``.ci/run``) a missing program fails the test instead.

``@pytest.mark.wants_program("gcloud")`` is for a program that no package of the system brings, so that CI
cannot be asked to have it: its tests are left out and counted there too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from functools import cache

import pytest

WANTING = "there is no "


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    config.addinivalue_line("markers", "needs_program(*names, root=False, works=()): else leave it out")
    config.addinivalue_line("markers", "wants_program(*names): likewise, and with RELMAN_FULL=1 too")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out, or fail it, where a program that it needs is missing."""
    needed, wanted = (_absent(item, marker) for marker in ("needs_program", "wants_program"))
    missing = needed or wanted or _forbidden(item)
    if not missing:
        return
    if needed and os.environ.get("RELMAN_FULL") == "1":
        pytest.fail(f"RELMAN_FULL=1 leaves nothing out, and there is no {', '.join(needed)}", pytrace=False)
    pytest.skip(WANTING + ", ".join(missing))


def _absent(item: pytest.Item, marker: str) -> list[str]:
    return [name for mark in item.iter_markers(marker) for name in mark.args if not shutil.which(name)]


def _forbidden(item: pytest.Item) -> list[str]:
    """The programs that only root may use where the user is another, or that the kernel does not let work."""
    marks = list(item.iter_markers("needs_program"))
    root = [name for mark in marks if mark.kwargs.get("root") for name in mark.args if os.geteuid() != 0]
    tried = [mark.args[0] for mark in marks if not _works(tuple(mark.kwargs.get("works", ())))]
    return [f"root for {name}" for name in root] or [f"kernel that lets {name} work" for name in tried]


@cache
def _works(command: tuple[str, ...]) -> bool:
    return not command or subprocess.run(command, capture_output=True, check=False).returncode == 0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, wherever it was: each of several workers tells only its reports."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])]
    left_out = Counter(reason.partition(WANTING)[2].partition(",")[0] for reason in reasons)
    named = ", ".join(f"{name} ({count})" for name, count in left_out.most_common())
    terminalreporter.write_line(
        f"left out: {left_out.total()} tests, for want of {named}" if left_out else "left out: nothing"
    )
