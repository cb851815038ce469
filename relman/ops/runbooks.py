"""Runbooks: files that people write, and the front matter that says whose they are and when they were read.

What it is not: a judge of them (``checks``). A file without front matter is read as one that says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import yaml
from msgspec import Struct

from relman.config import Config
from relman.config.documents import Documents

_FRONT = re.compile(r"\A---\n(.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)


class Runbook(Struct, frozen=True):
    """One runbook.

    Attributes:
        path: Relative to the folder of relman.toml, with slashes.
        text: The whole of it.
        owner: The role that keeps it; empty where it does not say.
        reviewed: When it was last read and found right; None where it does not say.
    """

    path: str
    text: str
    owner: str = ""
    reviewed: date | None = None

    def line(self, key: str) -> int:
        """The line of a key of the front matter; 1 where it is missing."""
        numbered = enumerate(self.text.split("\n"), 1)
        return next((number for number, line in numbered if line.startswith(f"{key}:")), 1)


def runbook(folder: Path, path: str) -> Runbook | None:
    """A runbook as it is written; None where there is no such file, or it is no text."""
    place = folder / path
    try:
        # A pipe or a device that a link leads to would never end.
        text = place.read_text("utf-8-sig") if place.is_file() else None
    except (OSError, UnicodeDecodeError):
        text = None
    if text is None:
        return None
    front = _front(text)
    owner, reviewed = front.get("owner"), front.get("reviewed")
    return Runbook(
        path=path,
        text=text,
        owner=owner if isinstance(owner, str) else "",
        reviewed=reviewed if type(reviewed) is date else None,
    )


def named(config: Config) -> tuple[str, ...]:
    """The runbooks that the domains name, and where there is a model those in its folders; each once."""
    wanted = [str(one.runbook) for one in config.domain if one.runbook]
    return tuple(dict.fromkeys([*wanted, *(_in_folders(config) if config.model else ())]))


def _in_folders(config: Config) -> Iterator[str]:
    for folder in (config.documents or Documents()).runbooks:
        for found in _below(config.folder / folder):
            yield found.relative_to(config.folder).as_posix()


def _below(folder: Path) -> list[Path]:
    """Its files of Markdown, at any depth; none where nobody may look into it."""
    try:
        return sorted(folder.rglob("*.md"))
    except OSError:
        return []


def expiring(config: Config) -> Iterator[tuple[str, str, date]]:
    """Each runbook that says when it was read: path, owner, and the last day on which that holds."""
    age = (config.documents or Documents()).runbook_age
    for path in named(config):
        found = runbook(config.folder, path)
        if found and found.reviewed:
            yield path, found.owner, found.reviewed + timedelta(seconds=age.seconds)


def _front(text: str) -> dict[str, object]:
    """What stands before the text; nothing where it cannot be read, such as a date that does not exist."""
    match = _FRONT.match(text)
    try:
        front = yaml.safe_load(match[1]) if match else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return front if isinstance(front, dict) else {}
