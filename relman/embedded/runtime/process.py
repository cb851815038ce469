"""One process of this machine in a session of its own, ours or adopted, watched and stopped.

What it is not: a revision. It knows a pid and when it began, which together name a process for
good: a pid alone may have been given to somebody else meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

GRACE_S = 10.0
"""Between SIGTERM and SIGKILL (row 46)."""
STARTED_FIELD = 19
"""Of /proc/PID/stat after the command: field 22, in clock ticks since boot (proc(5))."""


@dataclass(frozen=True)
class Process:
    """A process, the leader of its session.

    Attributes:
        pid: Its number.
        started: When it began, in the kernel's ticks since boot.
        child: What started it, if we did; only a parent can and must reap.
    """

    pid: int
    started: int
    child: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        state, started = _stat(self.pid)
        return started == self.started and state not in {"Z", "X", ""}

    async def ended(self) -> int | None:
        """Wait for the end. The exit code, negative for a signal, None for a process not our child."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return self._reaped()
        try:
            if self.alive:
                await _readable(handle)
        finally:
            os.close(handle)
        return self._reaped()

    async def stop(self, grace: float = GRACE_S) -> None:
        """SIGTERM to the session's group, SIGKILL to what is left after the grace."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ended(), grace)
        await self.kill()

    async def kill(self) -> None:
        """SIGKILL to the session's group, also to what is left of it after its leader's end."""
        self._signal(signal.SIGKILL)
        await self.ended()

    def _signal(self, number: signal.Signals) -> None:
        """To the whole group while its leader is the one we know, and to its orphans after."""
        _, started = _stat(self.pid)
        if started in {self.started, 0}:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def _reaped(self) -> int | None:
        return self.child.wait() if self.child else None


def spawn(argv: list[str], *, env: dict[str, str], cwd: Path, log: Path) -> Process:
    """Start a process in a session of its own; what it prints is appended to its log.

    Raises:
        OSError: The program is not there or cannot be executed.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(
            argv,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Process(child.pid, _stat(child.pid)[1], child)


def found(pid: int) -> Process:
    """The process that has this number now; one that is gone is simply not alive."""
    return Process(pid, _stat(pid)[1])


def find(environment: dict[str, str]) -> Process | None:
    """The first leader of a session that was started with these variables, if there is one.

    A platform that was killed between starting a process and writing its pid down finds it so.
    """
    wanted = {f"{name}={value}".encode() for name, value in environment.items()}
    pids = [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if wanted <= _environment(folder)]
    leaders = [found(pid) for pid in pids if _leads(pid)]
    return min(leaders, key=lambda one: one.started, default=None)


def orphaned(pid: int, variable: str) -> bool:
    """Whether the group of a leader that has ended has members yet, which were started with this variable.

    The number is given to no other process as long as they are there (credentials(7)); the variable tells
    them from a group that somebody made after they had ended too.
    """
    if _stat(pid)[0] not in {"Z", "X", ""}:
        return False
    wanted = f"{variable}=".encode()
    folders = (one for one in Path("/proc").glob("[0-9]*") if _group(int(one.name)) == pid)
    return any(word.startswith(wanted) for folder in folders for word in _environment(folder))


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return 0


def _leads(pid: int) -> bool:
    try:
        return os.getsid(pid) == pid
    except (ProcessLookupError, PermissionError):
        return False


def _environment(folder: Path) -> set[bytes]:
    try:
        return set((folder / "environ").read_bytes().split(b"\0"))
    except OSError:
        return set()


def _stat(pid: int) -> tuple[str, int]:
    """State and start of a process, ``("", 0)`` where there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[STARTED_FIELD])


def peer(connection: socket.socket) -> int:
    """The pid at the other end of a unix socket."""
    size = struct.calcsize("3i")
    pid, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(pid)


async def _readable(handle: int) -> None:
    """A pidfd becomes readable when its process ends; also for one that is not our child."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    loop.add_reader(handle, _settled, over)
    try:
        await over
    finally:
        loop.remove_reader(handle)


def _settled(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)
