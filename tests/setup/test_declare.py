"""How a function becomes a task: flags from keywords, values by annotation, help from the docstring."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from invoke.collection import Collection
from invoke.config import Config
from invoke.context import Context
from invoke.executor import Executor
from invoke.parser import Parser

from relman.errors import UsageError
from relman.tasks.declare import Count, Declared, task


def asked(declared: Declared, *words: str) -> dict[str, Any]:
    """Run a task with words of a command line, as Invoke does; returns what its body got."""
    collection = Collection(x=declared)
    parsed = Parser(contexts=collection.to_contexts()).parse_argv(["x", *words])
    Executor(collection, Config()).execute(*parsed)
    return GIVEN


GIVEN: dict[str, Any] = {}
"""What ``every`` was called with."""


@task
def every(  # noqa: PLR0913  one of each kind
    _context: Context,
    *,
    word: str = "w",
    number: int = 3,
    share: float = 0.5,
    file: Path | None = None,
    count: Count = Count(12),
    at: datetime | None = None,
    bump: Literal["major", "minor"] = "minor",
    only: tuple[str, ...] = (),
    ports: list[int] | None = None,
    long_name: bool = False,
) -> None:
    """Take everything.

    Nothing else.

    Args:
        word: A word.
        number: A number,
            on two lines.
        share: A share.
        file: A file.
        count: A count.
        at: A time.
        bump: A choice.
        only: Several words.
        ports: Several numbers.
        long_name: A switch.
    """
    GIVEN.update({name: value for name, value in locals().items() if name != "_context"})


def test_without_flags_a_task_gets_the_defaults_that_it_declares() -> None:
    """What is not given is what the signature says, not what Invoke makes of it."""
    assert asked(every) == {
        "word": "w",
        "number": 3,
        "count": 12,
        "share": 0.5,
        "file": None,
        "at": None,
        "bump": "minor",
        "only": (),
        "ports": None,
        "long_name": False,
    }


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--word="], "word", ""),
        (["--word", "-"], "word", "-"),
        (["--number", "-7"], "number", -7),
        (["--share", "0.25"], "share", 0.25),
        (["--file", "a/b"], "file", Path("a/b")),
        (["--at", "2026-11-25T10:00+01:00"], "at", datetime(2026, 11, 25, 9, tzinfo=UTC)),
        (["--bump", "major"], "bump", "major"),
        (["--only", "a", "--only", "b"], "only", ("a", "b")),
        (["--ports", "80", "--ports", "81"], "ports", [80, 81]),
        (["--long-name"], "long_name", True),
    ],
)
def test_a_word_becomes_a_value_of_the_annotated_type(words: list[str], name: str, value: object) -> None:
    """Invoke hands out text whatever the annotation says; a task gets what it asked for."""
    assert asked(every, *words)[name] == value


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--number", "1.5"], "--number takes a whole number: '1.5'"),
        *(
            (["--count", odd], f"--count takes a whole number from 1 to 1200: '{odd}'")
            for odd in ("0", "-1", "1201", "x", "9" * 30)
        ),
        *(
            (["--at", odd], "--at takes a time of the years 1970 to 2999")
            for odd in ("9999-06-01T00:00Z", "0001-01-01T00:00+14:00", "3000-01-01T00:00Z")
        ),
        (["--number", ""], "--number takes a whole number: ''"),
        (["--share", "half"], "--share takes a number: 'half'"),
        (
            ["--at", "2026-11-25T10:00"],
            "--at takes a time of the years 1970 to 2999 with its offset, like 2026-11-25T10:00+01:00: '2026",
        ),
        (["--bump", "minr"], "--bump takes one of major, minor: 'minr'\n  next: --bump minor"),
        (["--ports", "80", "--ports", "http"], "--ports takes a whole number: 'http'"),
        (["--word", "--dry-run"], "--word needs a value: '--dry-run' looks like a flag"),
        (["--only", "-R"], "--only needs a value: '-R' looks like a flag"),
    ],
)
def test_a_word_of_another_kind_is_refused_in_plain_words(words: list[str], told: str) -> None:
    """The refusal names the flag, what it takes and what it got, and ends with 2."""
    with pytest.raises(UsageError) as refusal:
        asked(every, *words)
    assert str(refusal.value).startswith(told)
    assert refusal.value.code == 2


def test_a_python_caller_hands_in_values() -> None:
    """Called from Python a task takes typed values, and leaves the rest at its defaults."""
    every(Context(), number=9, only=("a",), file=Path("f"))
    assert (GIVEN["number"], GIVEN["only"], GIVEN["file"], GIVEN["word"]) == (9, ("a",), Path("f"), "w")


def test_help_is_written_once() -> None:
    """Flags are explained by the docstring's Args, with default and choices added; no short flags."""
    arguments = {argument.name: argument for argument in every.get_arguments()}
    assert arguments["number"].help == "A number, on two lines. (default: 3)"
    assert arguments["bump"].help == "A choice. (one of: major, minor; default: minor)"
    assert arguments["only"].help == "Several words. (may be repeated)"
    assert arguments["file"].help == "A file."
    assert every.__doc__ == "Take everything.\n\nNothing else.\n"
    assert [name for argument in arguments.values() for name in argument.names if len(name) == 1] == []


def test_two_tasks_of_one_name_are_two_tasks() -> None:
    """``window.show`` and ``policy.show`` asked for in one command both run; Invoke drops equal tasks."""
    ran = []

    def shower(what: str) -> Declared:
        @task
        def show(_context: Context) -> None:
            """Show it."""
            ran.append(what)

        return show

    @task
    def show(_context: Context) -> None:
        """Show another."""
        ran.append("policy")

    collection = Collection(window=Collection(show=shower("window")), policy=Collection(show=show))
    Executor(collection, Config()).execute("window.show", "policy.show")
    assert ran == ["window", "policy"]


def positional(_context: Context, *, fine: str = "", bare: str) -> None:
    """No default.

    Args:
        fine: Fine.
        bare: Has none.
    """


def ordered(_context: Context, bare: str = "") -> None:
    """No keyword.

    Args:
        bare: By position.
    """


def unexplained(_context: Context, *, bare: str = "") -> None:
    """No help."""


def untyped(_context: Context, *, bare: dict[str, str] | None = None) -> None:
    """No type that a word could become.

    Args:
        bare: A mapping.
    """


def silent(_context: Context) -> None:  # noqa: D103  its defect
    pass


@pytest.mark.parametrize("body", [positional, ordered, unexplained, untyped, silent])
def test_what_is_no_task_of_relman_fails_at_import(body: Any) -> None:
    """A parameter without keyword, default, help or type, or no docstring, is a mistake of ours."""
    with pytest.raises(TypeError):
        task(body)
