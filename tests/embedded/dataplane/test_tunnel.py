"""What leaves plain request and answer behind: 100 Continue, and other protocols."""

from __future__ import annotations

import socket
import threading

import pytest

from .wire import (
    GET,
    Dataplane,
    Peer,
    between,
    eventually,
    saying,
)

UPGRADE = b"GET /chat HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def test_100_continue(plane: Dataplane) -> None:
    """The body is sent when the backend asks for it, and the backend's question reaches the client first."""

    def asking(peer: Peer) -> None:
        while True:
            _, fields = peer.head()
            assert fields[b"expect"] == b"100-continue"
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
            peer.exactly(2)
            peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    with between(plane, asking) as peer:
        for _ in range(2):
            peer.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            assert peer.head() == (b"HTTP/1.1 100 Continue", {})
            assert peer.head() == (b"HTTP/1.1 103 Early Hints", {b"link": b"x"})
            peer.send(b"hi")
            assert peer.response() == (204, b"")


def test_a_body_that_is_not_wanted(plane: Dataplane) -> None:
    """A final answer instead of 100 closes the connection, since nobody knows if the body still comes."""

    def refusing(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")
        peer.rest()

    with between(plane, refusing) as peer:
        peer.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        first, fields = peer.head()
        assert (first, fields[b"connection"]) == (b"HTTP/1.1 417 No", b"close")


def test_a_websocket_is_tunnelled(plane: Dataplane) -> None:
    """After 101 bytes pass as they are, also those sent along with either head."""
    heads = []

    def chat(peer: Peer) -> None:
        heads.append(peer.head())
        peer.send(SWITCH + b"welcome")
        while True:
            data = peer.exactly(5)
            peer.send(data.upper())

    with between(plane, chat) as peer:
        peer.send(UPGRADE + b"hello")
        first, fields = peer.head()
        assert first == b"HTTP/1.1 101 Switching Protocols"
        assert fields == {b"connection": b"Upgrade", b"upgrade": b"websocket"}
        assert peer.exactly(12) == b"welcomeHELLO"
        peer.send(b"\0\1\2ab")
        assert peer.exactly(5) == b"\0\1\2AB"
        assert plane.stats("r")["in_flight"] == 1
        assert plane.ask("drain", revision="r", timeout=0.01)["left"] == 1
    eventually(lambda: plane.stats("r")["in_flight"] == 0)
    assert heads[0][1][b"upgrade"] == b"websocket"
    assert heads[0][1][b"connection"] == b"Upgrade"


def test_half_of_a_tunnel_can_end(plane: Dataplane) -> None:
    """A side that has said all still hears the other one."""

    def listener(peer: Peer) -> None:
        peer.head()
        peer.send(SWITCH)
        peer.send(b"heard " + peer.rest())

    with between(plane, listener) as peer:
        peer.send(UPGRADE)
        peer.head()
        peer.send(b"all")
        peer.socket.shutdown(socket.SHUT_WR)
        assert peer.rest() == b"heard all"
    eventually(lambda: plane.stats("r")["in_flight"] == 0)


def test_much_through_a_tunnel(plane: Dataplane) -> None:
    """Both ways at once, much more than any buffer holds, arrives whole."""
    size = 8 << 20

    def mirror(peer: Peer) -> None:
        peer.head()
        peer.send(SWITCH)
        left = size
        while left:
            data = peer.more()
            peer.send(data)
            left -= len(data)

    data = bytes(range(256)) * (size // 256)
    with between(plane, mirror) as peer:
        peer.send(UPGRADE)
        peer.head()
        thread = threading.Thread(target=peer.send, args=(data,))
        thread.start()
        assert peer.exactly(size) == data
        thread.join()


def test_a_tunnel_has_a_time_limit(plane: Dataplane) -> None:
    """As on Cloud Run, a tunnel is one long request under the service's timeout."""

    def chat(peer: Peer) -> None:
        peer.head()
        peer.send(SWITCH)
        peer.more()

    with between(plane, chat, timeout=0.2) as peer:
        peer.send(UPGRADE)
        peer.head()
        with pytest.raises((EOFError, ConnectionResetError)):
            peer.more()


def test_an_upgrade_that_is_not_granted(plane: Dataplane) -> None:
    """Without a 101 the connection goes on in HTTP, with the request that was sent ahead."""
    with between(plane, saying("a")) as peer:
        peer.send(UPGRADE + UPGRADE + GET)
        assert [peer.response() for _ in range(3)] == [(200, b"a")] * 3


def test_no_second_protocol_is_smuggled(plane: Dataplane) -> None:
    """h2c is not passed on, and the body of a request to upgrade is a body, never a request."""
    heads: list[tuple[bytes, dict[bytes, bytes]]] = []

    def noting(peer: Peer) -> None:
        while True:
            heads.append(peer.head())
            fields = heads[-1][1]
            body = peer.chunked() if b"transfer-encoding" in fields else b""
            body += peer.exactly(int(fields.get(b"content-length", 0)))
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    evil = b"GET /evil HTTP/1.1\r\nHost: x\r\n\r\n"
    h2c = b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"
    with between(plane, noting) as peer:
        peer.send(b"GET / HTTP/1.1\r\n" + h2c + b"\r\n")
        assert peer.response() == (200, b"")
        peer.send(b"POST / HTTP/1.1\r\n" + h2c + b"Content-Length: %d\r\n\r\n" % len(evil) + evil + GET)
        assert [peer.response() for _ in range(2)] == [(200, evil), (200, b"")]
        chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(evil), evil)
        peer.send(b"POST / HTTP/1.1\r\n" + h2c + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)
        assert peer.response() == (200, evil)
        peer.send(b"POST / HTTP/1.1\r\n" + h2c.replace(b"h2c", b"x") + b"Content-Length: 0\r\n\r\n" + GET)
        assert [peer.response() for _ in range(2)] == [(200, b"")] * 2
        peer.send((b"GET / HTTP/1.1\r\n" + h2c + b"\r\n") * 1000)
        assert {peer.response() for _ in range(1000)} == {(200, b"")}
    assert [first for first, _ in heads if b"evil" in first] == []
    assert [fields for _, fields in heads if b"upgrade" in fields or b"http2-settings" in fields] == []
