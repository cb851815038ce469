"""Time limits of requests. What it is not: a timer each: those with the same limit run out in their order."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Limited(Protocol):
    """What may take only so long."""

    def expire(self) -> None:
        """It took longer."""


class Deadlines:
    """What is under a limit of time, unless it is lifted before; one timer for each limit."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """None runs yet."""
        self._loop = loop
        self._queues: dict[float, dict[Limited, float]] = {}

    def begin(self, seconds: float, one: Limited) -> None:
        """Let it expire after so many seconds."""
        now = self._loop.time()
        queue = self._queues.get(seconds)
        if queue is None:
            queue = self._queues[seconds] = {}
            self._loop.call_later(seconds, self._ring, seconds)
        queue[one] = now + seconds

    def lift(self, seconds: float, one: Limited) -> None:
        """Do not; what has expired already is no error."""
        queue = self._queues.get(seconds)
        if queue is not None:
            queue.pop(one, None)

    def _ring(self, seconds: float) -> None:
        queue = self._queues[seconds]
        while queue:
            one, due = next(iter(queue.items()))
            if due > self._loop.time():
                self._loop.call_at(due, self._ring, seconds)
                return
            del queue[one]
            one.expire()
        if not queue:
            self._queues.pop(seconds, None)
