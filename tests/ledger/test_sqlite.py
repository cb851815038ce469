"""The ledger in one SQLite file: one chain, one winner, and a fence against zombies."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import resource
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relman.clock import Clock, system
from relman.errors import Fenced, Locked, Unreachable
from relman.ledger import Draft, Fence, SqliteStore, chain
from relman.models import ServiceKey

KEY = ServiceKey("acme", "europe-west1", "api")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An empty ledger."""
    made = SqliteStore(tmp_path / ".relman", system())
    yield made
    made.close()


def opening(run: str, epoch: int = 1, *, supersedes: bool = False) -> Draft:
    """What opens a run of a release."""
    detail = {"kind": "release", "lane": "traffic"}
    return Draft("run.opened", KEY, "production", run, "", epoch, detail, supersedes)


def closing(run: str) -> Draft:
    """What closes it."""
    return Draft("run.closed", KEY, "production", run, detail={"outcome": "done", "reason": ""})


def note(text: str) -> Draft:
    """An entry of no run."""
    return Draft("note", KEY, "production", detail={"text": text})


def bodies(store: SqliteStore) -> list[tuple[int, bytes, bytes, bytes]]:
    """The rows as they lie in the file."""
    with sqlite3.connect(store.folder / "ledger.db") as db:
        rows = db.execute("SELECT seq, prev, hash, body FROM ledger ORDER BY seq").fetchall()
    db.close()
    return rows


def test_what_was_appended_is_read_back_in_order(store: SqliteStore) -> None:
    """Entries come back oldest first, with their details."""
    store.append([note("one"), note("two")])
    store.append([note("three")])
    assert [entry.detail["text"] for entry in store.entries(KEY)] == ["one", "two", "three"]
    assert [entry.seq for entry in store.entries()] == [0, 1, 2]


def test_every_leaf_names_the_hash_of_the_one_before(store: SqliteStore) -> None:
    """A leaf's hash is SHA-256(0x00 ‖ RFC 8785 leaf), and each leaf carries the hash before it."""
    store.append([note(str(number)) for number in range(5)])
    before = bytes(32)
    for seq, prev, hash_, body in bodies(store):
        leaf = json.loads(body)
        assert (leaf["seq"], prev, bytes.fromhex(leaf["prev"])) == (seq, before, before)
        assert hash_ == hashlib.sha256(b"\x00" + body).digest()
        assert body == chain.canonical(leaf)
        before = hash_


def test_details_lie_beside_the_chain_and_can_be_erased(store: SqliteStore) -> None:
    """No free text stands in a leaf; without its detail an entry is still there."""
    store.append([note("a leaked secret")])
    assert b"leaked" not in bodies(store)[0][3]
    with sqlite3.connect(store.folder / "ledger.db") as db:
        db.execute("DELETE FROM detail")
    db.close()
    assert [(entry.kind, entry.detail) for entry in store.entries()] == [("note", {})]


