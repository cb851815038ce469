"""The runtime: keeps the processes of the wanted revisions up, and tells what became of them.

What it is not: a decision about traffic or scale. It is told how many instances of which revision are
wanted; each then has a keeper, a task that starts it, probes it, waits for its end and starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from google.protobuf.message import Message

from relman.embedded import ports
from relman.embedded.resources.conditions import Trouble
from relman.embedded.resources.defaults import serving
from relman.embedded.resources.store import ProcessRow, Store
from relman.embedded.runtime import isolation_room as rooms
from relman.embedded.runtime import ladder, lifetime, secrets
from relman.embedded.runtime.leftovers import alive, remains
from relman.embedded.runtime.process import Process, spawn
from relman.embedded.runtime.starting import Place, start_of
from relman.embedded.runtime.unready import Unready

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.1, 10.0
STABLE_S = 30.0
"""A process that ran so long begins with the first back-off again."""
log = logging.getLogger(__name__)


class Watcher(Protocol):
    """Who is told what became of a revision's instances."""

    def came_up(self, revision: str, imported: float, provisioned: float) -> None:
        """One listens. Seconds that the image and the start took."""

    def failed(self, revision: str, trouble: Trouble) -> None:
        """None could be started, and none is tried again."""

    def crashed(self, revision: str, message: str) -> None:
        """The process of one ended while it served, or could not be started; it is started again."""


@dataclass(eq=False)
class Instance:
    """One instance of a revision.

    Attributes:
        revision: The revision.
        port: Where its process listens, or will; each start has a port of its own.
        process: Its process, while there is one.
        up: The process listens.
        offered: Requests may go there: it is up, or was when the last platform was killed.
        insisted: However often it cannot be started, it is tried again.
        once: It is tried once all the same, as long as it was not up.
        leaving: It is only waited for until it is idle.
        stumbled: It could not be started when that was tried last.
    """

    revision: Message
    port: int = 0
    process: Process | None = None
    up: bool = False
    offered: bool = False
    insisted: bool = False
    once: bool = False
    leaving: bool = False
    stumbled: bool = False


