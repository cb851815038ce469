"""Several instances of a revision: who gets a request, who waits, who is told that there is none."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from .wire import (
    GET,
    NAME,
    PATIENCE,
    Backend,
    Dataplane,
    Peer,
    between,
    dial,
    eventually,
    fleets,
    get,
    saying,
)

POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"


class Slow:
    """A backend that answers when it is told to, and knows how many requests it had at once."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.going = threading.Semaphore(0)
        self.now = self.most = 0

    def __call__(self, peer: Peer) -> None:
        """Talk."""
        while True:
            peer.head()
            self.now += 1
            self.most = max(self.most, self.now)
            self.going.acquire(timeout=PATIENCE)
            self.now -= 1
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


class Watch:
    """A connection that is told when instances are wanted."""

    def __init__(self, plane: Dataplane) -> None:
        """Ask for it."""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(plane.path))
        self.socket.sendall(b'{"op":"watch"}\n')
        self.lines = self.socket.makefile("rb")
        assert json.loads(self.lines.readline()) == {"ok": True}

    def next(self) -> dict[str, int]:
        """What is wanted."""
        wanted = json.loads(self.lines.readline())["wanted"]
        assert isinstance(wanted, dict)
        return wanted


@contextlib.contextmanager
def watching(plane: Dataplane) -> Iterator[Watch]:
    """Be told for a while."""
    watch = Watch(plane)
    with watch.socket, watch.lines:
        yield watch


def test_an_instance_never_has_more_than_its_limit(plane: Dataplane) -> None:
    """The others wait, first come first served, and all are answered."""
    slow = Slow()
    with Backend(slow) as a, contextlib.ExitStack() as stack:
        port = plane.serve({"r": 100}, {"r": {"ports": [a.port], "concurrency": 2, "patience": 10}})
        peers = [stack.enter_context(dial(port)) for _ in range(6)]
        for peer in peers:
            peer.send(GET)
        eventually(lambda: plane.ask("load")["revisions"]["r"]["waiting"] == 4)
        eventually(lambda: slow.now == 2)
        for _ in peers:
            slow.going.release()
        assert [peer.response()[0] for peer in peers] == [200] * 6
    assert slow.most == 2
    assert plane.stats("r")["in_flight"] == 0


def test_the_instance_with_the_least_to_do_is_next(plane: Dataplane) -> None:
    """Two instances share what is asked at once."""
    first, second = Slow(), Slow()
    with Backend(first) as a, Backend(second) as b, contextlib.ExitStack() as stack:
        port = plane.serve({"r": 100}, {"r": {"ports": [a.port, b.port]}})
        peers = [stack.enter_context(dial(port)) for _ in range(6)]
        for peer in peers:
            peer.send(GET)
        eventually(lambda: (first.now, second.now) == (3, 3))
        for _ in peers:
            first.going.release()
            second.going.release()
        assert [peer.response()[0] for peer in peers] == [200] * 6


def test_who_waits_too_long_is_told_429(plane: Dataplane) -> None:
    """With Cloud Run's words; the client's connection goes on, also after a request with a body."""
    slow = Slow()
    with Backend(slow) as a, contextlib.ExitStack() as stack:
        port = plane.serve({"r": 100}, {"r": {"ports": [a.port], "concurrency": 1, "patience": 0.1}})
        first, second = stack.enter_context(dial(port)), stack.enter_context(dial(port))
        first.send(GET)
        eventually(lambda: slow.now == 1)
        second.send(POST)
        status, body = second.response()
        assert (status, b"there was no available instance" in body) == (429, True)
        slow.going.release()
        assert first.response()[0] == 200
        slow.going.release()
        second.send(GET)
        assert second.response()[0] == 200
    assert plane.stats("r")["statuses"]["4xx"] == 1


