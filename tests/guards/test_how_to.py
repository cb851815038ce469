"""The commands of the how-to pages, typed in a stranger's repository, in the order of the pages.

What it is not: a test of what they print. Each must end with 0.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FILE = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^\$ (.+)$", re.MULTILINE)
SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
DOWN = "inv platform.down"


def page(name: str) -> str:
    """A page of the documentation."""
    return (DOCS / name).read_text("utf-8")


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """An empty repository with the how-to's files, and ``inv`` and ``relman`` beside it on the PATH."""
    repository, programs = tmp_path / "hello", tmp_path / "bin"
    repository.mkdir()
    programs.mkdir()
    for name in ("inv", "relman"):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m relman "$@"\n', "utf-8")
        (programs / name).chmod(0o755)
    for name, text in FILE.findall(page("how-to/release-your-service.md")):
        here = text.replace('"2s"', '"100ms"').replace(":8085", f":{free_port()}")
        (repository / name).write_text(here, "utf-8")
    return repository


def free_port() -> int:
    """A port that nobody has: the page's own may be taken by a platform that somebody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def typed(lines: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Type the lines in one shell, which ends at the first that fails."""
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "CLOUD_"))}
    who = {
        f"GIT_{role}_{what}": "a@b.invalid" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    home = {"HOME": str(folder.parent), "XDG_STATE_HOME": str(folder.parent), "GIT_CONFIG_NOSYSTEM": "1"}
    path = {"PATH": f"{folder.parent / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-exc", "\n".join(lines)],
        cwd=folder,
        env={**alone, **who, **home, **path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_commands_shown_work(stranger: Path) -> None:
    """From two files to a release, back again, the two looks of the tired, and Google's own client."""
    released = CONSOLE.findall(page("how-to/release-your-service.md"))
    tired = CONSOLE.findall(page("how-to/when-it-stops.md"))
    platform = CONSOLE.findall(page("concepts/platform.md"))
    assert (released[-1], platform[-1], len(tired)) == (DOWN, DOWN, 4)
    (stranger.parent / "list.py").write_text(SNIPPET.findall(page("concepts/platform.md"))[0], "utf-8")
    snippet = f'"{sys.executable}" ../list.py'
    try:
        ended = typed(["git init -b main", *released[:-1], *tired, *platform[:-1], snippet], stranger)
    finally:
        stopped = typed([DOWN], stranger)
    assert ended.returncode == 0, ended.stdout
    assert re.search(r"^http://127\.0\.0\.1:\d+ \[\('hello-v0-1-0-\w+', 100\)", ended.stdout, re.MULTILINE)
    assert stopped.returncode == 0, stopped.stdout


def test_a_team_gets_its_model(tmp_path: Path) -> None:
    """From an empty repository to papers without drift, and a day's page, by the commands of that page."""
    programs, repository = tmp_path / "bin", tmp_path / "team"
    programs.mkdir()
    repository.mkdir()
    (programs / "inv").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m relman "$@"\n', "utf-8")
    (programs / "inv").chmod(0o755)
    shown = CONSOLE.findall(page("how-to/keep-an-operating-model.md"))
    ended = typed(["git init -b main", *shown, "inv ops.documents --check"], repository)
    assert ended.returncode == 0, ended.stdout
    assert "every duty and every sentence resolves" in ended.stdout
    assert re.search(r"^each of \d\d? files has an owner$", ended.stdout, re.MULTILINE)
