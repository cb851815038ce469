"""The way to the data plane: a process of its own that is started, spoken to, and watched.

What it is not: the proxy (``dataplane``). Should that die, it is started again with the same table
and the same ports; should this one die, that one goes on serving and is found again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from relman.embedded.resources.faults import Fault, shown
from relman.embedded.runtime.leftovers import SOCKET
from relman.embedded.runtime.process import Process, found, peer, spawn

POLL_S = 0.01
START_S = 20.0
DRAIN_S = 30.0
ANSWER_S = 10.0
"""The data plane answers in milliseconds; one that takes so long is stopped, or hangs."""
LINE = 16 * 1024 * 1024
log = logging.getLogger(__name__)


class DataPlane:
    """The one data plane of a platform.

    Args:
        state: The platform's folder, and this process's too; the socket and the log are in it.
        table: Gives the whole table whenever it has to be told.
        wanted: Is told how many instances of which revision those who wait would fill.
    """

    def __init__(
        self,
        state: Path,
        table: Callable[[], list[dict[str, Any]]],
        wanted: Callable[[dict[str, int]], None],
    ) -> None:
        """Nothing is started yet."""
        self._state = state
        self._table = table
        self._wanted = wanted
        self._flips = asyncio.Lock()
        self._demands = asyncio.Lock()
        self._child: Process | None = None
        self._held: set[int] | None = None
        self._watch: asyncio.Task[None] | None = None
        self.pid = 0
        self.faults: Callable[[], list[Fault]] = list
        """Gives the faults on demand that it is to have."""
        self.greet: Callable[[], Awaitable[None]]
        """Called when one was found or started, before it takes a request: so it hears the time."""

    async def start(self) -> None:
        """Find the data plane that runs, or start one; then watch it."""
        reader, writer = await self._reach()
        await self.greet()
        await self.demand()
        await self.flip()
        self._watch = asyncio.create_task(self._watching(reader, writer))

    async def flip(self) -> None:
        """Tell the whole table; when this returns, no new request goes by the old one.

        Raises:
            ConnectionError: The data plane died meanwhile; it will be told when it is back.
        """
        async with self._flips:
            told = self._table()
            await self._ask({"op": "table", "services": told})
            self._held = {port for one in told for port in _ports(one)}

    async def demand(self) -> dict[str, dict[str, int]]:
        """Tell which faults on demand there are; how often each has struck, by its name.

        Raises:
            ConnectionError: The data plane died meanwhile; it will be told when it is back.
        """
        async with self._demands:  # what was demanded last is heard last
            answer = await self._ask({"op": "faults", "faults": [shown(one) for one in self.faults()]})
        found: dict[str, dict[str, int]] = answer["faults"]
        return found

    def holds(self, port: int) -> bool:
        """Whether the data plane listens there already; one that was found running may, on any."""
        return self._held is None or port in self._held

    async def drain(self, revision: str, port: int = 0) -> None:
        """Wait until no request to the revision, or its instance, is in flight, or the patience ends."""
        question = {"op": "drain", "revision": revision, "timeout": DRAIN_S, "port": port}
        with contextlib.suppress(ConnectionError):
            await self._ask(question, more=DRAIN_S)

    async def load(self) -> dict[str, Any]:
        """Who waits for an instance of each revision, and for how many seconds each port is idle.

        Raises:
            ConnectionError: The data plane is not there.
        """
        answer = await self._ask({"op": "load"})
        found: dict[str, Any] = answer["revisions"]
        return found

    async def refuse(self, revision: str, reason: str) -> None:
        """Tell those who wait for an instance of the revision that none can be started.

        Raises:
            ConnectionError: The data plane is not there, and so is nobody who waits.
        """
        await self._ask({"op": "refuse", "revision": revision, "reason": reason})

    async def minutes(self, plane: str, kept: int, now: float) -> dict[str, Any]:
        """What it counted by minute, since the batch that was kept last.

        Raises:
            ConnectionError: It is not there, or died before it answered.
        """
        return await self._ask({"op": "minutes", "plane": plane, "kept": kept, "now": now})

    async def stop(self) -> None:
        """End the data plane."""
        if self._watch:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        with contextlib.suppress(ConnectionError, TimeoutError):
            await asyncio.wait_for(self._ask({"op": "quit"}), 1)
        if self.pid:
            process = self._child or found(self.pid)
            await process.stop(grace=5)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection, to whatever listens already or to a data plane started now."""
        with contextlib.suppress(OSError):
            return await self._connect()
        self._child, self._held = start(self._state), set()
        async with asyncio.timeout(START_S):
            while True:
                with contextlib.suppress(OSError):
                    return await self._connect()
                if not self._child.alive:
                    raise ConnectionError(
                        f"the data plane does not start: see {self._state / 'dataplane.log'}"
                    )
                await asyncio.sleep(POLL_S)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(SOCKET, limit=LINE)
        self.pid = peer(writer.get_extra_info("socket"))
        return reader, writer

    async def _watching(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The open connection ends with its process: that is how a death is noticed at once.

        Until then it tells which revisions need more instances.
        """
        try:
            while True:
                await self._listen(reader, writer)
                writer.close()
                log.warning("the data plane (pid %s) is gone; starting it again", self.pid)
                reader, writer = await self._again()
        finally:
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hear what the data plane wants until it is gone."""
        with contextlib.suppress(ConnectionError):
            writer.write(b'{"op": "watch"}\n')
            while line := await reader.readline():
                numbers = json.loads(line).get("wanted")
                if numbers:
                    self._wanted(numbers)

    async def _again(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._child:
            await self._child.ended()
        while True:
            try:
                reader, writer = await self._reach()
                await self.greet()
                await self.demand()
                await self.flip()
            except (OSError, TimeoutError) as error:
                log.warning("the data plane cannot be reached: %s", error)
                await asyncio.sleep(1)
            else:
                return reader, writer

    async def _ask(self, question: dict[str, Any], *, more: float = 0.0) -> dict[str, Any]:
        """One request on a connection of its own, so that a long drain holds nobody up.

        Raises:
            ConnectionError: It is not there, died before it answered, said no, or nothing in time.
        """
        patience = ANSWER_S + more
        try:
            async with asyncio.timeout(patience):
                return await self._answered(question)
        except TimeoutError as error:
            silent = f"the data plane (pid {self.pid}) does not answer within {patience:g} s: is it stopped?"
            raise ConnectionError(silent) from error

    async def _answered(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            reader, writer = await asyncio.open_unix_connection(SOCKET, limit=LINE)
        except OSError as error:
            raise ConnectionError(f"the data plane is not there: {error}") from error
        try:
            writer.write(json.dumps(question).encode() + b"\n")
            line = await reader.readline()
        finally:
            writer.close()
        if not line:
            raise ConnectionError("the data plane died before it answered")
        answer: dict[str, Any] = json.loads(line)
        if not answer.get("ok"):
            raise ConnectionError(f"the data plane refused: {answer.get('error', answer)}")
        return answer


def _ports(service: dict[str, Any]) -> list[int]:
    """The ports of one row of the table."""
    return [service["port"], *(tag["port"] for tag in service["tags"].values())]


def start(state: Path) -> Process:
    """Start a data plane in a session of its own."""
    package = str(Path(__file__).parents[3])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
    argv = [sys.executable, "-m", "relman.embedded.dataplane", "--socket", SOCKET]
    return spawn(argv, env=os.environ | {"PYTHONPATH": path}, cwd=state, log=state / "dataplane.log")
