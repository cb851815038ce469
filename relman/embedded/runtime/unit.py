"""Several containers as one process: ``python -m relman.embedded.runtime.unit FILE``.

They are started in their order, each when those that it depends on have started; they end together,
as an instance of Cloud Run does when one of its containers ends.

What it is not: bound to the platform's life. It goes on when that is killed, and is adopted as any
other process of a revision is. It imports nothing of Google's, so that it is there at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from relman.embedded.runtime import probes
from relman.embedded.runtime.probes import Probe
from relman.embedded.runtime.race import first

GRACE_S = 10.0
"""For those that are left when one has ended; who takes longer is killed by who watches over this."""
NOT_THERE, SIGNAL = 127, 128
"""The exit codes of a command that cannot be started, and of one that a signal ended, as a shell has them."""


@dataclass(frozen=True)
class Member:
    """One container of several.

    Attributes:
        name: Its name in the template.
        argv: Its command.
        env: Its whole environment.
        cwd: Its working directory.
        log: The file that takes what it prints.
        after: The names of those that have to have started before.
        startup: Says when it has started; without, it has as soon as it runs.
        liveness: Says when it no longer lives; without, it lives while it runs.
    """

    name: str
    argv: list[str]
    env: dict[str, str]
    cwd: str
    log: str
    after: list[str]
    startup: Probe | None
    liveness: Probe | None


def write(path: Path, members: list[Member]) -> None:
    """Write the members down, for nobody else's eyes: their variables are among it."""
    path.touch(mode=0o600)
    path.write_text(json.dumps([asdict(one) for one in members]))


def read(path: Path) -> list[Member]:
    """The members as they were written."""
    return [
        Member(**(one | {"startup": _probe(one["startup"]), "liveness": _probe(one["liveness"])}))
        for one in json.loads(path.read_text())
    ]


def _probe(told: dict[str, Any] | None) -> Probe | None:
    return Probe(**(told | {"headers": tuple(map(tuple, told["headers"]))})) if told else None


class Unit:
    """The containers of one instance.

    Args:
        members: All of them.
    """

    def __init__(self, members: list[Member]) -> None:
        """Nothing is started yet."""
        self._members = members
        self._started = {one.name: asyncio.Event() for one in members}
        self._children: dict[str, asyncio.subprocess.Process] = {}

    async def run(self) -> int:
        """Start all, wait until one ends or SIGTERM comes, and end the others.

        Returns:
            The exit code of the one that ended first; 0 when all were asked to end.
        """
        asked = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
        lives = [asyncio.create_task(self._live(one)) for one in self._members]
        waiting = asyncio.create_task(asked.wait())
        done, _ = await asyncio.wait([*lives, waiting], return_when=asyncio.FIRST_COMPLETED)
        if waiting not in done:
            os.killpg(os.getpgrp(), signal.SIGTERM)  # who asks from outside asks the whole group too
        await self._see_off(lives)
        return 0 if waiting in done else next(life.result() for life in lives if life in done)

    async def _see_off(self, lives: list[asyncio.Task[int]]) -> None:
        """Those that were not started yet never are; the others have their time to end."""
        for life, member in zip(lives, self._members, strict=True):
            if member.name not in self._children:
                life.cancel()
        await asyncio.wait(lives, timeout=GRACE_S)

    async def _live(self, member: Member) -> int:
        """One container from its start to its end; its exit code, negative for a signal."""
        for name in member.after:
            await self._started[name].wait()
        try:
            child = self._children[member.name] = await _spawned(member)
        except OSError as error:
            _say(f"container '{member.name}' cannot be started: {error}")
            return NOT_THERE
        why = await self._watch(member, child)
        if child.returncode is None:
            child.kill()
        code = await child.wait()
        _say(f"container '{member.name}' {why} (exit code {code}): the instance ends")
        return code

    async def _watch(self, member: Member, child: asyncio.subprocess.Process) -> str:
        """Wait until the container's end, or until a probe says that it has to end; why it is over."""
        if member.startup:
            answered, end = await first(probes.started(member.startup), child.wait())
            if end or not (answered and answered.result()):
                return "ended" if end else "failed its startup probe"
        self._started[member.name].set()
        watch = probes.dead(member.liveness) if member.liveness else asyncio.Event().wait()
        _, end = await first(watch, child.wait())
        return "ended" if end else "failed its liveness probe"


async def _spawned(member: Member) -> asyncio.subprocess.Process:
    """Start one in the group of this process, which is signalled as a whole."""
    with Path(member.log).open("ab") as output:  # noqa: ASYNC230 - a local file, opened once
        return await asyncio.create_subprocess_exec(
            *member.argv,
            env=member.env,
            cwd=member.cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    code = asyncio.run(Unit(read(Path(sys.argv[1]))).run())
    sys.exit(code if code >= 0 else SIGNAL - code)
