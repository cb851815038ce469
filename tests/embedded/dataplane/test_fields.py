"""What is passed on of a head, and which heads are refused."""

from __future__ import annotations

import pytest

from .wire import (
    GET,
    Dataplane,
    Heads,
    between,
    recording,
)


def test_hop_by_hop_fields_stay_behind(plane: Dataplane) -> None:
    """What concerns one connection only is passed on in neither direction; what a proxy adds is there."""
    heads: Heads = []
    own = b"Connection: X-Own\r\nX-Own: 1\r\nKeep-Alive: 3\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-End: 2\r\n" + own + b"\r\n"
    with between(plane, recording(heads, answer)) as peer:
        peer.send(
            b"GET http://shop.example/p?q HTTP/1.1\r\nHost: other\r\n"
            b"Connection: close, X-Mine, Host\r\nX-Mine: 1\r\n"
            b"TE: trailers\r\nTrailer: x\r\nProxy-Connection: close\r\nX-Forwarded-For: 10.0.0.1\r\n"
            b"X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-End: kept\r\nCookie: a\r\n\r\n"
        )
        _, fields = peer.head()
        assert fields == {b"content-length": b"0", b"x-end": b"2", b"connection": b"close"}
        assert peer.rest() == b""
    assert heads == [
        (
            b"GET /p?q HTTP/1.1",
            {
                b"host": b"shop.example",
                b"x-end": b"kept",
                b"cookie": b"a",
                b"x-forwarded-for": b"10.0.0.1, 127.0.0.1",
                b"x-forwarded-proto": b"http",
                b"x-forwarded-host": b"shop.example",
            },
        )
    ]


REFUSED = [
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\nx", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\nx", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\nx", 400),
    (b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400),
    (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    (b"GET  HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    (b"GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    (b"GET /" + b"a" * 700_000, 431),
    (b"\x16\x03\x01\x02\x00\x01\x00", 400),
]


@pytest.mark.parametrize(("message", "status"), REFUSED)
def test_what_is_refused(plane: Dataplane, message: bytes, status: int) -> None:
    """A message that could be read in two ways, or is too long, is refused, and nothing after it is read."""
    heads: Heads = []
    with between(plane, recording(heads, b"HTTP/1.1 204 No Content\r\n\r\n")) as peer:
        peer.send(GET + message + GET)
        assert peer.response()[0] == 204
        assert peer.response()[0] == status
        assert peer.rest() == b""
    assert [first for first, fields in heads if first != b"POST / HTTP/1.1"] == [b"GET / HTTP/1.1"]
