"""Fetches from the data plane what was counted, about once a second, and keeps it.

What it is not: the counting. A batch is kept in one transaction with its number, and only then does the
data plane hear that it may forget it; so a kill of either process loses or doubles nothing that was
collected, and a death of the data plane what it had counted since: about a second of traffic.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from relman.embedded.resources.minutes import KEPT, Minutes

EVERY_S = 1.0
PATIENCE_S = 5.0
MINUTE_S = 60
HandOver = Callable[[str, int, float], Awaitable[dict[str, Any]]]
log = logging.getLogger(__name__)


class Collector:
    """Keeps the minutes of the platform up to date.

    Args:
        minutes: Where they are kept.
        hand_over: Asks the data plane, with what was kept last and the time.
        now: The current time.
        true: The same of a clock that never lies: what is told on demand makes nobody forget.
    """

    def __init__(
        self,
        minutes: Minutes,
        hand_over: HandOver,
        now: Callable[[], datetime],
        true: Callable[[], datetime],
    ) -> None:
        """Nothing is collected yet."""
        self._minutes = minutes
        self._hand_over = hand_over
        self._now = now
        self._true = true
        self._one = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._collected = 0

    def begin(self) -> None:
        """Collect from now on."""
        self._task = asyncio.create_task(self._collecting())

    async def stop(self) -> None:
        """Collect what is there, and no more."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            await self.collect()

    def closed(self, lag: timedelta) -> int:
        """The minute, since the epoch, before which all are over, collected, and older than the lag."""
        late = int((self._now() - lag).timestamp() // MINUTE_S)
        return min(late, self._collected)

    async def collect(self) -> None:
        """Fetch what there is; when the data plane is away, what was fetched stands."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with self._one, asyncio.timeout(PATIENCE_S):
                await self._fetch()

    async def _fetch(self) -> None:
        now, more = self._now().timestamp(), True
        while more:
            answer = await self._hand_over(*self._minutes.last, now)
            if answer["number"]:
                self._minutes.keep(answer["plane"], answer["number"], answer["cells"])
            more = answer["more"]
        self._advance(int(now // MINUTE_S))

    def _advance(self, minute: int) -> None:
        if minute != self._collected:
            self._collected = minute
            sure = min(minute, int(self._true().timestamp() // MINUTE_S))
            self._minutes.forget(sure - KEPT // timedelta(minutes=1))

    async def _collecting(self) -> None:
        while True:
            try:
                await self.collect()
            except Exception:  # whatever it was, the next second is collected
                log.exception("collecting")
            await asyncio.sleep(EVERY_S)
