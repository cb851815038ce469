"""What is told of a release, as a value: entries, people, links, operations. Its JSON is the machine form.

What it is not: text for people (``rendering``), or a reader of git (``reading``).
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from relman.errors import RelmanError
from relman.notes.markdown import Markdown

SCHEMA: Final = "relman.notes/1"


class Section(StrEnum):
    """Under which heading an entry stands; in the order in which they are read."""

    BREAKING = "breaking"
    SECURITY = "security"
    FEATURES = "features"
    FIXES = "fixes"
    PERFORMANCE = "performance"
    DEPRECATED = "deprecated"
    REVERTS = "reverts"
    UNPARSED = "unparsed"
    OTHER = "other"
    UNDONE = "undone"
    MERGES = "merges"


QUIET: Final = frozenset({Section.OTHER, Section.UNDONE, Section.MERGES})
"""What people who use the service do not notice: counted, and listed where it can be folded away."""


class Ref(Struct, frozen=True, gc=False):
    """An issue or a change that a commit names.

    Attributes:
        text: As it was written: ``#12``, on GitLab ``!7`` too.
        url: Where it is; empty if no remote is known.
    """

    text: str
    url: str = ""

    @property
    def link(self) -> Markdown:
        """Its text, as a link where there is an address."""
        return Markdown(f"[{self.text}]({self.url})" if self.url else self.text)


class Entry(Struct, frozen=True, gc=False):
    """One commit.

    Attributes:
        commit: Its full hash.
        section: Where it stands.
        text: The description, or the first line of a commit of no convention; as it was written.
        type: ``feat``; empty for a commit of no convention.
        scope: What stood in parentheses.
        moving: What breaks, and how to move: the footers' text.
        authors: Who wrote it, the author first; people and bots.
        refs: The issues and changes that it names.
        url: Where it can be read; empty if no remote is known.
        why: Why it is not told, where it is not.
        possible: Lines that may mean a breaking change, and are none by the letter.
    """

    commit: str
    section: Section
    text: str
    type: str = ""
    scope: str = ""
    moving: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    refs: tuple[Ref, ...] = ()
    url: str = ""
    why: str = ""
    possible: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The text without the number of the change that a squash merge puts behind it: it is a reference."""
        head, opened, tail = self.text.rpartition(" (")
        is_ref = opened and tail.endswith(")") and any(ref.text == tail[:-1] for ref in self.refs)
        return head if is_ref and head else self.text

    @property
    def link(self) -> Markdown:
        """The hash as people quote it, as a link where there is an address."""
        return Markdown(f"[{self.commit[:7]}]({self.url})" if self.url else self.commit[:7])

    @property
    def short(self) -> str:
        """The hash as people quote it."""
        return self.commit[:7]


class Account(Struct, frozen=True):
    """What was read, and where it stands; it fails closed.

    Attributes:
        read: How many commits git gave.
        listed: How many are told.
        ignored: How many are not: quiet ones, and those of other components or of records only.
        unparsed: How many are of no convention; they are told too.
    """

    read: int = 0
    listed: int = 0
    ignored: int = 0
    unparsed: int = 0

    def __post_init__(self) -> None:
        """Check the sum.

        Raises:
            RelmanError: A commit was read and not placed, or placed twice.
        """
        if self.read != self.listed + self.ignored + self.unparsed:
            raise RelmanError("commits were lost in the notes", fact=str(self))

    def __str__(self) -> str:
        """``8 commits read = 5 listed + 2 ignored + 1 unparsed``."""
        read = "1 commit" if self.read == 1 else f"{self.read} commits"
        return f"{read} read = {self.listed} listed + {self.ignored} ignored + {self.unparsed} unparsed"


class Change(Struct, frozen=True):
    """Something that differs: ``added``, ``changed`` or ``removed``; never with a value that may be secret.

    Attributes:
        name: Of a file, a variable, or a setting.
        how: One of the three words.
        detail: What may be said besides: a secret's versions, the settings before and after.
    """

    name: str
    how: str
    detail: str = ""


class Operations(Struct, frozen=True):
    """What those who run the service look at.

    Attributes:
        migrations: Files of migrations that differ between the two commits.
        environment: Environment variables and secrets that differ between live and candidate.
        settings: The rest of the configuration that differs.
        rollback: What a rollback goes to, in words; empty where nobody asked a platform.
        target: The environment's name, likewise.
    """

    migrations: tuple[Change, ...] = ()
    environment: tuple[Change, ...] = ()
    settings: tuple[Change, ...] = ()
    rollback: str = ""
    target: str = ""


class Notes(Struct, frozen=True, kw_only=True):
    """The notes of one range of commits.

    Attributes:
        schema: The form.
        name: What it is called: the version, with the component where there are several; empty for
            what is not released yet.
        version: The version, empty likewise.
        tag: The git tag, which may not be made yet; empty likewise.
        date: The day of the newest commit, in UTC: ``2026-11-24``.
        since: The name of what it follows: a tag, or a hash; empty for the beginning.
        base: The full hash that ``since`` leads to.
        commit: The full hash of the newest commit.
        compare: Where the two can be compared; empty if no remote is known.
        entries: Every commit of the component, newest first.
        account: What was read, and where it stands.
        people: Who did it, by name.
        bots: Which programs did it.
        operations: For those who run the service; None where it was not asked.
        written: What was written by hand, as it stood in the file.
    """

    schema: str = SCHEMA
    name: str = ""
    version: str = ""
    tag: str = ""
    date: str = ""
    since: str = ""
    base: str = ""
    commit: str = ""
    compare: str = ""
    entries: tuple[Entry, ...] = ()
    account: Account = Account()
    people: tuple[str, ...] = ()
    bots: tuple[str, ...] = ()
    operations: Operations | None = None
    written: str = ""

    @property
    def told(self) -> bool:
        """Whether there is anything that people who use the service notice."""
        return any(entry.section not in QUIET for entry in self.entries)

    @property
    def quiet(self) -> str:
        """``12 quiet commits: 7 chore, 3 docs, 1 merge, 1 undone``: what is told in one line only."""
        kinds = Counter(_kind(entry) for entry in self.entries if entry.section in QUIET)
        words = sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))
        total = kinds.total()
        told = ", ".join(f"{count} {word}" for word, count in words)
        return f"{total} other commit{'' if total == 1 else 's'}: {told}" if total else ""

    @property
    def possible(self) -> list[Entry]:
        """The entries that may be breaking changes, and are none by the letter."""
        return [entry for entry in self.entries if entry.possible]


def _kind(entry: Entry) -> str:
    """What a quiet commit is counted as."""
    return (
        entry.section.value.removesuffix("s") if entry.section is not Section.OTHER else entry.type or "fixup"
    )


def encode(notes: Notes) -> bytes:
    """The machine form, on one line: the same notes give the same bytes."""
    return msgspec.json.encode(notes, order="sorted") + b"\n"


def decode(raw: bytes | str) -> Notes:
    """The notes of a machine form.

    Raises:
        RelmanError: It is no such form, or does not add up.
    """
    try:
        found = msgspec.json.decode(raw, type=Notes)
    except msgspec.DecodeError as error:
        raise RelmanError("these are no notes of relman's", fact=str(error)) from error
    if found.schema != SCHEMA:
        raise RelmanError("these notes are of another form", fact=found.schema)
    return found
