"""Whose a path is: patterns as git and the forge read them, the last that fits wins."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from invoke.context import Context

from relman.errors import Refused
from relman.ops import touchpoints
from relman.tasks import ns
from tests.ops.tasking import typed
from tests.ops.team import TEXT, team

PATHS = [
    "a.sql",
    "db/a.sql",
    "docs/a.md",
    "docs/b/c.md",
    "app/docs/d.md",
    "billing/x/y.py",
    "x.billing",
    "a+b.txt",
]
PATTERNS = [
    "*",
    "*.sql",
    "/*.sql",
    "docs/",
    "/docs/",
    "docs",
    "docs/**",
    "**/docs/*.md",
    "billing/**",
    "b*/x/**",
]
PATTERNS += ["db/?.sql", "a+b.txt", "docs/**/c.md", "app/**/d.md", "/billing", "**/y.py"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_fits_what_it_fits_for_git(tmp_path: Path, pattern: str) -> None:
    """A7: compared with ``git check-ignore``, whose patterns CODEOWNERS takes over."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text(f"{pattern}\n", "utf-8")
    asked = ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "--stdin", "-z"]
    told = subprocess.run(asked, input="\0".join(PATHS), capture_output=True, text=True, check=False).stdout
    assert [path for path in PATHS if touchpoints.fits(pattern, path)] == told.split("\0")[:-1]


def test_a_star_at_the_end_does_not_go_deeper() -> None:
    """A7: ``docs/*`` is what lies in the folder itself; here the forge differs from git."""
    assert touchpoints.fits("docs/*", "docs/a.md")
    assert not touchpoints.fits("docs/*", "docs/b/c.md")


def test_the_last_pattern_that_fits_wins(tmp_path: Path) -> None:
    """A7: and a domain without an owner leaves the path nobody's."""
    table = '[[touchpoint]]\npaths = ["{}"]\ndomain = "{}"\n'
    more = table.format("*", "billing") + table.format("web/**", "web")
    read = team(tmp_path, TEXT + more)
    found = {
        place.path: (place.domain, place.mapped) for place in touchpoints.places(read, ["a.py", "web/i.js"])
    }
    assert touchpoints.Place("a.py", "billing").mapped is False
    ghost = team(tmp_path, (TEXT + more).replace('owner = "ops-lead"\nrunbook', 'owner = "ghost"\nrunbook'))
    assert [place.mapped for place in touchpoints.places(ghost, ["a.py"])] == [False]
    assert found == {"a.py": ("billing", True), "web/i.js": ("web", False)}


def test_paths_are_those_of_the_folder() -> None:
    """In a repository of several, each relman.toml answers for its own folder."""
    assert touchpoints.below("shop", ["shop/a", "shopping/b", "c"]) == ("a",)
    assert touchpoints.below("", ["shop/a"]) == ("shop/a",)


def test_the_task_lists_what_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``inv ops.touchpoints`` ends with 3 while a file has no owner; since a commit, only what changed."""
    team(tmp_path)
    (tmp_path / "a.sql").write_text("-- b\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@mervo.example"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "one"]):
        subprocess.run(["git", *command], check=True)
    page, code = typed(ns["ops.touchpoints"])
    assert code == 3
    assert "nobody's: relman.toml" in page
    (tmp_path / "b.sql").write_text("-- c\n", "utf-8")
    for command in (["add", "."], [*who, "commit", "-qm", "two"]):
        subprocess.run(["git", *command], check=True)
    told, code = typed(ns["ops.touchpoints"], since="HEAD~1", json=True)
    assert code == 0
    assert [json.loads(line)["path"] for line in told.splitlines()] == ["b.sql"]


def test_nothing_looked_at_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first commit, and where no file is tracked, nobody is told that each file has an owner."""
    team(tmp_path)
    monkeypatch.chdir(tmp_path)
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@mervo.example"]
    subprocess.run(["git", "init", "-q"], check=True)
    with pytest.raises(Refused, match="there is no commit yet"):
        ns["ops.touchpoints"](Context())
    subprocess.run(["git", *who, "commit", "-qm", "none", "--allow-empty"], check=True)
    page, code = typed(ns["ops.touchpoints"])
    assert (page, code) == ("no file was looked at\n", 3)
    assert typed(ns["ops.touchpoints"], json=True) == ("", 3)
