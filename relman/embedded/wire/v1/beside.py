"""What v2 has no field for, kept beside it, so that it comes back as a v1 client sent it.

What it is not: visible to v2, or a second service. It is kept under the ``uid``, so it dies with what it is
about even when a v2 client deletes that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from google.protobuf.message import Message

from relman.embedded.control.revisions import short
from relman.embedded.resources.store import Store
from relman.embedded.wire.v1.writing import Beside

KIND = "v1"


class Shelf:
    """The annotations beside services and their revisions.

    Args:
        store: Where they are kept.
        last: The newest operation about a service, by its name; empty if there is none.
    """

    def __init__(self, store: Store, last: Callable[[str], str]) -> None:
        """Nothing is read yet."""
        self._store = store
        self._last = last

    def of(self, service: Message) -> Beside:
        """What is beside a service."""
        latest = short(service.latest_created_revision)
        operation = short(self._last(service.name))
        return Beside(self._found(service.uid), self.of_revision(service.uid, latest), operation)

    def of_revision(self, service_uid: str, revision: str) -> Mapping[str, str]:
        """What is beside a revision, by its short name."""
        return self._found(f"{service_uid}/{revision}")

    def keep(self, service: Message, of_service: Mapping[str, str], of_template: Mapping[str, str]) -> None:
        """Keep what was sent with a service, and with its template for the revision that it made."""
        self._put(service.uid, of_service)
        self._put(f"{service.uid}/{short(service.latest_created_revision)}", of_template)

    def drop(self, service: Message) -> None:
        """Forget all that was beside a service."""
        for row in self._store.all(KIND, service.uid):
            self._store.drop(KIND, row.name)

    def _found(self, name: str) -> dict[str, str]:
        row = self._store.find(KIND, name)
        found: dict[str, str] = json.loads(row.body) if row else {}
        return found

    def _put(self, name: str, sent: Mapping[str, str]) -> None:
        if sent:
            self._store.put(KIND, name, json.dumps(dict(sent)).encode(), {})
        else:
            self._store.drop(KIND, name)
