"""The platform as a process: started in the background, found again, asked, stopped.

What it is not: the platform, or a reason to import anything of Google's, except where it serves.
A lock on a file in the state folder says that a platform runs there; it ends with its process.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from relman.embedded.resources.limits import Limits
from relman.embedded.resources.store import Store
from relman.embedded.runtime import ladder, leftovers
from relman.embedded.runtime.process import found

LIMITS = Limits()
START_S = 30.0
SETTLE_S = 10.0
STOP_S = 30.0
POLL_S = 0.02
ANSWER_S = 5.0
LOCKED = 75
"""The exit code of ``serve`` on a folder where another one runs."""
TAKEN = 69
"""The exit code of ``serve`` on a port that somebody else has."""


class Away(Exception):
    """No platform answers for this folder."""


class Broken(Exception):
    """The platform cannot be started, served or stopped; the message says why."""


class Locked(Broken):
    """Another platform runs on this folder."""


class Taken(Broken):
    """Somebody else has the port that was asked for."""


def serve(
    state: Path, port: int, *, faithful: bool = False, runtime: str = "", limits: Limits = LIMITS
) -> None:
    """Run the platform in this process, until SIGTERM or SIGINT.

    Args:
        state: Its folder.
        port: Where the APIs are; 0 for the remembered one.
        faithful: Reproduce the mistakes of the real APIs that are refused otherwise (row 11).
        runtime: The rung of the runtime ladder; empty for the one of last time.
        limits: What this machine gives to a revision.

    Raises:
        Locked: Another one runs on this folder.
        Unusable: This machine or user does not have that rung.
        Taken: Somebody else has the port.
        Broken: It cannot serve for another reason.
    """
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # idle clients shall keep nobody out
    os.chdir(state)  # the data plane's socket is reached by a short name: its whole path may be too long
    with _locked(state):
        ladder.rung(runtime or _rung(state), state).check()
        from relman.embedded.platform import Platform

        try:
            one = Platform(
                state, lambda: datetime.now(UTC), faithful=faithful, runtime=runtime, limits=limits
            )
            asyncio.run(one.run(port))
        except OSError as error:
            if port and error.errno == errno.EADDRINUSE:
                raise Taken(f"port {port} is taken") from error
            raise Broken(f"the platform cannot serve: {error}") from error


def up(state: Path, port: int, *flags: str, runtime: str = "") -> str:
    """Start the platform if it does not run, and wait until it answers and serves again.

    Args:
        state: Its folder.
        port: Where the APIs are; 0 for the remembered one.
        flags: More words for ``serve``, as its command line takes them.
        runtime: As for ``serve``.

    Returns:
        Its endpoint.

    Raises:
        Unusable: This machine or user does not have that rung.
        Taken: Somebody else has the port; the message says who, as far as they tell.
        Broken: It does not start; the message has what it said last.
    """
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    (state / ".gitignore").write_text("*\n", encoding="ascii")
    with contextlib.suppress(Away):
        return endpoint(state)
    ladder.rung(runtime or _rung(state), state).check()
    flags += ("--runtime", runtime) if runtime else ()
    begun = _said(state)
    child = _detached(state, port, *flags)
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with contextlib.suppress(Away):
            found = endpoint(state)
            _settle(state)
            return found
        if child.poll() == TAKEN:
            raise Taken(f"port {port} is taken by {_holder(port)}")
        if child.poll() not in {None, LOCKED}:  # locked: another ``up`` was faster, and is waited for
            raise Broken(f"the platform does not start:\n{_last_words(state, begun)}")
        time.sleep(POLL_S)
    raise Broken(f"the platform does not answer after {START_S:.0f} s: see {state / 'platform.log'}")


def down(state: Path) -> bool:
    """Stop the platform and everything it runs, also what one that was killed left behind.

    Returns:
        Whether anything ran.

    Raises:
        Broken: It cannot be stopped.
    """
    if not (state / "state.db").exists():
        return False
    running = _is_locked(state)
    if running:
        _terminate(state)
    with _locked(state):
        return asyncio.run(leftovers.stop(state)) or running


def status(state: Path) -> dict[str, Any]:
    """What the platform says of itself.

    Raises:
        Away: None answers.
    """
    serving = _serving(state)
    found = _asked(serving["port"])
    if found is None or found.get("state") != str(state):
        raise _away(state)
    return {"endpoint": f"http://127.0.0.1:{serving['port']}", "pid": serving["pid"], **found}


def endpoint(state: Path) -> str:
    """Where the platform answers.

    Raises:
        Away: It does not.
    """
    return str(status(state)["endpoint"])


def _rung(state: Path) -> str:
    """The rung of the last time."""
    if not (state / "state.db").exists():
        return "plain"
    store = Store(state / "state.db")
    try:
        return store.setting("runtime") or "plain"
    finally:
        store.close()


def lag(state: Path, seconds: int) -> None:
    """Set how long after its end a minute is visible in Cloud Monitoring.

    Raises:
        Away: No platform answers.
        Broken: It refuses that; the message says why.
    """
    connection = HTTPConnection("127.0.0.1", _serving(state)["port"], timeout=ANSWER_S)
    try:
        connection.request("PUT", "/settings/monitoring-lag", str(seconds))
        answer = connection.getresponse()
        said = answer.read().decode(errors="replace").strip()
    except (OSError, HTTPException) as error:
        raise _away(state) from error
    finally:
        connection.close()
    if answer.status != HTTPStatus.OK:
        raise Broken(f"the platform refuses that: {said}")


def _serving(state: Path) -> dict[str, int]:
    try:
        found: dict[str, int] = json.loads((state / "serving").read_text())
    except (OSError, ValueError) as error:
        raise _away(state) from error
    return found


def _asked(port: int) -> dict[str, Any] | None:
    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/status")
        found = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return found if isinstance(found, dict) else None


def _holder(port: int) -> str:
    """Who has a port: usually the platform of another folder, with the same endpoint in its relman.toml."""
    found = _asked(port) or {}
    return f"the platform of {found['state']}" if "state" in found else "another program"


def _away(state: Path) -> Away:
    return Away(f"no platform runs on {state}")


def _detached(state: Path, port: int, *flags: str) -> subprocess.Popen[bytes]:
    """Start ``serve`` in a session of its own: the terminal's end is not its end."""
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
    argv = [sys.executable, "-m", "relman.embedded", "serve", "--state", str(state), "--port", str(port)]
    argv += flags
    with (state / "platform.log").open("ab") as log:
        return subprocess.Popen(
            argv,
            env=os.environ | {"PYTHONPATH": path},
            cwd=state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _settle(state: Path) -> None:
    """Give what served before a moment to serve again; one that cannot holds nobody up for long."""
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline and not status(state)["settled"]:
        time.sleep(POLL_S)


def _terminate(state: Path) -> None:
    """SIGTERM to whoever holds the lock, SIGKILL when it does not end."""
    written = (state / "lock").read_text()
    if not written:
        raise Broken(f"the platform on {state} is just starting: try again")
    process = found(int(written))
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
        deadline = time.monotonic() + STOP_S
        while time.monotonic() < deadline:
            if not process.alive:
                return
            time.sleep(POLL_S)
    raise Broken(f"process {process.pid} of {state} does not end")


def _is_locked(state: Path) -> bool:
    try:
        with _locked(state):
            return False
    except Locked:
        return True


@contextlib.contextmanager
def _locked(state: Path) -> Iterator[None]:
    """Hold the folder's lock and write down who does.

    Raises:
        Locked: Another process holds it.
    """
    with (state / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Locked(f"a platform runs on {state} already") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _said(state: Path) -> int:
    """The length of the log."""
    log = state / "platform.log"
    return log.stat().st_size if log.exists() else 0


def _last_words(state: Path, begun: int) -> str:
    """What was said since the log had that length."""
    lines = (state / "platform.log").read_bytes()[begun:].decode(errors="replace").splitlines()
    return "\n".join(lines[-5:]) or f"it could say nothing in {state}: see how much space is left there"
