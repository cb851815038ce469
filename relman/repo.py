"""The git repository that the service is built from: the one file that imports git.

What it is not: needed on the way back. A rollback never comes here, so git may be missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from relman.errors import ConfigError, Refused, Unreachable

RECORDS = ("checklists/*", "release_notes/*", "CHANGELOG.md")
"""What relman and the team write about a release; it is no part of what is built (ruling 9)."""


class Repo:
    """A working copy.

    Args:
        root: Any folder inside it.

    Raises:
        Unreachable: git is not on the PATH.
        ConfigError: The folder is in no git repository.
    """

    def __init__(self, root: Path) -> None:
        """Open the repository that ``root`` lies in."""
        self._git = _opened(root)
        self.root = Path(self._git.working_tree_dir)

    @property
    def head(self) -> str:
        """The full hash of the commit that is checked out.

        Raises:
            Refused: There is no commit yet.
        """
        return self.commit("HEAD")

    def commit(self, name: str) -> str:
        """The full hash of the commit that ``name`` leads to.

        Raises:
            Refused: There is no such commit here.
        """
        found = self._quiet("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if not found and name == "HEAD":
            raise Refused("there is no commit yet", fact=str(self.root), clears="git commit")
        if not found:
            raise Refused(f"there is no commit {name} here", fact=str(self.root), clears="git branch --all")
        return found

    def changes(self) -> tuple[str, ...]:
        """The paths that differ from the commit checked out, without the record paths."""
        lines = self._run("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames").split("\0")
        return _without_records(line[3:] for line in lines if line)

    def since(self, commit: str, tip: str) -> tuple[str, ...]:
        """The paths that changed between two commits, without the record paths."""
        names = self._run("diff", "--name-only", "-z", "--no-renames", commit, tip).split("\0")
        return _without_records(name for name in names if name)

    def contains(self, tip: str, commit: str) -> bool:
        """Whether ``commit`` is ``tip`` or one of its ancestors."""
        status, _, _ = self._git.git.execute(
            ["git", "merge-base", "--is-ancestor", commit, tip],
            with_extended_output=True,
            with_exceptions=False,
        )
        return bool(status == 0)

    def has_file(self, commit: str, path: str) -> bool:
        """Whether the commit has a file at ``path``."""
        return bool(self._quiet("ls-tree", "--name-only", commit, "--", path))

    def content(self, commit: str, path: str) -> bytes | None:
        """The bytes of a commit's file, None if it has none at ``path``; a link is where it leads.

        One helper process of git answers all such questions.
        """
        try:
            _, kind, size, stream = self._git.git.stream_object_data(f"{commit}:{path}")
        except ValueError:
            return None
        content = bytes(stream.read(size))
        return content if kind == b"blob" else None

    def files(self, commit: str) -> tuple[str, ...]:
        """Every path that a commit has, without the record paths."""
        names = self._run("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit).split("\0")
        return _without_records(name for name in names if name)

    def folder_of(self, path: Path) -> str:
        """A folder's place in the repository, as git spells it; empty for its top."""
        place = path.resolve().relative_to(self.root.resolve()).as_posix()
        return "" if place == "." else place

    def tags(self) -> dict[str, str]:
        """Every tag by name, with the full hash of the commit it leads to."""
        form = "%(refname:strip=2)%00%(objectname)%00%(*objectname)"
        rows = (
            line.split("\0")
            for line in self._run("for-each-ref", f"--format={form}", "refs/tags").splitlines()
        )
        return {name: peeled or direct for name, direct, peeled in rows}

    def tag(self, name: str, commit: str, message: str) -> None:
        """Make an annotated tag. An existing one is never moved."""
        self._run("tag", "--annotate", "--cleanup=verbatim", "--message", message, name, commit)

    def remote_url(self, remote: str) -> str:
        """Where a remote is, empty if there is none of that name."""
        return self._quiet("config", "--get", f"remote.{remote}.url")

    @property
    def email(self) -> str:
        """The address of whoever types here, as git knows it; empty where it was never told."""
        return self._quiet("config", "--get", "user.email").strip()

    def authors(self, most: int = 1_000) -> tuple[tuple[str, str], ...]:
        """Who wrote the newest commits, by name and address, as .mailmap says; whoever wrote most first."""
        told = self._quiet("log", f"--max-count={most}", "--format=%aN%x00%aE").splitlines()
        pairs = Counter(tuple(line.split("\0", 1)) for line in told if "\0" in line)
        return tuple((name, email) for (name, email), _ in pairs.most_common())

    def on_remote(self, remote: str, commit: str) -> bool:
        """Whether a branch of the remote, as last fetched, has the commit."""
        return bool(self._quiet("branch", "--remotes", "--list", f"{remote}/*", "--contains", commit))

    def close(self) -> None:
        """End git's helper processes."""
        self._git.close()

    def _run(self, command: str, *args: str) -> str:
        from git.exc import GitCommandError

        try:
            return _text(self._git.git.execute(["git", command, *args], stdout_as_string=False))
        except GitCommandError as error:
            raise Unreachable(
                f"git {command} failed", fact=str(error.stderr).strip().removeprefix("stderr: ").strip("' \n")
            ) from error

    def _quiet(self, *args: str) -> str:
        """The output, empty where git says no."""
        _, out, _ = self._git.git.execute(
            ["git", *args], with_extended_output=True, with_exceptions=False, stdout_as_string=False
        )
        return _text(out)


def _opened(root: Path) -> Any:  # noqa: ANN401 - git.Repo; importing it needs git itself
    try:
        import git
    except ImportError as error:
        raise Unreachable(
            "git is needed for this", fact="it is not on the PATH", clears="sudo apt install git"
        ) from error
    try:
        return git.Repo(root, search_parent_directories=True)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError) as error:
        raise ConfigError(
            "a release is cut from a git repository", fact=f"{root} is in none", clears="git init"
        ) from error


def _text(raw: bytes | str) -> str:
    """One byte that is not UTF-8 must not lose the rest."""
    return (raw if isinstance(raw, str) else raw.decode("utf-8", "replace")).strip("\n")


def _without_records(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(path for path in paths if not any(fnmatch(path, pattern) for pattern in RECORDS))
