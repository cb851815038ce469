"""Real repositories, as real as they come."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Repository:
    """A working copy, and what can be done to it.

    Attributes:
        folder: Where it is.
        environ: The variables of whoever asks.
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder, with nothing in it; the user's own configuration plays no part."""
        self.folder = folder
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self.environ |= {"GIT_CONFIG_GLOBAL": str(folder / ".git/theirs"), "GIT_CONFIG_NOSYSTEM": "1"}
        for role in ("AUTHOR", "COMMITTER"):
            self.environ |= {f"GIT_{role}_NAME": "A", f"GIT_{role}_EMAIL": "a@example.invalid"}
            self.environ |= {f"GIT_{role}_DATE": "@1700000000 +0000"}
        folder.mkdir()

    def git(self, *words: str, text: bytes = b"") -> str:
        """Run git, which must succeed."""
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=self.environ, input=text, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="replace").strip()

    def commit(self, message: str | bytes, *files: str) -> str:
        """Commit files, which are changed for it, or nothing; the hash."""
        for name in files:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{path.read_text() if path.exists() else ''}{message!r}\n")
            self.git("add", "--", name)
        raw = message if isinstance(message, bytes) else message.encode()
        options = ("--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "--file=-")
        self.git("commit", "--quiet", *options, text=raw)
        return self.git("rev-parse", "HEAD")

    def written(
        self,
        message: bytes,
        *,
        name: bytes = b"M\xfcller",
        encoding: bytes = b"",
        date: bytes = b"1700000000 +0000",
    ) -> str:
        """A commit object with these very bytes, as a tool of long ago may have made it."""
        tree, parent = self.git("rev-parse", "HEAD^{tree}"), self.git("rev-parse", "HEAD")
        lines = [b"tree " + tree.encode(), b"parent " + parent.encode()]
        lines += [role + b" " + name + b" <m@example.invalid> " + date for role in (b"author", b"committer")]
        lines += [b"encoding " + encoding] if encoding else []
        raw = b"\n".join(lines) + b"\n\n" + message
        made = self.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", text=raw)
        self.git("update-ref", "HEAD", made)
        return made

    def relman(self, *words: str, by: str = "relman", **variables: str) -> Ended:
        """Run relman's own command here, or another that loads its tasks."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", by, *words],
            cwd=self.folder,
            env={**self.environ, "PYTHONPATH": str(ROOT), **variables},
            capture_output=True,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository that released 1.2.3."""
    made = Repository(tmp_path / "shop")
    made.git("init", "--quiet", "--initial-branch", "main")
    made.commit("chore: start", "app.py")
    made.git("tag", "v1.2.3")
    return made
