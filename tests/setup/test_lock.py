"""``requirements.lock`` fits ``pyproject.toml``, names no registry, and pins everything by hash."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PINNED = {
    canonicalize_name(name): Version(version)
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE)
}


def direct() -> list[Requirement]:
    """What pyproject.toml asks for, to run and to develop."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return [Requirement(each) for each in asked]


def test_the_lock_has_what_the_project_asks_for() -> None:
    """Every requirement of pyproject.toml is locked, at a version that it allows."""
    stale = [
        str(each)
        for each in direct()
        if (pinned := PINNED.get(canonicalize_name(each.name))) is None or pinned not in each.specifier
    ]
    assert stale == [], "CONTRIBUTING.md says how to lock anew"


ELSEWHERE = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==\S+ ;", LOCK, re.MULTILINE)}
"""What serves some systems or interpreters only; it may not be installed here, and so cannot be asked."""


def test_the_lock_is_closed() -> None:
    """What a locked package needs is locked, too: the set-up installs without asking for more."""
    missing = {
        f"{name} needs {each}"
        for name in set(PINNED) - ELSEWHERE
        for each in named_by(name, extras=False)
        if canonicalize_name(each.name) not in PINNED
    }
    assert missing == set()


def test_nothing_was_left_behind_in_the_lock() -> None:
    """Whatever is locked is asked for, or needed by what is."""
    needed, open_ends = set[NormalizedName](), [canonicalize_name(each.name) for each in direct()]
    while open_ends:
        name = open_ends.pop()
        if name not in needed and name in set(PINNED) - ELSEWHERE:
            needed.add(name)
            open_ends += [canonicalize_name(each.name) for each in named_by(name, extras=True)]
    assert set(PINNED) - ELSEWHERE == needed


def named_by(name: str, *, extras: bool) -> list[Requirement]:
    """What an installed package says that it needs here."""
    wanted = [Requirement(each) for each in distribution(name).requires or ()]
    return [each for each in wanted if extras or not each.marker or each.marker.evaluate({"extra": ""})]


def test_every_line_carries_a_hash_and_no_line_an_address() -> None:
    """Where a package comes from is the machine's business; what it is, is the lock's."""
    blocks = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(PINNED)
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"://|--(extra-)?index|--find-links| @ |file:", LOCK)
