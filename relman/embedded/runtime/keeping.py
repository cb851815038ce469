"""The runtime: keeps the processes of the wanted revisions up, and tells what became of them.

What it is not: a decision about traffic. It is told which revisions are wanted; each then has one
keeper, a task that starts it, probes it, waits for its end and starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from google.protobuf.message import Message

from relman.embedded import ports
from relman.embedded.resources.conditions import Trouble
from relman.embedded.resources.defaults import serving
from relman.embedded.resources.store import ProcessRow, Store
from relman.embedded.runtime import launch, lifetime
from relman.embedded.runtime.launch import Unready
from relman.embedded.runtime.leftovers import alive
from relman.embedded.runtime.process import Process, spawn

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.1, 10.0
STABLE_S = 30.0
"""A process that ran so long begins with the first back-off again."""
log = logging.getLogger(__name__)


class Watcher(Protocol):
    """Who is told what became of a revision."""

    def came_up(self, revision: str, imported: float, provisioned: float) -> None:
        """It listens. Seconds that the image and the start took."""

    def failed(self, revision: str, trouble: Trouble) -> None:
        """It could not be started, and is not tried again."""

    def crashed(self, revision: str, message: str) -> None:
        """Its process ended while it served; it is started again."""


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
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._running: dict[str, Process] = {}
        self._up: set[str] = set()
        self._ports: dict[str, int] = {}
        self.watcher: Watcher

    def want(self, revision: Message, *, insist: bool) -> None:
        """Have a revision's process up from now on.

        Args:
            revision: The revision.
            insist: It serves already: however often it cannot be started, try again.
        """
        if revision.name not in self._keepers:
            keeper = asyncio.create_task(self._keep(revision, insist=insist), name=revision.name)
            keeper.add_done_callback(_report)
            self._keepers[revision.name] = keeper

    def is_up(self, revision: str) -> bool:
        """Whether the revision's process runs and listens."""
        return revision in self._up

    def port(self, revision: str) -> int:
        """Where the revision listens, or listened until it crashed; 0 if it never did."""
        row = self._store.process(revision)
        return self._ports.setdefault(revision, row.port) if row else self._ports.get(revision, 0)

    def pid(self, revision: str) -> int:
        """The revision's process, 0 when there is none."""
        process = self._running.get(revision)
        return process.pid if process else 0

    def has(self, revision: str) -> bool:
        """Whether the revision is kept up, or was by a platform that was killed."""
        return revision in self._keepers or self._store.process(revision) is not None

    def log_of(self, revision: str) -> Path:
        """The file that takes what the revision prints."""
        _, project, _, location, _, service, _, name = revision.split("/")
        return self._state / "logs" / project / location / service / f"{name}.log"

    async def dismiss(self, revision: str) -> None:
        """Stop a revision's process, which nothing needs any more.

        The process is disowned first: the revision may be wanted again before the old one has ended.
        """
        await self._abandon(revision)
        row = self._store.process(revision)
        process = self._running.pop(revision, None)
        if row:
            disowned = replace(row, revision="")
            self._store.keep_process(disowned)
            await self._end(disowned, process or alive(row))

    async def stop_strangers(self, revisions: set[str]) -> None:
        """Stop what a killed platform left running: the disowned, and those of revisions that are no more."""
        rows = [row for row in self._store.processes() if row.revision not in revisions]
        await asyncio.gather(*(self._end(row, alive(row)) for row in rows))

    async def stop(self) -> None:
        """Stop every process, all at once."""
        await asyncio.gather(*(self._abandon(revision) for revision in list(self._keepers)))
        ours = self._running.get
        rows = self._store.processes()
        await asyncio.gather(*(self._end(row, ours(row.revision) or alive(row)) for row in rows))

    async def _end(self, row: ProcessRow, process: Process | None) -> None:
        if process:
            await process.stop()
        self._store.drop_process(row.port)

    async def _abandon(self, revision: str) -> None:
        self._up.discard(revision)
        keeper = self._keepers.pop(revision, None)
        if keeper:
            keeper.cancel()
            await asyncio.wait([keeper])

    async def _keep(self, revision: Message, *, insist: bool) -> None:
        backoff = FIRST_BACKOFF_S
        while True:
            begun = time.monotonic()
            try:
                process = await self._bring_up(revision, kept=insist)
            except Unready as unready:
                self._forget(revision.name)
                if not insist:
                    self._keepers.pop(revision.name, None)
                    return self.watcher.failed(revision.name, unready.trouble)
                message = str(unready)
            else:
                port = self.port(revision.name)
                insist, message = True, await lifetime.ends(process, serving(revision), port)
                self._up.discard(revision.name)
            self.watcher.crashed(revision.name, message)
            backoff = FIRST_BACKOFF_S if time.monotonic() - begun > STABLE_S else backoff
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF_S)

    async def _bring_up(self, revision: Message, *, kept: bool) -> Process:
        """One start: adopt or spawn, then probe. What serves is started from its kept copy of the image.

        Raises:
            Unready: It cannot be started, or has ended, or does not listen in the probe's time.
        """
        begun = time.monotonic()
        process = self._remembered(revision.name) or await self._start(revision, kept=kept)
        self._running[revision.name] = process
        imported = time.monotonic() - begun
        port = self.port(revision.name)
        if not await lifetime.begins(process, serving(revision), port):
            await process.stop()
            raise Unready(Trouble(self._complaint(revision.name, port)))
        self._up.add(revision.name)
        self.watcher.came_up(revision.name, imported, time.monotonic() - begun - imported)
        return process

    async def _start(self, revision: Message, *, kept: bool) -> Process:
        try:
            return await self._spawn(revision, kept=kept)
        except (OSError, sqlite3.Error) as error:
            raise Unready(Trouble(f"The container cannot be started: {error}.")) from error

    async def _spawn(self, revision: Message, *, kept: bool) -> Process:
        """Start a revision's process; its row is written first, so that it is found after a kill."""
        self._forget(revision.name)
        row = ProcessRow(ports.free(), revision.name, 0, 0)
        self._store.keep_process(row)
        self._ports[revision.name] = row.port
        folders = {"layout": self._state / "images", "into": self._state / "files"}
        ready = await asyncio.to_thread(launch.prepare, revision, **folders, port=row.port, kept=kept)
        output = self.log_of(revision.name)
        output.parent.mkdir(parents=True, exist_ok=True)
        process = spawn(ready.argv, env=ready.env, cwd=ready.cwd, log=output)
        self._store.keep_process(replace(row, pid=process.pid, started=process.started))
        return process

    def _forget(self, revision: str) -> None:
        """Drop the row of a process that has ended."""
        self._running.pop(revision, None)
        row = self._store.process(revision)
        if row:
            self._store.drop_process(row.port)

    def _remembered(self, revision: str) -> Process | None:
        row = self._store.process(revision)
        return alive(row) if row else None

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
