"""What a killed platform left running, stopped. What it is not: needed after an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

from relman.embedded.resources.store import ProcessRow, Store
from relman.embedded.runtime import isolation_room as rooms
from relman.embedded.runtime import ladder
from relman.embedded.runtime.process import Process, find, found, orphaned, peer

SOCKET = "dataplane.sock"
"""By this short name, from the state folder: a socket's path has at most 107 bytes."""


async def stop(state: Path) -> bool:
    """Stop revisions and data plane of a folder whose lock is held.

    Returns:
        Whether any of them ran.
    """
    store = Store(state / "state.db")
    try:
        rows = store.processes()
        processes = [process for process in [_data_plane(state), *map(remains, rows)] if process]
        await asyncio.gather(*(process.stop() for process in processes))
        for row in rows:
            store.drop_process(row.port)
        ladder.clear(rooms.abandoned(state, set()))
    finally:
        store.close()
    (state / "serving").unlink(missing_ok=True)
    return bool(processes)


def alive(row: ProcessRow) -> Process | None:
    """The process of a row; pid 0 was about to be started when the platform was killed."""
    if row.pid == 0:
        return find({"K_REVISION": row.revision.rpartition("/")[2], "PORT": str(row.port)})
    process = Process(row.pid, row.started)
    return process if process.alive else None


def remains(row: ProcessRow) -> Process | None:
    """The process of a row, or what it left in its group: its end may have been when nobody looked."""
    left = row.pid and orphaned(row.pid, "K_REVISION")
    return alive(row) or (Process(row.pid, row.started) if left else None)


def _data_plane(state: Path) -> Process | None:
    with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError), contextlib.chdir(state):
        connection.connect(SOCKET)
        return found(peer(connection))
    return None
