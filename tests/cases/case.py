"""One case of the case door."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Case(NamedTuple):
    """A name, and the check that asserts what the case expects."""

    name: str
    check: Callable[[], None]
