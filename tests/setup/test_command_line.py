"""What ``python -m relman`` adds to Invoke: exit codes, hints, Ctrl-C, closed pipes.

Each test runs a process of its own, in a folder with a ``tasks.py`` of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TASKS = '''
import sys
from invoke import Collection, Exit
from relman.errors import Refused
from relman.tasks.declare import task

@task
def cut(
    _context, *, service: str = "", override: tuple[str, ...] = (), percent: int = 5, dry_run: bool = False
) -> None:
    """Cut.

    Args:
        service: Which.
        override: Which gates.
        percent: How much.
        dry_run: Only look.
    """
    print("cut", repr(service), percent, dry_run)

@task
def refuse(_context) -> None:
    """Refuse."""
    raise Refused("window", fact="closed", clears="inv window.show")

@task
def burst(_context) -> None:
    """Burst."""
    raise ValueError("two\\nlines")

@task
def wait(_context) -> None:
    """Wait."""
    print("waiting", flush=True)
    import signal
    signal.pause()

@task
def pour(_context) -> None:
    """Print without end."""
    while True:
        print("line")

@task
def leave(_context) -> None:
    """Leave with a code."""
    raise Exit("left", 42)

@task
def broken(_context) -> None:
    """Break a pipe of its own."""
    import os
    reader, writer = os.pipe()
    os.close(reader)
    os.write(writer, b"x")

@task
def glyph(_context) -> None:
    """Print what ASCII lacks."""
    print("\\u2714 done")

ns = Collection("tasks", Collection("release", cut), refuse, burst, wait, pour, leave, broken, glyph)
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with tasks of its own, and a folder below its root."""
    root = tmp_path_factory.mktemp("repository")
    (root / "tasks.py").write_text(TASKS)
    (root / "below").mkdir()
    return root


def relman(*arguments: str, cwd: Path, **environment: str) -> tuple[int, str, str]:
    """Run the command; returns exit code, stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "relman", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["release.cut", "--percent", "20"], 0, ""),
        (["release.cut", "--percent", "abc"], 2, "--percent takes a whole number: 'abc'\n"),
        (["release.cut", "--service", "--help"], 2, "--service needs a value: '--help' looks like a flag\n"),
        (["release.cut", "--service"], 2, "--service needs a value\n  next: inv release.cut --help\n"),
        (["release.cut", "--override"], 2, "--override needs a value\n  next: inv release.cut --help\n"),
        (
            ["release.cut", "--percnt", "5"],
            2,
            "release.cut has no flag --percnt: did you mean --percent?\n  next: inv release.cut --percent\n",
        ),
        (
            ["relaese.cut"],
            2,
            "there is no task relaese.cut: did you mean release.cut?\n  next: inv release.cut\n",
        ),
        (
            ["release.cut", "1.4.2"],
            2,
            "there is no task 1.4.2: release.cut takes its values by flags\n  next: inv release.cut --help\n",
        ),
        (["nonsense"], 2, "there is no task nonsense\n  next: inv --list\n"),
        (["--help", "nonsense"], 2, "there is no task nonsense\n  next: inv --list\n"),
        (["--list", "nonsense"], 2, "Sub-collection 'nonsense' not found!\n"),
        (["-c", "elsewhere", "cut"], 2, "there is no such collection: elsewhere\n"),
        (["refuse"], 3, "window: closed\n  next: inv window.show\n"),
        (["leave"], 42, "left\n"),
        (
            ["burst"],
            1,
            "unexpected ValueError: two lines\n  next: RELMAN_DEBUG=1 before the command shows where\n",
        ),
        (
            ["-R", "refuse"],
            2,
            "this task knows no dry run: refuse\n  next: the same command without -R/--dry\n",
        ),
    ],
)
def test_every_end_has_its_code_and_its_words(
    folder: Path, arguments: list[str], code: int, told: str
) -> None:
    """What went wrong stands on stderr, with the next command; what can be mistyped ends with 2."""
    ended = relman(*arguments, cwd=folder)
    assert (ended[0], ended[2]) == (code, told)


def test_the_core_flag_for_a_dry_run_reaches_the_task(folder: Path) -> None:
    """``-R`` is the task's own ``--dry-run``: a rehearsal that nobody heard of would be the real thing."""
    assert relman("-R", "release.cut", cwd=folder)[1] == "cut '' 5 True\n"
    assert relman("release.cut", "--dry-run", cwd=folder)[1] == "cut '' 5 True\n"
    assert relman("release.cut", cwd=folder)[1] == "cut '' 5 False\n"


