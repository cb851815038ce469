"""Commits and tags as git tells them, read as a stream: whatever git's configuration, locale and time zone.

What it is not: a working copy (``repo``), or a judge of what it reads (``version``). It changes nothing.

GitPython is left out on purpose: importing it takes a quarter of the time that the whole answer may
take, and its ``execute`` holds a stream's error output in memory of its own. The commands are plumbing,
or ``git log`` with everything named that a configuration could change.
"""

from __future__ import annotations

import codecs
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO

from relman.errors import ConfigError, Refused, Unreachable
from relman.models import Commit, TagRef

SETTINGS = (
    *("log.showSignature=false", "log.showRoot=true", "log.mailmap=false", "log.follow=false"),
    *("core.packedGitWindowSize=1m", "core.packedGitLimit=8m"),  # what was read does not stay in memory
)
GIT = ("git", "--no-replace-objects", *(word for setting in SETTINGS for word in ("-c", setting)))
ALONE = {"LC_ALL": "C", "GIT_GRAFT_FILE": os.devnull, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
"""No language but git's own in what it says, no history but the one that was committed."""

FIELDS = ("%H", "%P", "%an", "%ae", "%ct", "%B")
FORM = "%x00" + "%x00".join(FIELDS)
"""An empty field begins a commit. No field can hold a NUL, and the name of a file is never empty."""
NAMES = (
    *("--name-only", "--diff-merges=first-parent", "--no-renames", "--no-relative", "--no-ext-diff"),
    *("--ignore-submodules=none", f"-O{os.devnull}"),
)
WRITERS = "<%ae>%n<%ce>%n%B"
WRITER = re.compile(r"^(?:<|[ \t]*co-authored-by:.*<)([^<>\n]*)>", re.IGNORECASE | re.MULTILINE)
"""An address in the first lines of :data:`WRITERS`, or of a co-author. A line of a message that begins
with an address is taken for one too, which only keeps more people from approving what they wrote."""
TAGS = "%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"
CHUNK = 1 << 18
FEW = 2


class Commits:
    """The commits and tags of a repository.

    Args:
        root: Any folder inside it, or a bare repository.

    Attributes:
        folder: The folder's place in the repository, ``services/api/``; empty for the top.

    Raises:
        Unreachable: git is not on the PATH, or refuses the repository.
        ConfigError: The folder is in no git repository.
    """

    def __init__(self, root: Path) -> None:
        """Make sure that there is a repository."""
        self._root, self.folder = root, ""
        try:
            shallow, folder = self._said("rev-parse", "--is-shallow-repository", "--show-prefix").split("\n")
        except Unreachable as error:
            if "not a git repository" not in error.fact:
                raise
            raise ConfigError(
                "versions are read from a git repository", fact=f"{root} is in none", clears="git init"
            ) from error
        self._shallow, self.folder = shallow == "true", folder

    def whole(self) -> None:
        """Make sure that no history was cut off.

        Raises:
            Refused: It is a shallow clone.
        """
        if self._shallow:
            raise Refused(
                "the history is cut off, so the last release cannot be found",
                fact="this is a shallow clone",
                clears="git fetch --unshallow --tags",
            )

    def commit(self, name: str) -> str:
        """The full hash of the commit that ``name`` leads to.

        Raises:
            Refused: There is no such commit here.
        """
        found = self._asked("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if not found and name == "HEAD":
            raise Refused("there is no commit yet", fact=str(self._root), clears="git commit")
        if not found:
            raise Refused(f"there is no commit {name} here", fact=str(self._root), clears="git branch --all")
        return found

    def tags(self, prefix: str) -> tuple[TagRef, ...]:
        """The tags that begin with a prefix, each with the commit that it leads to.

        A tag may be lightweight, annotated, or a tag of tags. One that leads to a tree or a blob has
        the commit ``""``: its name is taken all the same.
        """
        rows = self._said("for-each-ref", f"--format={TAGS}", f"refs/tags/{prefix}*").splitlines()
        return tuple(self._tag(*row.split("\0")) for row in rows)

    def _tag(self, name: str, kind: str, direct: str, inner: str, peeled: str) -> TagRef:
        if kind == "commit" or inner == "commit":
            return TagRef(name, peeled or direct)
        if inner != "tag":
            return TagRef(name, "")
        # A tag of a tag: before git 2.45 for-each-ref looks through the outermost only.
        return TagRef(name, self._asked("rev-parse", "--verify", "--quiet", f"refs/tags/{name}^{{commit}}"))

    def reachable(self, tags: Iterable[str], tip: str) -> Iterator[str]:
        """Those of the tags that lie on ``tip`` or behind it, in the order in which they are given.

        They are asked in batches that grow, because git walks back to the oldest that it is asked of,
        and the first is mostly the one that is looked for.
        """
        names, size = list(tags), FEW
        while names:
            batch, names, size = names[:size], names[size:], size * 8
            refs = (f"refs/tags/{name}" for name in batch)
            found = self._said("for-each-ref", "--format=%(refname:strip=2)", f"--merged={tip}", *refs)
            behind = set(found.splitlines())
            yield from (name for name in batch if name in behind)

    def address(self, remote: str) -> str:
        """Where a remote is, as the repository says it; empty if there is none of that name."""
        return self._asked("config", "--get", f"remote.{remote}.url")

    def contains(self, tip: str, commit: str) -> bool:
        """Whether ``commit`` is ``tip`` or one of its ancestors."""
        return self._run("merge-base", "--is-ancestor", commit, tip).returncode == 0

    def changed(self, since: str, until: str) -> dict[str, str]:
        """What differs between two commits: ``A``, ``M``, ``D`` or ``T`` (git-diff(1)) for each path.

        An empty ``since`` means nothing at all: everything was added.
        """
        if not since:
            names = self._said("ls-tree", "-r", "-z", "--name-only", "--full-tree", until).split("\0")
            return {name: "A" for name in names if name}
        form = ("-r", "-z", "--name-status", "--no-renames", "--no-relative", "--ignore-submodules=none")
        words = self._said("diff-tree", *form, "--end-of-options", since, until, "--").split("\0")
        return dict(zip(words[1::2], words[0::2], strict=False))

    def brought(self, merge: str, kept: str) -> list[str]:
        """The hashes that a merge brought to the parent that was kept; none where git knows neither."""
        return self._asked("rev-list", "--end-of-options", merge, f"^{kept}").split()

    def log(
        self, tip: str, without: Iterable[str] = (), *, beside: Iterable[str] = (), paths: bool = False
    ) -> Iterator[Commit]:
        """The commits behind ``tip``, children before their parents, without what lies behind others.

        Args:
            tip: A commit.
            without: Commits; they and everything behind them is left out.
            beside: Further commits like ``tip``; a commit that is behind several is told once.
            paths: Whether each commit is to tell what it changed, which takes git longer.

        Raises:
            Unreachable: git ended in the middle; what was read so far is no answer.
        """
        command = ["log", "-z", "--topo-order", "--encoding=UTF-8", "--no-color", f"--format={FORM}"]
        command += NAMES if paths else ("--no-patch",)
        span = [tip, *beside, *(f"^{commit}" for commit in without)]
        with tempfile.TemporaryFile() as complaints:
            yield from self._streamed([*command, "--end-of-options", *span, "--"], complaints)

    def addresses(self, tip: str, without: Iterable[str] = ()) -> tuple[str, ...]:
        """The addresses of authors, committers and co-authors behind ``tip``, in small letters, sorted.

        A co-author counts wherever the line stands, as a name that is left out would be one who may approve.

        Raises:
            Unreachable: git cannot tell.
        """
        span = [tip, *(f"^{commit}" for commit in without)]
        told = self._said(
            "log", "--encoding=UTF-8", "--no-color", f"--format={WRITERS}", *("--end-of-options", *span, "--")
        )
        return tuple(sorted({found.strip().lower() for found in WRITER.findall(told)} - {""}))

    def _streamed(self, command: list[str], complaints: IO[bytes]) -> Iterator[Commit]:
        """Run it; whoever stops listening ends it."""
        running = subprocess.Popen(
            [*GIT, *command],
            cwd=self._root,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        with running:
            assert running.stdout is not None  # noqa: S101 - it is a pipe
            try:
                yield from _commits(_fields(running.stdout))
            except GeneratorExit:
                running.kill()
                raise
        if running.returncode:
            complaints.seek(0)
            raise _failed("log", complaints.read().decode(errors="replace"))

    @cached_property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, **ALONE}

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [*GIT, *command],
                cwd=self._root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except FileNotFoundError as error:
            raise Unreachable(
                "git is needed for this", fact="it is not on the PATH", clears="sudo apt install git"
            ) from error

    def _asked(self, *command: str) -> str:
        """The output, empty where git says no."""
        done = self._run(*command)
        return "" if done.returncode else done.stdout.strip("\n")

    def _said(self, *command: str) -> str:
        done = self._run(*command)
        if done.returncode:
            raise _failed(command[0], done.stderr)
        return done.stdout.removesuffix("\n")


def _failed(command: str, told: str) -> Unreachable:
    return Unreachable(f"git {command} failed", fact=told.strip().removeprefix("fatal: "))


def _fields(stream: IO[bytes]) -> Iterator[str]:
    """What stands between NULs; no more of the stream is held than a chunk and a field.

    One byte that is no UTF-8 loses no commit.
    """
    rest: list[str] = []
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while raw := stream.read(CHUNK):
        chunk = decoder.decode(raw)
        first, *others = chunk.split("\0")
        rest.append(first)
        if others:
            yield "".join(rest)
            yield from others[:-1]
            rest = others[-1:]
    if last := "".join(rest):
        yield last


def _commits(fields: Iterator[str]) -> Iterator[Commit]:
    """Commits from the fields of :data:`FORM`, each followed by the names of files, if any."""
    begun = next(fields, None)
    while begun is not None:
        hash_, parents, author, email, when, message = islice(fields, len(FIELDS))
        names: list[str] = []
        while begun := next(fields, None):
            names.append(begun)
        paths = tuple(sorted({names[0].removeprefix("\n"), *names[1:]})) if names else ()
        yield Commit(hash_, tuple(parents.split()), author, email, _seconds(when), message, paths)


def _seconds(text: str) -> int:
    """A date in seconds; 1970 for a commit whose date git itself cannot read."""
    return int(text) if text.removeprefix("-").isdigit() else 0
