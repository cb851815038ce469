"""``pytest tests/cases --cases DIR``: which folder the cases come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import door

_OWN = Path(__file__).parent / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer ``--cases``. Pytest knows it when ``tests/cases`` is named on the command line."""
    parser.addoption("--cases", metavar="DIR", help="run the *_cases.json of this folder")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each case."""
    if "case" in metafunc.fixturenames:
        folder = Path(metafunc.config.getoption("cases", default=None) or _OWN)
        found = list(door.cases(folder))
        metafunc.parametrize("case", found, ids=[case.name for case in found])
