"""``inv platform.*``: the embedded platform, started and asked as any other program is.

What it is not: the platform. That shares the wire with relman and nothing else, so these tasks
start it as a process of its own and hand its output through.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from invoke import Collection, Context
from invoke.exceptions import Exit

from relman.tasks.declare import task

STATE = Path(".relman/platform")


@task
def up(_context: Context, *, state: Path = STATE, port: int = 0) -> None:
    """Start the embedded platform.

    A local server that speaks Google's APIs (Cloud Run, Cloud Build), runs revisions as real
    processes and splits real traffic. It stays up until platform.down.

    Args:
        state: The folder that it keeps everything in.
        port: Its port; by default the one it had before, else 8085 if that is free.
    """
    _ask("up", state, *(["--port", str(port)] if port else []))


@task
def down(_context: Context, *, state: Path = STATE) -> None:
    """Stop the platform and its revisions.

    Its state stays; platform.up goes on from there.

    Args:
        state: The folder that it keeps everything in.
    """
    _ask("down", state)


@task(default=True)
def status(_context: Context, *, state: Path = STATE, json: bool = False) -> None:
    """Show the platform's services.

    Args:
        state: The folder that it keeps everything in.
        json: One JSON object.
    """
    _ask("status", state, *(["--json"] if json else []))


@task
def env(_context: Context, *, state: Path = STATE) -> None:
    """Print exports that point clients at it.

    Use it as: eval "$(inv platform.env)"

    Args:
        state: The folder that it keeps everything in.
    """
    _ask("env", state)


def _ask(verb: str, state: Path, *flags: str) -> None:
    """Run the platform's own command.

    Raises:
        Exit: With its exit code, when that is not 0; it has said why.
    """
    command = [sys.executable, "-m", "relman.embedded", verb, "--state", str(state.absolute()), *flags]
    if code := subprocess.run(command, check=False).returncode:
        raise Exit(code=code)


ns = Collection("platform", up, down, status, env)
