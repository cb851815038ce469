"""The ledger as one SQLite file: for one machine, or for tests.

What it is not: the only store. Postgres keeps the same tables. The chain is decided here, in
one writing transaction; ``run`` is a projection of the leaves, kept in the same transaction,
so that the database itself picks the one winner of a race.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any

from relman import clock
from relman.errors import Fenced, Locked, Unreachable
from relman.ledger import chain
from relman.ledger.entries import Draft, Entry, Fence, Run
from relman.models import ServiceKey

SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger(
    seq INTEGER PRIMARY KEY, prev BLOB NOT NULL UNIQUE, hash BLOB NOT NULL UNIQUE, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS head(
    id INTEGER PRIMARY KEY CHECK(id = 0), size INTEGER NOT NULL, peaks BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS detail(sha256 BLOB PRIMARY KEY, salt BLOB NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS run(
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, lane TEXT NOT NULL, state TEXT NOT NULL, epoch INTEGER NOT NULL,
    project TEXT NOT NULL, region TEXT NOT NULL, service TEXT NOT NULL, environment TEXT NOT NULL,
    opened INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_open_run ON run(project, region, service, lane) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS ledger_run ON ledger(json_extract(CAST(body AS TEXT), '$.run'));
CREATE INDEX IF NOT EXISTS ledger_service ON ledger(json_extract(CAST(body AS TEXT), '$.service'));
CREATE TRIGGER IF NOT EXISTS leaves_stay BEFORE UPDATE ON ledger
BEGIN SELECT raise(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS leaves_remain BEFORE DELETE ON ledger
BEGIN SELECT raise(ABORT, 'append only'); END;
INSERT OR IGNORE INTO head VALUES (0, 0, x'');
"""
RUN_COLUMNS = "id, kind, lane, state, epoch, project, region, service, environment"
BUSY_SECONDS = 10.0


