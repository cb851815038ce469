"""Bytes of no protocol at all, from either side."""

from __future__ import annotations

import contextlib
import socket

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .test_tunnel import SWITCH, UPGRADE
from .wire import GET, Backend, Dataplane, Peer, between, dial, get, saying

PIECES = st.sampled_from(
    [
        GET,
        UPGRADE,
        SWITCH,
        b"POST / HTTP/1.1\r\nHost: x\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Expect: 100-continue\r\n",
        b"\r\n",
        b"0\r\n\r\n",
        b"3\r\nabc\r\n",
        b"abc",
    ]
)
NOISE = st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=12).map(b"".join)
FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(data=NOISE)
def test_a_client_of_any_bytes(plane: Dataplane, data: bytes) -> None:
    """Whatever a client sends, it is answered or closed, and the next client is served."""
    with Backend(saying("a")) as backend:
        port = plane.serve({"r": 100}, {"r": backend.port})
        with dial(port) as peer, contextlib.suppress(ConnectionError):
            peer.send(data)
            peer.socket.shutdown(socket.SHUT_WR)
            peer.rest()
        assert get(port) == (200, b"a")
    assert plane.ask("drain", revision="r", timeout=10)["left"] == 0


@FUZZ
@given(data=NOISE)
def test_a_backend_of_any_bytes(plane: Dataplane, data: bytes) -> None:
    """Whatever a backend answers, its client gets an answer or an end, and nothing stays under way."""

    def noisy(peer: Peer) -> None:
        peer.until(b"\r\n\r\n")
        peer.send(data)

    with between(plane, noisy) as peer, contextlib.suppress(ConnectionError):
        peer.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        peer.rest()
    assert plane.ask("drain", revision="r", timeout=10)["left"] == 0
