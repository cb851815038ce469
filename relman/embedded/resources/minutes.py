"""The minutes that were collected from data planes, for as long as Google keeps them.

What it is not: a count of anything that is still under way; nor an API (``control.monitoring``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from relman.embedded.resources.store import Store

KEPT = timedelta(weeks=6)
"""https://cloud.google.com/monitoring/quotas (data retention of Google's own metrics)."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS minute (
    minute INTEGER NOT NULL, revision TEXT NOT NULL, code INTEGER NOT NULL, count INTEGER NOT NULL,
    total REAL NOT NULL, squares REAL NOT NULL, buckets TEXT NOT NULL,
    PRIMARY KEY (minute, revision, code)) WITHOUT ROWID;
"""


class Key(NamedTuple):
    """What requests are counted by: minutes since the epoch, a revision's whole name, a response code."""

    minute: int
    revision: str
    code: int


@dataclass(frozen=True)
class Distribution:
    """Latencies.

    Attributes:
        count: How many.
        total: Their sum, in milliseconds.
        squares: The sum of their squares.
        buckets: How many fell into each bucket (``resources.buckets``).
    """

    count: int
    total: float
    squares: float
    buckets: Mapping[int, int]

    def __add__(self, other: Distribution) -> Distribution:
        """Both together."""
        numbers = sorted(self.buckets.keys() | other.buckets.keys())
        buckets = {one: self.buckets.get(one, 0) + other.buckets.get(one, 0) for one in numbers}
        count, total = self.count + other.count, self.total + other.total
        return Distribution(count, total, self.squares + other.squares, buckets)

    @property
    def deviation(self) -> float:
        """The sum of the squares of what each differs from their mean."""
        return max(0.0, self.squares - self.total * self.total / self.count) if self.count else 0.0


class Minutes:
    """Every minute that was collected.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        """Lay the table when it is not there."""
        self._store = store
        store.database.executescript(SCHEMA)

    @property
    def last(self) -> tuple[str, int]:
        """The process whose batch was kept last, and the number of that batch."""
        plane, number = json.loads(self._store.setting("collected") or '["", 0]')
        return plane, number

    def keep(self, plane: str, number: int, cells: Sequence[Sequence[Any]]) -> None:
        """Add a batch to what is known, once however often it comes."""
        with self._store.transaction():
            known, last = self.last
            if plane == known and number <= last:
                return
            for minute, revision, code, count, total, squares, buckets in cells:
                self._add(Key(minute, revision, code), Distribution(count, total, squares, dict(buckets)))
            self._store.keep_setting("collected", json.dumps([plane, number]))

    def of(self, project: str, first: int, last: int) -> list[tuple[Key, Distribution]]:
        """What is known of a project's revisions, from the first minute to the last, oldest first.

        It may be asked in another thread: six weeks are seconds of work.
        """
        prefix = f"{project}/"
        with self._store.reading() as database:
            rows = database.execute(
                "SELECT * FROM minute WHERE minute BETWEEN ? AND ? AND substr(revision, 1, ?) = ?",
                (first, last, len(prefix), prefix),
            )
            return [(Key(*row[:3]), _read(row[3:])) for row in rows]

    def totals(self, since: int) -> dict[str, dict[int, int]]:
        """How many requests ended from this minute on, by revision and response code."""
        found: dict[str, dict[int, int]] = {}
        for revision, code, count in self._store.database.execute(
            "SELECT revision, code, sum(count) FROM minute WHERE minute >= ? GROUP BY revision, code",
            (since,),
        ):
            found.setdefault(revision, {})[code] = count
        return found

    def forget(self, before: int) -> None:
        """Forget what is older than this minute."""
        self._store.database.execute("DELETE FROM minute WHERE minute < ?", (before,))

    def _add(self, key: Key, more: Distribution) -> None:
        found = self._store.database.execute(
            "SELECT count, total, squares, buckets FROM minute WHERE (minute, revision, code) = (?, ?, ?)",
            key,
        ).fetchone()
        whole = _read(found) + more if found else more
        values = (whole.count, whole.total, whole.squares, json.dumps(list(whole.buckets.items())))
        self._store.database.execute(
            "INSERT OR REPLACE INTO minute VALUES (?, ?, ?, ?, ?, ?, ?)", (*key, *values)
        )


def _read(row: Sequence[Any]) -> Distribution:
    count, total, squares, buckets = row
    return Distribution(count, total, squares, dict(json.loads(buckets)))
