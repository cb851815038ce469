"""What the commits of a range ask for together: each is judged, none is lost.

What it is not: a reader of git. Commits are handed in, children before their parents, and go by one at
a time: what is held is only what waits for a commit farther back.

Where Conventional Commits 1.0.0 is silent on histories, this was chosen:

- A revert and what it reverts cancel each other where both are in the range; the revert of a revert
  brings back. A revert of something that was released is a change that people notice: a patch.
  What is reverted is found by its hash, else by its subject.
- The revert of a merge undoes all that the merge brought.
- ``fixup!``, ``squash!`` and ``amend!`` belong to the commit that they name, if it is in the range;
  else they are commits of no convention.
- A merge commit asks for nothing, because what it merges is in the range itself. One whose message is
  conventional (the title of a pull request) counts like any commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from msgspec import Struct

from relman.errors import RelmanError
from relman.models import Commit
from relman.version.conventional import NAMING, ORDER, Bump, Message, Reverted, parse, squashed
from relman.version.rules import Rules

SHOWN = 100
MERGES = 8
"""Of so many merges in one message git is asked what they brought; of a thousand it would take minutes."""
Brought = Callable[[str, str], Iterable[str]]
"""The hashes that a merge (first argument) brought to the parent that was kept (second)."""


class Place(StrEnum):
    """Where a commit stands in the account."""

    LISTED = "listed"
    IGNORED = "ignored"
    UNPARSED = "unparsed"


class Judged(Struct, frozen=True, gc=False):
    """One commit of a range, and what became of it.

    Attributes:
        commit: The commit.
        message: Its message, taken apart.
        place: Where it is counted.
        bump: What it asks for, None for nothing.
        why: The reason, for people.
        inside: Whether it is a commit of the component at all, and touches more than records.
        undone: Whether a revert of the range cancels it, or it is such a revert.
    """

    commit: Commit
    message: Message
    place: Place
    bump: Bump | None
    why: str
    inside: bool = True
    undone: bool = False


class Possible(Struct, frozen=True):
    """A line that may mean a breaking change and is none by the letter, and the commit that has it."""

    commit: str
    line: str

    def __str__(self) -> str:
        """``possible breaking change in 676104e: BREAKING CHANGE #12``, as a terminal can show it."""
        return f"possible breaking change in {self.commit[:7]}: {shown(self.line)}"


def shown(text: str) -> str:
    """What a stranger wrote, as it can be shown: cut, and without what would move the cursor."""
    cut = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
    return "".join(character if character.isprintable() else "\ufffd" for character in cut)


class Accounted(Struct, frozen=True):
    """The account of a range; it fails closed: what was read and is not placed is an error.

    Attributes:
        read: How many commits git gave.
        listed: How many ask for a release.
        ignored: How many ask for nothing.
        unparsed: How many are of no convention.
        breaking: Of those listed, the breaking changes.
        features: The features, without the breaking ones.
        fixes: The rest of those listed.
        bump: The highest that is asked for.
        inside: How many of those read are commits of the component, and touch more than records.
    """

    read: int = 0
    listed: int = 0
    ignored: int = 0
    unparsed: int = 0
    breaking: int = 0
    features: int = 0
    fixes: int = 0
    bump: Bump | None = None
    inside: int = 0

    def __post_init__(self) -> None:
        """Check the sum.

        Raises:
            RelmanError: A commit was read and not placed, or placed twice.
        """
        if self.read != self.listed + self.ignored + self.unparsed:
            raise RelmanError("commits were lost in the counting", fact=str(self))

    def __str__(self) -> str:
        """``8 commits read = 4 listed (1 breaking, 3 feat) + 3 ignored + 1 unparsed``."""
        words = {"breaking": self.breaking, "feat": self.features, "fix": self.fixes}
        kinds = ", ".join(f"{count} {word}" for word, count in words.items() if count)
        listed = f"{self.listed} listed" + (f" ({kinds})" if kinds else "")
        read = "1 commit" if self.read == 1 else f"{self.read} commits"
        return f"{read} read = {listed} + {self.ignored} ignored + {self.unparsed} unparsed"


