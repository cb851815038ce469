"""The next version of a repository: the last release behind a commit, and what the commits since ask for.

What it is not: a release. It reads git and answers; ``preparing`` and ``inv release.version`` ask it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from relman.commits import Commits
from relman.errors import Refused
from relman.line import Line
from relman.models import TagRef
from relman.version import (
    FIRST,
    Accounted,
    Bump,
    Judged,
    Possible,
    Tally,
    candidate,
    final,
    highest,
    judged,
    parsed,
    precedence,
    raised,
    shown,
)

BUMPING = "--bump patch, minor or major, which a person answers for"


class Released(Struct, frozen=True):
    """A version that was released: its tag, and the commit that it leads to (empty: it has no tag)."""

    version: str
    tag: str
    commit: str

    @property
    def final(self) -> bool:
        """Whether it is no pre-release."""
        return "-" not in self.version


class Wish(Struct, frozen=True):
    """What is asked.

    Attributes:
        tip: The commit that is to be released.
        after: A commit or tag to read from, instead of the last release behind ``tip``.
        bump: A person's word, instead of what the commits ask for.
        pre_release: The next ``-rc.N`` is asked for, not the final version.
        known: Versions that were released and may have lost their tags.
    """

    tip: str = "HEAD"
    after: str = ""
    bump: Bump | None = None
    pre_release: bool = False
    known: tuple[str, ...] = ()


class Decision(Struct, frozen=True):
    """The answer.

    Attributes:
        version: The next version; None if nothing asks for a release.
        tag: The tag that it would have, empty without a version.
        commit: The full hash of the commit that it is of.
        last: The highest release behind that commit, None before the first one; a final one or a
            pre-release.
        since: Where the commits were read from: the last final release, or what was asked.
        account: What was counted.
        possible: What looks like a breaking change and is none by the letter.
    """

    version: str | None
    tag: str
    commit: str
    last: Released | None
    since: Released | None
    account: Accounted
    possible: tuple[Possible, ...] = ()


class Past(Struct, frozen=True):
    """The releases behind a commit, as their tags say.

    Attributes:
        tip: The commit.
        start: The final release that the commits are counted from, None before the first one.
        without: The commits behind which everything is released already.
        ahead: The pre-releases above ``start``, the highest first.
        names: Every tag of the prefix, wherever it is.
    """

    tip: str
    start: Released | None
    without: tuple[str, ...]
    ahead: tuple[Released, ...]
    names: tuple[TagRef, ...]

    @property
    def last(self) -> Released | None:
        """The highest release of all."""
        return self.ahead[0] if self.ahead else self.start


class Reading(Struct, frozen=True):
    """What was read to decide.

    Attributes:
        past: The releases behind the commit.
        account: What was counted since the last final one.
        possible: See :class:`Decision`.
        unparsed: The first few commits of no convention.
    """

    past: Past
    account: Accounted
    possible: tuple[Possible, ...]
    unparsed: tuple[Judged, ...]


def read(line: Line, wish: Wish) -> Reading:
    """Read what a decision needs; the commits are counted one at a time.

    Raises:
        Refused: The history is cut off, or a commit that is asked about does not exist.
    """
    past, tally = read_past(line.commits, line.prefix, wish), Tally()
    for one in ranged(line, past.without, past.tip, tally):
        tally.add(one)
    return Reading(past, tally.account(), tuple(tally.possible), tuple(tally.unparsed))


def decide(line: Line, wish: Wish) -> Decision:
    """Decide the next version.

    Raises:
        Refused: The history is cut off, commits of no convention are not accepted, or the version that
            would follow is tagged already, where this commit does not see it.
    """
    reading = read(line, wish)
    past, version = reading.past, following(line, reading, wish)
    if version:
        _free(version, past.names, line.prefix)
    tag = f"{line.prefix}{version}" if version else ""
    return Decision(version, tag, past.tip, past.last, past.start, reading.account, reading.possible)


def explained(line: Line, wish: Wish, sha: str) -> Judged | str:
    """What became of one commit: how it was judged, or why it was not read."""
    commits = line.commits
    past, sought = read_past(commits, line.prefix, wish), commits.commit(sha)
    for one in ranged(line, past.without, past.tip):
        if one.commit.hash == sought:
            return one
    behind = past.start.tag if past.start and past.start.tag else (wish.after or "the start")
    if any(commits.contains(commit, sought) for commit in past.without):
        return f"it is behind {behind}, so it was released already"
    return f"it is not behind {past.tip[:7]}"


def ranged(line: Line, without: Iterable[str], tip: str, tally: Tally | None = None) -> Iterator[Judged]:
    """Judge the commits behind ``tip``, without what is behind others."""
    read = line.commits.log(tip, without, paths=bool(line.rules.paths or line.rules.records))
    return judged(tally.reading(read) if tally else read, line.rules, line.commits.brought)


def read_past(commits: Commits, prefix: str, wish: Wish) -> Past:
    """The releases behind the commit that is asked about.

    Raises:
        Refused: The history is cut off, or a commit that is asked about does not exist.
    """
    commits.whole()
    tip = commits.commit(wish.tip)
    after = commits.commit(wish.after) if wish.after else ""
    names = commits.tags(prefix)
    tagged = releases(names, prefix)
    final_, ahead = _behind(commits, tagged, after or tip)
    start, without = final_[0] if final_ else None, tuple(one.commit for one in final_)
    lost = highest(set(wish.known) - {one.version for one in tagged})
    if lost and not after and (last := ahead[0] if ahead else start):
        lost = lost if highest([lost, last.version]) == lost else None
    if lost and not after:  # the tag is gone, or it was never made; where it was is not known
        one = Released(lost, "", "")
        start, ahead = (one, []) if one.final else (start, [one, *ahead])
    return Past(tip, start, (after,) if after else without, tuple(ahead), names)


def releases(names: Iterable[TagRef], prefix: str) -> list[Released]:
    """The tags that name a version and lead to a commit, the highest first."""
    told = ((parsed(ref.name, prefix), ref) for ref in names if ref.commit)
    found = [(version, ref) for version, ref in told if version]
    found.sort(key=lambda pair: (precedence(pair[0]), pair[1].name), reverse=True)
    return [Released(str(version), ref.name, ref.commit) for version, ref in found]


def _behind(commits: Commits, releases: list[Released], tip: str) -> tuple[list[Released], list[Released]]:
    """The last final release behind a commit, and the pre-releases above it.

    The final is a list: tags that differ in build metadata only are one version, in several places.
    """
    finals: list[Released] = []
    ahead: list[Released] = []
    known = {one.tag: one for one in releases}
    for name in commits.reachable(known, tip):
        one = known[name]
        if finals and one.version != finals[0].version:
            break
        (finals if one.final else ahead).append(one)
    return finals, ahead


def following(line: Line, reading: Reading, wish: Wish) -> str | None:
    """The version that follows what was read, None if nothing asks for one.

    Raises:
        Refused: Commits of no convention are not accepted, or a pre-release would be below another.
    """
    past, account, rules = reading.past, reading.account, line.rules
    if rules.unconventional == "refuse" and account.unparsed and not wish.bump:
        raise _unaccepted(reading)
    last = past.start.version if past.start else None
    ahead = past.last.version if past.last and not past.last.final else None
    if wish.bump:  # a person's word means what SemVer says, in 0.x too
        asked: str | None = raised(last or "0.0.0", wish.bump, "major")
    elif last is None:
        asked = FIRST if account.inside else None
    else:
        asked = raised(last, account.bump, rules.initial) if account.bump else None
    target = final(last, ahead, asked)
    if target is None or not wish.pre_release:
        return target
    if past.ahead and not wish.bump and not _moved(line, past):
        return None
    return candidate(target, (one.version for one in past.ahead), rules.pre_release)


def _moved(line: Line, past: Past) -> bool:
    """Whether anything asks for a release since the last pre-release."""
    since = (*past.without, past.ahead[0].commit)
    return any(one.bump for one in ranged(line, since, past.tip))


def _free(version: str, names: Iterable[TagRef], prefix: str) -> None:
    """Refuse a version that is tagged where this commit does not see it."""
    for ref in names:
        if ref.name.startswith(f"{prefix}{version}") and str(parsed(ref.name, prefix)) == version:
            raise Refused(
                f"version {version} is tagged already",
                fact=f"{ref.name} is on {ref.commit[:7] or 'no commit'}, not behind what is asked about",
                clears=f"git branch --all --contains {ref.name}, to merge what has it; or a higher --bump",
            )


def _unaccepted(reading: Reading) -> Refused:
    """The refusal of commits of no convention, with the first few of them."""
    told = "; ".join(f"{one.commit.hash[:7]} {shown(one.message.subject)!r}" for one in reading.unparsed)
    return Refused(
        "commits of no convention are refused here, by [version] unconventional",
        fact=f"{told} ({reading.account})",
        clears=f"git rebase --interactive, to reword them; or {BUMPING}",
    )
