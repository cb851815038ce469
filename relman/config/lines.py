"""On which line of a TOML text each key stands.

What it is not: a TOML parser. ``tomllib`` reads the values and has no line numbers; this walks the
same text a second time, for an error's sake only, and relies on ``tomllib`` having accepted it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

Path = tuple[str | int, ...]

TOKEN = re.compile(
    r'''(?P<blank>[ \t\r]+|\#[^\n]*)
      | (?P<newline>\n)
      | (?P<text>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|'[^']*')
      | (?P<mark>[\[\]{}=,.])
      | (?P<word>[^\s\[\]{}=,.\#"']+)''',
    re.VERBOSE | re.DOTALL,
)


def index(text: str) -> dict[Path, int]:
    """The line, from 1, of every key and array element of a valid TOML text."""
    return _Walk(text).lines


def nearest(lines: dict[Path, int], path: Path) -> int:
    """The line of a path, or of its nearest parent that stands in the text; 1 where none does."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in TOKEN.finditer(text):
        if match.lastgroup != "blank":
            yield _Token(str(match.lastgroup), match.group(), line)
        line += match.group().count("\n")
    yield _Token("end", "", line)


class _Walk:
    """One pass over the tokens, noting where each key begins."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._tokens = _tokens(text)
        self._at = next(self._tokens)
        self._table: Path = ()
        self._counts: dict[Path, int] = {}
        while self._at.kind != "end":
            self._line()

    def _line(self) -> None:
        if self._at.kind == "newline":
            self._next()
        elif self._at.text == "[":
            self._header()
        else:
            self._pair(self._table)

    def _next(self) -> _Token:
        taken, self._at = self._at, next(self._tokens, self._at)
        return taken

    def _skip(self, text: str) -> bool:
        """Step over the mark if it is next."""
        if self._at.text != text:
            return False
        self._next()
        return True

    def _header(self) -> None:
        """``[a.b]`` or ``[[a.b]]``; of an array of tables, the newest element is meant."""
        line = self._next().line
        several = self._skip("[")
        *parents, last = self._key()
        self._skip("]")
        self._skip("]")
        self._table = (*self._inside(parents, line), last)
        self.lines.setdefault(self._table, line)
        if several:
            self._counts[self._table] = self._counts.get(self._table, -1) + 1
        self._table = self._element(self._table)
        self.lines.setdefault(self._table, line)

    def _inside(self, keys: list[str], line: int) -> Path:
        path: Path = ()
        for key in keys:
            self.lines.setdefault((*path, key), line)
            path = self._element((*path, key))
        return path

    def _element(self, path: Path) -> Path:
        return (*path, self._counts[path]) if path in self._counts else path

    def _key(self) -> list[str]:
        """A dotted key; its quoted parts are read by tomllib itself."""
        parts = [self._next()]
        while self._skip("."):
            parts.append(self._next())
        return [next(iter(tomllib.loads(f"{part.text} = 0"))) for part in parts]

    def _pair(self, table: Path) -> None:
        line = self._at.line
        path = table
        for key in self._key():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self._skip("=")
        self._value(path)

    def _value(self, path: Path) -> None:
        self.lines.setdefault(path, self._at.line)
        if self._skip("["):
            self._array(path)
        elif self._skip("{"):
            self._inline(path)
        else:
            while self._at.kind in {"word", "text"} or self._at.text == ".":
                self._next()

    def _array(self, path: Path) -> None:
        number = 0
        while self._at.kind != "end" and not self._skip("]"):
            if self._skip(","):
                number += 1
            elif self._at.kind == "newline":
                self._next()
            else:
                self._value((*path, number))

    def _inline(self, path: Path) -> None:
        while self._at.kind != "end" and not self._skip("}"):
            if self._at.kind == "newline" or self._at.text == ",":
                self._next()
            else:
                self._pair(path)
