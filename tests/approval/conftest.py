"""A candidate that was put to the vote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.approval.council import Council


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Council:
    """One that is copied, which is quicker than to make it anew."""
    made = Council(tmp_path_factory.mktemp("founded") / "repo")
    made.close()
    return made


@pytest.fixture
def council(founded: Council, tmp_path: Path) -> Iterator[Council]:
    """A request that nobody has voted on yet."""
    made = Council(tmp_path / "repo", source=founded)
    yield made
    made.close()
