"""The team's side of relman as an object: the operating model, and what the ledger has of its use.

What it is not: a release (``app``). No service is chosen here and no cloud is asked. The verbs open
and record; what they tell is worked out in ``ops``, by pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relman.clock import Clock
from relman.config import Config
from relman.ledger import Draft, Entry, Store
from relman.models import TEAM, Emit


@dataclass
class Operating:
    """A team's operating model and its record. Made by ``opening.team``.

    Attributes:
        config: The whole of relman.toml.
        store: The ledger.
        clock: Where time comes from.
        emit: Who watches.
        root: The folder of ``relman.toml``.
    """

    config: Config
    store: Store
    clock: Clock
    emit: Emit
    root: Path

    def entries(self) -> tuple[Entry, ...]:
        """Everything that the ledger has, of the team and of every service."""
        return self.store.entries()

    def record(self, kind: str, **detail: Any) -> Entry:  # noqa: ANN401 - JSON
        """Record one thing that the whole team is concerned with.

        Args:
            kind: What happened, such as ``window.frozen``.
            detail: JSON only.
        """
        return self.record_all([Draft(kind, TEAM, "", detail=detail)])[0]

    def record_all(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Record several things, all or none."""
        return self.store.append(drafts)

    def close(self) -> None:
        """Let go of the ledger."""
        self.store.close()
