"""From judged commits to notes: where each stands, who made it, what it names.

What it is not: a judge (``version.history``), or a reader of git (``reading``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from relman import version
from relman.models import Commit
from relman.notes.links import Links
from relman.notes.people import People
from relman.notes.values import QUIET, Account, Entry, Notes, Section
from relman.version import Brought, Judged, Place, Rules, judged

TYPES: Final = {
    "feat": Section.FEATURES,
    "fix": Section.FIXES,
    "perf": Section.PERFORMANCE,
    "security": Section.SECURITY,
    "sec": Section.SECURITY,
    "deprecate": Section.DEPRECATED,
    "deprecated": Section.DEPRECATED,
}
"""The types that people who use the service notice; what the others do is other work."""
BUMPS: Final = {"major": Section.BREAKING, "minor": Section.FEATURES, "patch": Section.FIXES}
NO_MESSAGE: Final = "(no message)"
_FIRST: Final = int(datetime.min.replace(tzinfo=UTC).timestamp())
_LAST: Final = int(datetime.max.replace(tzinfo=UTC, microsecond=0).timestamp())


class Gathering:
    """Takes in the commits of one range.

    Attributes:
        read: How many git gave.
        outside: How many of them are not of the component, or touch records only.
    """

    def __init__(self, rules: Rules, links: Links) -> None:
        """Nothing is read yet."""
        self.read = self.outside = 0
        self._rules, self._links, self._people = rules, links, People()
        self._newest: Commit | None = None

    def notes(self, heading: Notes, commits: Iterable[Commit], brought: Brought) -> Notes:
        """The notes of the range.

        Args:
            heading: What they are called, and where they begin; without a date the newest commit's counts.
            commits: Children before their parents.
            brought: What a merge brought.

        Raises:
            RelmanError: A commit was lost: the account does not add up.
        """
        entries = tuple(self._entries(judged(self._reading(commits), self._rules, brought)))
        return msgspec.structs.replace(
            heading,
            date=heading.date or (day(self._newest.when) if self._newest else ""),
            entries=entries,
            account=self._account(Counter(entry.section for entry in entries)),
            people=self._people.people,
            bots=self._people.bots,
        )

    def _reading(self, commits: Iterable[Commit]) -> Iterator[Commit]:
        for commit in commits:
            self.read += 1
            self._newest = self._newest or commit
            yield commit

    def _entries(self, found: Iterable[Judged]) -> Iterator[Entry]:
        for one in found:
            if one.inside:
                yield self._entry(one)
            else:
                self.outside += 1

    def _account(self, placed: Counter[Section]) -> Account:
        quiet, unparsed = sum(placed[one] for one in QUIET), placed[Section.UNPARSED]
        listed = placed.total() - quiet - unparsed
        return Account(self.read, listed, quiet + self.outside, unparsed)

    def _entry(self, one: Judged) -> Entry:
        message, commit, section = one.message, one.commit, _section(one)
        return Entry(
            commit.hash,
            section,
            message.description or message.subject or NO_MESSAGE,
            message.type or "",
            message.scope or "",
            _moving(one, squashed=self._rules.squash == "list") if section is Section.BREAKING else (),
            self._people.meet(commit, message),
            self._links.named(message),
            self._links.commit(commit.hash),
            one.why if section in QUIET else "",
            message.possible_breaking if section is not Section.UNDONE else (),
        )


def day(when: int) -> str:
    """The day, in UTC, of seconds since 1970; git's dates go beyond the last day that a calendar has."""
    return datetime.fromtimestamp(max(_FIRST, min(when, _LAST)), UTC).date().isoformat()


def _section(one: Judged) -> Section:
    message = one.message
    if one.undone:
        return Section.UNDONE
    if one.place is Place.UNPARSED:
        return Section.UNPARSED
    if message.type is None and one.place is Place.IGNORED:
        return Section.OTHER if message.mends else Section.MERGES
    if one.place is Place.LISTED and one.bump != message.bump:  # a revert, or the list of a squash merge
        return Section.REVERTS if message.undone is not None else BUMPS[one.bump or "patch"]
    return Section.BREAKING if message.breaking else TYPES.get(message.type or "", Section.OTHER)


def _moving(one: Judged, *, squashed: bool) -> tuple[str, ...]:
    """How to move; nothing where that would only repeat the description."""
    parts = (one.message, *(version.squashed(one.message) if squashed else ()))
    told = (text for part in parts for text in part.breaking_notes)
    return tuple(dict.fromkeys(text for text in told if text != one.message.description))
