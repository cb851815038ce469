"""A copy of the seeds' own team that a test may spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relman import config
from relman.config.people import Contact
from relman.ops import checks
from relman.tasks import ns

MERVO = Path(__file__).resolve().parents[3] / "examples" / "mervo"
NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)
COMMANDS = frozenset(ns.task_names)


class Team:
    """A team's folder."""

    def __init__(self, folder: Path) -> None:
        """Remember where it is."""
        self.folder, self.file = folder, folder / config.NAME

    def spoil(self, right: str, wrong: str, path: str = config.NAME) -> int:
        """Write one thing for another; the line on which the change begins."""
        text = (self.folder / path).read_text("utf-8")
        assert right in text, right
        (self.folder / path).write_text(text.replace(right, wrong, 1), "utf-8")
        return text[: text.index(right)].count("\n") + 1

    def asked(
        self,
        now: datetime = NOW,
        resolve: Callable[[Contact], str | None] = checks.unknown,
    ) -> checks.Asked:
        """What the rules are asked."""
        return checks.Asked(config.load(self.file), now, COMMANDS, resolve)

    def findings(self, now: datetime = NOW) -> dict[str, checks.Finding]:
        """What is found, by rule; the first of each."""
        found = checks.check(self.asked(now))
        return {one.rule: one for one in reversed(found)}


@pytest.fixture
def mervo(tmp_path: Path) -> Team:
    """The seeds' team, whole and clean."""
    shutil.copytree(MERVO, tmp_path / "mervo", ignore=shutil.ignore_patterns(".relman"))
    return Team(tmp_path / "mervo")
