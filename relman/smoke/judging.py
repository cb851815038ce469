"""An answer against what was expected: the differences, in words.

What it is not: asking. It sees one answer and needs no network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from relman.smoke.suite import Body, Expect, Matches, is_pattern

_CHARSET = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)


class Answer(NamedTuple):
    """What came back: status, headers (looked up without regard to case) and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, in its own charset, else UTF-8; what is none is marked."""
        named = _CHARSET.search(self.headers.get("Content-Type", ""))
        try:
            return self.body.decode(named[1] if named else "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")


def differences(expect: Expect, answer: Answer) -> Iterator[str]:
    """Everything that is not as expected; only the status where that is wrong already."""
    if not expect.status.admits(answer.status):
        body = f" ({shown(answer.text)})" if answer.body else ""
        yield f"status: expected {expect.status}, got {answer.status}{body}"
        return
    for name, wanted in expect.headers.items():
        yield from _header(name, wanted, answer.headers.get(name))
    yield from _body(expect.body, answer)
    if expect.json:
        yield from _json(expect.json, answer)


def shown(value: object) -> str:
    """A value as JSON, on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def same(wanted: object, got: object) -> bool:
    """Whether two JSON values are equal; ``true`` is no number, and 5.0 is 5."""
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    if isinstance(wanted, dict) and isinstance(got, dict):
        return wanted.keys() == got.keys() and all(same(value, got[key]) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(map(same, wanted, got))
    return wanted == got


def _header(name: str, wanted: str | Matches, got: str | None) -> Iterator[str]:
    if got is None:
        yield f"header {name}: expected, and there is none"
    elif isinstance(wanted, Matches):
        yield from _matched(f"header {name}", wanted.matches, got)
    elif wanted != got:
        yield f"header {name}: expected {shown(wanted)}, got {shown(got)}"


def _body(wanted: Body, answer: Answer) -> Iterator[str]:
    if wanted.contains is not None and wanted.contains not in answer.text:
        yield f"body: expected to contain {shown(wanted.contains)}, got {shown(answer.text)}"
    if wanted.matches is not None:
        yield from _matched("body", wanted.matches, answer.text)


def _json(wanted: dict[str, Any], answer: Answer) -> Iterator[str]:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        yield f"body: expected JSON, got {shown(answer.text)}"
        return
    for expression, value in wanted.items():
        yield from _found(expression, value, document)


def _found(expression: str, wanted: object, document: object) -> Iterator[str]:
    import jmespath

    try:
        got = jmespath.search(expression, document)
    except jmespath.exceptions.JMESPathError as error:
        yield f"{expression}: expected {shown(wanted)}, got nothing: {error}"
        return
    if is_pattern(wanted):
        yield from _matched(expression, wanted["matches"], got)  # type: ignore[index]
    elif not same(wanted, got):
        yield f"{expression}: expected {shown(wanted)}, got {shown(got)}"


def _matched(what: str, pattern: str, got: object) -> Iterator[str]:
    if not isinstance(got, str) or not re.search(pattern, got):
        yield f"{what}: expected to match {shown(pattern)}, got {shown(got)}"
