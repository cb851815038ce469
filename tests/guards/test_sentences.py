"""The table of sentences is whole and true: no id is missing, and what it names exists."""

from __future__ import annotations

import ast

import pytest

from relman.ops import trace
from relman.ops.sentences import Sentence, table
from relman.tasks import ns
from tests.guards import tree

IDS = [
    *(
        "A1a",
        "A1b",
        "A1c",
        "A1d",
        "A2a",
        "A2b",
        "A2c",
        "A2d",
        "A3a",
        "A3b",
        "A3c",
        "A4a",
        "A4b",
        "A5a",
        "A5b",
    ),
    *("A6a", "A6b", "A6c", "A6d", "A6e", "A7", "A8", "A9", "A10", "A11", "A12", "A13", "A14a", "A14b", "A15"),
    *("A16", "B0a", "B0b", "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8a", "B8b", "B8c", "B9", "B10"),
    *("B11a", "B11b", "B11c", "B12", "B13", "B14", "B15", "B16", "B17", "B18", "B19", "B20", "B21", "B22"),
    *("B23", "B24", "B25", "B26", "B27", "B28", "B29", "B30", "B31", "B32", "B33", "B34", "B35", "B36"),
]
"""Every sentence of the seeds, as the specification numbers them."""

COMMANDS = frozenset(ns.task_names)


def test_no_sentence_is_missing_or_doubled() -> None:
    """The table has the ids of the specification, each once, in their order."""
    assert list(table()) == IDS
    assert len(set(IDS)) == len(IDS)


def test_every_sentence_is_carried() -> None:
    """By commands that exist, tests that exist, or a point on the page of what is not there yet."""
    assert list(trace.uncarried(table(), COMMANDS, tree.ROOT)) == []


@pytest.mark.parametrize("name", [name for name, one in table().items() if one.tests])
def test_a_named_test_is_one(name: str) -> None:
    """What the table calls a test is a function of that name, which pytest runs."""
    for test in table()[name].tests:
        path, _, function = test.partition("::")
        names = {
            node.name for node in ast.walk(tree.parsed(tree.ROOT / path)) if isinstance(node, ast.FunctionDef)
        }
        assert function in names
        assert function.startswith("test_")


def test_every_word_of_a_duty_leads_to_a_command() -> None:
    """What a role owns leads to commands that exist."""
    assert {command for known in trace.WORDS.values() for command in known} <= COMMANDS


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        (Sentence(says="x"), "nothing carries it"),
        (Sentence(says="x", commands=("ops.nothing",)), "there is no command 'ops.nothing'"),
        (Sentence(says="x", tests=("tests/guards/test_sentences.py::test_nothing",)), "there is no test"),
        (Sentence(says="x", tests=("tests/none.py",)), "there is no test tests/none.py"),
        (Sentence(says="x", later="Another day"), "says nothing of 'Another day'"),
    ],
)
def test_the_guard_sees_what_it_guards_against(sentence: Sentence, told: str) -> None:
    """A sentence without a carrier, and one whose carrier does not exist, is found."""
    (found,) = trace.uncarried({"A1a": sentence}, COMMANDS, tree.ROOT)
    assert told in found.what
