"""Every command, flag and exit code that the words of the project name exists, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from invoke.exceptions import Exit

from relman import errors
from relman.tasks import ns
from tests.guards import tree

COMMAND = re.compile(
    r"(?<![\w-])(?:\./)?(?:inv|relman) (?:--?[\w-]+ )*"
    r"(?P<task>[a-z][a-z-]*(?:\.[a-z][\w-]*)+)(?P<rest>[^\n`\"']*)"
)
"""A dotted task after the command; what follows it, up to the end of the line or of the quotation."""

FLAG = re.compile(r"(?<=\s)--([a-z][a-z0-9-]*)")

NAMES = {alias: task for task, aliases in ns.task_names.items() for alias in (task, *aliases)}

CORE = {"help", "list", "dry", "echo", "search-root"}
"""Invoke's own flags, which any task may be given."""


def words() -> list[Path]:
    """What people read: documents, examples, and the messages in the code."""
    documents = [path for path in tree.files() if path.suffix in {".md", ".toml"}]
    # The one page whose business is what does not exist.
    return [path for path in documents if path.name != "not-yet.md"] + tree.below("relman")


def commands() -> Iterator[tuple[str, str, list[str]]]:
    """Each command that is named somewhere: where, the task, its flags."""
    for path in words():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for found in COMMAND.finditer(line):
                yield f"{tree.named(path)}:{number}", found["task"], FLAG.findall(found["rest"])


def test_every_command_that_is_named_exists() -> None:
    """Documents, examples and messages name no task that there is not."""
    assert [f"{where}: inv {task}" for where, task, _ in commands() if task not in NAMES] == []


def test_every_flag_that_is_named_exists() -> None:
    """A flag named after a task is one of its own, or of Invoke's."""
    wrong = [
        f"{where}: inv {task} --{flag}"
        for where, task, flags in commands()
        if task in NAMES
        for flag in flags
        if flag not in CORE | flags_of(task)
    ]
    assert wrong == []


def flags_of(task: str) -> set[str]:
    """The long flags of a task."""
    return {name for argument in ns[NAMES[task]].get_arguments() for name in argument.names}


@pytest.mark.parametrize(
    ("line", "task", "flags"),
    [
        ("run `./inv release.cut --plan ID` now", "release.cut", ["plan"]),
        ('clears="inv release.why --run x"', "release.why", ["run"]),
        ("relman -R release.cut", "release.cut", []),
        ("`inv ops.oncall.gaps --days 9`", "ops.oncall.gaps", ["days"]),
    ],
)
def test_the_guard_sees_what_it_guards_against(line: str, task: str, flags: list[str]) -> None:
    """A command is seen in Markdown, in a message and after a core flag."""
    found = COMMAND.search(line)
    assert found
    assert (found["task"], FLAG.findall(found["rest"])) == (task, flags)


def test_every_exit_code_is_documented() -> None:
    """The page of exit codes has a row for each code of the error tree, with the error's name."""
    page = (tree.ROOT / "docs/reference/exit-codes.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\d+) \| (.*) \|$", page, re.MULTILINE))
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.RelmanError):
            assert f"`{kind.__name__}`" in rows[str(kind.code)], f"{kind.__name__} ends with {kind.code}"
    assert issubclass(errors.RelmanError, Exit), "a user's own task ends with the same codes"


def test_the_tree_drawn_in_errors_is_the_tree() -> None:
    """The drawing at the top of ``relman/errors.py`` has every error, at its depth, with its code."""
    drawn = re.findall(r"^    ([│ ├└─]*)(\w+) +(\d+) ", errors.__doc__ or "", re.MULTILINE)
    assert {(name, len(indent) // 3, int(code)) for indent, name, code in drawn} == {
        (kind.__name__, len(kind.__mro__) - len(errors.RelmanError.__mro__), kind.code)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.RelmanError)
    }
