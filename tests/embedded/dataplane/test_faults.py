"""What a client sees when something breaks: dead, stale, slow and talkative backends, clients that leave."""

from __future__ import annotations

import threading
import time

import pytest

from .wire import (
    GET,
    Backend,
    Dataplane,
    Peer,
    answering,
    between,
    dial,
    eventually,
    saying,
)


def test_no_backend_and_a_dead_one(plane: Dataplane) -> None:
    """Without a backend, or with one that is not there, the answer is 503 within milliseconds."""
    with Backend(saying("a")) as gone:
        port = gone.port
    begun = time.monotonic()
    for backends in ({}, {"r": port}):
        with dial(plane.serve({"r": 100}, backends)) as peer:
            for _ in range(20):
                peer.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
                assert peer.response()[0] == 503
    assert time.monotonic() - begun < 2
    assert plane.stats("r")["errors"]["unreachable"] == 20


def test_a_stale_connection_costs_nothing(plane: Dataplane) -> None:
    """A kept connection that dies as a GET or PUT is sent is replaced unseen; a POST is never sent twice."""
    heads: list[bytes] = []

    def once(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        heads.append(peer.head()[0].split()[0])  # and no answer to this one

    def ask(peer: Peer, method: bytes) -> int:
        peer.send(method + b" / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        return peer.response()[0]

    def body_too(peer: Peer) -> None:
        _, fields = peer.head()
        peer.exactly(int(fields[b"content-length"]))
        peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        heads.append(peer.head()[0].split()[0])

    with between(plane, body_too) as peer:
        assert [ask(peer, b"GET") for _ in range(3)] == [204] * 3
    assert heads == [b"GET", b"GET"]
    heads.clear()
    with between(plane, body_too) as peer:
        assert [ask(peer, method) for method in (b"GET", b"POST", b"PUT", b"PUT")] == [204, 503, 204, 204]
    assert heads == [b"POST", b"PUT"]


def test_an_answer_that_breaks_off_is_seen_to(plane: Dataplane) -> None:
    """When a backend dies within its answer, the client's connection ends within it too."""
    for answer in (
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ):
        with between(plane, answering(answer)) as peer:
            peer.send(GET)
            peer.until(b"half")
            with pytest.raises((EOFError, ConnectionResetError)):
                peer.until(b"0\r\n\r\n")
    assert plane.stats("r")["errors"]["cut"] >= 2


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"a" * 300_000,
        b"",
    ],
)
def test_a_backend_that_talks_nonsense(plane: Dataplane, answer: bytes) -> None:
    """An answer that is none is a 503, and the client's connection goes on."""
    with between(plane, answering(answer)) as peer:
        for _ in range(2):
            peer.send(GET)
            assert peer.response()[0] == 503


def test_more_than_an_answer(plane: Dataplane) -> None:
    """Bytes after an answer are never taken for the next one."""
    with between(plane, answering(b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 418 Evil\r\n\r\n")) as peer:
        for _ in range(3):
            peer.send(GET)
            assert peer.response()[0] == 204
        peer.send(GET * 5)
        assert [peer.response()[0] for _ in range(5)] == [204] * 5


def test_the_time_limit(plane: Dataplane) -> None:
    """A request that takes longer than the service's timeout is a 504; one that was begun is cut."""

    def slow(peer: Peer) -> None:
        peer.head()
        peer.more()

    def half(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        peer.more()

    with between(plane, slow, timeout=0.1) as peer:
        peer.send(GET)
        assert peer.response()[0] == 504
        assert peer.rest() == b""
    with between(plane, half, timeout=0.1) as peer:
        peer.send(GET)
        peer.until(b"half")
        with pytest.raises((EOFError, ConnectionResetError)):
            peer.more()
    assert plane.stats("r")["errors"]["timeout"] == 2


def test_a_client_that_leaves(plane: Dataplane) -> None:
    """When a client hangs up, its request ends at the backend too, and nothing stays under way."""
    left = threading.Event()

    def waiting(peer: Peer) -> None:
        try:
            peer.head()
            peer.more()
        except (EOFError, OSError):
            left.set()

    with between(plane, waiting) as peer:
        peer.send(GET)
        eventually(lambda: plane.ask("stats")["revisions"]["r"]["in_flight"] == 1)
        peer.close()
        assert left.wait(10)
    eventually(lambda: plane.stats("r")["in_flight"] == 0)


def test_an_early_answer(plane: Dataplane) -> None:
    """An answer that comes before the request's body is read reaches the client, whose connection goes on."""

    def early(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        peer.rest()

    with between(plane, early) as peer:
        peer.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        assert peer.response()[0] == 413
        peer.send(b"x" * 1_000_000 + GET)
        assert peer.response()[0] == 413


@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1ff\r\n%b\r\n" % (b"x" * 511) * 2,
    ],
    ids=["with a length", "chunked"],
)
def test_a_request_that_is_too_large(plane: Dataplane, request_: bytes) -> None:
    """Is a 413; one of just the size is passed on."""
    with between(plane, saying(""), largest=1000) as peer:
        peer.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)
        assert peer.response()[0] == 200
        peer.send(request_)
        assert peer.response()[0] == 413


def test_an_answer_that_is_too_large(plane: Dataplane) -> None:
    """Is a 500, unless it streams: Cloud Run limits only what has a length."""
    head = b"HTTP/1.1 200 OK\r\n"
    chunks = head + b"Transfer-Encoding: chunked\r\n\r\n7d0\r\n%b\r\n0\r\n\r\n" % (b"x" * 2000)
    with between(plane, answering(chunks), largest=1000) as peer:
        peer.send(GET)
        assert peer.response() == (200, b"x" * 2000)
    with between(
        plane, answering(head + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001), largest=1000
    ) as peer:
        peer.send(GET)
        status, body = peer.response()
        assert (status, b"Response size was too large" in body) == (500, True)
    assert plane.stats("r")["errors"]["oversize"] >= 1
