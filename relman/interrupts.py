"""Ctrl-C: the first asks the run to stop at a safe point, the second leaves at once."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any, Self

from relman.errors import Interrupted
from relman.models import Emit, Event


class Interrupts:
    """While entered, SIGINT and SIGTERM are a wish. Outside the main thread it does nothing.

    Attributes:
        wanted: Somebody wants the run to stop.
    """

    def __init__(self, emit: Emit, told: str) -> None:
        """Remember whom to tell, and what is told at the first Ctrl-C."""
        self.wanted = False
        self._emit, self._told = emit, told
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Take the signals over, where Python allows it."""
        import threading

        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._wish)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _wish(self, _number: int, _frame: FrameType | None) -> None:
        if self.wanted:
            raise Interrupted("left at once", fact="second Ctrl-C", clears="inv release.resume")
        self.wanted = True
        self._emit(Event("note", self._told))
