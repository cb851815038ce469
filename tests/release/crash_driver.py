"""Runs a command of relman, and kills its own process at one chosen append to the ledger.

Usage: ``python crash_driver.py N before|after TASK``. Append number N (from 0) is not made, or is the
last thing that happens. Nothing else differs from the real command.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from relman.__main__ import main
from relman.ledger.sqlite import SqliteStore


def armed(number: int, when: str) -> None:
    """Make append ``number`` deadly."""
    real, count = SqliteStore.append, iter(range(1_000_000))

    def append(*args: Any, **named: Any) -> Any:
        deadly = next(count) == number
        if deadly and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        entries = real(*args, **named)
        if deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return entries

    SqliteStore.append = append  # type: ignore[method-assign]


if __name__ == "__main__":
    armed(int(sys.argv[1]), sys.argv[2])
    sys.argv = ["relman", *sys.argv[3:]]
    main()
