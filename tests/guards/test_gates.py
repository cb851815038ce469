"""Every gate has somebody who answers for it, a sentence that it comes from, and a test that names it."""

from __future__ import annotations

import ast
import re

import pytest

from relman import config
from relman.gates import GATES, Gate
from relman.models import Answer
from relman.ops import sentences
from tests.guards import tree

EXAMPLE = tree.ROOT / "examples" / "mervo" / "relman.toml"


def named(gate: Gate) -> str:
    """A gate as a parameter is called."""
    return gate.id


@pytest.mark.parametrize("gate", GATES, ids=named)
def test_a_gate_says_who_stands_behind_it(gate: Gate) -> None:
    """Its rows are rows of the example team's table, its sentences are of the seeds (issue 5, item 7)."""
    rows = {str(row.id) for row in config.load(EXAMPLE).raci}
    assert {gate.row, gate.lifted_by or gate.row} <= rows
    assert gate.source
    assert set(gate.source) <= set(sentences.table())
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", gate.id)
    assert gate.profiles in {("solo", "team"), ("team",)}


@pytest.mark.parametrize("gate", GATES, ids=named)
def test_a_gate_without_data_does_not_say_go(gate: Gate) -> None:
    """No news is no good news: it refuses, or at least warns."""
    assert gate.without in {Answer.NO_GO, Answer.UNKNOWN, Answer.WARN}


@pytest.mark.parametrize("gate", GATES, ids=named)
def test_a_gate_has_a_test_that_names_it(gate: Gate) -> None:
    """Some test says in its first words which gate it is about: a docstring that has its id in quotes."""
    assert f"``{gate.id}``" in told(), f"begin a test's docstring with ``{gate.id}``: …"


def told(known: dict[str, str] = {}) -> str:  # noqa: B006  a memory
    """The docstrings of all tests but these."""
    if "all" not in known:
        docs = (
            ast.get_docstring(function) or ""
            for path in tree.below("tests")
            if "guards" not in path.parts
            for function in tree.functions(path)
            if function.name.startswith("test_")
        )
        known["all"] = "\n".join(docs)
    return known["all"]
