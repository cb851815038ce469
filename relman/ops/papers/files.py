"""The papers' files: what is there, how it differs, and writing it so that nobody's work is lost.

What it is not: a judge of the text. Each paper carries a digest of what relman wrote. A file whose digest
fits was not touched by hand and may be written again; any other is shown before it is lost.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final

from msgspec import Struct

from relman.errors import ConfigError, Unreachable

BY: Final = "made by inv ops.documents from relman.toml: change it there, and make this again"
_MARK: Final = re.compile(rb"relman: ([0-9a-f]{16})")
_YEAR: Final = re.compile(rb"^X-RELMAN-YEAR:(\d{4})\r?$", re.MULTILINE)
_EMPTY: Final = b"0" * 16


class State(StrEnum):
    """How a file stands to its paper."""

    SAME = "same"
    MISSING = "missing"
    BEHIND = "behind"
    EDITED = "edited"


class Paper(Struct, frozen=True):
    """A file as it ought to be; its path is relative to relman.toml."""

    path: str
    content: bytes


class Standing(Struct, frozen=True):
    """A paper, and how its file stands to it.

    Attributes:
        paper: What ought to be.
        state: ``same``; ``missing``; ``behind``: as relman wrote it from an older model; ``edited``: by hand.
        diff: From what is there to what ought to be, as ``diff -u`` shows it.
        place: The file.
    """

    paper: Paper
    state: State
    diff: str
    place: Path


def markdown(text: str) -> bytes:
    """The document with the lines that say who made it."""
    return _marked(f"<!-- {BY} -->\n\n{text}\n<!-- relman: {_EMPTY.decode()} -->\n".encode())


def comment(text: str) -> bytes:
    """A file of lines with ``#`` for comments, likewise."""
    return _marked(f"# {BY}\n# relman: {_EMPTY.decode()}\n\n{text}".encode())


def calendar(content: bytes, year: int) -> bytes:
    """A calendar likewise: properties of its own go before the first event (RFC 5545, section 3.8.8.2)."""
    head, end, rest = content.partition(b"\r\n")
    by = b"X-RELMAN-BY:made by inv ops.documents from relman.toml\r\n"
    told = by + f"X-RELMAN-YEAR:{year}\r\nX-RELMAN-DIGEST:relman: ".encode() + _EMPTY + b"\r\n"
    before, event, events = rest.partition(b"BEGIN:VEVENT")
    if not event:
        before, event, events = rest.partition(b"END:VCALENDAR")
    return _marked(head + end + before + told + event + events)


def calendar_year(path: Path, today: date) -> int:
    """The year that a calendar begins with: that of the file while it reaches beyond today, else this one.

    So a calendar does not drift at the turn of the year, and is renewed before it ends.
    """
    found = _YEAR.search(_read(path) or b"")
    first = int(found[1]) if found else today.year
    return first if first in {today.year, today.year - 1} else today.year


def standing(folder: Path, paper: Paper) -> Standing:
    """How the file of a paper stands to it.

    Raises:
        ConfigError: The path leads out of the repository.
        Unreachable: The file cannot be read.
    """
    place = (folder / paper.path).resolve()
    if not place.is_relative_to(folder):
        raise ConfigError(f"{paper.path} is outside the folder of relman.toml", fact=str(place))
    there = _read(place)
    return Standing(paper, _state(there, paper), _diff(there or b"", paper), place)


def write(one: Standing) -> None:
    """Write the file; whoever reads it meanwhile sees the old one or the new one.

    Raises:
        Unreachable: It cannot be written.
    """

    def act() -> None:
        one.place.parent.mkdir(parents=True, exist_ok=True)
        fresh = one.place.with_name(f".{one.place.name}.{os.getpid()}.new")
        try:
            fresh.write_bytes(one.paper.content)
            fresh.replace(one.place)
        finally:
            fresh.unlink(missing_ok=True)

    _told(one.paper.path, "written", act)


def _state(there: bytes | None, paper: Paper) -> State:
    if there is None:
        return State.MISSING
    if there == paper.content:
        return State.SAME
    plain = there.replace(b"\r\n", b"\n")
    found = _MARK.search(plain)
    untouched = found is not None and found[1] == _digest(plain)
    return State.BEHIND if untouched else State.EDITED


def _marked(content: bytes) -> bytes:
    """The content with its own digest in the place of the zeros."""
    return content.replace(_EMPTY, _digest(content.replace(b"\r\n", b"\n")), 1)


def _digest(plain: bytes) -> bytes:
    """The digest of a text, whatever digest it carries, and whatever line ends a checkout gave it."""
    bare = _MARK.sub(lambda found: found[0].replace(found[1], _EMPTY), plain, count=1)
    return hashlib.sha256(bare).hexdigest()[:16].encode()


def _diff(there: bytes, paper: Paper) -> str:
    old, new = (raw.decode("utf-8", "replace").splitlines() for raw in (there, paper.content))
    lines = difflib.unified_diff(old, new, f"{paper.path} as it is", f"{paper.path} as made", lineterm="")
    return "\n".join(lines)


def _read(path: Path) -> bytes | None:
    try:
        if path.exists() and not path.is_file():  # a pipe would never end
            raise Unreachable(f"{path.name} cannot be read", fact="it is no file")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreachable(f"{path.name} cannot be read", fact=error.strerror or str(error)) from error


def _told(path: str, what: str, act: Callable[[], None]) -> None:
    try:
        act()
    except OSError as error:
        raise Unreachable(f"{path} cannot be {what}", fact=error.strerror or str(error)) from error