class SqliteStore:
    """A ledger in a folder: ``ledger.db`` and one lock file a service and lane.

    Args:
        folder: Created if absent, with a ``.gitignore`` that keeps it out of every commit. None
            keeps the ledger in memory only, for a rollback that finds no disk to write to.
        time: Where a leaf's time comes from.

    Raises:
        Unreachable: The folder or the file cannot be written or is no ledger.
    """

    def __init__(self, folder: Path | None, time: clock.Clock) -> None:
        """Open the ledger, and make it if it is not there."""
        self.folder, self.time = folder or Path(), time
        self.place = str(self.folder / "ledger.db") if folder else ":memory:"
        with self._reported():
            if folder:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _keep_out_of_git(folder)
            self._db = sqlite3.connect(self.place, timeout=BUSY_SECONDS, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'one_open_run'").fetchone():
                self._db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")

    def append(self, drafts: Sequence[Draft], fence: Fence | None = None) -> tuple[Entry, ...]:
        """Record all of the drafts or none; see :class:`relman.ledger.entries.Store`."""
        with self._writing():
            if fence:
                self._check(fence)
            whole = [each for draft in drafts for each in (*self._closings(draft), draft)]
            for draft in whole:
                self._project(draft)
            return tuple(self._leaf(draft) for draft in whole)

    def entries(self, key: ServiceKey | None = None, *, run: str = "", after: int = -1) -> tuple[Entry, ...]:
        """What was recorded; see :class:`relman.ledger.entries.Store`."""
        field = {"run": run, "service": key.service if key else ""}
        where = " AND ".join(
            f"json_extract(CAST(body AS TEXT), '$.{name}') = ?" for name, value in field.items() if value
        )
        values = [value for value in field.values() if value]
        with self._reported():
            rows = self._db.execute(
                f"SELECT hash, body FROM ledger WHERE seq > ?{' AND ' + where if where else ''} ORDER BY seq",  # noqa: S608 - names are ours
                [after, *values],
            ).fetchall()
            found = tuple(self._read(hash_, body) for hash_, body in rows)
        return tuple(entry for entry in found if key is None or entry.key == key)

    def runs(self, key: ServiceKey) -> tuple[Run, ...]:
        """Every run of a service, oldest first."""
        with self._reported():
            rows = self._db.execute(
                f"SELECT {RUN_COLUMNS} FROM run"  # noqa: S608 - names are ours
                " WHERE project = ? AND region = ? AND service = ? ORDER BY opened",
                [key.project, key.region, key.service],
            ).fetchall()
        return tuple(_run(*row) for row in rows)

    @contextmanager
    def drive(self, key: ServiceKey, lane: str) -> Iterator[None]:
        """Hold the lane's file lock; the kernel lets go of it when the process ends."""
        path = self.folder / f"{key.project}.{key.region}.{key.service}.{lane}.lock"
        with self._reported():
            file = path.open("a+b", buffering=0)  # a close must have nothing left to write, and to fail with
        with file:
            with self._reported():
                self._hold(file, key)
            yield

    def _hold(self, file: FileIO, key: ServiceKey) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            fact = file.read().decode().strip() or str(file.name)
            raise Locked(
                f"somebody else is {f'driving {key.service}' if key.service else 'recording this'}",
                fact=fact,
                clears="inv release.status" if key.service else "the same command again",
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} since {clock.stamp(self.time.now())}".encode())

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._reported():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            kind = Locked if "locked" in str(error) else Unreachable
            raise kind("the ledger cannot be used", fact=f"{self.place}: {error}") from error
        except (sqlite3.DatabaseError, OSError) as error:
            raise Unreachable("the ledger cannot be used", fact=f"{self.place}: {error}") from error

    def _check(self, fence: Fence) -> None:
        row = self._db.execute("SELECT state, epoch FROM run WHERE id = ?", [fence.run]).fetchone()
        if row != ("open", fence.epoch):
            state, epoch = row or ("unknown", 0)
            raise Fenced(
                "this driver no longer has the run",
                fact=f"run {fence.run} is {state}, epoch {epoch}; ours was {fence.epoch}",
                clears="inv release.status",
            )

    def _project(self, draft: Draft) -> None:
        """Keep the ``run`` table in step with a leaf that opens, resumes or closes a run."""
        if draft.kind == "run.opened":
            self._open(draft)
        elif draft.kind == "run.resumed":
            self._db.execute(
                "UPDATE run SET epoch = ? WHERE id = ? AND state = 'open'", [draft.epoch, draft.run]
            )
        elif draft.kind == "run.closed":
            self._db.execute(
                "UPDATE run SET state = ? WHERE id = ? AND state = 'open'",
                [draft.detail["outcome"], draft.run],
            )

    def _closings(self, draft: Draft) -> list[Draft]:
        """What closes the open runs of the lane that a superseding run takes."""
        detail = {"outcome": "superseded", "reason": f"run {draft.run} has taken over"}
        return [
            Draft("run.closed", draft.key, run.environment, run.id, detail=detail)
            for run in (self.runs(draft.key) if draft.supersedes else ())
            if (run.state, run.lane) == ("open", draft.detail["lane"])
        ]

    def _open(self, draft: Draft) -> None:
        key, lane = draft.key, draft.detail["lane"]
        try:
            self._db.execute(
                f"INSERT INTO run({RUN_COLUMNS}, opened)"  # noqa: S608
                " SELECT ?, ?, ?, 'open', ?, ?, ?, ?, ?, size FROM head",
                [
                    draft.run,
                    draft.detail["kind"],
                    lane,
                    draft.epoch,
                    key.project,
                    key.region,
                    key.service,
                    draft.environment,
                ],
            )
        except sqlite3.IntegrityError:
            raise Locked(
                f"a run of {key.service} is open already",
                fact="it is driven by somebody, or its driver died",
                clears="inv release.status, then inv release.resume or inv release.abort",
            ) from None

    def _leaf(self, draft: Draft) -> Entry:
        size, peaks = self._db.execute("SELECT size, peaks FROM head").fetchone()
        prev, last = self._last(size)
        salt, detail = os.urandom(16), chain.canonical(draft.detail)
        digest = chain.salted(salt, detail)
        body = _body(draft, seq=size, prev=prev, ts=max(clock.stamp(self.time.now()), last), detail=digest)
        leaf, hash_ = chain.canonical(body), chain.leaf_hash(chain.canonical(body))
        self._db.execute("INSERT INTO detail VALUES (?, ?, ?)", [digest, salt, detail])
        self._db.execute("INSERT INTO ledger VALUES (?, ?, ?, ?)", [size, prev, hash_, leaf])
        self._db.execute("UPDATE head SET size = ?, peaks = ?", [size + 1, chain.grown(size, peaks, hash_)])
        return _entry(body, hash_, draft.detail)

    def _last(self, size: int) -> tuple[bytes, str]:
        """Hash and time of the newest leaf."""
        if not size:
            return chain.NOTHING, ""
        hash_, body = self._db.execute("SELECT hash, body FROM ledger WHERE seq = ?", [size - 1]).fetchone()
        return hash_, json.loads(body)["ts"]

    def _read(self, hash_: bytes, body: bytes) -> Entry:
        leaf = json.loads(body)
        row = self._db.execute(
            "SELECT body FROM detail WHERE sha256 = ?", [bytes.fromhex(leaf["detail"]["sha256"])]
        ).fetchone()
        return _entry(leaf, hash_, json.loads(row[0]) if row else {})


def _body(draft: Draft, *, seq: int, prev: bytes, ts: str, detail: bytes) -> dict[str, Any]:
    return {
        "seq": seq,
        "prev": prev.hex(),
        "ts": ts,
        "kind": draft.kind,
        "actor": f"local:{os.getuid()}",
        "project": draft.key.project,
        "region": draft.key.region,
        "service": draft.key.service,
        "environment": draft.environment,
        "run": draft.run,
        "step": draft.step,
        "epoch": draft.epoch,
        "detail": {"sha256": detail.hex()},
    }


def _entry(leaf: dict[str, Any], hash_: bytes, detail: dict[str, Any]) -> Entry:
    return Entry(
        key=ServiceKey(leaf["project"], leaf["region"], leaf["service"]),
        detail=detail,
        hash=hash_.hex(),
        **{
            name: leaf[name] for name in ("seq", "ts", "kind", "actor", "environment", "run", "step", "epoch")
        },
    )


def _run(id_: str, kind: str, lane: str, state: str, epoch: int, *place: str) -> Run:
    *key, environment = place
    return Run(id_, kind, lane, state, epoch, ServiceKey(*key), environment)


def _keep_out_of_git(folder: Path) -> None:
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="ascii")
