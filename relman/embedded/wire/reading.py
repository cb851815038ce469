"""JSON as Google reads it: strictly. What it is not: a message; any object will do."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from relman.embedded.resources.refusals import unreadable


def json_object(body: bytes | bytearray) -> dict[str, Any]:
    """The object that a body is; an empty body is an empty one.

    Raises:
        InvalidArgument: It is none: no JSON (``NaN`` is none), not in UTF-8, half a character, too deep.
    """
    try:
        found = json.loads(body.decode() or "{}", parse_constant=_constant)
        if b"\\u" in body:  # half of a pair can come by an escape only, and could not be written down later
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError as error:
        raise unreadable("It is nested too deeply.") from error
    except ValueError as error:
        raise unreadable(str(error)) from error
    if not isinstance(found, dict):
        raise unreadable("Expected an object.")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number.")
