"""A git repository with a long history, the same bytes each time: ``generated(folder, Size(100_000, 500))``.

What it is not: a real project. It has what real ones have, in about their proportions: people, messages of
the convention and of none, bodies, footers, reverts, squashed lists, side branches and merges, hotfixes that
never came back, releases and release candidates, tags of both kinds. ``git fast-import`` writes it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import IO, NamedTuple, TypeVar

from benchmarks.wording import HOSTILE, NAMES, PATHS, Wording

T = TypeVar("T")
SEED = 4
BEGAN = 1_420_070_400
"""The first commit's time: 2015 begins."""
TASKS = b"from relman.tasks import ns\n"
CONTENTS = 64
SIDES = 4
ORDER = ("patch", "minor", "major")


class Size(NamedTuple):
    """How much history.

    Attributes:
        commits: How many commits, merges and hotfixes among them.
        tags: How many tags; as many commits as between two of them follow the last one.
    """

    commits: int
    tags: int


class Dice(Random):
    """A sequence of choices that is the same with every Python: only ``random()`` is promised to be."""

    def one(self, of: Sequence[T]) -> T:
        """One of several."""
        return of[int(self.random() * len(of))]

    def happens(self, times_in_a_thousand: float) -> bool:
        """Whether something that is so likely happens."""
        return self.random() * 1000 < times_in_a_thousand


def generated(folder: Path, size: Size, seed: int = SEED) -> str:
    """Make the repository, with a work tree.

    Args:
        folder: Does not exist yet, or is empty.
        size: How much history.
        seed: Another seed, another history.

    Returns:
        The head's hash.
    """
    return _imported(folder, lambda into, answers: _Telling(Dice(seed), into, answers).tell(size))


def hostile(folder: Path) -> str:
    """Make a repository of the messages that hurt, all of them after its only tag; the head's hash."""
    return _imported(folder, lambda into, answers: _Telling(Dice(SEED), into, answers).hurt())


def _imported(folder: Path, tell: Callable[[IO[bytes], IO[bytes]], None]) -> str:
    _git(folder.parent, "-c", "init.defaultBranch=main", "init", "--quiet", str(folder))
    command = ["git", "fast-import", "--quiet", "--date-format=raw"]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as importing:
        assert importing.stdin  # noqa: S101 - both are pipes
        assert importing.stdout  # noqa: S101
        tell(importing.stdin, importing.stdout)
        importing.stdin.close()
    assert importing.returncode == 0, "git fast-import failed"  # noqa: S101
    _git(folder, "pack-refs", "--all")
    _git(folder, "reset", "--quiet", "--hard", "main")
    return _git(folder, "rev-parse", "HEAD")


