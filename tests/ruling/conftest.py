"""An office for each test; one that has a policy already is copied from the first that was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ruling.lifters import Lifters
from tests.ruling.office import Office


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Three people, nothing signed yet; copied, and never used itself."""
    return Office(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="session")
def second(first: Office, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Three people under their first policy; copied, and never used itself."""
    return first.copied(tmp_path_factory.mktemp("second")).founded()


@pytest.fixture
def office(first: Office, tmp_path: Path) -> Office:
    """Three people, nothing signed yet."""
    return first.copied(tmp_path)


@pytest.fixture
def founded(second: Office, tmp_path: Path) -> Office:
    """Three people under their first policy."""
    return second.copied(tmp_path)


@pytest.fixture
def lifters(founded: Office, monkeypatch: pytest.MonkeyPatch) -> Lifters:
    """A team whose window is closed today, and whose first policy is pinned here."""
    monkeypatch.setenv("RELMAN_GENESIS", f"sha256:{founded.standing().pinned}")
    return Lifters(founded)