def test_tasks_are_found_upwards_and_by_search_root(folder: Path, tmp_path: Path) -> None:
    """The repository's ``tasks.py`` is found from a folder below it, or from where --search-root says."""
    assert "release.cut" in relman("--list", cwd=folder / "below")[1]
    assert "release.cut" in relman("--search-root", str(folder), "--list", cwd=tmp_path)[1]


def test_an_empty_folder_has_relmans_own_tasks(tmp_path: Path) -> None:
    """Where there is no ``tasks.py`` the tasks are relman's own."""
    code, out, _ = relman("--list", cwd=tmp_path)
    assert code == 0
    assert "test.run (test)" in out


def test_a_broken_tasks_file_is_named_and_can_be_gone_around(tmp_path: Path) -> None:
    """A ``tasks.py`` that fails ends with 2 and one line; --search-root / still reaches relman's tasks."""
    (tmp_path / "tasks.py").write_text("import nothing_of_that_name\n")
    code, _, told = relman("--list", cwd=tmp_path)
    assert code == 2
    assert "tasks.py cannot be loaded: ModuleNotFoundError: No module named 'nothing_of_that_name'" in told
    assert "Traceback" not in told
    assert relman("--search-root", "/", "--list", cwd=tmp_path)[0] == 0
    assert "Traceback" in relman("--list", cwd=tmp_path, RELMAN_DEBUG="1")[2]


def test_debug_shows_where(folder: Path) -> None:
    """RELMAN_DEBUG=1 shows the traceback of an unexpected error; the code stays 1."""
    code, _, told = relman("burst", cwd=folder, RELMAN_DEBUG="1")
    assert code == 1
    assert "tasks.py" in told
    assert "Traceback" in told


def test_an_interrupt_that_no_task_took_ends_with_130(folder: Path) -> None:
    """Ctrl-C where the task does not expect it: one word, and the code that a shell expects."""
    with started("wait", cwd=folder) as run:
        assert run.stdout
        assert run.stderr
        assert run.stdout.readline() == "waiting\n"
        run.send_signal(signal.SIGINT)
        assert run.wait(20) == 130
        assert run.stderr.read() == "interrupted\n"


@pytest.mark.parametrize("task", ["pour", "--list"])
def test_a_reader_who_leaves_ends_it_silently(folder: Path, task: str) -> None:
    """``inv … | head -1`` prints no traceback, and ends as if by SIGPIPE."""
    with started(task, cwd=folder) as run:
        assert run.stdout
        if task == "pour":
            assert run.stdout.readline() == "line\n"
        run.stdout.close()
        assert run.stderr
        assert (run.stderr.read(), run.wait(20)) == ("", 141)


@contextmanager
def started(task: str, *, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """A task that runs until the test has seen enough."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "relman", task],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        guard = threading.Timer(20, run.kill)
        guard.start()
        try:
            yield run
        finally:
            run.kill()
            guard.cancel()


def test_a_pipe_of_the_task_itself_is_no_silent_end(folder: Path) -> None:
    """A broken pipe inside a task is an error like any other, as long as our own readers are there."""
    code, _, told = relman("broken", cwd=folder)
    assert code == 1
    assert told.startswith("unexpected BrokenPipeError")


def test_a_terminal_without_unicode_gets_a_question_mark(folder: Path) -> None:
    """A character that the encoding lacks does not end a task."""
    assert relman("glyph", cwd=folder, PYTHONIOENCODING="ascii") == (0, "? done\n", "")


def test_closed_streams_do_no_harm(folder: Path) -> None:
    """With stdout closed by the caller (cron, ``>&-``) a task still runs."""
    shell = f'exec "{sys.executable}" -P -m relman release.cut >&- <&-'
    done = subprocess.run(
        ["sh", "-c", shell],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_version_is_the_projects(folder: Path) -> None:
    """``--version`` tells relman's version, not Invoke's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert relman("--version", cwd=folder) == (0, f"relman {project['version']}\n", "")


def test_stock_invoke_runs_the_same_tasks() -> None:
    """``inv`` of Invoke itself lists in the checkout what ``./inv`` lists."""
    stock = subprocess.run(
        [sys.executable, "-m", "invoke", "--list"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert stock.stdout == relman("--list", cwd=ROOT)[1]
