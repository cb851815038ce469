"""``${release.version}`` and its like: which names a check holds, and the check with values for them.

What it is not: a template language. A name stands for a text, and nothing else is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from relman.config import words

NAME = re.compile(r"\$\{([^}]*)\}")
_T = TypeVar("_T", bound=msgspec.Struct)


def named_in(value: msgspec.Struct) -> frozenset[str]:
    """The names that stand anywhere in a value."""
    texts = _texts(msgspec.to_builtins(value, enc_hook=str))
    return frozenset(name for text in texts for name in NAME.findall(text))


def filled(value: _T, values: Mapping[str, str]) -> _T:
    """The value with every name replaced.

    Within a regular expression the value stands for itself: its dots match dots only.

    Raises:
        KeyError: A name has no value.
    """
    if not named_in(value):
        return value
    plain = _filled(msgspec.to_builtins(value, enc_hook=str), values)
    return msgspec.convert(plain, type(value), dec_hook=words.read)


def _texts(node: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(node, str):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ():
        yield from _texts(inner)


def _filled(node: Any, values: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(node, str):
        return NAME.sub(lambda found: values[found[1]], node)
    if isinstance(node, dict):
        return {key: _entry(key, inner, values) for key, inner in node.items()}
    return [_filled(inner, values) for inner in node] if isinstance(node, list | tuple) else node


def _entry(key: str, inner: Any, values: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    quoted = {name: re.escape(value) for name, value in values.items()} if key == "matches" else values
    return _filled(inner, quoted)