class Tally:
    """Counts judged commits, one at a time.

    Attributes:
        possible: What may be a breaking change.
        unparsed: The first few commits of no convention, for a refusal.
    """

    SHOWN = 3

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._read = 0
        self._counts: dict[Place | Bump, int] = {}
        self._bump: Bump | None = None
        self._inside = 0
        self.possible: list[Possible] = []
        self.unparsed: list[Judged] = []

    def reading(self, commits: Iterable[Commit]) -> Iterator[Commit]:
        """The commits, counted as they are read, before anybody judges them."""
        for commit in commits:
            self._read += 1
            yield commit

    def add(self, one: Judged) -> None:
        """Count one."""
        self._counts[one.place] = self._counts.get(one.place, 0) + 1
        if one.place is Place.LISTED and one.bump:
            self._counts[one.bump] = self._counts.get(one.bump, 0) + 1
        self._bump = higher(self._bump, one.bump)
        self._inside += one.inside
        if one.inside:
            self.possible += (Possible(one.commit.hash, line) for line in one.message.possible_breaking)
        if one.place is Place.UNPARSED and len(self.unparsed) < self.SHOWN:
            self.unparsed.append(one)

    def account(self) -> Accounted:
        """The account of what was counted.

        Raises:
            RelmanError: It does not add up.
        """
        listed, ignored, unparsed = (self._counts.get(place, 0) for place in Place)
        fixes, features, breaking = (self._counts.get(bump, 0) for bump in ORDER)
        return Accounted(
            read=self._read,
            listed=listed,
            ignored=ignored,
            unparsed=unparsed,
            breaking=breaking,
            features=features,
            fixes=fixes,
            bump=self._bump,
            inside=self._inside,
        )


def judged(commits: Iterable[Commit], rules: Rules, brought: Brought = lambda _m, _k: ()) -> Iterator[Judged]:
    """Judge every commit of a range.

    Args:
        commits: Children before their parents; with their paths where the rules name any.
        rules: What the team has settled.
        brought: What a merge brought.

    Yields:
        The commits in their order, but one that waited for another comes after that one.
    """
    waiting = _Waiting(brought)
    for commit in commits:
        message = parse(commit.message)
        undone_by, settled = waiting.meet(commit, message)
        yield from settled
        if outside := _outside(commit, rules):
            yield Judged(commit, message, Place.IGNORED, None, outside, inside=False)
        elif undone_by:
            why = f"reverted by {undone_by[:7]}"
            yield Judged(commit, message, Place.IGNORED, None, why, undone=True)
        elif not waiting.hold(commit, message):
            yield alone(commit, message, rules)
    yield from waiting.rest(rules)


def alone(commit: Commit, message: Message, rules: Rules) -> Judged:
    """What a commit asks for by itself."""
    bump = message.bump
    for one in squashed(message) if rules.squash == "list" else ():
        bump = higher(bump, one.bump)
    if bump:
        return Judged(commit, message, Place.LISTED, bump, f"it asks for a {bump} version")
    if message.type:
        return Judged(commit, message, Place.IGNORED, None, f"type {message.type} asks for nothing")
    if len(commit.parents) > 1:
        return Judged(commit, message, Place.IGNORED, None, "a merge; what it merges counts by itself")
    asks: Bump | None = "patch" if rules.unconventional == "patch" else None
    return Judged(commit, message, Place.UNPARSED, asks, "no convention: not `type: description`")


def higher(one: Bump | None, other: Bump | None) -> Bump | None:
    """The higher of two bumps."""
    return max((bump for bump in (one, other) if bump), key=ORDER.index, default=None)


