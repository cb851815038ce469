"""The line of every key, whatever way TOML lets it be written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relman.config import lines

TEXT = '''\
# [not.a.table]
top = "# no comment"
a.b."c d" = 1

[service.api]   # a table
text = """
[service.fake]
x = 1
"""
path = 'C:\\dir'
literal = \'\'\'
y = "2"
\'\'\'
list = [
  1.5,  # one
  { deep = [ "x]", { er = 2026-12-18 09:00:00 } ], next = true },
]
[service."api".env.prod]
bake = "1m"
[[layer]]
who = "ana"
[layer.restrict]
from = 1
[[layer]]
who = "ben"
'''

WHERE = [
    (("top",), 2),
    (("a",), 3),
    (("a", "b", "c d"), 3),
    (("service",), 5),
    (("service", "api"), 5),
    (("service", "api", "text"), 6),
    (("service", "api", "path"), 10),
    (("service", "api", "literal"), 11),
    (("service", "api", "list"), 14),
    (("service", "api", "list", 0), 15),
    (("service", "api", "list", 1, "deep", 1, "er"), 16),
    (("service", "api", "list", 1, "next"), 16),
    (("service", "api", "env", "prod"), 18),
    (("service", "api", "env", "prod", "bake"), 19),
    (("layer", 0, "who"), 21),
    (("layer", 0, "restrict", "from"), 23),
    (("layer", 1), 24),
    (("layer", 1, "who"), 25),
]


@pytest.mark.parametrize(("path", "line"), WHERE)
def test_the_line_of_a_key(path: lines.Path, line: int) -> None:
    """Tables, dotted and quoted keys, arrays, inline tables and arrays of tables."""
    assert lines.index(TEXT)[path] == line


def paths(value: Any, at: lines.Path = ()) -> Iterator[lines.Path]:
    """Every path of a document."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in entries:
        yield (*at, key)
        yield from paths(inner, (*at, key))


def test_nothing_is_missed_and_nothing_made_up() -> None:
    """The walk finds exactly the keys that tomllib finds."""
    assert set(lines.index(TEXT)) == set(paths(tomllib.loads(TEXT)))


def test_what_is_not_there_has_the_line_of_its_parent() -> None:
    """A missing key is reported where it would have to stand; else at the top."""
    index = lines.index(TEXT)
    assert lines.nearest(index, ("service", "api", "region")) == 5
    assert lines.nearest(index, ("nothing", "at", "all")) == 1


def test_windows_line_ends() -> None:
    """A carriage return is no line of its own."""
    assert lines.index('a = 1\r\n[b]\r\nc = """x\r\ny"""\r\nd = 2\r\n')[("b", "d")] == 5


@given(st.text(alphabet="ab.=[]{}\"',# \n1\\", max_size=60))
def test_ends_on_any_text(text: str) -> None:
    """Where tomllib accepts a text the walk knows its keys; it ends on any text it accepts."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(paths(document)) <= set(lines.index(text))
