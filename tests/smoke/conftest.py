"""The servers as fixtures, and a way to write smoke files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from relman.clock import system
from relman.smoke import Report, load, run

from .servers import Hello, Odd, serving


@pytest.fixture
def odd() -> Iterator[Odd]:
    """A server that misbehaves as the test tells it."""
    with serving() as server:
        yield server


@pytest.fixture
def other() -> Iterator[Odd]:
    """A second one, which is another origin."""
    with serving() as server:
        yield server


@pytest.fixture
def start_hello() -> Iterator[Callable[[Path, str], Hello]]:
    """Starts the example service from a folder; ends it afterwards."""
    with ExitStack() as stack:

        def start(folder: Path, revision: str) -> Hello:
            hello = Hello(folder, revision)
            stack.callback(hello.end)
            return hello

        yield start


@pytest.fixture
def smoke_file(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a smoke file."""

    def write(text: str) -> Path:
        path = tmp_path / "odd.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def ask(smoke_file: Callable[[str], Path], odd: Odd) -> Callable[..., Report]:
    """Asks the odd server the checks of a text."""

    def asked(text: str, **values: str) -> Report:
        named = {f"release.{name}": value for name, value in values.items()}
        return run(load(smoke_file(text)), odd.url, values=named, clock=system())

    return asked
