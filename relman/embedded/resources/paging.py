"""Pages of a list: a token that carries where the next page begins and what was asked (row 37)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import TypeVar

from relman.embedded.resources.refusals import invalid

MOST = 1000
T = TypeVar("T")


def page(
    found: Sequence[T], *, size: int, token: str, asked: str, most: int = MOST
) -> tuple[Sequence[T], str]:
    """One page and the token of the next, empty when this is the last.

    Args:
        found: The whole list, in its order.
        size: How many the client wants at most; 0 for the server's choice.
        token: What the last page gave.
        asked: The other parameters of the request; they must not change between pages.
        most: How many one page holds at most, whatever the client wants.

    Raises:
        InvalidArgument: A negative size, or a token that was not given for this request.
    """
    if size < 0:
        raise invalid("page_size", f"page_size must not be negative, it is {size}.")
    begin = _begin(token, asked)
    end = begin + min(size or most, most)
    return found[begin:end], _token(end, asked) if end < len(found) else ""


def _token(begin: int, asked: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([begin, asked]).encode()).decode()


def _begin(token: str, asked: str) -> int:
    if not token:
        return 0
    try:
        begin, given = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError):
        begin, given = -1, None
    if given != asked or not isinstance(begin, int) or begin < 0:
        raise invalid("page_token", "page_token was not given for this request.")
    return begin
