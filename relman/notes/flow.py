"""The notes of every release, in one pass over one stream of commits.

What it is not: one range (``reading``).

Every commit stands once: in the lowest final release that has it, or among what is not released yet. A
pre-release's commits stand in the final one that follows. What is held is only what may still grow: a
release is whole, and is handed out, once nothing that is still to come can belong to it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from relman.deciding import Released, releases
from relman.models import Commit
from relman.notes.gathering import day
from relman.notes.reading import Source
from relman.notes.values import Notes


def every(source: Source, tip: str = "HEAD") -> Iterator[Notes]:
    """The notes of what is not released yet, if there is anything, and of every final release, highest first.

    Raises:
        Refused: The history is cut off, or there is no commit yet.
    """
    commits, prefix = source.line.commits, source.line.prefix
    commits.whole()
    finals = [one for one in releases(commits.tags(prefix), prefix) if one.final][::-1]
    flow = _Flow(finals, commits.commit(tip))
    for commit in source.stream(list(flow.waiting)):
        flow.take(commit)
        for number in flow.whole():
            yield from _notes(source, flow, number)


def _notes(source: Source, flow: _Flow, number: int) -> Iterator[Notes]:
    """The notes of a release that is whole; nothing where nothing waits to be released."""
    taken = flow.given(number)
    final = flow.finals[number] if number < len(flow.finals) else None
    if final is None and not taken:
        return
    before = flow.finals[number - 1] if number else None
    heading = source.heading(final.version if final else "", before, final.commit if final else flow.head)
    if final and not taken:  # a lower release has the same commit
        heading = msgspec.structs.replace(heading, date=flow.dates.get(final.commit, ""))
    yield source.notes(heading, taken)


class _Flow:
    """Sorts commits by the release that has them first.

    A release is a number, rising with its version; the highest is what is not released yet. A commit has
    the lowest number of all that reach it, and that is known when it comes, because its children came before.

    Attributes:
        finals: The releases, the lowest first.
        head: The newest commit.
        waiting: The commits that must still come, each with the lowest number that reaches it so far.
        dates: The days of the releases' own commits.
    """

    def __init__(self, finals: list[Released], head: str) -> None:
        """Every release's own commit waits, and the newest one."""
        self.finals, self.head = finals, head
        self.waiting: dict[str, int] = {head: len(finals)}
        for number in range(len(finals) - 1, -1, -1):
            self.waiting[finals[number].commit] = number
        self.dates: dict[str, str] = {}
        self._own = frozenset(one.commit for one in finals)
        self._open = [0] * (len(finals) + 1)  # how many wait, for each number
        for number in self.waiting.values():
            self._open[number] += 1
        self._taken: dict[int, list[Commit]] = {}
        self._next = len(finals)

    def take(self, commit: Commit) -> None:
        """Take in a commit; its parents wait from now on."""
        number = self.waiting.pop(commit.hash)
        self._taken.setdefault(number, []).append(commit)
        if commit.hash in self._own:
            self.dates[commit.hash] = day(commit.when)
        for parent in commit.parents:
            known = self.waiting.get(parent)
            if known is None or number < known:
                self.waiting[parent] = number
                self._open[number] += 1
                if known is not None:
                    self._open[known] -= 1
        self._open[number] -= 1

    def whole(self) -> Iterator[int]:
        """The numbers that nothing to come can have, the highest first; each is told once."""
        while self._next >= 0 and not self._open[self._next]:
            self._next -= 1
            yield self._next + 1

    def given(self, number: int) -> list[Commit]:
        """The commits of a release, which are no longer held."""
        return self._taken.pop(number, [])
