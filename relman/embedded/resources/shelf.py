"""A shelf: all messages of one kind, as messages. What it is not: a rule about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from relman.embedded.resources.store import Row, Store


@dataclass(frozen=True)
class Entry:
    """One message with the facts that no client sees, and its place in time."""

    ordinal: int
    message: Message
    facts: dict[str, Any]


class Shelf:
    """The messages of one kind in the store.

    Args:
        store: Where they are kept.
        kind: The kind's name in the store.
        message: The protobuf class.
    """

    def __init__(self, store: Store, kind: str, message: Any) -> None:  # noqa: ANN401 - a protobuf class
        """Nothing is read yet."""
        self.store = store
        self._kind = kind
        self._class = message

    def find(self, name: str) -> Entry | None:
        """The entry of this name, or None."""
        row = self.store.find(self._kind, name)
        return self._entry(row) if row else None

    def all(self, prefix: str = "") -> list[Entry]:
        """Every entry whose name begins so, oldest first."""
        return [self._entry(row) for row in self.store.all(self._kind, prefix)]

    def put(self, message: Message, facts: dict[str, Any]) -> None:
        """Keep a message under its own name."""
        self.store.put(self._kind, message.name, message.SerializeToString(), facts)

    def drop(self, name: str) -> None:
        """Forget a message."""
        self.store.drop(self._kind, name)

    def _entry(self, row: Row) -> Entry:
        return Entry(row.ordinal, self._class.FromString(row.body), row.facts)
