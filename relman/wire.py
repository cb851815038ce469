"""Google's APIs on the wire: one tree of errors for whatever comes back, and a bare line for the way back.

What it is not: a retry. Over REST the same server error arrives as another class than over gRPC
(409 as Conflict, 400 as BadRequest, with no gRPC status), a dead server as a bare
``requests.ConnectionError``; so the answer's own ``error.status`` is read first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from relman import plainhttp
from relman.errors import NotAuthenticated, Raced, Rejected, RelmanError, Unreachable

RACED = {"ABORTED", "ALREADY_EXISTS"}
SHUT = {"UNAUTHENTICATED", "PERMISSION_DENIED"}
AWAY = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "RESOURCE_EXHAUSTED"}

JSON = {"Content-Type": "application/json", "Accept": "application/json"}
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
BAD, NOT_FOUND = 400, 404


@contextmanager
def speaking(who: str, endpoint: str | None) -> Iterator[None]:
    """Speak to a Google API; whatever its client raises comes out as an error of relman's.

    Args:
        who: The API's name, for people.
        endpoint: Where it was spoken to, None for Google's own.

    Raises:
        Raced: 409: the resource changed since it was read, or exists already.
        NotAuthenticated: 401 or 403, or no credentials on this machine.
        Unreachable: No answer, or the API says that it is not able to answer now.
        Rejected: Any other no.
    """
    import requests
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import (
        DefaultCredentialsError,
        GoogleAuthError,
        RefreshError,
        TransportError,
    )

    place = endpoint or "Google"
    try:
        yield
    except GoogleAPICallError as error:
        raise _said(who, place, _status(error), str(getattr(error, "message", error))) from error
    except (DefaultCredentialsError, RefreshError) as error:
        lapsed = isinstance(error, RefreshError)
        if lapsed and isinstance(error.__cause__ or error.__context__, TransportError):
            fact = f"{place}: the login could not be renewed over the network"
            raise Unreachable(f"{who} does not answer", fact=fact, clears=_start(endpoint)) from error
        raise NotAuthenticated(
            "the Google login has lapsed" if lapsed else "no Google credentials on this machine",
            fact=str(error).split(". ")[0],
            clears="gcloud auth application-default login",
        ) from error
    except (RetryError, GoogleAuthError, requests.RequestException) as error:
        raise Unreachable(
            f"{who} does not answer", fact=f"{place}: {_short(error)}", clears=_start(endpoint)
        ) from error


class Line:
    """JSON to and from one Google API, without its official client.

    Args:
        who: The API's name, for people.
        endpoint: Where it is, None for Google's own; a plain ``http`` one is a local platform.
        google: Google's own address of it.
    """

    def __init__(self, who: str, endpoint: str | None, google: str) -> None:
        """Nothing is imported or connected before the first request."""
        self._who, self._endpoint, self._google = who, endpoint, google
        self._session: Any = None

    def ask(
        self, method: str, path: str, seconds: float, content: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send one request, once.

        Args:
            method: In capitals.
            path: With its query.
            seconds: How long to wait for the answer.
            content: Sent as JSON.

        Raises:
            Raced, NotAuthenticated, Unreachable, Rejected: As :func:`speaking` has it.
        """
        found = self._answer(method, path, seconds, content)
        if found is None:
            raise Rejected(f"{self._who} refused the request", fact=f"{path} is not there")
        return found

    def find(self, path: str, seconds: float) -> dict[str, Any] | None:
        """What is at a path, None if there is nothing (404)."""
        return self._answer("GET", path, seconds, None)

    def close(self) -> None:
        """Close the connections."""
        if self._session:
            self._session.close()

    def _answer(
        self, method: str, path: str, seconds: float, content: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        url = f"{(self._endpoint or self._google).rstrip('/')}{path}"
        body = None if content is None else json.dumps(content).encode()
        send = self._plain if url.startswith(plainhttp.SCHEME) else self._logged_in
        status, raw = send(method, url, seconds, body)
        found = _parsed(raw)
        if status == NOT_FOUND and "error" in found:
            return None
        if status >= BAD or not found:
            raise _said(self._who, self._place, *_no(status, found))
        return found

    def _plain(self, method: str, url: str, seconds: float, body: bytes | None) -> tuple[int, bytes]:
        try:
            answer = plainhttp.send(method, url, seconds, JSON, body)
        except plainhttp.NoAnswer as error:
            fact = f"{self._place}: {error}"
            raise Unreachable(
                f"{self._who} does not answer", fact=fact, clears=_start(self._endpoint)
            ) from error
        return answer.status, answer.body

    def _logged_in(self, method: str, url: str, seconds: float, body: bytes | None) -> tuple[int, bytes]:
        with speaking(self._who, self._endpoint):
            if self._session is None:
                self._session = _session()
            answer = self._session.request(
                method, url, data=body, headers=JSON, timeout=seconds, max_allowed_time=seconds
            )
            return int(answer.status_code), bytes(answer.content)

    @property
    def _place(self) -> str:
        return self._endpoint or "Google"


def _session() -> Any:  # noqa: ANN401 - google.auth is untyped
    """A session that is logged in as this machine is (application default credentials)."""
    from google.auth import default
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = default(scopes=[SCOPE])
    return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]


def _parsed(raw: bytes) -> dict[str, Any]:
    """A JSON object; empty for anything else, such as the page of a proxy."""
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _no(status: int, found: dict[str, Any]) -> tuple[str, str]:
    """The canonical name and the message of an answer that is none."""
    error = found.get("error")
    told = error if isinstance(error, dict) else {}
    name = str(told.get("status") or _by_number(status if status >= BAD else None))
    return name, str(told.get("message") or f"HTTP {status} without a word of its own")


def options(endpoint: str | None) -> dict[str, Any]:
    """What a client of Google's is made with for an endpoint; nothing for Google's own.

    A plain ``http`` endpoint is a local platform, and gets no credentials; they would cross the
    wire in the clear.
    """
    from google.auth.credentials import AnonymousCredentials

    if not endpoint:
        return {}
    found: dict[str, Any] = {"client_options": {"api_endpoint": endpoint}}
    if endpoint.startswith("http://"):
        found["credentials"] = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return found


def _said(who: str, place: str, status: str, message: str) -> RelmanError:
    """The error of relman's for an answer that says no."""
    if status in RACED:
        return Raced(f"{who} refused the write", fact=message, clears="inv release.status")
    if status in SHUT:
        return NotAuthenticated(
            f"{who} does not let us in", fact=message, clears="gcloud auth application-default login"
        )
    if status in AWAY:
        return Unreachable(
            f"{who} cannot answer now", fact=f"{place}: {message}", clears="inv release.status"
        )
    return Rejected(f"{who} refused the request", fact=message)


def _status(error: Exception) -> str:
    """The canonical name of the error: from the answer's body over REST, else from its class."""
    response = getattr(error, "response", None)
    try:
        return str(response.json()["error"]["status"])  # type: ignore[union-attr]
    except (AttributeError, KeyError, TypeError, ValueError):
        grpc = getattr(error, "grpc_status_code", None)
        return grpc.name if grpc else _by_number(getattr(error, "code", None))


def _by_number(code: int | None) -> str:
    known = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ABORTED"}
    return known.get(code or 0, "UNAVAILABLE" if code is None or code >= 500 else "INVALID_ARGUMENT")  # noqa: PLR2004


def _short(error: Exception) -> str:
    """The last and plainest part of a nested network error."""
    return str(error).rpartition("] ")[2].rstrip(")'\"") or type(error).__name__


def _start(endpoint: str | None) -> str:
    return "inv platform.up" if endpoint else "inv release.status"
