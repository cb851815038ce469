"""The data plane's flips, met with real processes under load."""

from __future__ import annotations

import itertools
import threading
import time
from bisect import bisect_right
from contextlib import ExitStack

from .wire import Dataplane, Peer, dial, eventually, revision


class Crowd:
    """Sixteen clients on kept connections, GET and POST in turn, that note what they lose."""

    def __init__(self, port: int) -> None:
        """Begin."""
        self.lost: list[str] = []
        self.served: list[tuple[float, float, str]] = []
        self._port, self._ending = port, threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(16)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        try:
            with dial(self._port) as peer:
                for turn in itertools.count():
                    if self._ending.is_set():
                        return
                    self._once(peer, b"x" * 5000 if turn % 2 else b"")
        except (OSError, EOFError, AssertionError) as error:
            self.lost.append(repr(error))

    def _once(self, peer: Peer, body: bytes) -> None:
        sent = time.monotonic()
        method = b"POST" if body else b"GET"
        peer.send(b"%b / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (method, len(body), body))
        status, answer = peer.response()
        name, _, echoed = answer.partition(b" ")
        assert status == 200, (status, answer)
        assert echoed == body
        self.served.append((sent, time.monotonic(), name.decode()))

    def leave(self) -> None:
        """End."""
        self._ending.set()
        for thread in self._threads:
            thread.join()


class Flips:
    """The flips of a service: when each was asked for, when it was acknowledged, and to what."""

    def __init__(self, plane: Dataplane) -> None:
        """None yet."""
        self._plane = plane
        self._asked: list[float] = []
        self._known: list[float] = []
        self.names: list[str] = []

    def to(self, name: str, backends: dict[str, int]) -> int:
        """All traffic to one revision; the port."""
        self.names.append(name)
        self._asked.append(time.monotonic())
        port = self._plane.serve({name: 100}, backends)
        self._known.append(time.monotonic())
        return port

    def misled(self, crowd: Crowd) -> list[tuple[float, float, str]]:
        """What a revision served that was not on at any time from the request's sending to its answer."""
        return [entry for entry in crowd.served if entry[2] not in self._possible(entry[0], entry[1])]

    def _possible(self, sent: float, done: float) -> list[str]:
        return self.names[bisect_right(self._known, sent) - 1 : bisect_right(self._asked, done)]


def test_a_hundred_flips_lose_nothing(plane: Dataplane) -> None:
    """No request is lost in 100 flips, and none sent after a flip's answer reaches the old revision."""
    with ExitStack() as stack:
        backends = {name: stack.enter_context(revision(name))[0] for name in ("a", "b")}
        flips = Flips(plane)
        crowd = Crowd(flips.to("a", backends))
        for number in range(100):
            flips.to("ab"[number % 2 == 0], backends)
            seen = len(crowd.served) + 16
            eventually(lambda seen=seen: len(crowd.served) > seen or bool(crowd.lost))  # type: ignore[misc]
        crowd.leave()
    assert crowd.lost == []
    assert len(crowd.served) > 1600
    assert flips.misled(crowd) == []
    assert {name for _, _, name in crowd.served} == {"a", "b"}


def test_rolling_releases_lose_nothing(plane: Dataplane) -> None:
    """Ready, table, drain, SIGTERM: over and over, no client notices, though the old one dies at once."""
    with ExitStack() as stack:
        port, end = stack.enter_context(revision("r0"))
        flips = Flips(plane)
        crowd = Crowd(flips.to("r0", {"r0": port}))
        for number in range(1, 11):
            end_old = end
            port, end = stack.enter_context(revision(f"r{number}"))
            flips.to(f"r{number}", {f"r{number}": port})
            assert plane.ask("drain", revision=f"r{number - 1}", timeout=10)["left"] == 0
            end_old()
        crowd.leave()
    assert crowd.lost == []
    assert flips.misled(crowd) == []
    assert {name for _, _, name in crowd.served} == set(flips.names)
