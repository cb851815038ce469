"""Real git repositories, made by ``git fast-import``: the same commits give the same hashes everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

BEGAN = 1_790_000_000
"""2026-09-21 in UTC."""


class Made(NamedTuple):
    """One commit to make.

    Attributes:
        message: Whole.
        tag: A lightweight tag that it gets.
        parents: Numbers of commits, from 1 on; by default the one before.
        author: Name and address.
        file: What it changes.
    """

    message: str
    tag: str = ""
    parents: Sequence[int] | None = None
    author: str = "Ada Byron <ada@example.invalid>"
    file: str = ""


class Repository:
    """A repository in a folder."""

    def __init__(self, folder: Path, commits: Sequence[Made], *, remote: str = "") -> None:
        """Make it, with ``main`` on the last commit and checked out."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch", "main")
        stream = b"".join(_told(number, one) for number, one in enumerate(commits, 1))
        subprocess.run(
            ["git", "fast-import", "--quiet", "--force"],
            cwd=folder,
            input=stream + f"reset refs/heads/main\nfrom :{len(commits)}\n".encode(),
            env=environment(),
            check=True,
        )
        self.git("reset", "--quiet", "--hard", "main")
        if remote:
            self.git("remote", "add", "origin", remote)

    def git(self, *words: str) -> str:
        """Run git here."""
        return subprocess.run(
            ["git", *words], cwd=self.folder, env=environment(), check=True, capture_output=True, text=True
        ).stdout.strip()

    def run(self, *words: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        """Type a task of relman's here."""
        return subprocess.run(
            [sys.executable, "-m", "relman", *words],
            cwd=self.folder,
            env=environment() | (environ or {}),
            capture_output=True,
            check=False,
        )

    def told(self, *words: str, environ: dict[str, str] | None = None) -> str:
        """What ``release.notes`` prints."""
        done = self.run("release.notes", *words, environ=environ)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


def environment() -> dict[str, str]:
    """One without a person's git configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "LC_", "LANG"))}
    source = str(Path(__file__).parents[2])
    return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PYTHONPATH": source}


def _told(number: int, one: Made) -> bytes:
    """A commit in the words of git-fast-import(1)."""
    who = f"{one.author} {BEGAN + number * 3600} +0000"
    message = one.message.encode("utf-8", "surrogateescape")
    first, *others = one.parents if one.parents is not None else [number - 1] if number > 1 else [0]
    head = f"commit refs/heads/made\nmark :{number}\nauthor {who}\ncommitter {who}\ndata {len(message)}\n"
    lines = [b"" if first else b"reset refs/heads/made\n\n", head.encode()]
    lines.append(message + b"\n")
    lines += [f"from :{first}\n".encode()] if first else []
    lines += [f"merge :{other}\n".encode() for other in others]
    lines += [f"M 100644 inline {one.file}\ndata 2\n{number % 10}\n".encode()] if one.file else []
    lines += [b"\n"]
    if one.tag:
        lines.append(f"reset refs/tags/{one.tag}\nfrom :{number}\n\n".encode())
    return b"".join(lines)
