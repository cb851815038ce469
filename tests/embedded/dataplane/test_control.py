"""The data plane's control socket , word by word."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .wire import NAME, Backend, Dataplane, Peer, dial, eventually, fleets, get, saying


def test_one_connection_meets_both_revisions(plane: Dataplane) -> None:
    """The choice is made per request, by percentage, also on one kept connection."""
    with Backend(saying("a")) as a, Backend(saying("b")) as b:
        port = plane.serve({"most": 80, "few": 20}, {"most": a.port, "few": b.port})
        with dial(port) as peer:
            met: Counter[bytes] = Counter()
            for _ in range(1000):
                peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                met[peer.response()[1]] += 1
    assert 700 < met[b"a"] < 900, "five standard deviations are 63"
    assert met[b"a"] + met[b"b"] == 1000
    assert plane.stats("few") == {
        "requests": met[b"b"],
        "in_flight": 0,
        "statuses": {"2xx": met[b"b"]},
        "errors": {},
    }


def test_tags_have_a_port_and_a_host(plane: Dataplane) -> None:
    """A tag's port and its host lead to its revision, whatever the split; an unknown tag leads nowhere."""
    with Backend(saying("a")) as a, Backend(saying("b")) as b:
        service = {"name": NAME, "port": 0, "host": "shop", "split": [["a", 100], ["b", 0]]}
        more = {
            "backends": fleets({"a": a.port, "b": b.port}),
            "tags": {"next": {"port": 0, "revision": "b"}},
        }
        ports = plane.ask("table", services=[service | more])["services"][NAME]
        assert get(ports["tags"]["next"]) == (200, b"b")
        assert get(ports["port"]) == (200, b"a")
        assert get(ports["port"], host="Next---shop-abc-ew.a.run.app") == (200, b"b")
        assert get(ports["port"], host="shop-abc-ew.a.run.app") == (200, b"a")
        assert get(ports["port"], host="other---shop-abc-ew.a.run.app")[0] == 404
        assert get(ports["port"], host="a---b.example") == (200, b"a"), "no host of this service's tags"


def test_a_port_that_is_taken_changes_nothing(plane: Dataplane) -> None:
    """When one port of a table cannot be bound, the old table stays and none of the others is opened."""
    with Backend(saying("a")) as a, socket.create_server(("127.0.0.1", 0)) as free:
        port = plane.serve({"a": 100}, {"a": a.port})
        unused = free.getsockname()[1]
        free.close()
        services = [
            {"name": "one", "port": unused, "host": "one", "split": [], "backends": {}},
            {"name": "two", "port": a.port, "host": "two", "split": [], "backends": {}},
        ]
        answer = plane.say(json.dumps({"op": "table", "services": services}).encode())
        assert answer["ok"] is False
        assert str(a.port) in answer["error"]
        assert get(port) == (200, b"a")
        with pytest.raises(ConnectionRefusedError):
            get(unused)


def test_ports_stay_and_go(plane: Dataplane) -> None:
    """A chosen port stays from table to table; one that is not named any more is closed."""
    with Backend(saying("a")) as a:
        port = plane.serve({"a": 100}, {"a": a.port})
        plane.port = 0
        assert plane.serve({"a": 100}, {"a": a.port}) == port
        with dial(port) as kept:
            plane.ask("table", services=[])
            kept.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert kept.response()[0] == 404
            assert kept.rest() == b""
        with pytest.raises(ConnectionRefusedError):
            get(port)


def test_a_drain_waits_for_what_is_under_way(plane: Dataplane) -> None:
    """A drain answers with what is left at its end of patience, and at once when the last request is over."""
    going = threading.Event()

    def slow(peer: Peer) -> None:
        peer.head()
        going.wait(10)
        peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    with Backend(slow) as a, dial(plane.serve({"a": 100}, {"a": a.port})) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: plane.ask("stats")["revisions"].get("a", {}).get("in_flight") == 1)
        assert plane.ask("drain", revision="a", timeout=0.05)["left"] == 1
        threading.Timer(0.1, going.set).start()
        assert plane.ask("drain", revision="a", timeout=10)["left"] == 0
        assert peer.response()[0] == 204
    assert plane.ask("drain", revision="unknown", timeout=0)["left"] == 0


def test_a_drain_closes_idle_connections(plane: Dataplane) -> None:
    """After a drain no idle connection keeps the old revision's server from ending."""
    with Backend(saying("a")) as a:
        assert get(plane.serve({"a": 100}, {"a": a.port}))[0] == 200
        plane.ask("drain", revision="a", timeout=1)
        eventually(lambda: a.peers[0].socket.fileno() == -1)


SERVICE = {"name": "s", "port": 0, "host": "s", "split": [["a", 100]], "backends": {}}


