"""The files of a release's notes: ``release_notes/``, with ``next.md`` in it, and ``CHANGELOG.md``.

What it is not: git. The files are written into the working tree, for a person to read and commit; all of
them are records, so neither a cut nor a next version minds them.

A hand goes before relman. Every note ends with a line that nobody sees, which has the digests of what
relman wrote. A file, or a section of the changelog, that is not what was written is left as it is.
``next.md`` is never touched: what a shipped release has carried is known by that line too, and is not
carried twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from relman.errors import Unreachable
from relman.notes.changelog import Changelog
from relman.notes.values import Notes

FOLDER: Final = "release_notes"
NEXT: Final = f"{FOLDER}/next.md"
CHANGELOG: Final = "CHANGELOG.md"
MARK: Final = re.compile(
    r"\n?<!-- relman: notes (?P<notes>[0-9a-f]{16}), changelog (?P<changelog>[0-9a-f]{16}|-), "
    r"next (?P<next>[0-9a-f]{16}:\d+|-) -->\n?\Z"
)
BOM: Final = "\ufeff"
WRITTEN, SAME, KEPT = "written", "same", "kept"


class Mark(Struct, frozen=True):
    """What relman wrote, told at the end of a note.

    Attributes:
        notes: The digest of the text above it.
        changelog: That of the section, ``-`` for none.
        next: That of what was carried from ``next.md``, and its length; ``-`` for nothing.
    """

    notes: str
    changelog: str = "-"
    next: str = "-"

    def __str__(self) -> str:
        """The line."""
        return f"<!-- relman: notes {self.notes}, changelog {self.changelog}, next {self.next} -->\n"


class Wrote(Struct, frozen=True):
    """What came of it, each by the file's name.

    Attributes:
        written: Made, or brought up to date.
        same: Nothing to do.
        kept: Edited by hand, so left alone.
        dropped: Of a version that was prepared and not shipped; taken away.
    """

    written: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


class Files:
    """The records of a repository.

    Args:
        root: Its top folder.
    """

    def __init__(self, root: Path) -> None:
        """Nothing is looked at yet."""
        self._root = root

    def carried(self, name: str, shipped: Iterable[str]) -> str:
        """What was written by hand for a release: ``next.md``, without what another one has carried already.

        Args:
            name: The release's.
            shipped: The names of the releases that were shipped.
        """
        text = self._next()
        marks = (self._mark(other) for other in shipped if other != name)
        return text[max((_spent(text, mark) for mark in marks if mark), default=0) :].strip()

    def write(self, notes: Notes, text: str, section: str, unreleased: str) -> Wrote:
        """Write a release's note and its section of the changelog, unless a hand was there.

        Args:
            notes: The release's.
            text: The note.
            section: The section; empty where the team wants no changelog.
            unreleased: Where what is not released yet can be compared with it; empty for no links.

        Raises:
            Unreachable: A file cannot be read or written.
        """
        path, before = path_of(notes.name), self._mark(notes.name)
        mark = Mark(_digest(text), _digest(section) if section else "-", _carried_mark(self._next()))
        found = self._note(path, f"{text}\n{mark}", before)
        log = self._log(notes, section, unreleased, before if found != KEPT else None) if section else SAME
        return _sorted({path: found, **({CHANGELOG: log} if section else {})})

    def drop(self, name: str) -> Wrote:
        """Take away what was written for a release that was not shipped, unless a hand was there.

        Raises:
            Unreachable: A file cannot be read or written.
        """
        path, mark = path_of(name), self._mark(name)
        if mark is None:
            return Wrote()
        if _above(self._read(path)) != mark.notes:
            return Wrote(kept=(path,))
        self._changing(path, (self._root / path).unlink)
        changelog = Changelog(self._read(CHANGELOG))
        if _digest(changelog.section(name) or "") == mark.changelog:
            changelog.drop(name)
            self._write(CHANGELOG, str(changelog))
            return Wrote(dropped=(path, f"{CHANGELOG} [{name}]"))
        return Wrote(dropped=(path,))

    def _note(self, path: str, text: str, mark: Mark | None) -> str:
        """Write the note; what became of it."""
        there = self._read(path)
        if _plain(there) == text:
            return SAME
        if there and (mark is None or _above(there) != mark.notes):
            return KEPT
        self._write(path, text)
        return WRITTEN

    def _log(self, notes: Notes, section: str, unreleased: str, mark: Mark | None) -> str:
        """Put the section into the changelog; what became of it."""
        text = self._read(CHANGELOG)
        changelog = Changelog(text)
        there = changelog.section(notes.name)
        if there is not None and there != section and (mark is None or _digest(there) != mark.changelog):
            return KEPT
        changelog.put(notes, section, unreleased)
        if str(changelog) == text:
            return SAME
        self._write(CHANGELOG, str(changelog))
        return WRITTEN

    def _mark(self, name: str) -> Mark | None:
        """What relman wrote for a release, None if it wrote nothing, or the line is gone."""
        found = MARK.search(_plain(self._read(path_of(name))))
        return Mark(**found.groupdict()) if found else None

    def _next(self) -> str:
        return _plain(self._read(NEXT)).rstrip()

    def _read(self, path: str) -> str:
        """A file's text, byte for byte; empty for none."""
        try:
            return (self._root / path).read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise Unreachable(f"{path} cannot be read", fact=error.strerror or str(error)) from error

    def _write(self, path: str, text: str) -> None:
        """Write a file; whoever reads it meanwhile sees the old one or the new one."""

        def write() -> None:
            place = self._root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh = place.with_name(f".{place.name}.new")
            fresh.write_bytes(text.encode("utf-8", "surrogateescape"))
            fresh.replace(place)

        self._changing(path, write)

    def _changing(self, path: str, act: Callable[[], None]) -> None:
        try:
            act()
        except OSError as error:
            raise Unreachable(f"{path} cannot be written", fact=error.strerror or str(error)) from error


def path_of(name: str) -> str:
    """The file of a note, from the repository's top."""
    return f"{FOLDER}/{name}.md"


def _sorted(found: Mapping[str, str]) -> Wrote:
    """What became of the files."""
    by = {how: tuple(path for path, one in found.items() if one == how) for how in (WRITTEN, SAME, KEPT)}
    return Wrote(by[WRITTEN], by[SAME], by[KEPT])


def _plain(text: str) -> str:
    """A text without a byte order mark, whatever line ends a checkout has given it."""
    return text.removeprefix(BOM).replace("\r\n", "\n")


def _digest(text: str) -> str:
    raw = _plain(text).strip("\n").encode("utf-8", "surrogateescape")
    return hashlib.sha256(raw).hexdigest()[:16]


def _above(text: str) -> str:
    """The digest of what stands above the mark."""
    return _digest(MARK.sub("", _plain(text)))


def _carried_mark(text: str) -> str:
    return f"{_digest(text)}:{len(text)}" if text else "-"


def _spent(text: str, mark: Mark) -> int:
    """How much of a text, from its beginning, a release has carried."""
    digest, _, length = mark.next.partition(":")
    return int(length) if length and _digest(text[: int(length)]) == digest else 0
