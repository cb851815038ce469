"""The data plane: a process of its own that splits live traffic, so that no crash of the platform touches it.

What it is not: the platform. It knows ports and revisions, no API and no disk.

``python -m relman.embedded.dataplane --socket PATH`` is told there what to do, in the words of ``ops``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import MsgspecError, json

from relman.embedded.dataplane.faults import Faults
from relman.embedded.dataplane.listeners import Listeners
from relman.embedded.dataplane.ops import (
    READ,
    DrainOp,
    FaultsOp,
    LoadOp,
    MinutesOp,
    Op,
    QuitOp,
    RefuseOp,
    StatsOp,
    TableOp,
    WatchOp,
)
from relman.embedded.dataplane.plane import Plane
from relman.embedded.dataplane.table import BadTable, Service, check_names, table_of
from relman.embedded.resources.faults import Fault

LINE = 1 << 24
"""Bytes of one line on the control socket."""

PARTING = 10.0
"""Seconds that requests under way have when the process ends: as long as Cloud Run waits after SIGTERM."""


class Control:
    """Carries out what is asked on the control socket."""

    def __init__(self) -> None:
        """Start with an empty table."""
        self.plane = Plane()
        self.leaving = asyncio.Event()
        self._listeners = Listeners(self.plane)
        self._flipping = asyncio.Lock()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer line by line until the other side ends."""
        # Cancelled is what is still open when the process ends; asyncio's streams would print it.
        with contextlib.suppress(ConnectionError, asyncio.CancelledError), contextlib.closing(writer):
            try:
                while line := await reader.readline():
                    writer.write(json.encode(await self.answer(line, writer)) + b"\n")
                    await writer.drain()
            except ValueError as error:  # longer than LINE: where the next one begins is not known
                writer.write(json.encode({"ok": False, "error": str(error)}) + b"\n")

    async def answer(self, line: bytes, writer: asyncio.StreamWriter) -> dict[str, Any]:
        """The answer to one line, whatever it holds."""
        try:
            op = READ.decode(line)
            if isinstance(op, WatchOp):
                self._be_watched_by(writer)
            return {"ok": True} | await self._carry_out(op)
        except (MsgspecError, BadTable, OSError, OverflowError, UnicodeDecodeError, RecursionError) as error:
            return {"ok": False, "error": str(error)}

    async def part(self) -> None:
        """Take nothing new, let what is under way end, then close what is left."""
        await self._listeners.keep(set())
        for client in list(self.plane.clients):
            client.retire()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PARTING):
                await self.plane.deserted.wait()
        for client in list(self.plane.clients):
            client.abort()

    async def _carry_out(self, op: Op) -> dict[str, Any]:
        match op:
            case TableOp(services):
                return await self._flip(services)
            case DrainOp():
                return {"left": await self._drain(op)}
            case RefuseOp(revision, reason):
                self.plane.admission.refuse(revision, reason)
            case QuitOp():
                self.leaving.set()
        return self._figures(op)

    def _figures(self, op: Op) -> dict[str, Any]:
        match op:
            case MinutesOp(plane, kept, now):
                return self.plane.meter.minutes.hand_over(plane, kept, now)
            case FaultsOp(faults):
                return {"faults": self._counts(faults)}
            case LoadOp():
                return {"revisions": self.plane.admission.figures()}
            case StatsOp():
                return {"revisions": self.plane.meter.figures()}
        return {}

    def _counts(self, faults: tuple[Fault, ...] | None) -> dict[str, dict[str, int]]:
        if faults is not None:
            self.plane.faults = Faults(faults, self.plane.faults) if faults else None
        return self.plane.faults.figures() if self.plane.faults else {}

    async def _drain(self, op: DrainOp) -> int:
        if op.port:
            left = await self.plane.admission.load(op.revision).drained(op.port, op.timeout)
        else:
            left = await self.plane.meter.drained(op.revision, op.timeout)
        self.plane.pool.close(op.revision, op.port)
        return left

    def _be_watched_by(self, writer: asyncio.StreamWriter) -> None:
        """From now on this connection is told, and first how it is; the last who asked is the one."""

        def tell(wanted: dict[str, int]) -> None:
            if not writer.is_closing():
                writer.write(json.encode({"wanted": wanted}) + b"\n")

        self.plane.admission.listener = tell
        self.plane.admission.tell()

    async def _flip(self, services: tuple[Service, ...]) -> dict[str, Any]:
        """All ports first, then the one assignment from which every request goes by the new table."""
        check_names(services)
        async with self._flipping:
            bound = await self._listeners.bind(services)
            try:
                self.plane.table = table_of(bound)
                self.plane.admission.equip(self.plane.table.fleets)
            finally:
                await self._listeners.keep(set(self.plane.table.routes))
        return {"services": {service.name: _ports(service) for service in bound}}


async def serve(path: Path) -> None:
    """Serve until asked to quit, or told to by SIGTERM or SIGINT."""
    control = Control()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, control.leaving.set)
    server = await asyncio.start_unix_server(control.converse, path, limit=LINE)
    await control.leaving.wait()
    server.close()
    await control.part()


def main(words: list[str] | None = None) -> int:
    """The program.

    Returns:
        0 after a proper end, 75 if another data plane serves this socket, 69 if the socket cannot be made.
    """
    parser = argparse.ArgumentParser(prog="relman.embedded.dataplane", description="Split live traffic.")
    parser.add_argument("--socket", type=Path, required=True, help="path of the control socket")
    path = parser.parse_args(words).socket
    if _served(path):
        return _fail(os.EX_TEMPFAIL, f"another data plane serves {path}")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.freeze()  # what is loaded stays; requests leave next to nothing that only the collector could free
    gc.set_threshold(10_000)
    os.umask(0o077)  # the control socket is for its owner alone
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(path))
        path.unlink(missing_ok=True)
    except OSError as error:
        return _fail(os.EX_UNAVAILABLE, f"{path} cannot be served: {error}")
    return os.EX_OK


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where ``relman[fast]`` is installed; the standard library's does the same with more CPU."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = new_event_loop
    return factory


def _ports(service: Service) -> dict[str, Any]:
    return {"port": service.port, "tags": {name: tag.port for name, tag in service.tags.items()}}


def _served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        try:
            sock.connect(str(path))
        except OSError:
            return False
        return True


def _fail(code: int, reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
