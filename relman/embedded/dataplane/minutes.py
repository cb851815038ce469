"""How many requests ended in each minute, by revision and response code, and how long they took.

What it is not: a memory. It holds what was not handed over yet; the platform keeps it.

The handing over loses nothing and doubles nothing, whoever is killed: cells are sealed into a numbered
batch, the batch is told until its number comes back as kept, and only then forgotten. What dies with
this process is what ended since the last batch was kept: about a second of traffic.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from relman.embedded.resources.buckets import bucket

MOST_CELLS = 2000
"""Cells of one batch, so that its line stays short when nobody has asked for hours."""


@dataclass(slots=True)
class Cell:
    """The requests of one minute, revision and response code.

    Attributes:
        count: How many ended.
        total: The sum of their latencies, in milliseconds.
        squares: The sum of the squares of these.
        buckets: How many fell into each bucket.
    """

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    buckets: dict[int, int] = field(default_factory=dict)


class Minutes:
    """Counts by minute of the platform's clock, which is told with each handing over."""

    def __init__(self) -> None:
        """Nothing is counted yet, and the clock is the system's until another is told."""
        self._name = secrets.token_hex(8)
        self._ahead = time.time() - time.monotonic()
        self._open: dict[tuple[int, str, int], Cell] = {}
        self._sealed: deque[tuple[int, list[list[Any]]]] = deque()
        self._number = 0

    def count(self, revision: str, code: int, seconds: float, now: float) -> None:
        """A request of this revision ended now (monotonic), with this response code, after this time."""
        minute = int((now + self._ahead) // 60)
        key = (minute, revision, code)
        cell = self._open.get(key)
        if cell is None:
            cell = self._begin(key)
        latency = seconds * 1000
        cell.count += 1
        cell.total += latency
        cell.squares += latency * latency
        number = bucket(latency)
        cell.buckets[number] = cell.buckets.get(number, 0) + 1

    def hand_over(self, plane: str, kept: int, now: float) -> dict[str, Any]:
        """The oldest batch that is not known to be kept.

        Args:
            plane: The process whose batch was kept last, by the name that it gave itself.
            kept: The number of that batch.
            now: The platform's present time, in seconds since the epoch. No request that ends later is
                counted in an earlier minute, as long as that clock does not go back.

        Returns:
            The process's name, the batch's number (0 if there is nothing), its cells, and whether more
            is waiting.
        """
        self._ahead = now - time.monotonic()
        if plane == self._name:
            while self._sealed and self._sealed[0][0] <= kept:
                self._sealed.popleft()
        self._seal()
        number, cells = self._sealed[0] if self._sealed else (0, [])
        return {"plane": self._name, "number": number, "cells": cells, "more": len(self._sealed) > 1}

    def _begin(self, key: tuple[int, str, int]) -> Cell:
        if len(self._open) >= MOST_CELLS:
            self._seal()
        cell = self._open[key] = Cell()
        return cell

    def _seal(self) -> None:
        if not self._open:
            return
        self._number += 1
        cells = [
            [*key, cell.count, cell.total, cell.squares, list(cell.buckets.items())]
            for key, cell in self._open.items()
        ]
        self._sealed.append((self._number, cells))
        self._open = {}