@pytest.mark.parametrize(
    ("op", "said"),
    [
        (b"", "truncated"),
        (b"[]", "object"),
        (b'{"op":"no"}', "no"),
        (b'{"op":"drain"}', "revision"),
        (b'{"op":"drain","revision":"a","timeout":-1}', "timeout"),
        (b'{"op":"ping","x":1}', "x"),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
        ({"split": [["a", 99]]}, "sums to 99"),
        ({"split": [["a", 101]]}, "<= 100"),
        ({"port": 65536}, "65535"),
        ({"port": 80.5}, "int"),
        ({"timeout": 0}, "> 0"),
        ({"tags": {"t": {"port": 1}}}, "revision"),
        ({"tmeout": 3}, "tmeout"),
    ],
)
def test_bad_input_is_answered(plane: Dataplane, op: bytes | dict[str, object], said: str) -> None:
    """What cannot be understood is answered with the reason, and the next line is heard."""
    line = op if isinstance(op, bytes) else json.dumps({"op": "table", "services": [SERVICE | op]}).encode()
    answer = plane.say(line)
    assert answer["ok"] is False
    assert said in answer["error"]
    assert plane.ask("ping") == {"ok": True}


def test_a_table_that_contradicts_itself(plane: Dataplane) -> None:
    """Two services of one name, or one port for two of them, are refused."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for services in ([SERVICE, SERVICE], [SERVICE | {"port": port}, SERVICE | {"name": "t", "port": port}]):
        answer = plane.say(json.dumps({"op": "table", "services": services}).encode())
        assert answer["ok"] is False
        assert "twice" in answer["error"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=st.binary(max_size=200).filter(lambda data: b"\n" not in data))
def test_any_line_is_answered(plane: Dataplane, line: bytes) -> None:
    """No line crashes it, and each gets one answer."""
    assert plane.say(line)["ok"] is False
    assert plane.ask("ping") == {"ok": True}


def test_a_controller_that_dies_harms_nothing(plane: Dataplane) -> None:
    """A control connection that ends within a line, or sends one without an end, leaves traffic alone."""
    with Backend(saying("a")) as a:
        port = plane.serve({"a": 100}, {"a": a.port})
        for line in (b'{"op":"table","serv', b'{"op":"drain","revision":"a","timeout":5}'):
            with socket.socket(socket.AF_UNIX) as other:
                other.connect(str(plane.path))
                other.sendall(line)
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(str(plane.path))
            with pytest.raises(OSError, match=r"pipe|reset"):
                other.sendall(b"x" * (100 << 20))
        assert get(port) == (200, b"a")


@pytest.mark.parametrize("way", ["quit", "SIGTERM"])
def test_it_ends_when_what_is_under_way_has_ended(tmp_path: Path, way: str) -> None:
    """A request that is under way is answered in full; idle clients are let go; the exit code is 0."""
    going, plane = threading.Event(), Dataplane(tmp_path)

    def slow(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsl")
        going.wait(10)
        peer.send(b"ow")

    with Backend(slow) as a, dial(plane.serve({"a": 100}, {"a": a.port})) as peer, dial(plane.port) as idle:
        peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        peer.until(b"sl")
        if way == "quit":
            assert plane.ask("quit") == {"ok": True}
        else:
            plane.process.send_signal(signal.SIGTERM)
        assert idle.rest() == b""
        with pytest.raises(ConnectionRefusedError):
            get(plane.port)
        going.set()
        assert peer.rest() == b"ow"
    assert plane.close() == ""
    assert plane.process.returncode == 0
    assert not plane.path.exists()


def test_two_do_not_share_a_socket(plane: Dataplane) -> None:
    """A second data plane on a socket that is served refuses; the socket file of a dead one is taken over."""
    words = [sys.executable, "-m", "relman.embedded.dataplane", "--socket"]
    second = subprocess.run([*words, str(plane.path)], capture_output=True, timeout=10, check=False)
    assert second.returncode == os.EX_TEMPFAIL
    assert b"another data plane" in second.stderr
    nowhere = subprocess.run([*words, "/no/such/folder/s"], capture_output=True, timeout=10, check=False)
    assert nowhere.returncode == os.EX_UNAVAILABLE
    assert b"/no/such/folder/s cannot be served" in nowhere.stderr


def test_a_killed_one_is_followed(tmp_path: Path) -> None:
    """After kill -9 the next one serves the same socket and the same port."""
    with Backend(saying("a")) as a:
        first = Dataplane(tmp_path)
        port = first.serve({"a": 100}, {"a": a.port})
        assert get(port) == (200, b"a")
        first.process.kill()
        first.close()
        second = Dataplane(tmp_path)
        second.port = port
        assert second.serve({"a": 100}, {"a": a.port}) == port
        assert get(port) == (200, b"a")
        assert second.close() == ""


def test_it_imports_no_google() -> None:
    """It starts fast because it imports nothing slow: no google, no relman outside of the platform."""
    code = "import relman.embedded.dataplane, sys; print(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = run.stdout.decode().split()
    assert [
        name for name in loaded if name.split(".")[0] in {"google", "grpc", "requests", "rich", "git"}
    ] == []
    own = [name for name in loaded if name.startswith("relman.") and not name.startswith("relman.embedded")]
    assert own == []
