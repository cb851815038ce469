"""What the official Google clients raise, turned into relman's errors in one place.

What it is not: a retry. Over REST the same server error arrives as another class than over gRPC
(409 as Conflict, 400 as BadRequest, with no gRPC status), a dead server as a bare
``requests.ConnectionError``; so the answer's own ``error.status`` is read first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from relman.errors import NotAuthenticated, Raced, Rejected, RelmanError, Unreachable

RACED = {"ABORTED", "ALREADY_EXISTS"}
SHUT = {"UNAUTHENTICATED", "PERMISSION_DENIED"}
AWAY = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "RESOURCE_EXHAUSTED"}


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
        raise _said(who, place, error) from error
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


def _said(who: str, place: str, error: Exception) -> RelmanError:
    """The error of relman's for an answer that says no."""
    status, message = _status(error), str(getattr(error, "message", error))
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