class _Telling:
    """Writes the history, commit by commit."""

    def __init__(self, dice: Dice, into: IO[bytes], answers: IO[bytes]) -> None:
        self._dice, self._wording = dice, Wording(dice)
        self._into, self._answers = into, answers
        self._count, self._when, self._main = 0, BEGAN, 0
        self._sides: dict[int, int] = {}
        self._releases, self._released = _Releases(dice), 0

    def tell(self, size: Size) -> None:
        """A long history."""
        self._begin()
        done = 0
        while self._count < size.commits:
            self._step()
            if (self._count * (size.tags + 1)) // size.commits > done and done < size.tags:
                done += self._release(size.tags - done)

    def hurt(self) -> None:
        """A short history of messages that hurt."""
        self._begin()
        self._tag(self._releases.next(), self._main)
        for message in HOSTILE.values():
            self._commit("refs/heads/main", message, (self._count,), self._change())

    def _begin(self) -> None:
        for number in range(CONTENTS):
            self._into.write(b"blob\nmark :%d\ndata 9\nline %03d\n\n" % (number + 1, number))
        self._commit("refs/heads/main", "chore: begin", (), b"M 100644 inline tasks.py\n" + _data(TASKS))
        self._main = self._count

    def _step(self) -> None:
        """One commit: on the main line, on a side branch, or a merge of one."""
        side, dice = int(self._dice.random() * SIDES), self._dice
        if dice.happens(640):
            self._main = self._work("refs/heads/main", self._main)
        elif side not in self._sides or dice.happens(750):
            self._sides[side] = self._work(f"refs/heads/side-{side}", self._sides.get(side, self._main))
        else:
            message = self._wording.merge(side)
            self._commit("refs/heads/main", message, (self._main, self._sides.pop(side)), self._change())
            self._main = self._count

    def _work(self, ref: str, parent: int) -> int:
        message, bump = self._wording.reverting(self._hash(parent)) or self._wording.message()
        self._commit(ref, message, (parent,), b"" if self._dice.happens(5) else self._change())
        self._releases.asks(bump)
        return self._count

    def _release(self, left: int) -> int:
        """Tag the main line; sometimes a hotfix on the release before; how many tags that made."""
        hotfix = self._releases.hotfix() if left > 1 and self._dice.happens(30) else ""
        if hotfix and self._released:
            self._commit("refs/heads/hotfix", "fix: mend it for good", (self._released,), self._change())
            self._tag(hotfix, self._count)
        self._tag(self._releases.next(), self._main)
        before, self._released = self._released, self._main
        return 1 + bool(hotfix and before)

    def _commit(self, ref: str, message: str, parents: Sequence[int], change: bytes) -> None:
        self._count += 1
        self._when += 60 + int(self._dice.random() * 6000)
        lines = [b"commit %s\nmark :%d\n" % (ref.encode(), _mark(self._count))]
        lines += [b"%s %s %d +0000\n" % (role, self._who(), self._when) for role in (b"author", b"committer")]
        lines += [_data(message.encode())]
        lines += [
            b"%s :%d\n" % (word, _mark(p)) for word, p in zip((b"from", b"merge"), parents, strict=False)
        ]
        self._into.write(b"".join([*lines, change, b"\n"]))

    def _tag(self, name: str, at: int) -> None:
        if self._dice.happens(500):
            self._into.write(b"reset refs/tags/%s\nfrom :%d\n\n" % (name.encode(), _mark(at)))
            return
        head = b"tag %s\nfrom :%d\ntagger %s %d +0000\n" % (name.encode(), _mark(at), self._who(), self._when)
        self._into.write(head + _data(f"Release {name}\n".encode()))

    def _change(self) -> bytes:
        content = 1 + int(self._dice.random() * CONTENTS)
        return b"M 100644 :%d %s\n" % (content, self._dice.one(PATHS).encode())

    def _who(self) -> bytes:
        name = self._dice.one(NAMES)
        return f"{name} <{name.split()[0].lower()}@example.com>".encode()

    def _hash(self, count: int) -> str:
        """The hash of a commit, where the dice want one reverted."""
        if not self._dice.happens(10):
            return ""
        self._into.write(b"get-mark :%d\n" % _mark(count))
        self._into.flush()
        return self._answers.readline().decode().strip()


class _Releases:
    """Which version comes next, roughly as the convention has it."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._last, self._asked, self._candidate = (0, 1, 0), 0, 0
        self._taken: set[str] = set()

    def asks(self, bump: str) -> None:
        """A commit asks for something."""
        self._asked = max(self._asked, ORDER.index(bump) if bump else 0)

    def hotfix(self) -> str:
        """A patch of the last release."""
        major, minor, patch = self._last
        return self._free((major, minor, patch + 1))

    def next(self) -> str:
        """The tag of the next release, or of a candidate for it."""
        target = self._following()
        if self._dice.happens(150):
            self._candidate += 1
            return f"v{_text(target)}-rc.{self._candidate}"
        self._last, self._asked, self._candidate = target, 0, 0
        return self._free(target)

    def _following(self) -> tuple[int, int, int]:
        major, minor, patch = self._last
        following = ((major, minor, patch + 1), (major, minor + 1, 0), (major + 1, 0, 0))[self._asked]
        while _text(following) in self._taken:
            following = (*following[:2], following[2] + 1)
        return following

    def _free(self, version: tuple[int, int, int]) -> str:
        self._taken.add(_text(version))
        return f"v{_text(version)}"


def _text(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


def _mark(count: int) -> int:
    """fast-import's number of a commit; the contents of files come before."""
    return CONTENTS + count


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _git(folder: Path, *command: str) -> str:
    done = subprocess.run(["git", *command], cwd=folder, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return done.stdout.strip()
