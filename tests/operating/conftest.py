"""What the tests of the operating model share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.operating.team import Team


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A team that adopted its model on Monday 30 November 2026; it is nine o'clock that day."""
    return Team(tmp_path)
