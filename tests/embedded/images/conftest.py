"""A repository to build from."""

from __future__ import annotations

from pathlib import Path

import pytest

from .builds import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty repository with a branch ``main``."""
    path = tmp_path / "repository"
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    return path
