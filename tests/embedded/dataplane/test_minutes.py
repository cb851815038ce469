"""What the data plane counts by minute, and how it hands that over without losing or doubling any."""

from __future__ import annotations

import time
from typing import Any

import pytest

from relman.embedded.dataplane import minutes
from relman.embedded.dataplane.minutes import Minutes
from relman.embedded.resources import buckets

from .wire import Backend, Dataplane, Peer, get, saying

NOON = 1_800_000_000.0


def counted(batch: dict[str, Any]) -> dict[tuple[Any, ...], int]:
    """Requests by minute, revision and code."""
    return {tuple(cell[:3]): cell[3] for cell in batch["cells"]}


def test_a_request_counts_in_the_minute_in_which_it_ended(plane: Dataplane) -> None:
    """By the platform's clock, which is told with the handing over; with its code and its time."""

    def slow(peer: Peer) -> None:
        while peer.head():
            time.sleep(0.05)
            peer.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    first = plane.ask("minutes", plane="", kept=0, now=NOON)
    with Backend(slow) as a:
        assert get(plane.serve({"timed": 100}, {"timed": a.port}))[0] == 404
    batch = plane.ask("minutes", plane=first["plane"], kept=first["number"], now=NOON + 60)
    (minute, revision, code, count, total, squares, found), *others = batch["cells"]
    assert (minute, revision, code, count, others) == (NOON // 60, "timed", 404, 1, [])
    assert 50 <= total < 500
    assert squares == pytest.approx(total * total)
    assert found == [[buckets.bucket(total), 1]]


def test_a_batch_is_told_until_it_is_kept(plane: Dataplane) -> None:
    """Who dies before he has kept it hears it again; who has kept it never does."""
    with Backend(saying("a")) as a:
        port = plane.serve({"kept": 100}, {"kept": a.port})
        got = plane.ask("minutes", plane="", kept=0, now=NOON)
        plane.ask("minutes", plane=got["plane"], kept=got["number"], now=NOON)
        get(port)
        first = plane.ask("minutes", plane=got["plane"], kept=got["number"], now=NOON)
        get(port)
        again = plane.ask("minutes", plane="another", kept=10**6, now=NOON)
        assert (again["number"], again["cells"], again["more"]) == (first["number"], first["cells"], True)
        second = plane.ask("minutes", plane=first["plane"], kept=first["number"], now=NOON)
        assert (second["number"], second["more"]) == (first["number"] + 1, False)
        assert counted(first) == counted(second) == {(NOON // 60, "kept", 200): 1}
        last = plane.ask("minutes", plane=first["plane"], kept=second["number"], now=NOON)
        assert (last["number"], last["cells"]) == (0, [])


def test_nobody_asking_for_hours_makes_no_line_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was counted meanwhile comes in several batches, whole."""
    monkeypatch.setattr(minutes, "MOST_CELLS", 10)
    held, got = Minutes(), 0
    for code in range(100, 135):
        held.count("r", code, 0, 0)
    batch = held.hand_over("", 0, NOON)
    while batch["cells"]:
        assert len(batch["cells"]) <= 10
        got += len(batch["cells"])
        batch = held.hand_over(batch["plane"], batch["number"], NOON)
    assert got == 35


def test_each_bucket_begins_where_it_says() -> None:
    """A latency on a bound belongs above it; what others saw on Cloud Run are bounds."""
    for number in range(1, buckets.FINITE + 2):
        bound = buckets.floor(number)
        assert (buckets.bucket(bound), buckets.bucket(bound * 0.9999)) == (number, number - 1)
    assert buckets.bucket(10**12) == buckets.FINITE + 1
    assert buckets.bucket(0) == 0
    for seen in (19.48717100000001, 74.00249944258171, 1067.1895716335973, 32989.690295920576):
        assert any(buckets.floor(number) == pytest.approx(seen) for number in range(buckets.FINITE))


def test_what_reached_no_instance_counts_in_no_minute(plane: Dataplane) -> None:
    """It is in the counters, with its error; Google leaves it out of the request count too."""
    plane.ask("minutes", plane="", kept=0, now=NOON)
    with Backend(saying("a")) as gone:
        port = gone.port
    assert get(plane.serve({"nowhere": 100}, {}))[0] == 503
    assert get(plane.serve({"nowhere": 100}, {"nowhere": port}))[0] == 503
    assert plane.stats("nowhere")["errors"] == {"unserved": 1, "unreachable": 1}
    held, more = [], True
    plane_name, number = "", 0
    while more:
        batch = plane.ask("minutes", plane=plane_name, kept=number, now=NOON)
        plane_name, number, more = batch["plane"], batch["number"], batch["more"]
        held += batch["cells"]
    assert "nowhere" not in {cell[1] for cell in held}
