"""Cloud Run Admin API v2 through the official client: what relman reads, and the writes it knows.

What it is not: a decision. Steps decide what to write; here a request is sent once, with its
etag, and whatever the official client raises is turned into one tree of errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from relman import live
from relman.live import LiveRevision, LiveService
from relman.models import ServiceKey
from relman.wire import options, speaking

READ_SECONDS = 4.0
"""A read that takes longer is taken for no answer: a rollback must say so within ten seconds."""
WRITE_SECONDS = 15.0


class CloudRun:
    """The official client, spoken to over REST.

    Args:
        endpoint: Where the API is; None for Google's own.
    """

    def __init__(self, endpoint: str | None) -> None:
        """Remember the endpoint; nothing is imported or connected before the first request."""
        self.endpoint = endpoint
        self._clients: dict[str, Any] = {}
        self.date: datetime | None = None
        """What the clock of the API said with its last answer (RFC 9110, section 6.6.1), in whole seconds."""

    def service(self, key: ServiceKey) -> LiveService | None:
        """The service, or None if there is none."""
        found = self._read("Services", "get_service", key.path)
        return live.service(found) if found else None

    def revision(self, key: ServiceKey, name: str) -> LiveRevision | None:
        """One revision, or None if there is none."""
        found = self._read("Revisions", "get_revision", f"{key.path}/revisions/{name}")
        return live.revision(found) if found else None

    def revisions(self, key: ServiceKey) -> tuple[LiveRevision, ...]:
        """All revisions of a service, newest first as the platform lists them."""
        with self._speaking():
            found = self._client("Revisions").list_revisions(
                parent=key.path, retry=None, timeout=READ_SECONDS
            )
            return tuple(live.revision(_plain(one)) for one in found)

    def create(self, key: ServiceKey, body: dict[str, Any]) -> str:
        """Ask for a new service; the operation's name. ALREADY_EXISTS is its fence."""
        from google.cloud import run_v2

        parent, _, service_id = key.path.partition("/services/")
        request = run_v2.CreateServiceRequest(
            parent=parent, service=_message(run_v2.Service, body), service_id=service_id
        )
        return self._write("create_service", request)

    def update(self, key: ServiceKey, *, etag: str, body: dict[str, Any]) -> str:
        """Write exactly the fields of ``body`` (its keys are the mask) if the etag still holds.

        Returns:
            The operation's name.

        Raises:
            Raced: The service has changed since the etag was read.
            Rejected: The platform refuses the request as it is.
        """
        from google.cloud import run_v2

        whole = {"name": key.path, "etag": etag, **body}
        request = run_v2.UpdateServiceRequest(
            service=_message(run_v2.Service, whole), update_mask={"paths": sorted(body)}
        )
        return self._write("update_service", request)

    def settle(self, operation: str, seconds: float) -> str:
        """Let the server wait for an operation; what it complains of, empty for nothing (yet).

        The answer is a hint: what came of the operation is read from the service itself.
        """
        with self._speaking():
            done = self._client("Services").wait_operation(
                {"name": operation, "timeout": {"seconds": int(seconds)}}, timeout=seconds + READ_SECONDS
            )
            return str(done.error.message)

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.transport.close()
        self._clients.clear()

    def _client(self, kind: str) -> Any:  # noqa: ANN401 - the official client's classes
        if kind not in self._clients:
            from google.cloud import run_v2

            made = getattr(run_v2, f"{kind}Client")(transport="rest", **options(self.endpoint))
            # The client hands no headers out, and over its interceptors none of an answer that is an error.
            made.transport._session.hooks["response"].append(self._hear)  # noqa: SLF001
            self._clients[kind] = made
        return self._clients[kind]

    def _hear(self, answer: Any, *_: object, **__: object) -> None:  # noqa: ANN401 - requests.Response
        """Note the time that an answer carries, whatever it answers."""
        try:
            told = parsedate_to_datetime(answer.headers.get("Date", ""))
            self.date = told if told.tzinfo else told.replace(tzinfo=UTC)
        except (TypeError, ValueError):
            self.date = None

    def _read(self, kind: str, method: str, name: str) -> dict[str, Any] | None:
        from google.api_core.exceptions import NotFound

        with self._speaking():
            try:
                return _plain(
                    getattr(self._client(kind), method)(name=name, retry=None, timeout=READ_SECONDS)
                )
            except NotFound:
                return None

    def _write(self, method: str, request: Any) -> str:  # noqa: ANN401 - a request message
        with self._speaking():
            sent = getattr(self._client("Services"), method)(request, retry=None, timeout=WRITE_SECONDS)
            return str(sent.operation.name)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn whatever the client raises into relman's errors, in this one place."""
        with speaking("Cloud Run", self.endpoint):
            yield


def _message(kind: Any, body: dict[str, Any]) -> Any:  # noqa: ANN401 - proto-plus classes
    from google.protobuf import json_format

    return kind.wrap(json_format.ParseDict(body, kind.pb(kind())))


def _plain(message: Any) -> dict[str, Any]:  # noqa: ANN401 - proto-plus classes
    from google.protobuf import json_format

    return dict(json_format.MessageToDict(type(message).pb(message)))
