"""A candidate that was put to the vote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.approval.council import Council


@pytest.fixture
def council(tmp_path: Path) -> Iterator[Council]:
    """A request that nobody has voted on yet."""
    made = Council(tmp_path / "repo")
    yield made
    made.close()