def test_a_request_to_a_revision_without_an_instance_waits_for_the_first(plane: Dataplane) -> None:
    """The control plane is told how many are wanted; the table brings the instance, the answers come."""
    with Backend(saying("a")) as a, watching(plane) as watch, contextlib.ExitStack() as stack:
        cold = {"ports": [], "concurrency": 2, "patience": 10}
        port = plane.serve({"r": 100}, {"r": cold})
        peers = [stack.enter_context(dial(port)) for _ in range(3)]
        for peer in peers:
            peer.send(POST)
        while watch.next() != {"r": 2}:
            pass
        plane.serve({"r": 100}, {"r": cold | {"ports": [a.port]}})
        assert [peer.response() for peer in peers] == [(200, b"ahi")] * 3


def test_a_revision_that_cannot_be_started_is_told_with_the_reason(plane: Dataplane) -> None:
    """503 at once when the control plane says so, and after the patience when nobody does."""
    port = plane.serve({"r": 100}, {"r": {"patience": 10}})
    with dial(port) as peer:
        peer.send(GET)
        eventually(lambda: plane.ask("load")["revisions"]["r"]["waiting"] == 1)
        plane.ask("refuse", revision="r", reason="its image is gone")
        status, body = peer.response()
        assert (status, b"its image is gone" in body) == (503, True)
        plane.serve({"r": 100}, {"r": {"patience": 0.1}})
        peer.send(GET)
        status, body = peer.response()
        assert (status, b"none was started within 0.1 s" in body) == (503, True)


def test_who_waits_goes_where_the_next_table_leads(plane: Dataplane) -> None:
    """After a flip nobody waits for the old revision any more."""
    with Backend(saying("b")) as b:
        port = plane.serve({"a": 100}, {"a": {"patience": 10}})
        with dial(port) as peer:
            peer.send(POST)
            eventually(lambda: plane.ask("load")["revisions"]["a"]["waiting"] == 1)
            plane.serve({"b": 100}, {"b": b.port})
            assert peer.response() == (200, b"bhi")
            assert "a" not in plane.ask("load")["revisions"]
            plane.serve({"a": 100}, {"a": {"patience": 10}})
            peer.send(POST)
            eventually(lambda: plane.ask("load")["revisions"]["a"]["waiting"] == 1)
            plane.ask("table", services=[])
            assert peer.response()[0] == 404


def test_a_client_that_leaves_the_queue_is_forgotten(plane: Dataplane) -> None:
    """Nothing is sent for it later."""
    with between(plane, saying("a")) as peer:
        plane.serve({"r": 100}, {"r": {"patience": 10}})
        peer.send(GET)
        eventually(lambda: plane.ask("load")["revisions"]["r"]["waiting"] == 1)
        peer.close()
        eventually(lambda: plane.ask("load")["revisions"]["r"]["waiting"] == 0)


def test_a_dead_instance_costs_no_request(plane: Dataplane) -> None:
    """What was not sent, a POST too, goes to another instance, or waits for the next table."""
    with Backend(saying("gone")) as gone:
        dead = gone.port
    with Backend(saying("a")) as a:
        fleet = {"ports": [dead, a.port], "patience": 10}
        with dial(plane.serve({"r": 100}, {"r": fleet})) as peer:
            for _ in range(10):
                peer.send(POST)
                assert peer.response() == (200, b"ahi")
            plane.serve({"r": 100}, {"r": fleet | {"ports": [dead]}})
            peer.send(POST)
            eventually(lambda: plane.ask("load")["revisions"]["r"]["waiting"] == 1)
            plane.serve({"r": 100}, {"r": fleet | {"ports": [a.port]}})
            assert peer.response() == (200, b"ahi")


def test_one_instance_drains_alone(plane: Dataplane) -> None:
    """Out of the table it gets nothing new, and the drain ends with its last request."""
    slow = Slow()
    with Backend(slow) as a, Backend(saying("b")) as b:
        with dial(plane.serve({"r": 100}, {"r": a.port})) as peer:
            peer.send(GET)
            eventually(lambda: slow.now == 1)
            port = plane.serve({"r": 100}, {"r": b.port})
            assert plane.ask("drain", revision="r", port=a.port, timeout=0.05)["left"] == 1
            assert get(port) == (200, b"b")
            slow.going.release()
            assert plane.ask("drain", revision="r", port=a.port, timeout=10)["left"] == 0
            assert peer.response()[0] == 200
        assert list(plane.ask("load")["revisions"]["r"]["idle"]) == [str(b.port)]