class Runtime:
    """The processes of all revisions.

    Args:
        state: The platform's folder.
        store: Where processes are remembered.
    """

    def __init__(self, state: Path, store: Store) -> None:
        """Nothing is started yet."""
        self._state = state
        self._store = store
        self.rung = store.setting("runtime") or "plain"
        self._isolation = ladder.rung(self.rung, state)
        self._instances: dict[str, list[Instance]] = {}
        self._keepers: dict[Instance, asyncio.Task[None]] = {}
        self.watcher: Watcher
        self.secrets: Callable[[str], bytes]

    def want(self, revision: Message, *, insist: bool, count: int = 1, once: bool = False) -> None:
        """Have so many instances of a revision from now on, and those that run already besides.

        Args:
            revision: The revision.
            insist: It serves already: however often it cannot be started, try again.
            count: How many at least.
            once: It serves, but somebody waits for the answer: try once.
        """
        instances = self._instances.setdefault(revision.name, [])
        held = {one.port for one in instances}
        rows = [row for row in self._store.processes_of(revision.name) if row.port not in held]
        new = [Instance(revision, row.port, offered=row.pid != 0, insisted=insist) for row in rows]
        missing = max(0, count - self.count(revision.name) - len(new))
        new += [Instance(revision, insisted=insist, once=once) for _ in range(missing)]
        instances += new
        for one in new:
            self._keepers[one] = asyncio.create_task(self._keep(one), name=revision.name)
            self._keepers[one].add_done_callback(_report)

    def is_up(self, revision: str) -> bool:
        """Whether an instance of the revision runs and listens."""
        return self.ups(revision) > 0

    def ups(self, revision: str) -> int:
        """How many instances of the revision run and listen."""
        return sum(one.up and not one.leaving for one in self._instances.get(revision, ()))

    def count(self, revision: str) -> int:
        """How many instances of the revision are kept up, or are on their way."""
        return sum(not one.leaving for one in self._instances.get(revision, ()))

    def ports(self, revision: str) -> list[int]:
        """Where requests to the revision may go; what a killed platform left running counts at once."""
        instances = self._instances.get(revision, [])
        held = {one.port for one in instances}
        rows = self._store.processes_of(revision)
        left = [row.port for row in rows if row.pid and row.port not in held]
        return [one.port for one in instances if one.offered] + left

    def pid(self, revision: str) -> int:
        """The process of the revision's first instance, 0 when there is none."""
        return next(iter(self.pids(revision)), 0)

    def pids(self, revision: str) -> list[int]:
        """The processes of the revision's instances."""
        return [one.process.pid for one in self._instances.get(revision, ()) if one.process]

    def has(self, revision: str) -> bool:
        """Whether the revision is kept up, or was by a platform that was killed."""
        return bool(self._instances.get(revision)) or bool(self._store.processes_of(revision))

    def log_of(self, revision: str) -> Path:
        """The file that takes what the revision prints."""
        _, project, _, location, _, service, _, name = revision.split("/")
        return self._state / "logs" / project / location / service / f"{name}.log"

    def withhold(self, revision: str, port: int) -> None:
        """Offer an instance no longer, so that it can be drained."""
        for one in self._instances.get(revision, ()):
            if one.port == port:
                one.offered, one.leaving = False, True

    async def dismiss(self, revision: str, port: int = 0) -> None:
        """Stop a revision's instances, or the one on a port, which nothing needs any more.

        The processes are disowned first: the revision may be wanted again before the old ones have ended.
        """
        leaving = [one for one in self._instances.get(revision, ()) if port in {0, one.port}]
        rows = [row for row in self._store.processes_of(revision) if port in {0, row.port}]
        await self._let_go(leaving, rows)

    async def give_up(self, revision: str, count: int) -> None:
        """Try no longer to start what could not be started, as far as so many instances are left."""
        failing = [one for one in self._instances.get(revision, ()) if one.stumbled and not one.leaving]
        leaving = failing[: max(0, self.count(revision) - count)]
        if not leaving:
            return
        ports = {one.port for one in leaving}
        await self._let_go(leaving, [row for row in self._store.processes_of(revision) if row.port in ports])
        if self.ups(revision) == self.count(revision) > 0:
            self.watcher.came_up(revision, 0, 0)  # all is well again

    async def _let_go(self, leaving: list[Instance], rows: list[ProcessRow]) -> None:
        processes = {one.port: one.process for one in leaving}
        for row in rows:
            self._store.keep_process(replace(row, revision=""))
        await asyncio.gather(*(self._abandon(one) for one in leaving))
        await asyncio.gather(*(self._end(row, processes.get(row.port) or remains(row)) for row in rows))

    async def stop_strangers(self, revisions: set[str]) -> None:
        """Stop what a killed platform left running: the disowned, and those of revisions that are no more."""
        rows = [row for row in self._store.processes() if row.revision not in revisions]
        await asyncio.gather(*(self._end(row, remains(row)) for row in rows))
        await self._clear_rooms()

    async def stop(self) -> None:
        """Stop every process, all at once."""
        processes = {one.port: one.process for one in self._keepers}
        await asyncio.gather(*(self._abandon(one) for one in list(self._keepers)))
        rows = self._store.processes()
        await asyncio.gather(*(self._end(row, processes.get(row.port) or remains(row)) for row in rows))

    async def _end(self, row: ProcessRow, process: Process | None) -> None:
        if process:
            await process.stop()
        self._store.drop_process(row.port)
        await self._clear_rooms()

    async def _clear_rooms(self) -> None:
        """Clear the rooms of instances that have ended."""
        abandoned = rooms.abandoned(self._state, {row.port for row in self._store.processes()})
        await asyncio.to_thread(ladder.clear, abandoned)

    async def _abandon(self, instance: Instance) -> None:
        keeper = self._forget(instance)
        if keeper:
            keeper.cancel()
            await asyncio.wait([keeper])

    def _forget(self, instance: Instance) -> asyncio.Task[None] | None:
        """Keep it no longer; its keeper, if it has one."""
        others = [one for one in self._instances.pop(instance.revision.name, []) if one is not instance]
        if others:
            self._instances[instance.revision.name] = others
        instance.up = instance.offered = False
        return self._keepers.pop(instance, None)

    async def _keep(self, instance: Instance) -> None:
        name, backoff = instance.revision.name, FIRST_BACKOFF_S
        while True:
            begun = time.monotonic()
            try:
                process = await self._bring_up(instance)
            except Unready as unready:
                instance.stumbled = True
                self._clear(instance)
                await self._clear_rooms()
                if (instance.once or not instance.insisted) and not self.is_up(name):
                    self._forget(instance)
                    return self.watcher.failed(name, unready.trouble)
                message = str(unready)
            else:
                message = await lifetime.ends(process, serving(instance.revision), instance.port)
                self._clear(instance)
            if instance.leaving:
                self._forget(instance)
                return await self._clear_rooms()
            log.warning("%s: %s", name, message)
            self.watcher.crashed(name, message)
            backoff = FIRST_BACKOFF_S if time.monotonic() - begun > STABLE_S else backoff
            await asyncio.gather(self._clear_rooms(), asyncio.sleep(backoff))
            backoff = min(backoff * 2, LONGEST_BACKOFF_S)

    async def _bring_up(self, instance: Instance) -> Process:
        """One start: adopt or spawn, then probe. What serves is started from its kept copy of the image.

        Raises:
            Unready: It cannot be started, or has ended, or does not listen in the probe's time.
        """
        begun = time.monotonic()
        process = instance.process = await self._remembered(instance) or await self._start(instance)
        imported = time.monotonic() - begun
        if not await lifetime.begins(process, serving(instance.revision), instance.port):
            await process.stop()
            raise Unready(Trouble(self._complaint(instance.revision.name, instance.port)))
        instance.up = instance.offered = instance.insisted = True
        instance.once = instance.stumbled = False
        self.watcher.came_up(instance.revision.name, imported, time.monotonic() - begun - imported)
        return process

    async def _start(self, instance: Instance) -> Process:
        try:
            return await self._spawn(instance)
        except (OSError, sqlite3.Error) as error:
            raise Unready(Trouble(f"The container cannot be started: {error}.")) from error

    async def _spawn(self, instance: Instance) -> Process:
        """Start an instance's process; its row is written first, so that it is found after a kill."""
        self._clear(instance)
        revision = instance.revision
        row = ProcessRow(ports.free(), revision.name, 0, 0)
        self._store.keep_process(row)
        instance.port = row.port
        values = secrets.read(revision, self.secrets)
        place = Place(self._state, row.port, self.log_of(revision.name), self._isolation, values)
        ready = await asyncio.to_thread(start_of, revision, place, kept=instance.insisted)
        process = spawn(ready.argv, env=ready.env, cwd=ready.cwd, log=place.log)
        self._store.keep_process(replace(row, pid=process.pid, started=process.started))
        return process

    def _clear(self, instance: Instance) -> None:
        """Its process has ended: drop the row."""
        if instance.port:
            self._store.drop_process(instance.port)
        instance.port, instance.process = 0, None
        instance.up = instance.offered = False

    async def _remembered(self, instance: Instance) -> Process | None:
        """Its process from before a kill; what is left of one that has ended meanwhile is cleared."""
        rows = self._store.processes_of(instance.revision.name)
        row = next((row for row in rows if row.port == instance.port), None)
        process = alive(row) if row else None
        if row and not process:
            left = remains(row)
            if left:
                await left.kill()
            self._clear(instance)
            await self._clear_rooms()
        return process

    def _complaint(self, revision: str, port: int) -> str:
        return (
            "The user-provided container failed to start and listen on the port defined provided by the "
            f"PORT={port} environment variable within the allocated timeout. This can happen when the "
            "container port is misconfigured or if the timeout is too short. Logs for this revision might "
            f"contain more information.\n\nLogs URL: {self.log_of(revision).as_uri()}"
        )


def _report(keeper: asyncio.Task[None]) -> None:
    """A keeper never ends with an error of its own; if it does, the log must say so."""
    if not keeper.cancelled() and keeper.exception():
        log.error("keeper of %s: %r", keeper.get_name(), keeper.exception())
