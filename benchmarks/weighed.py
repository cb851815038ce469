"""What a command and all that it starts take: ``weighed(command, folder, environ, limit)``.

What it is not: a profiler. Time is the kernel's; memory is what the kernel says is resident, looked up every
few milliseconds where that is asked for, because looking costs time of its own.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

EVERY = 0.004
"""Seconds between two looks at the memory."""
PAGE = os.sysconf("SC_PAGE_SIZE")


class Weight(NamedTuple):
    """What a command took.

    Attributes:
        wall: Seconds from its start to its end.
        cpu: Seconds of CPU, with all that it waited for.
        own: Bytes that its first process had resident at its peak; 0 where nobody looked.
        largest: Bytes that the largest of its processes had; likewise.
        tree: Bytes that all its processes had at once, what they share counted for each; likewise.
    """

    wall: float
    cpu: float
    own: float = 0
    largest: float = 0
    tree: float = 0


def weighed(
    command: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    limit: float,
    *,
    looking: bool = False,
) -> Weight | None:
    """Run a command to its end and throw away what it says.

    Args:
        command: The command.
        folder: Where it runs.
        environ: Its environment.
        limit: Seconds after which it is ended, and all that it started.
        looking: Whether the memory of the whole tree is looked at.

    Returns:
        None if it took longer than the limit.

    Raises:
        subprocess.CalledProcessError: It failed; a failure's cost means nothing.
    """
    began, peaks = time.perf_counter(), [0, 0, 0]
    running = subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    for tail in _listened(running, EVERY if looking else limit, began + limit):
        said = tail
        if looking:
            sizes = list(_sizes(running.pid)) or [0]
            peaks = list(map(max, peaks, (sizes[0], max(sizes), sum(sizes))))
    cpu = _ended(running, said, late=time.perf_counter() - began >= limit)
    return None if cpu is None else Weight(time.perf_counter() - began, cpu, *peaks)


def _listened(running: subprocess.Popen[bytes], every: float, until: float) -> Iterator[bytes]:
    """Read and drop what it says, until it has closed its output; the last that it said, now and then."""
    assert running.stdout  # noqa: S101 - it is a pipe
    tail, output = b"", running.stdout.fileno()
    yield tail
    while (left := until - time.perf_counter()) > 0:
        if select.select([output], [], [], min(every, left))[0]:
            read = os.read(output, 1 << 20)
            tail = (tail + read)[-2000:]
            if not read:
                break
        yield tail
    yield tail


def _ended(running: subprocess.Popen[bytes], said: bytes, *, late: bool) -> float | None:
    """The seconds of CPU that it used; None if it had to be ended."""
    assert running.stdout  # noqa: S101 - it is a pipe
    if late:
        os.killpg(running.pid, signal.SIGKILL)
    # Of memory the kernel tells here what was resident before the command was loaded, too: this process's.
    _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    running.stdout.close()
    if running.returncode and not late:
        raise subprocess.CalledProcessError(running.returncode, running.args, said)
    return None if late else used.ru_utime + used.ru_stime


def _sizes(pid: int, parent: str = "") -> Iterator[int]:
    """Bytes that a process, and then each of its descendants, has resident now."""
    command = _told(pid, "cmdline")
    if command == parent:  # it has not loaded its own program yet, and shows its parent's memory
        return
    yield _resident(pid)
    for child in _told(pid, f"task/{pid}/children").split():
        yield from _sizes(int(child), command)


def _resident(pid: int) -> int:
    """Bytes that a process has resident now."""
    sizes = _told(pid, "statm").split()
    return int(sizes[1]) * PAGE if sizes else 0


def _told(pid: int, name: str) -> str:
    """What the kernel tells of a process; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text("utf-8", "replace")
    except OSError:
        return ""
