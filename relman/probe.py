"""Does a URL answer, and which revision does it say it is?

What it is not: a smoke check. A probe orders the way back and proves where live traffic goes;
it asks one path once and refuses nothing (ruling 13).
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from relman import plainhttp

SECONDS = 5.0
SERVER_ERROR = 500
TOO_MANY = 429
HEADERS = {"Cache-Control": "no-cache", "User-Agent": "relman-probe"}


class Reply(msgspec.Struct, frozen=True):
    """What came back.

    Attributes:
        healthy: There was an answer, and it was no server error.
        fact: The status, or why there was none.
        revision: Which of the known revisions the answer names in a header, empty for none.
    """

    healthy: bool
    fact: str
    revision: str = ""


def ask(url: str, known: Collection[str] = (), seconds: float = SECONDS) -> Reply:
    """Ask a URL once.

    Args:
        url: The service's or a tag's URL.
        known: Revision names. Cloud Run does not tell which revision answered, but many
            services do, in a header of their own (``K_REVISION`` is in their environment); any
            header whose value is one of these names counts.
        seconds: How long to wait for the answer.
    """
    send = _plain if url.startswith(plainhttp.SCHEME) else _encrypted
    try:
        status, values = send(url, seconds)
    except plainhttp.NoAnswer as error:
        return Reply(healthy=False, fact=f"no answer ({error})")
    named = next((value for value in values if value in known), "")
    return Reply(status < SERVER_ERROR and status != TOO_MANY, f"HTTP {status}", named)


def _plain(url: str, seconds: float) -> tuple[int, list[str]]:
    """Status and header values of a local service's answer."""
    answer = plainhttp.send("GET", url, seconds, HEADERS)
    return answer.status, [value for _, value in answer.headers]


def _encrypted(url: str, seconds: float) -> tuple[int, list[str]]:
    """The same of one behind TLS, and perhaps behind a proxy."""
    import requests

    try:
        with requests.get(url, headers=HEADERS, timeout=seconds, allow_redirects=False) as answer:
            return answer.status_code, list(answer.headers.values())
    except requests.RequestException as error:
        raise plainhttp.NoAnswer(type(error).__name__) from error
