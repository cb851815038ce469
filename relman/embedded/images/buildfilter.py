"""The filter of ``ListBuilds``: comparisons for equality, all of which must hold.

What it is not: the whole filter language. What it does not know is refused, never ignored.

Source: https://cloud.google.com/build/docs/view-build-results#filtering_build_results_using_queries.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from google.protobuf.message import Message

from relman.embedded.resources.messages import BuildStatus
from relman.embedded.resources.refusals import invalid

TERM = re.compile(r"\s*(?:AND\s+)?(\w+)\s*=\s*(?:\"([^\"]*)\"|([^\s\"]+))\s*")
FIELDS: dict[str, Callable[[Message, str], bool]] = {
    "tags": lambda build, text: text in build.tags,
    "status": lambda build, text: bool(BuildStatus(build.status).name == text),
    "build_id": lambda build, text: bool(build.id == text),
    "id": lambda build, text: bool(build.id == text),
}


def chosen(text: str) -> Callable[[Message], bool]:
    """A test for builds.

    Raises:
        InvalidArgument: The filter is not ``field=value`` terms joined by AND, or a field is unknown.
    """
    terms, rest = [], text
    while rest.strip():
        match = TERM.match(rest)
        if not match or match[1] not in FIELDS:
            raise invalid(
                "filter", f"Invalid filter '{text}': known are {', '.join(FIELDS)} with '=' and AND."
            )
        terms.append((FIELDS[match[1]], match[3] if match[2] is None else match[2]))
        rest = rest[match.end() :]
    return lambda build: all(test(build, value) for test, value in terms)
