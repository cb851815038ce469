"""What was deleted and can still be listed, until its time is over (rows 37 to 39).

What it is not: a way back. Cloud Run undeletes nothing; ``show_deleted`` shows. Of several that had
the same name the last is kept.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from google.protobuf.message import Message

from relman.embedded.resources.shelf import Shelf
from relman.embedded.resources.store import Store

KEPT = timedelta(days=30)
"""Not documented by number; what ``expire_time`` says is kept here."""


class Deleted:
    """The deleted resources of one kind.

    Args:
        store: Where they are kept.
        kind: The kind's name.
        message: The protobuf class; it has ``delete_time`` and ``expire_time``.
    """

    def __init__(self, store: Store, kind: str, message: type[Message]) -> None:
        """Nothing is read yet."""
        self._shelf = Shelf(store, f"deleted {kind}", message)

    def keep(self, resource: Message) -> None:
        """Remember a resource that was deleted; ``marked`` wrote its times."""
        self._shelf.put(resource, {})

    def all(self, prefix: str, now: datetime) -> list[Message]:
        """Those whose name begins so and whose time is not over, oldest first."""
        found = [entry.message for entry in self._shelf.all(prefix)]
        return [one for one in found if one.expire_time.ToDatetime(UTC) > now]

    def forget_old(self, now: datetime) -> None:
        """Forget those whose time is over, by a clock that does not lie."""
        for entry in self._shelf.all():
            if entry.message.expire_time.ToDatetime(UTC) <= now:
                self._shelf.drop(entry.message.name)


def marked(resource: Message, now: datetime) -> Message:
    """The same resource, with the times of its deletion and of its end."""
    resource.delete_time.FromDatetime(now)
    resource.expire_time.FromDatetime(now + KEPT)
    return resource
