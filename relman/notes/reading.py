"""Which commits a release's notes are of: one range of git's history.

What it is not: a judge of commits (``version.history``), their text (``rendering``), or all releases at
once (``flow``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from relman.commits import Commits
from relman.deciding import Released, releases
from relman.line import Line
from relman.models import Commit
from relman.notes.gathering import Gathering, day
from relman.notes.links import Links
from relman.notes.values import Notes
from relman.version import parsed


class Source(NamedTuple):
    """Where notes are read from.

    Attributes:
        line: The line of releases.
        links: Where its commits can be read.
        component: What stands before the version in a note's name, where there are several lines.
    """

    line: Line
    links: Links = Links()
    component: str = ""

    def named(self, version: str) -> str:
        """What a release is called: ``1.2.0``, or ``api-1.2.0``."""
        return f"{self.component}-{version}" if self.component and version else version

    def heading(self, version: str, since: Released | None, commit: str) -> Notes:
        """Notes without entries.

        Args:
            version: Empty for what is not released yet.
            since: What it follows, None for the beginning.
            commit: The newest commit.
        """
        tag = f"{self.line.prefix}{version}" if version else ""
        after = (since.tag or since.commit) if since else ""
        return Notes(
            name=self.named(version),
            version=version,
            tag=tag,
            since=after,
            base=since.commit if since else "",
            commit=commit,
            compare=self.links.compare(after, tag or commit) or self.links.at(tag),
        )

    def notes(self, heading: Notes, read: Iterable[Commit]) -> Notes:
        """The notes of the commits of a heading."""
        return Gathering(self.line.rules, self.links).notes(heading, read, self.line.commits.brought)

    def stream(self, tips: Sequence[str], without: Iterable[str] = ()) -> Iterator[Commit]:
        """The commits behind some and not behind others; with their paths where the rules ask for them."""
        rules = self.line.rules
        paths = bool(rules.paths or rules.records)
        return self.line.commits.log(tips[0], without, beside=tips[1:], paths=paths)


class Asked(NamedTuple):
    """What a person asked for, each empty unless they did.

    Attributes:
        since: A version, a tag or any other name of a commit; empty: the last release.
        until: Likewise; empty: the commit checked out.
        version: What the notes are called; one that is tagged means that release.
    """

    since: str = ""
    until: str = ""
    version: str = ""


def notes_of(source: Source, asked: Asked) -> Notes:
    """The notes of one range.

    Raises:
        Refused: The history is cut off, or what is asked for does not exist.
    """
    source.line.commits.whole()
    heading, without = _range(source, asked)
    found = source.notes(heading, source.stream([heading.commit], without))
    if found.date:
        return found
    newest = next(source.line.commits.log(heading.commit))  # there is no commit in the range
    return msgspec.structs.replace(found, date=day(newest.when))


def _range(source: Source, asked: Asked) -> tuple[Notes, tuple[str, ...]]:
    """The heading, and the commits behind which everything is left out."""
    commits, prefix = source.line.commits, source.line.prefix
    known = releases(commits.tags(prefix), prefix)  # the highest first
    named = next((one for one in known if one.version == asked.version), None)
    commit = named.commit if named and not asked.until else _commit(commits, known, asked.until or "HEAD")
    version = asked.version or (_at(known, commit) if asked.until else "")
    if asked.since:
        base = _commit(commits, known, asked.since)
        tag = next((one.tag for one in known if one.commit == base), "")
        return source.heading(version, Released("", tag, base), commit), (base,)
    before = _before(commits, known, version, commit)
    return source.heading(version, before[0] if before else None, commit), tuple(one.commit for one in before)


def _commit(commits: Commits, known: list[Released], name: str) -> str:
    """The commit of a version, a tag, or whatever git knows by that name."""
    found = next((one.commit for one in known if name in {one.version, one.tag}), "")
    return found or commits.commit(name)


def _at(known: list[Released], commit: str) -> str:
    """The version that was released at a commit, empty for none."""
    return next((one.version for one in known if one.commit == commit), "")


def _before(commits: Commits, known: list[Released], version: str, commit: str) -> list[Released]:
    """The release that a version follows: the highest lower one behind its commit.

    A final version follows a final one, because its notes tell what its pre-releases told. Tags that differ
    in build metadata only are one version, in several places.
    """
    own = parsed(version) if version else None
    final = own is None or not own.prerelease
    lower = {
        one.tag: one
        for one in known
        if (one.final or not final) and (own is None or (parsed(one.version) or own) < own)
    }
    found: list[Released] = []
    for tag in commits.reachable(lower, commit):
        if found and lower[tag].version != found[0].version:
            break
        found.append(lower[tag])
    return found
