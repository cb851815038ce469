"""Where messages begin and end: plain bytes in, plain bytes out, both ends in the test's hands."""

from __future__ import annotations

import time

import pytest

from .wire import (
    GET,
    Dataplane,
    Heads,
    Peer,
    answering,
    between,
    dial,
    recording,
    saying,
)


@pytest.mark.parametrize(
    ("method", "answer", "expected"),
    [
        (b"GET", b"200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (
            b"GET",
            b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\nh\r\n1\r\ni\r\n0\r\nT: t\r\n\r\n",
            b"hi",
        ),
        (b"GET", b"200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HEAD", b"200 OK\r\nContent-Length: 2\r\n\r\n", b""),
        (b"HEAD", b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b""),
        (b"HEAD", b"200 OK\r\n\r\n", b""),
        (b"GET", b"204 No Content\r\n\r\n", b""),
        (b"GET", b"304 Not Modified\r\nContent-Length: 7\r\n\r\n", b""),
        (b"GET", b"299 \r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (b"GET", b"500 Oh\r\nContent-Length: 2\r\n\r\nno", b"no"),
    ],
)
def test_an_answer_ends_where_it_ends(
    plane: Dataplane, method: bytes, answer: bytes, expected: bytes
) -> None:
    """Every way to end an answer passes, and the next one comes on the same two connections."""
    heads: Heads = []
    with between(plane, recording(heads, b"HTTP/1.1 " + answer)) as peer:
        for _ in range(2):
            peer.send(method + b" /p HTTP/1.1\r\nHost: x\r\n\r\n")
            first, fields = peer.head()
            assert first.rstrip() == b"HTTP/1.1 " + answer.split(b"\r\n")[0].rstrip()
            body = peer.chunked() if b"transfer-encoding" in fields and method == b"GET" else b""
            if method == b"GET" and b"304" not in first:
                body += peer.exactly(int(fields.get(b"content-length", 0)))
            assert body == expected
            assert peer.buffer == b""
    assert len(heads) == 2


def test_the_length_of_what_is_not_sent_is_kept(plane: Dataplane) -> None:
    """The answer to HEAD keeps the length that GET would have had."""
    with between(plane, answering(b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n")) as peer:
        peer.send(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert peer.head()[1][b"content-length"] == b"77"


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\n\r\nto the end", b"HTTP/1.0 200 OK\r\n\r\nto the end"]
)
def test_an_answer_ended_by_closing(plane: Dataplane, answer: bytes) -> None:
    """An answer that ends with its connection is chunked for the client, whose own connection goes on."""
    with between(plane, answering(answer)) as peer:
        for _ in range(2):
            peer.send(GET)
            assert peer.response() == (200, b"to the end")


def test_a_client_of_http_1_0(plane: Dataplane) -> None:
    """It gets an answer ended by closing instead of chunks; with a length it may keep the connection."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    with between(plane, answering(chunked)) as peer:
        peer.send(b"GET / HTTP/1.0\r\n\r\n")
        first, fields = peer.head()
        assert (first, fields) == (b"HTTP/1.1 200 OK", {b"connection": b"close"})
        assert peer.rest() == b"hi"
    with between(plane, saying("a")) as peer:
        for _ in range(2):
            peer.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            _, fields = peer.head()
            assert fields[b"connection"] == b"keep-alive"
            assert peer.exactly(1) == b"a"


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (b"Content-Length: 5\r\n\r\nhello", b"hello"),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello"),
        (b"Transfer-Encoding: Chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n", b""),
        (b"Content-Length: 0\r\n\r\n", b""),
        (b"\r\n", b""),
    ],
)
def test_a_request_ends_where_it_ends(plane: Dataplane, fields: bytes, body: bytes) -> None:
    """Every way to end a request passes, whatever pieces it comes in."""

    def echo(peer: Peer) -> None:
        while True:
            _, got = peer.head()
            chunked = b"transfer-encoding" in got
            data = peer.chunked() if chunked else peer.exactly(int(got.get(b"content-length", 0)))
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(data), data))

    message = b"POST / HTTP/1.1\r\nHost: x\r\n" + fields
    with between(plane, echo) as peer:
        peer.send(message)
        assert peer.response() == (200, body)
        for piece in message:
            peer.send(bytes([piece]))
        assert peer.response() == (200, body)
        peer.send(message * 3)
        assert [peer.response() for _ in range(3)] == [(200, body)] * 3


def test_answers_keep_the_order_of_requests(plane: Dataplane) -> None:
    """Requests sent ahead are answered in their order, however long the first takes."""

    def by_path(peer: Peer) -> None:
        while True:
            path = peer.head()[0].split()[1]
            time.sleep(0.05 if path == b"/0" else 0)
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))

    with between(plane, by_path) as peer:
        peer.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(200)))
        assert [peer.response()[1] for _ in range(200)] == [b"/%d" % number for number in range(200)]


def test_many_refused_requests_at_once(plane: Dataplane) -> None:
    """Thousands of requests sent ahead that are answered without any backend do not pile up on a stack."""
    port = plane.serve({}, {})
    with dial(port) as peer:
        peer.send(GET * 4000)
        assert {peer.response()[0] for _ in range(4000)} == {503}
