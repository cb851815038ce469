"""``inv platform.*``: the embedded platform, started and asked as any other program is.

What it is not: the platform. That shares the wire with relman and nothing else, so these tasks
start it as a process of its own and hand its output through.
"""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from invoke import Collection, Context
from invoke.exceptions import Exit

from relman.errors import ConfigError, UsageError
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
    idle_after: int = 900,
    most_instances: int = 4,
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
        idle_after: How many seconds an instance above the minimum is kept without a request; a revision
            without a minimum then sleeps until the next one.
        most_instances: How many instances a revision has at most, whatever its own maximum.
    """
    if state is None:
        _keep_out_of_git(_root() / OWN)
    flags = ["--idle-after", str(idle_after), "--most-instances", str(most_instances)]
    flags += ["--runtime", runtime] if runtime else []
    flags += ["--faithful"] if faithful else []
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


@task
def fault(  # noqa: PLR0913 - each is a flag
    _context: Context,
    *,
    kind: str | None = None,
    list: bool = False,  # noqa: A002 - as people type it
    clear: bool = False,
    name: str | None = None,
    method: str | None = None,
    service: str | None = None,
    revision: str | None = None,
    path: tuple[str, ...] = (),
    nth: int | None = None,
    times: int | None = None,
    rate: float | None = None,
    seed: int | None = None,
    latency: str | None = None,
    code: str | None = None,
    status: int | None = None,
    change: Literal["", "made", "dropped"] = "",
    when: Literal["", "before", "after"] = "",
    to: str | None = None,
    image: str | None = None,
    offset: str | None = None,
    at: str | None = None,
    state: Path | None = None,
) -> None:
    """Make the platform fail on demand.

    To see what a release, a rollback or your own code makes of it. A fault stands until it is
    cleared, also when the platform is started again. Without a kind those that stand are listed.

    inv platform.fault --kind unavailable --method UpdateService --times 2

    inv platform.fault --kind slow --revision api-v2 --path /checkout --latency 2s

    inv platform.fault --clear

    Args:
        kind: What goes wrong. With a call: latency, unavailable, exhausted, refused, reply-lost,
            stale-etag, second-writer, operation-hangs, operation-fails; with a revision's requests:
            errors, slow, reset; else: held, image-gone, clock.
        list: Show which faults stand, and how often each has struck.
        clear: Clear all of them, or the one of that name, and put right what can be.
        name: What a fault is cleared by; by default one is made up.
        method: The API method, such as UpdateService; by default each that the kind is about.
        service: The service, by its id or its full name; by default each.
        revision: The revision, likewise.
        path: Only requests whose path begins with this.
        nth: The first of the matching calls that is struck; by default 1.
        times: How many are struck; by default all until it is cleared.
        rate: The percentage of the matching calls that is struck, exact per hundred; by default 100.
        seed: Which of them; the same seed strikes the same ones.
        latency: How late, like 500ms, 2s or 10m.
        code: A canonical code, such as ABORTED; by default INTERNAL.
        status: The HTTP status that a revision answers; by default 500.
        change: Whether an operation that fails has made its change; by default made.
        when: Whether the second writer comes before or after the call; by default before.
        to: The revision that the second writer sends all traffic to; by default it writes an annotation.
        image: The image that is gone, as name:tag or name@sha256:…; or name a revision.
        offset: How far the clock is ahead, like 2h, or behind, like --offset=-2h.
        at: The time that the clock stands still at, like 2026-11-25T10:00:00Z.
        state: The folder that the platform keeps everything in; by default .relman/platform beside
            relman.toml.
    """
    given: dict[str, object] = {"kind": kind, "name": name, "method": method, "service": service}
    given |= {"revision": revision, "nth": nth, "times": times, "rate": rate, "seed": seed}
    given |= {"latency": latency, "code": code, "status": status, "change": change, "when": when}
    given |= {"to": to, "image": image, "offset": offset, "at": at}
    words = [(key, value) for key, value in given.items() if value not in {None, ""}]
    flags = [f"--{key}={value}" for key, value in [*words, *(("path", one) for one in path)]]
    _ask(_fault_verb(flags, kind=bool(kind), clear=clear, show=list), state, *flags)


def _fault_verb(flags: Sequence[str], *, kind: bool, clear: bool, show: bool) -> str:
    """The platform's own word for it.

    Raises:
        UsageError: The flags say two things at once, or what a fault is about and not which.
    """
    if [kind, clear, show].count(True) > 1:
        raise UsageError("--kind, --list and --clear are three things", clears="one of them")
    known = ("--name=",) if clear else ()
    if not kind and (stray := [flag for flag in flags if not flag.startswith(known)]):
        raise UsageError(f"{stray[0].partition('=')[0]} needs a --kind", clears="inv platform.fault --help")
    if kind:
        return "fault add"
    return "fault clear" if clear else "fault list"


def _ask(verb: str, state: Path | None, *flags: str) -> None:
    """Run the platform's own command.

    Raises:
        Exit: With its exit code, when that is not 0; it has said why.
    """
    folder = (state or _root() / OWN / "platform").absolute()
    starting = ["inv", "platform.up", *(["--state", str(state)] if state else [])]
    command = [sys.executable, "-m", "relman.embedded", *verb.split(), "--state", str(folder)]
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


ns = Collection("platform", up, down, status, env, fault)
