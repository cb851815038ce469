"""A platform for the session, and services in git repositories of their own."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.shop import Shop

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An embedded platform of its own, on a free port; its endpoint."""
    with _platform(tmp_path_factory.mktemp("platform")) as endpoint:
        yield endpoint


@pytest.fixture
def shop(platform: str, tmp_path: Path) -> Iterator[Shop]:
    """The example service in a git repository, never released, under a name of its own."""
    made = Shop.made(tmp_path / "shop", f"shop{next(_numbers)}", platform)
    yield made
    made.cloud.close()


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    """A shop whose 0.1.0 was released."""
    assert shop.run("release.cut").code == 0
    return shop


class _platform:  # noqa: N801 - used as a function
    def __init__(self, state: Path) -> None:
        self.state = state

    def __enter__(self) -> str:
        return self._ask("up", "--port", "0").strip()

    def __exit__(self, *_: object) -> None:
        self._ask("down")

    def _ask(self, verb: str, *flags: str) -> str:
        command = [sys.executable, "-m", "relman.embedded", verb, "--state", str(self.state), *flags]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ).stdout


@pytest.fixture
def own_platform(tmp_path: Path) -> Iterator[_platform]:
    """A platform that a test may kill."""
    made = _platform(tmp_path / "own-platform")
    yield made
    made.__exit__()