def test_the_peaks_are_those_of_the_rfc_6962_tree(store: SqliteStore) -> None:
    """The root over the kept peaks is the root that RFC 6962 section 2.1 defines by recursion."""

    def defined(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return leaves[0]
        split = 1 << (len(leaves) - 1).bit_length() - 1
        return hashlib.sha256(b"\x01" + defined(leaves[:split]) + defined(leaves[split:])).digest()

    for number in range(1, 14):
        store.append([note(str(number))])
        with sqlite3.connect(store.folder / "ledger.db") as db:
            size, peaks = db.execute("SELECT size, peaks FROM head").fetchone()
        db.close()
        assert size == number
        assert chain.root(peaks) == defined([hash_ for _, _, hash_, _ in bodies(store)])


def test_time_never_runs_backwards(tmp_path: Path) -> None:
    """A leaf is never dated before the one that it follows, whatever the clock says."""
    moments = iter([datetime(2026, 11, 25, 12, tzinfo=UTC) - timedelta(hours=hours) for hours in (0, 3, 1)])
    store = SqliteStore(tmp_path, Clock(now=lambda: next(moments), sleep=lambda _seconds: None))
    store.append([note("noon")])
    store.append([note("nine"), note("eleven")])
    assert {entry.ts for entry in store.entries()} == {"2026-11-25T12:00:00.000Z"}
    store.close()


def test_leaves_cannot_be_changed_through_sql(store: SqliteStore) -> None:
    """Courtesy triggers refuse UPDATE and DELETE."""
    store.append([note("stays")])
    db = sqlite3.connect(store.folder / "ledger.db")
    for statement in ("UPDATE ledger SET body = x'00'", "DELETE FROM ledger"):
        with pytest.raises(sqlite3.IntegrityError, match="append only"):
            db.execute(statement)
    db.close()


def test_one_open_run_a_lane(store: SqliteStore) -> None:
    """The database picks the one winner, and nothing of the loser's is recorded."""
    store.append([opening("first")])
    with pytest.raises(Locked, match="open already"):
        store.append([note("never"), opening("second")])
    assert [entry.kind for entry in store.entries()] == ["run.opened"]
    store.append([closing("first")])
    store.append([opening("second", 2)])
    assert [(run.id, run.state) for run in store.runs(KEY)] == [("first", "done"), ("second", "open")]


def test_a_rollback_takes_the_lane_and_the_loser_can_write_no_more(store: SqliteStore) -> None:
    """A superseding run closes the open one; its driver is fenced at the next append."""
    store.append([opening("cut")])
    store.append([note("mine")], Fence("cut", 1))
    store.append([opening("rollback", 2, supersedes=True)])
    with pytest.raises(Fenced, match="superseded"):
        store.append([note("a zombie's")], Fence("cut", 1))


def test_a_new_driver_of_the_run_fences_the_old_one(store: SqliteStore) -> None:
    """run.resumed raises the epoch; the driver with the old one can append nothing."""
    store.append([opening("cut", 1)])
    store.append([Draft("run.resumed", KEY, "production", "cut", "", 2)])
    with pytest.raises(Fenced, match="epoch 2"):
        store.append([note("late")], Fence("cut", 1))
    store.append([note("in time")], Fence("cut", 2))


def test_a_lane_is_driven_by_one_process_and_freed_by_its_death(tmp_path: Path) -> None:
    """The lock excludes a living driver and ends with a killed one."""
    context = multiprocessing.get_context("spawn")
    ready, keep = context.Event(), context.Event()
    driver = context.Process(target=_drive, args=(tmp_path, ready, keep))
    driver.start()
    assert ready.wait(30)
    store = SqliteStore(tmp_path, system())
    with pytest.raises(Locked, match=str(driver.pid)), store.drive(KEY, "traffic"):
        pass
    driver.kill()
    driver.join()
    with store.drive(KEY, "traffic"):
        pass
    store.close()


def _drive(folder: Path, ready: object, keep: object) -> None:
    store = SqliteStore(folder, system())
    with store.drive(KEY, "traffic"):
        ready.set()  # type: ignore[attr-defined]
        keep.wait(60)  # type: ignore[attr-defined]


def test_many_processes_append_to_one_chain(tmp_path: Path) -> None:
    """Four processes, one chain: no gap, no fork, nothing lost."""
    SqliteStore(tmp_path, system()).close()
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.map(_append_some, [tmp_path] * 4)
    store = SqliteStore(tmp_path, system())
    rows = bodies(store)
    assert [row[0] for row in rows] == list(range(100))
    assert [row[1] for row in rows[1:]] == [row[2] for row in rows[:-1]]
    store.close()


def _append_some(folder: Path) -> None:
    store = SqliteStore(folder, system())
    for number in range(25):
        store.append([note(str(number))])
    store.close()


def test_the_state_folder_keeps_itself_out_of_git(store: SqliteStore) -> None:
    """.relman/.gitignore holds a single star."""
    assert (store.folder / ".gitignore").read_text(encoding="ascii") == "*\n"


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be read as one" * 40, b"\x00" * 4096]
)
def test_a_file_that_is_no_ledger_is_said_so(tmp_path: Path, content: bytes) -> None:
    """Exit 69 with the path, and no traceback."""
    (tmp_path / "ledger.db").write_bytes(content)
    with pytest.raises(Unreachable, match=r"ledger\.db") as refused:
        SqliteStore(tmp_path, system())
    assert refused.value.code == 69


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    """Exit 69 where a file stands in the way of the folder."""
    (tmp_path / "in-the-way").write_text("", encoding="ascii")
    with pytest.raises(Unreachable, match="cannot be used"):
        SqliteStore(tmp_path / "in-the-way", system())


def test_a_full_disk_records_nothing_and_says_so(store: SqliteStore) -> None:
    """What does not fit is not half recorded; what was there stays readable and the chain whole."""
    store.append([note("before")])
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]  # noqa: SLF001 - SQLite's own way to a full disk
    store._db.execute(f"PRAGMA max_page_count = {pages}")  # noqa: SLF001
    with pytest.raises(Unreachable, match="full"):
        store.append([note("x" * 100_000)])
    assert [entry.detail["text"] for entry in store.entries()] == ["before"]
    store._db.execute("PRAGMA max_page_count = 100000")  # noqa: SLF001
    store.append([note("after")])
    assert [entry.seq for entry in store.entries()] == [0, 1]


def test_a_lock_file_that_cannot_be_written_is_told_and_let_go(store: SqliteStore) -> None:
    """A disk without room for the driver's name: exit 69 with the place, and nobody is locked out."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(Unreachable, match="the ledger cannot be used"), store.drive(KEY, "traffic"):
            pytest.fail("a driver without a written name drives")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with store.drive(KEY, "traffic"):
        assert (store.folder / "acme.europe-west1.api.traffic.lock").read_text().startswith("process ")
