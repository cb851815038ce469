"""``python -m relman``, the console command ``relman`` and what ``./inv`` runs.

What it is not: a second set of tasks. It loads the repository's ``tasks.py`` as Invoke does, or
relman's own tasks where there is none, and adds what stock ``inv`` cannot be taught: exit codes
that mean something (docs/reference/exit-codes.md), hints for what was mistyped, Ctrl-C, closed pipes.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import select
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from invoke.exceptions import CollectionNotFound, Exit, ParseError, UnexpectedExit, UnknownFileType
from invoke.program import Program

from relman.errors import ConfigError, RelmanError, UsageError

DEBUG = "RELMAN_DEBUG"
"""Set to anything, this variable shows tracebacks."""

CLOSED_PIPE = 141
"""128 + SIGPIPE: what a shell reports for a program that wrote to a reader who has gone."""


class CommandLine(Program):
    """Invoke's program with relman's manners."""

    def conduct(self, argv: list[str]) -> None:
        """Take the command line apart and run its tasks; unlike ``run``, every error comes out.

        Raises:
            UsageError: The command line names what does not exist.
        """
        self.create_config()
        with self.reading():
            self.parse_core(argv)
        self.parse_collection()
        with self.reading():
            self.parse_tasks()
            self.parse_cleanup()
            self.update_config()
        self.execute()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Whatever goes wrong while a command line is read is its author's to correct: exit 2."""
        try:
            yield
        except ParseError as error:
            raise self.misread(error) from error
        except (ValueError, UnknownFileType) as error:
            raise UsageError("a flag has a value that it cannot take", fact=str(error)) from error
        except Exit as end:
            if isinstance(end, RelmanError) or not end.code:
                raise
            raise UsageError(end.message or "the command line cannot be used") from end

    def misread(self, error: ParseError) -> UsageError:
        """Invoke's complaint, in words that help."""
        told = str(error)
        task = getattr(error.context, "name", None)
        flag = re.search(r"<Argument: (\w+)", told)
        if flag:
            return UsageError(f"--{flag[1].replace('_', '-')} needs a value", clears=self.asking(task))
        unknown = re.search(r"No idea what '(.*)' is!", told)
        if not unknown:
            return UsageError(told, clears=self.asking(task))
        if unknown[1].startswith("-"):
            return self.unknown_flag(unknown[1], error)
        return self.unknown_task(unknown[1], task)

    def unknown_flag(self, flag: str, error: ParseError) -> UsageError:
        """There is no such flag; perhaps there is a similar one."""
        task = getattr(error.context, "name", None)
        close = difflib.get_close_matches(flag, error.context.flags if error.context else (), n=1)
        meant = " ".join([self.binary, *([task] if task else []), *close])
        return UsageError(
            f"{task or self.binary} has no flag {flag}",
            fact=f"did you mean {close[0]}?" if close else "",
            clears=meant if close else self.asking(task),
        )

    def unknown_task(self, name: str, after: str | None) -> UsageError:
        """There is no such task; perhaps there is a similar one, or it was meant as a value."""
        names = [each for task, aliases in self.collection.task_names.items() for each in (task, *aliases)]
        close = difflib.get_close_matches(name, names, n=1)
        if close:
            fact, clears = f"did you mean {close[0]}?", f"{self.binary} {close[0]}"
        elif after:
            fact, clears = f"{after} takes its values by flags", self.asking(after)
        else:
            fact, clears = "", f"{self.binary} --list"
        return UsageError(f"there is no task {name}", fact=fact, clears=clears)

    def asking(self, task: str | None) -> str:
        """The command that shows a task's flags."""
        return f"{self.binary} {task} --help" if task else f"{self.binary} --list"

    def load_collection(self) -> None:
        """Load the repository's ``tasks.py``, or relman's own tasks where there is none.

        Raises:
            UsageError: The collection that was asked for by name does not exist.
            ConfigError: There is a ``tasks.py``, and it fails.
        """
        try:
            super().load_collection()
        except Exit as end:
            if not isinstance(end.__context__, CollectionNotFound):
                raise
            if self.args.collection.value:
                raise UsageError("there is no such collection", fact=self.args.collection.value) from end
            from relman.tasks import ns

            self.collection = ns
        except Exception as error:
            if os.environ.get(DEBUG):
                raise
            raise ConfigError(
                "the repository's tasks.py cannot be loaded",
                fact=described(error),
                clears=f"{DEBUG}=1 before the command shows where; --search-root / takes relman's own tasks",
            ) from error

    def no_tasks_given(self) -> None:
        """Show what there is to run; Invoke would show its own options.

        Raises:
            Exit: Always: there is nothing to run.
        """
        self.list_tasks()
        raise Exit

    def print_version(self) -> None:
        """Print relman's version; finding it out is left until somebody asks."""
        print(f"relman {version()}")


def main() -> None:
    """Run the command line and end with its exit code."""
    prepare_streams()
    code = outcome(sys.argv)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = gone()
    sys.exit(code)


def prepare_streams() -> None:
    """See to it that whatever a task prints can be printed."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller; the next file opened would take its place
            setattr(sys, name, Path(os.devnull).open("r+"))  # noqa: SIM115  open while we run
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks must not end a release; and who reads through a
        # pipe wants each line when it is written.
        stream.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]


def outcome(argv: list[str]) -> int:
    """Run a command line; every way in which it can end, as an exit code."""
    program = Path(argv[0]).stem
    name = "relman" if program == "relman" else "inv"
    try:
        CommandLine(name="relman", binary=name, binary_names=[name]).conduct([name, *argv[1:]])
    except Exit as end:
        return ended(end.message, end.code)
    except UnexpectedExit as end:  # a command of the repository's own tasks failed
        return ended(str(end) if end.result.hide else None, end.result.exited)
    except KeyboardInterrupt:
        return ended("interrupted", 130)
    except BrokenPipeError as error:
        return gone() if is_deaf() else unexpected(error)
    except Exception as error:  # noqa: BLE001  this is where every error ends
        return unexpected(error)
    return 0


def ended(message: str | None, code: int) -> int:
    """Tell the person, after all that was printed so far."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
        if message:
            print(message, file=sys.stderr)
    return code


def unexpected(error: Exception) -> int:
    """An error that nobody put into words: one line, and how to see the rest."""
    if os.environ.get(DEBUG):
        return ended("".join(traceback.format_exception(error)), 1)
    return ended(f"unexpected {described(error)}\n  next: {DEBUG}=1 before the command shows where", 1)


def described(error: Exception) -> str:
    """An exception on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def is_deaf() -> bool:
    """Has a reader of our output gone, or did a pipe of the task's own break?"""
    poll = select.poll()
    for stream in (sys.stdout, sys.stderr):
        poll.register(stream, 0)  # errors are always reported
    return bool(poll.poll(0))


def gone() -> int:
    """End silently: whoever closed the pipe has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return CLOSED_PIPE


def version() -> str:
    """The version: the checkout's if this is one, else that of the installed package."""
    project = Path(__file__).resolve().parents[1] / "pyproject.toml"
    if project.is_file():
        import tomllib

        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    from importlib.metadata import version as installed

    return installed("relman")


if __name__ == "__main__":
    main()
