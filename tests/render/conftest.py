"""Fixtures of the screens' tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.render.terminal import Hand, Terminal


@pytest.fixture
def hand() -> Hand:
    """A clock at noon."""
    return Hand()


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """Opens pseudo-terminals and closes them."""
    opened: list[Terminal] = []

    def opens(columns: int = 100, rows: int = 40, encoding: str = "utf-8") -> Terminal:
        opened.append(Terminal(columns, rows, encoding))
        return opened[-1]

    yield opens
    for one in opened:
        one.close()
