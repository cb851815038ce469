"""The platform's memory: one SQLite file that is written before anything is acknowledged.

What it is not: a model of services or builds. It keeps serialised messages by kind and name, the
facts beside them that no client sees, and which ports and processes belong to whom.

Write-ahead logging with ``synchronous=NORMAL`` survives ``kill -9`` at any moment; only a loss of
power may take the last transactions, never the consistency.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA busy_timeout = 5000;
CREATE TABLE IF NOT EXISTS resource (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL,
    body BLOB NOT NULL, facts TEXT NOT NULL, UNIQUE (kind, name));
CREATE TABLE IF NOT EXISTS port (
    service TEXT NOT NULL, tag TEXT NOT NULL, port INTEGER NOT NULL, PRIMARY KEY (service, tag));
CREATE TABLE IF NOT EXISTS process (
    port INTEGER PRIMARY KEY, revision TEXT NOT NULL, pid INTEGER NOT NULL, started INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Row:
    """A kept resource: its place in time, its name, its message as bytes, and our own facts."""

    ordinal: int
    name: str
    body: bytes
    facts: dict[str, Any]


@dataclass(frozen=True)
class ProcessRow:
    """The process on a port.

    Attributes:
        port: Where it listens; each start has a port of its own.
        revision: Whose it is; empty when it is only to be stopped.
        pid: Its number; 0 when it is about to be started.
        started: When it began, in the kernel's ticks.
    """

    port: int
    revision: str
    pid: int
    started: int


class Store:
    """The only writer of the state file. Used from one thread.

    Args:
        path: The SQLite file; made when it does not exist.
    """

    def __init__(self, path: Path) -> None:
        """Open the file and lay the tables when they are not there.

        It holds secrets, so it is its user's alone; SQLite gives the files beside it the same mode.

        Raises:
            OSError: It cannot be made.
            sqlite3.Error: The file cannot be opened or is no database.
        """
        self._path = path
        path.touch(mode=0o600)
        path.chmod(0o600)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(SCHEMA)

    @property
    def database(self) -> sqlite3.Connection:
        """For the tables of a module beside this one, in the same file and transactions."""
        return self._db

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own, for a long look from another thread: it sees what is committed."""
        with closing(sqlite3.connect(self._path)) as database:
            yield database

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen, or none; inside another transaction it is part of that one."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def put(self, kind: str, name: str, body: bytes, facts: dict[str, Any]) -> None:
        """Keep a resource; one that is known keeps its place in time."""
        self._db.execute(
            "INSERT INTO resource (kind, name, body, facts) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body, facts = excluded.facts",
            (kind, name, body, json.dumps(facts)),
        )

    def find(self, kind: str, name: str) -> Row | None:
        """The resource of this name, or None."""
        rows = self._rows("kind = ? AND name = ?", (kind, name))
        return rows[0] if rows else None

    def all(self, kind: str, prefix: str = "") -> list[Row]:
        """Every resource of a kind whose name begins so, oldest first."""
        return self._rows("kind = ? AND substr(name, 1, ?) = ?", (kind, len(prefix), prefix))

    def drop(self, kind: str, name: str) -> None:
        """Forget a resource; one that is unknown is no error."""
        self._db.execute("DELETE FROM resource WHERE kind = ? AND name = ?", (kind, name))

    def ports(self, service: str) -> dict[str, int]:
        """The ports that were once given to a service: by tag, its own under the empty tag."""
        rows = self._db.execute("SELECT tag, port FROM port WHERE service = ?", (service,))
        return dict(rows.fetchall())

    def keep_port(self, service: str, tag: str, port: int) -> None:
        """Remember a port, so that a URL is the same after a restart."""
        self._db.execute("INSERT OR REPLACE INTO port VALUES (?, ?, ?)", (service, tag, port))

    def drop_ports(self, service: str) -> None:
        """Forget the ports of a service that is gone."""
        self._db.execute("DELETE FROM port WHERE service = ?", (service,))

    def processes(self) -> list[ProcessRow]:
        """Every process that was started, or was about to be, and not seen to its end."""
        return [ProcessRow(*row) for row in self._db.execute("SELECT * FROM process")]

    def processes_of(self, revision: str) -> list[ProcessRow]:
        """The processes of one revision."""
        rows = self._db.execute("SELECT * FROM process WHERE revision = ?", (revision,))
        return [ProcessRow(*row) for row in rows]

    def keep_process(self, row: ProcessRow) -> None:
        """Remember a process."""
        values = (row.port, row.revision, row.pid, row.started)
        self._db.execute("INSERT OR REPLACE INTO process VALUES (?, ?, ?, ?)", values)

    def drop_process(self, port: int) -> None:
        """Forget a process that has ended."""
        self._db.execute("DELETE FROM process WHERE port = ?", (port,))

    def setting(self, name: str) -> str:
        """A remembered setting, empty when there is none."""
        row = self._db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def keep_setting(self, name: str, value: str) -> None:
        """Remember a setting."""
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def _rows(self, where: str, values: tuple[object, ...]) -> list[Row]:
        found = self._db.execute(
            f"SELECT ordinal, name, body, facts FROM resource WHERE {where} ORDER BY ordinal",  # noqa: S608
            values,
        )
        return [Row(ordinal, name, body, json.loads(facts)) for ordinal, name, body, facts in found]
