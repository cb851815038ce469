"""Rules that hold for every task, whatever tasks there are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.tasks import Task

from relman.errors import UsageError
from relman.tasks import ns
from relman.tasks.declare import Declared
from tests.guards import tree

TASKS: dict[str, Task] = {name: ns[name] for name in ns.task_names}  # type: ignore[type-arg]

HEAVY = {"google", "grpc", "git", "requests", "rich"}
"""Whose import a person would wait for."""


def environment() -> dict[str, str]:
    """A bare environment in which relman is found."""
    return {"PYTHONPATH": str(tree.ROOT), "PATH": "/usr/bin:/bin"}


def test_there_are_tasks() -> None:
    """The rules below are about something."""
    assert "test.run" in TASKS


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_task_is_declared_the_houses_way(name: str) -> None:
    """Keywords with defaults, no short flag, no argument by position, a first line that fits 46 columns."""
    task = TASKS[name]
    assert isinstance(task, Declared), "relman.tasks.declare.task, not Invoke's"
    arguments = task.get_arguments()
    assert [argument.name for argument in arguments if argument.positional] == []
    assert [each for argument in arguments for each in argument.names if len(each) == 1] == []
    summary = (task.__doc__ or "").splitlines()[0]
    assert 0 < len(summary) <= 46, f"--list wraps it at 80 columns: {summary}"


def test_every_task_prints_its_help_and_does_not_run(tmp_path: Path) -> None:
    """``inv x.y --help`` shows the flags of each task, in an empty folder, and leaves nothing behind."""
    pages = told(
        f"for name in {sorted(TASKS)!r}:\n"
        f"    assert outcome(['inv', '--search-root', {str(tree.ROOT)!r}, name, '--help']) == 0\n"
        "    print('\\f')",
        tmp_path,
    ).split("\f\n")
    assert list(tmp_path.iterdir()) == []
    for name, page in zip(sorted(TASKS), pages[:-1], strict=True):
        assert page.startswith(f"Usage: inv [--core-opts] {name} "), page
        for argument in TASKS[name].get_arguments():
            assert f"--{argument.names[0]}" in page.replace("[no-]", "")


def told(script: str, folder: Path) -> str:
    """What a script prints that calls relman's command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-P", "-c", f"from relman.__main__ import outcome\n{script}"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_list_imports_the_tasks_and_what_invoke_does(tmp_path: Path) -> None:
    """``inv --list`` is what people wait for first: beyond Invoke it imports the tasks, and nothing else.

    How long it takes is measured by ``benchmarks/startup``.
    """
    tell = "import json, sys\nprint(json.dumps(sorted(sys.modules)))"
    listing = f"outcome(['inv', '--search-root', {str(tree.ROOT)!r}, '--list'])\n{tell}"
    ours, invokes = (set(json.loads(told(code, tmp_path).splitlines()[-1])) for code in (listing, tell))
    beyond = {name for name in ours - invokes if not name.startswith("relman.tasks")}
    assert ours & {"relman.tasks.release", "relman.tasks.platform"}
    assert beyond <= {"__future__", "relman.clock", "tasks"}
    assert invokes.isdisjoint(HEAVY)


def test_a_rollback_waits_for_no_gate_and_no_meeting(tmp_path: Path) -> None:
    """What opens a rollback imports nothing of the gates, the operating model's arithmetic or signatures."""
    tell = "import json, sys, relman.opening\nprint(json.dumps(sorted(sys.modules)))"
    found = json.loads(told(tell, tmp_path).splitlines()[-1])
    others = ("relman.gates", "relman.ops", "relman.signing", "relman.approval", "relman.team")
    assert "relman.rollback" in found
    assert [name for name in found if name.startswith(others)] == []


def test_a_task_that_knows_no_rehearsal_refuses_one() -> None:
    """With ``-R`` no task does the real thing: it has ``--dry-run``, or it refuses."""
    context = Context()
    context.config.run.dry = True
    for task in TASKS.values():
        assert isinstance(task, Declared)
        if "dry_run" not in {parameter.name for parameter in task.parameters}:
            with pytest.raises(UsageError, match="this task knows no dry run"):
                task(context)
