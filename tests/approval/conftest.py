"""A candidate that was put to the vote."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.approval.council import Council
from tests.release.conftest import open_shop, platform, shop

__all__ = ["open_shop", "platform", "shop"]
STOCK = ["sh", "ssh-keygen", "jq"]
COREUTILS = ["sha256sum", "base64", "od", "head", "wc", "tr", "cut", "date", "mktemp", "rm", "cat"]


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


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tools that ``verify.sh`` says it needs, and nothing else, to be a whole PATH."""
    folder = tmp_path_factory.mktemp("bare")
    for name in (*STOCK, *COREUTILS):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return folder
