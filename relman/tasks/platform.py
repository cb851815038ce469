"""``inv platform.*``: the embedded platform, started and asked as any other program is.

What it is not: the platform. That shares the wire with relman and nothing else, so these tasks
start it as a process of its own and hand its output through.
"""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from invoke import Collection, Context
from invoke.exceptions import Exit

from relman.errors import ConfigError
from relman.tasks.declare import task

OWN = ".relman"
"""What is relman's own in a repository."""


@task
def up(
    _context: Context,
    *,
    state: Path | None = None,
    port: int = 0,
    faithful: bool = False,
    runtime: str = "",
    monitoring_lag: str = "",
) -> None:
    """Start the embedded platform.

    A local server that speaks Google's APIs (Cloud Run, Cloud Build), runs revisions as real
    processes and splits real traffic. It stays up until platform.down.

    Args:
        state: The folder that it keeps everything in; by default .relman/platform beside relman.toml.
        port: Its port; by default that of [platform] endpoint in relman.toml, if it is on this
            machine; else the one it had before, else 8085 if that is free.
        monitoring_lag: How long after its end a minute is visible in Cloud Monitoring, such as 0s or 3m;
            kept from then on, and set at once if the platform runs.
        faithful: Do as Google does where it errs: an unknown path in an update's mask writes everything.
        runtime: How revisions are kept apart: plain (processes like any other), bwrap (sandboxes) or, as
            root, runc (containers); by default the one it had before, else plain.
    """
    if state is None:
        _keep_out_of_git(_root() / OWN)
    flags = [*(["--faithful"] if faithful else []), *(["--runtime", runtime] if runtime else [])]
    flags += ["--monitoring-lag", monitoring_lag] if monitoring_lag else []
    _ask("up", state, "--port", str(port or _endpoint_port()), *flags)


@task
def down(_context: Context, *, state: Path | None = None) -> None:
    """Stop the platform and its revisions.

    Its state stays; platform.up goes on from there.

    Args:
        state: The folder that it keeps everything in; by default .relman/platform beside relman.toml.
    """
    _ask("down", state)


@task(default=True)
def status(_context: Context, *, state: Path | None = None, json: bool = False) -> None:
    """Show the platform's services.

    Args:
        state: The folder that it keeps everything in; by default .relman/platform beside relman.toml.
        json: One JSON object.
    """
    _ask("status", state, *(["--json"] if json else []))


@task
def env(
    _context: Context,
    *,
    state: Path | None = None,
    gcloud: bool = False,
    node: bool = False,
    unset: bool = False,
) -> None:
    """Print exports that point clients at it.

    Use it as: eval "$(inv platform.env)"

    Args:
        state: The folder that it keeps everything in; by default .relman/platform beside relman.toml.
        gcloud: Those that gcloud reads; it then keeps to the platform and sends no credentials.
        node: For Node.js, whose clients read no variable: with the options that they need.
        unset: What takes all of them back.
    """
    kinds = {"--gcloud": gcloud, "--node": node, "--unset": unset}
    _ask("env", state, *(flag for flag, wanted in kinds.items() if wanted))


def _ask(verb: str, state: Path | None, *flags: str) -> None:
    """Run the platform's own command.

    Raises:
        Exit: With its exit code, when that is not 0; it has said why.
    """
    folder = (state or _root() / OWN / "platform").absolute()
    starting = ["inv", "platform.up", *(["--state", str(state)] if state else [])]
    command = [sys.executable, "-m", "relman.embedded", verb, "--state", str(folder)]
    command += ["--hint", shlex.join(starting), *flags]
    if code := subprocess.run(command, check=False).returncode:
        raise Exit(code=code)


def _root() -> Path:
    """The folder of the nearest relman.toml, so that the tasks work from any folder below; else this one."""
    from relman import config

    found = config.find(Path.cwd())
    return found.parent if found else Path.cwd()


def _endpoint_port() -> int:
    """The port where relman looks for a platform on this machine; 0 if no relman.toml tells one."""
    from relman import config

    try:
        endpoint = config.load_for_rollback(_root() / config.NAME).platform.endpoint
    except ConfigError:  # whoever needs the file says what is wrong with it; the platform starts without
        return 0
    return urlsplit(endpoint).port or 0 if endpoint and endpoint.loopback else 0


def _keep_out_of_git(folder: Path) -> None:
    with contextlib.suppress(OSError):  # the platform needs the same place, and says why it cannot have it
        folder.mkdir(exist_ok=True)
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text("*\n", encoding="ascii")


ns = Collection("platform", up, down, status, env)