def _outside(commit: Commit, rules: Rules) -> str:
    """Why a commit is none of the component's, empty if it is one."""
    if rules.paths and not any(matches(path, rules.paths) for path in commit.paths):
        return "touches nothing of " + ", ".join(rules.paths)
    if commit.paths and rules.records and all(matches(path, rules.records) for path in commit.paths):
        return "touches records only"
    return ""


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path is, lies in, or fits one of the patterns."""
    return any(
        pattern in {"", ".", path} or path.startswith(f"{pattern}/") or fnmatchcase(path, pattern)
        for pattern in patterns
    )


@dataclass(eq=False)
class _Held:
    """A commit that names others, and how many of them have not been met yet."""

    commit: Commit
    message: Message
    open: int = 1
    judged: bool = False

    def met(self) -> Iterator[Judged]:
        """One of those that it names was met; when all were, it is settled."""
        self.open -= 1
        if self.judged or self.open:
            return
        self.judged = True
        why = "belongs to a commit of this range" if self.message.mends else "it and what it reverts cancel"
        yield Judged(self.commit, self.message, Place.IGNORED, None, why, undone=not self.message.mends)

    def left(self, rules: Rules) -> Judged:
        """The range is over, and not all were met."""
        if self.message.mends:
            return alone(self.commit, self.message, rules)
        return Judged(self.commit, self.message, Place.LISTED, "patch", "reverts what was released")


@dataclass
class _Waiting:
    """What waits for commits farther back: reverts, and fixups."""

    brought: Brought
    held: list[_Held] = field(default_factory=list)
    by_hash: dict[str, list[tuple[_Held, bool]]] = field(default_factory=dict)
    by_subject: dict[str, list[_Held]] = field(default_factory=dict)
    lengths: set[int] = field(default_factory=set)

    def meet(self, commit: Commit, message: Message) -> tuple[str, list[Judged]]:
        """Who undoes this commit (a hash, or empty), and who is settled by meeting it."""
        if not self.by_hash and not self.by_subject:
            return "", []
        names = (commit.hash, *message.picked)
        found = [
            pair for length in self.lengths for name in names for pair in self.by_hash.pop(name[:length], ())
        ]
        found += [(held, True) for held in self._named(_plain(message.subject))]
        settled = [one for held, counts in found if counts for one in held.met()]
        undoing = (held.commit.hash for held, _ in found if not held.message.mends)
        return next(undoing, ""), settled

    def _named(self, subject: str) -> list[_Held]:
        """Who waits for a subject: every fixup, and the revert that came last."""
        waiting = self.by_subject.pop(subject, [])
        reverts = [held for held in waiting if not held.message.mends]
        if reverts[:-1]:
            self.by_subject[subject] = reverts[:-1]
        return [held for held in waiting if held not in reverts] + reverts[-1:]

    def hold(self, commit: Commit, message: Message) -> bool:
        """Take in what a commit names; whether its own judgement has to wait."""
        if not ("evert" in commit.message.lower() or message.header.startswith(NAMING)):
            return False  # almost every message; nothing more is done for it
        reverts, subject = message.reverts, message.mends or message.undone
        if not reverts and subject is None:
            return False
        one = _Held(commit, message, len(reverts) or 1)
        one.judged = message.breaking or subject is None  # a fix that undoes something stays a fix
        self._await_all(one, reverts)
        if not reverts and subject is not None:
            self.by_subject.setdefault(_plain(subject), []).append(one)
        if not one.judged:
            self.held.append(one)
        return not one.judged

    def _await_all(self, one: _Held, reverts: tuple[Reverted, ...]) -> None:
        """Wait for the commits that are named, and for all that the merges among them brought."""
        for each in reverts:
            self._await(one, each.commit)
        for each in [each for each in reverts if each.made_to][:MERGES]:
            for inside in self.brought(each.commit, each.made_to):
                if inside != each.commit:
                    self._await(one, inside, counts=False)

    def _await(self, one: _Held, commit: str, *, counts: bool = True) -> None:
        """Wait for a commit that is named, or, not counting, for one that a named merge brought."""
        self.by_hash.setdefault(commit, []).append((one, counts))
        self.lengths.add(len(commit))

    def rest(self, rules: Rules) -> Iterator[Judged]:
        """Those that still wait when the range is over."""
        return (one.left(rules) for one in self.held if not one.judged)


def _plain(subject: str) -> str:
    """A subject without the number of a pull request that a squash merge puts behind it."""
    head, opened, tail = subject.rpartition(" (#")
    return head if opened and tail.removesuffix(")").isdigit() else subject