def cookie(peer: Peer, sent: bytes = b"") -> tuple[bytes, bytes]:
    """One GET with a cookie: the body, and the cookie that came back."""
    peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n" + (b"Cookie: a=b; %b\r\n" % sent if sent else b"") + b"\r\n")
    _, fields = peer.head()
    return peer.exactly(int(fields[b"content-length"])), fields.get(b"set-cookie", b"")


def test_a_client_comes_back_to_its_revision_and_instance(plane: Dataplane) -> None:
    """Whatever the split says, until the revision is no longer in it; then the client gets another seat."""
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(Backend(saying(name))).port for name in ("a1", "a2", "b")}
        two = {"ports": [ports["a1"], ports["a2"]], "affinity": True}
        backends = {"a": two, "b": {"ports": [ports["b"]], "affinity": True}}
        peer = stack.enter_context(dial(plane.serve({"a": 100}, backends)))
        first, seat = cookie(peer)
        assert seat.startswith(b"GAESA=")
        assert b"Max-Age=2592000" in seat
        seat = seat.partition(b";")[0]
        plane.serve({"a": 1, "b": 99}, backends)
        assert {cookie(peer, seat) for _ in range(50)} == {(first, b"")}
        plane.serve({"a": 0, "b": 100}, backends)
        served, other = cookie(peer, seat)
        assert (served, other.startswith(b"GAESA=")) == (b"b", True)
        assert cookie(peer, other.partition(b";")[0]) == (b"b", b"")


def test_a_seat_that_is_gone_or_was_never_given_is_none(plane: Dataplane) -> None:
    """The revision's other instance takes the client; a cookie that says nothing is no error."""
    with Backend(saying("a")) as a, Backend(saying("b")) as b:
        fleet: dict[str, Any] = {"ports": [a.port], "affinity": True}
        with dial(plane.serve({"r": 100}, {"r": fleet})) as peer:
            _, seat = cookie(peer)
            plane.serve({"r": 100}, {"r": fleet | {"ports": [b.port]}})
            assert cookie(peer, seat.partition(b";")[0])[0] == b"b"
            for nonsense in (b"GAESA=", b"GAESA=%%%", b"GAESA=YQ==", b"GAESA=gICA"):
                assert cookie(peer, nonsense)[0] == b"b"


def test_a_tag_is_stronger_than_a_seat(plane: Dataplane) -> None:
    """Who asks a tag's port is answered by its revision."""
    with Backend(saying("a")) as a, Backend(saying("b")) as b:
        backends = fleets({"a": {"ports": [a.port], "affinity": True}, "b": b.port})
        service = {"name": NAME, "port": 0, "host": "shop", "split": [["a", 100]], "backends": backends}
        tags = {"next": {"port": 0, "revision": "b"}}
        ports = plane.ask("table", services=[service | {"tags": tags}])["services"][NAME]
        with dial(ports["port"]) as peer, dial(ports["tags"]["next"]) as tagged:
            _, seat = cookie(peer)
            assert cookie(tagged, seat.partition(b";")[0]) == (b"b", b"")


def test_the_queue_survives_a_flood(plane: Dataplane) -> None:
    """Two hundred requests on one slow seat are all answered, soon."""
    with Backend(saying("a")) as a, contextlib.ExitStack() as stack:
        port = plane.serve({"r": 100}, {"r": {"ports": [a.port], "concurrency": 1, "patience": 10}})
        peers = [stack.enter_context(dial(port)) for _ in range(200)]
        begun = time.monotonic()
        for peer in peers:
            peer.send(GET)
        assert {peer.response() for peer in peers} == {(200, b"a")}
        assert time.monotonic() - begun < 5
