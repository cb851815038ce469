"""The way to Cloud Run when somebody waits: its REST API, asked without the official client.

What it is not: a second client. It reads and writes what a rollback needs; the rest is inherited
from the official one, and both are held to the same answers by the same tests. Importing the official
client takes a quarter of a second of CPU, which is more than all the requests of a rollback.

Source: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services.
"""

from __future__ import annotations

from typing import Any

from relman import wire
from relman.cloudrun import READ_SECONDS, WRITE_SECONDS, CloudRun
from relman.models import ServiceKey

GOOGLE = "https://run.googleapis.com"


class WayBack(CloudRun):
    """Cloud Run as a rollback asks it.

    Args:
        endpoint: Where the API is; None for Google's own.
    """

    def __init__(self, endpoint: str | None) -> None:
        """Remember the endpoint; nothing is imported or connected before the first request."""
        super().__init__(endpoint)
        self._line = wire.Line("Cloud Run", endpoint, GOOGLE)

    def update(self, key: ServiceKey, *, etag: str, body: dict[str, Any]) -> str:
        """Write exactly the fields of ``body``, if the etag still holds; as the official client does."""
        whole = {"name": key.path, "etag": etag, **body}
        mask = "%2C".join(sorted(body))
        sent = self._line.ask("PATCH", f"/v2/{key.path}?updateMask={mask}", WRITE_SECONDS, whole)
        return str(sent["name"])

    def settle(self, operation: str, seconds: float) -> str:
        """Let the server wait for an operation; what it complains of, empty for nothing (yet)."""
        patience = {"timeout": f"{int(seconds)}s"}
        done = self._line.ask("POST", f"/v2/{operation}:wait", seconds + READ_SECONDS, patience)
        return str(done.get("error", {}).get("message", ""))

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._line.close()

    def _read(self, kind: str, method: str, name: str) -> dict[str, Any] | None:  # noqa: ARG002 - as inherited
        return self._line.find(f"/v2/{name}", READ_SECONDS)
