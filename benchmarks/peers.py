"""The other tools that answer what relman answers, each in a virtual environment of its own.

What it is not: a list of dependencies. Nothing here is installed unless ``--peers`` asks for it, and then
into a folder of the benchmark's. Each is asked as its documentation says, of a project that has nothing but
commits and tags; where a tool needs two commands for one answer, both are run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("git-cliff", "python-semantic-release", "commitizen", "git-changelog")
COMMITIZEN = """\
[tool.commitizen]
name = "cz_conventional_commits"
version_provider = "scm"
version_scheme = "semver"
tag_format = "v$version"
"""
SEMANTIC_RELEASE = """\
[semantic_release]
allow_zero_version = true
tag_format = "v{version}"
[semantic_release.remote]
ignore_token_for_push = true
url = "https://git.example.com/acme/shop.git"
[semantic_release.branches.main]
match = "main"
"""
FILES = {"cz.toml": COMMITIZEN, "releaserc.toml": SEMANTIC_RELEASE}
RELEASE = "git reset -q --hard && semantic-release -c {etc}/releaserc.toml"
"""It writes into the work tree only, and less where it has written before."""
DRY = "--no-commit --no-tag --no-push --no-vcs-release"


class Peer(NamedTuple):
    """How a tool is asked, as lines for a shell.

    Attributes:
        name: What it is called here.
        package: The package that it comes from.
        since: The next version and its notes.
        everything: The notes of all tags.
        beaten: Whether relman is to be ahead of it.
    """

    name: str
    package: str
    since: str
    everything: str
    beaten: bool = True


PEERS = (
    Peer("git-cliff, told the range", "git-cliff", "git-cliff --bump auto {last}..HEAD", "", beaten=False),
    Peer("git-cliff, --unreleased", "git-cliff", "git-cliff --unreleased --bump", "", beaten=False),
    Peer("git-cliff", "git-cliff", "git-cliff --bump", "git-cliff"),
    Peer(
        "commitizen",
        "commitizen",
        "cz --config {etc}/cz.toml bump --dry-run --yes --changelog-to-stdout",
        "cz --config {etc}/cz.toml changelog --dry-run",
    ),
    Peer(
        "git-changelog",
        "git-changelog",
        "{ask} --bumped-version && {ask} --filter-commits {last}..".replace(
            "{ask}", "git-changelog -c conventional -B auto"
        ),
        "git-changelog -c conventional -B auto",
    ),
    Peer(
        "python-semantic-release",
        "python-semantic-release",
        f"{RELEASE} version {DRY}",
        f"{RELEASE} changelog",
    ),
)


def installed(folder: Path) -> dict[str, str]:
    """Install what is missing in a folder; the versions, by package."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    return {package: _installed(folder / package, package) for package in PACKAGES}


def _installed(place: Path, package: str) -> str:
    uv, python = shutil.which("uv"), str(place / "bin" / "python")
    if not (place / "bin").exists():
        quietly(
            [uv, "venv", "-q", "-p", sys.executable] if uv else [sys.executable, "-m", "venv"], str(place)
        )
        quietly(
            [uv, "pip", "install", "-q", "-p", python] if uv else [python, "-m", "pip", "install", "-q"],
            package,
        )
    asked = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([python, "-c", asked], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def quietly(command: list[str], *more: str) -> None:
    """Run a command, and fail where it does."""
    subprocess.run([*command, *more], check=True)


def asked(line: str, folder: Path, last: str) -> list[str]:
    """A shell that asks a peer."""
    return ["sh", "-c", line.format(etc=folder, last=last)]


def surroundings(peer: Peer, folder: Path) -> Mapping[str, str]:
    """The environment in which a peer is found, without the user's own configuration for it."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return kept | {"PATH": f"{folder / peer.package / 'bin'}{os.pathsep}{os.environ['PATH']}"}
