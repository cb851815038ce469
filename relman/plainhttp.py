"""One request over plain HTTP with the standard library alone, for what people wait for.

What it is not: for the outside world. A local platform and its services are on plain HTTP, and there
``requests`` costs more than the request itself (0.05 s of CPU to import); whatever has TLS, a login or a
proxy in between goes through ``requests``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

SCHEME = "http://"


class NoAnswer(Exception):
    """The other side does not answer, or not with HTTP."""


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: The HTTP status.
        headers: As sent, in order.
        body: The whole body.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def send(
    method: str, url: str, seconds: float, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Answer:
    """Send one request on a connection of its own; a redirect is an answer like any other.

    Args:
        method: In capitals.
        url: An ``http://`` URL.
        seconds: How long to wait for the connection, and for each part of the answer.
        headers: To send besides those that HTTP needs.
        body: To send; None for none.

    Raises:
        NoAnswer: No connection, no answer in time, or one that is no HTTP.
    """
    from http.client import HTTPConnection, HTTPException

    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
        try:
            connection.request(method, target, body, dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, tuple(answer.getheaders()), answer.read())
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}".rstrip(": ")) from error
