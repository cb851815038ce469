"""The collector alone, with a real store: what is told while the data plane is away."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from relman.embedded.control.monitoring.collecting import Collector
from relman.embedded.resources.minutes import Minutes
from relman.embedded.resources.store import Store

NOON = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
MINUTE = int(NOON.timestamp() // 60)


def test_a_minute_that_was_not_fetched_to_its_end_is_not_told(tmp_path: Path) -> None:
    """However long it is over: the data plane may still hold some of it, and a minute that is told stays."""

    async def hand_over(*_: Any) -> dict[str, Any]:
        if away:
            raise ConnectionError
        return {"number": 0, "more": False}

    async def run() -> None:
        await collector.collect()
        assert collector.closed(timedelta(0)) == MINUTE
        away.append(True)
        times.append(NOON + timedelta(minutes=5))
        await collector.collect()
        assert collector.closed(timedelta(0)) == MINUTE
        away.clear()
        await collector.collect()
        assert collector.closed(timedelta(0)) == MINUTE + 5
        assert collector.closed(timedelta(minutes=3)) == MINUTE + 2

    times, away = [NOON], list[bool]()
    with closing(Store(tmp_path / "state.db")) as store:
        collector = Collector(Minutes(store), hand_over, lambda: times[-1], lambda: times[-1])
        asyncio.run(run())


def test_what_is_older_than_is_kept_is_forgotten(tmp_path: Path) -> None:
    """By the earlier of both clocks; a minute of a past that was made up stays as long as it is believed."""

    async def hand_over(*_: Any) -> dict[str, Any]:
        return {"number": 0, "more": False}

    async def left(true: datetime, believed: datetime) -> list[int]:
        await Collector(minutes, hand_over, lambda: believed, lambda: true).collect()
        return [key.minute - MINUTE for key, _ in minutes.of("p", 0, 2 * MINUTE)]

    with closing(Store(tmp_path / "state.db")) as store:
        minutes = Minutes(store)
        cells = [[MINUTE + one, "p/r", 200, 1, 1.0, 1.0, [[0, 1]]] for one in (0, 10)]
        minutes.keep("plane", 1, cells)
        later = NOON + timedelta(weeks=6, minutes=5)
        assert asyncio.run(left(NOON, later + timedelta(days=365))) == [0, 10]
        assert asyncio.run(left(later, NOON)) == [0, 10]
        assert asyncio.run(left(later, later)) == [10]
