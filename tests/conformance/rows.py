"""Rows: what each test of this folder is about, how sure we are of it, and where that comes from.

What it is not: a test. The markers are read in three places: where tests are chosen (``conftest``),
where the page docs/reference/platform.md is made (``scripts.reference``), and by a guard that asks
for every row.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SURE = ("documented", "observed", "unverified")
"""Google's documentation says so; somebody saw it on Google; neither, so the platform chose."""
APIS = ("grpc", "rest")
EVERY = ("grpc", "rest", "v1")
"""The wires: gRPC and REST are Cloud Run v2 and Cloud Build v1; ``v1`` is Knative's, which gcloud speaks."""
NUMBERS = (*map(str, range(1, 50)), *(f"B{number}" for number in range(1, 8)))
"""The rows of the table that the platform was specified with; ``U`` rows are questions added since."""
NAME = re.compile(r"test_row_(\w+?)_")


@dataclass(frozen=True)
class Rule:
    """One test as the page tells it.

    Attributes:
        row: Its number.
        says: The rule as a user reads it.
        source: Where it comes from.
        sure: One of ``SURE``.
        note: What was chosen, where nobody knows.
        wires: Over which it was tested.
        differs: Where the platform does otherwise, and why.
        only_here: Why it is not asked of Google; empty when it is.
    """

    row: str
    says: str
    source: str
    sure: str
    note: str
    wires: tuple[str, ...]
    differs: tuple[str, ...]
    only_here: str


def row(
    number: int | str, *, source: str, sure: str = "documented", note: str = "", wires: tuple[str, ...] = APIS
) -> pytest.MarkDecorator:
    """Mark a test with the row it shows.

    Args:
        number: As in the table.
        source: Where the rule comes from.
        sure: One of ``SURE``.
        note: What the platform chose; needed where the rule is unverified.
        wires: Over which it holds.
    """
    assert sure in SURE, sure
    assert note or sure != "unverified", f"row {number}: what did we choose?"
    return pytest.mark.row(str(number), source=source, sure=sure, note=note, wires=wires)


def differs(what: str) -> pytest.MarkDecorator:
    """Say where the platform does otherwise than Google, and why."""
    return pytest.mark.differs(what)


def only_here(reason: str) -> pytest.MarkDecorator:
    """Leave a test to the platform: on Google it would be too dear, or cannot be."""
    return pytest.mark.only_here(reason)


needs_app = pytest.mark.needs_app
"""The test asks the app of this folder; Google's public hello image does not answer as that does."""


def rules() -> list[Rule]:
    """Every rule of the suite, in the order of the rows; nothing is started."""
    found = [rule for test in tests() if (rule := rule_of(test))]
    return sorted(found, key=lambda rule: order(rule.row))


def tests() -> Iterator[Callable[..., Any]]:
    """Every test function of the suite."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"{__package__}.{path.stem}")
        functions = filter(inspect.isfunction, vars(module).values())
        yield from (one for one in functions if one.__name__.startswith("test_"))


def rule_of(test: Callable[..., Any]) -> Rule | None:
    """The rule that a test shows, None for a test of the suite itself."""
    marks: list[pytest.Mark] = getattr(test, "pytestmark", [])
    about = next((mark for mark in marks if mark.name == "row"), None)
    if about is None:
        return None
    return Rule(
        row=about.args[0],
        says=" ".join((inspect.getdoc(test) or "").split()),
        differs=tuple(mark.args[0] for mark in reversed(marks) if mark.name == "differs"),
        only_here=next((mark.args[0] for mark in marks if mark.name == "only_here"), ""),
        **about.kwargs,
    )


def order(number: str) -> tuple[str, int]:
    """Where a row stands: the numbers first, then B, then U."""
    letter, digits = re.fullmatch(r"([A-Z]?)(\d+)", number).groups()  # type: ignore[union-attr]
    return letter, int(digits)
