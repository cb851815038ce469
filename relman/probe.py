"""Does a URL answer, and which revision does it say it is?

What it is not: a smoke check. A probe orders the way back and proves where live traffic goes;
it asks one path once and refuses nothing (ruling 13).
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

SECONDS = 5.0
SERVER_ERROR = 500
TOO_MANY = 429


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
    import requests

    headers = {"Cache-Control": "no-cache", "User-Agent": "relman-probe"}
    try:
        with requests.get(url, headers=headers, timeout=seconds, allow_redirects=False) as answer:
            named = next((value for value in answer.headers.values() if value in known), "")
            well = answer.status_code < SERVER_ERROR and answer.status_code != TOO_MANY
            return Reply(well, f"HTTP {answer.status_code}", named)
    except requests.RequestException as error:
        return Reply(healthy=False, fact=f"no answer ({type(error).__name__})")
