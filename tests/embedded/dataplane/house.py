"""A data plane without sockets: pieces arrive just as they were cut, and all that goes out is kept."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, NamedTuple

from relman.embedded.dataplane.downstream import Downstream
from relman.embedded.dataplane.heads import Heads
from relman.embedded.dataplane.plane import Plane
from relman.embedded.dataplane.pool import Backend, Pool
from relman.embedded.dataplane.table import Fleet, Service, table_of
from relman.embedded.dataplane.upstream import Upstream

PORT = 1


class Wire(asyncio.Transport):
    """A connection that keeps what is written to it."""

    def __init__(self, stand_in: socket.socket) -> None:
        """Open; ``stand_in`` is whom it can be polled by."""
        super().__init__({"peername": ("127.0.0.1", 2), "socket": stand_in})
        self.out = bytearray()
        self.end = ""

    def write(self, data: Any) -> None:  # noqa: D102 - asyncio's
        assert data
        self.out += data

    def close(self) -> None:  # noqa: D102
        self.end = self.end or "closed"

    def abort(self) -> None:  # noqa: D102
        self.end = self.end or "aborted"

    def write_eof(self) -> None:  # noqa: D102
        self.end = self.end or "ended"

    def is_closing(self) -> bool:  # noqa: D102
        return bool(self.end)

    def pause_reading(self) -> None: ...  # noqa: D102
    def resume_reading(self) -> None: ...  # noqa: D102
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...  # noqa: D102


class Wires(Pool):
    """A pool that has a fresh connection whenever there is no kept one."""

    def __init__(self, plane: Plane, stand_in: socket.socket) -> None:
        """None was made yet."""
        super().__init__(plane.loop)
        self.plane, self.stand_in = plane, stand_in
        self.made: dict[Upstream, Wire] = {}
        self.busy: set[Upstream] = set()
        self.requests = 0

    def take(self, backend: Backend) -> Upstream:
        """A kept one, else a fresh one."""
        upstream = super().take(backend) or self.fresh(backend)
        self.busy.add(upstream)
        self.requests += 1
        return upstream

    def give(self, upstream: Upstream) -> None:
        """Its answer is complete."""
        super().give(upstream)
        self.busy.discard(upstream)

    def fresh(self, backend: Backend) -> Upstream:
        """As if it had just been dialled."""
        upstream, wire = Upstream(self, self.plane.answers, backend), Wire(self.stand_in)
        upstream.connection_made(wire)
        self.made[upstream] = wire
        return upstream

    def waiting(self) -> list[Upstream]:
        """Those that a request was sent on, and whose answer is not complete."""
        return [upstream for upstream in self.busy if not self.made[upstream].is_closing()]

    def hear(self, pieces: Sequence[bytes]) -> bool:
        """Bring an answer to the request that waits; whether another request waits for one now."""
        before = self.requests
        for piece in pieces:
            for upstream in self.waiting():
                upstream.data_received(piece)
        return bool(self.waiting()) and self.requests > before


class Forgetful(Heads[Any]):
    """Has never read anything before."""

    def learn(self, raw: bytes, head: object) -> None: ...  # noqa: D102


class Said(NamedTuple):
    """All that a conversation brought: to the client, and to each connection of the backend."""

    client: tuple[bytes, str]
    backend: list[tuple[bytes, str]]


class House:
    """A data plane without sockets; ``recalled`` counts what was known."""

    def __init__(self, stand_in: socket.socket, *, forgetful: bool = False) -> None:
        """One service, one instance."""
        plane = self.plane = Plane()
        self.stand_in = stand_in
        if forgetful:
            plane.requests, plane.answers = Forgetful(), Forgetful()
        fleets = {"r": Fleet((1001,))}
        plane.table = table_of((Service("s", PORT, "s", (("r", 100),), fleets),))
        plane.admission.equip(plane.table.fleets)
        self.recalled = 0
        self._watch(plane.requests)
        self._watch(plane.answers)

    def converse(self, sent: Sequence[bytes], answer: Sequence[bytes]) -> Said:
        """A client sends these pieces; each of its requests is answered with those."""
        pool = self.plane.pool = Wires(self.plane, self.stand_in)
        client, wire = Downstream(self.plane, PORT), Wire(self.stand_in)
        client.connection_made(wire)
        for piece in sent:
            if not wire.is_closing():
                client.data_received(piece)
            while pool.waiting() and pool.hear(answer):
                pass
        said = Said(_end(wire), [_end(one) for one in pool.made.values()])
        client.connection_lost(None)
        return said

    def _watch(self, known: Heads[Any]) -> None:
        recall = known.recall

        def counting(raw: bytes) -> Any:
            found = recall(raw)
            self.recalled += found is not None
            return found

        known.recall = counting


def _end(wire: Wire) -> tuple[bytes, str]:
    return bytes(wire.out), wire.end
