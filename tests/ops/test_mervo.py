"""The seeds' own team, as an example: its papers do not drift, and everything in it can be typed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from relman import config
from relman.ops import papers
from relman.ops.papers import State
from relman.tasks import ns
from tests.ops.tasking import typed

MERVO = Path(__file__).parents[2] / "examples/mervo"
NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)


def test_its_papers_are_what_its_model_says() -> None:
    """A14a: byte for byte; ``inv ops.documents`` in that folder makes them again."""
    read = config.load(MERVO / "relman.toml")
    assert [(one.paper.path, one.state) for one in papers.compared(read, NOW)] == [
        ("OPERATING_MODEL.md", State.SAME),
        (".github/CODEOWNERS", State.SAME),
        ("docs/calendar.ics", State.SAME),
    ]


def test_all_its_duties_can_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A13: ``ops.trace`` finds nothing in it."""
    monkeypatch.chdir(MERVO)
    page, code = typed(ns["ops.trace"])
    assert code == 0, page
    assert "every duty and every sentence resolves" in page
