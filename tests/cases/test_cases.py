"""The acceptance door: ``pytest tests/cases --cases DIR``."""

from __future__ import annotations

from .case import Case


def test_case(case: Case) -> None:
    """The library agrees with the case."""
    case.check()
