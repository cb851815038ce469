"""Which instance takes a request now, and who waits for one: the concurrency limit and the queue.

What it is not: a decision how many instances there are. It tells the control plane how many it could use.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any

from relman.embedded.dataplane.pool import Backend
from relman.embedded.dataplane.table import NO_FLEET, Fleet

if TYPE_CHECKING:
    from relman.embedded.dataplane.exchange import Exchange


AGAIN = 1.0
"""Seconds after which a queue that grows tells once more what it told before."""


class Load:
    """One revision: what each instance has under way, and who waits, first come first.

    Attributes:
        fleet: The instances, as the table has them.
        backends: The same, by port.
        busy: Requests under way by port; an instance that left the table stays until it is idle.
        waiting: The requests that no instance has room for.
    """

    def __init__(self, revision: str, tell: Callable[[], None]) -> None:
        """No instance, and nothing is under way."""
        self._revision = revision
        self.waiting: dict[Exchange, None] = {}
        self.busy: dict[int, int] = {}
        self._idle_since: dict[int, float] = {}
        self._drains: dict[int, list[asyncio.Event]] = {}
        self._tell = tell
        self._told, self._told_at = 0, 0.0
        self.equip(NO_FLEET)

    def equip(self, fleet: Fleet) -> None:
        """Another table has these instances."""
        self.backends = {port: Backend(self._revision, port) for port in fleet.ports}
        self.fleet, self._told = fleet, 0
        self._ports = fleet.ports
        now = monotonic()
        for port in fleet.ports:
            self.busy.setdefault(port, 0)
            self._idle_since.setdefault(port, now)
        for port in [port for port, number in self.busy.items() if not number and port not in fleet.ports]:
            self._forget(port)

    @property
    def wanted(self) -> int:
        """How many instances what is under way and what waits would fill."""
        limit = self.fleet.concurrency or 1
        return -(-(sum(self.busy.values()) + len(self.waiting)) // limit)

    @property
    def idle(self) -> bool:
        """Nothing is under way, and nobody waits."""
        return not self.waiting and not any(self.busy.values())

    def room(self, wish: int) -> int:
        """The port of an instance that takes another request, the wished one if it can, or 0."""
        return 0 if self.waiting else self._free(wish)

    def enter(self, port: int) -> Backend:
        """A request goes to this instance."""
        self.busy[port] += 1
        return self.backends[port]

    def leave(self, port: int, now: float) -> None:
        """A request to this instance is over now (monotonic); the first of those who wait goes next."""
        self.busy[port] -= 1
        if not self.busy[port]:
            self._rests(port, now)
        if self.waiting:
            self.serve()

    def wait(self, exchange: Exchange) -> None:
        """Queue up, and tell if more instances would help."""
        self.waiting[exchange] = None
        self.call_for_more()

    def call_for_more(self) -> None:
        """Tell how many instances are wanted, when that is news, and again while it stays so."""
        wanted, now = self.wanted, monotonic()
        if self.waiting and (wanted > self._told or now > self._told_at + AGAIN):
            self._told, self._told_at = wanted, now
            self._tell()

    def serve(self) -> None:
        """Let those who wait go, as far as there is room."""
        while self.waiting:
            exchange = next(iter(self.waiting))
            port = self._free(exchange.wish)
            if not port:
                return
            del self.waiting[exchange]
            exchange.enter(port)

    def shun(self, port: int) -> None:
        """Nothing accepts connections there: leave it out until the next table."""
        self._ports = tuple(one for one in self._ports if one != port)

    async def drained(self, port: int, patience: float) -> int:
        """Wait ``patience`` seconds at most until an instance is idle; how much is still under way."""
        if self.busy.get(port):
            event = asyncio.Event()
            self._drains.setdefault(port, []).append(event)
            try:
                async with asyncio.timeout(patience):
                    await event.wait()
            except TimeoutError:
                self._drains.get(port, []).remove(event)
        return self.busy.get(port, 0)

    def figures(self) -> dict[str, Any]:
        """What the control plane decides by: who waits, and how long each instance has been idle."""
        now = monotonic()
        idle = {
            str(port): now - self._idle_since[port] for port in self.fleet.ports if not self.busy.get(port)
        }
        return {"waiting": len(self.waiting), "idle": idle}

    def _free(self, wish: int) -> int:
        ports, limit, busy = self._ports, self.fleet.concurrency, self.busy
        if not ports:
            return 0
        if wish in ports and (not limit or busy[wish] < limit):
            return wish
        port = ports[0] if len(ports) == 1 else min(ports, key=busy.__getitem__)
        return port if not limit or busy[port] < limit else 0

    def _rests(self, port: int, now: float) -> None:
        self._idle_since[port] = now
        for event in self._drains.pop(port, ()):
            event.set()
        if port not in self.fleet.ports:
            self._forget(port)

    def _forget(self, port: int) -> None:
        del self.busy[port]
        self._idle_since.pop(port, None)


class Admission:
    """The loads of all revisions, and the one who is told when instances are wanted."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nobody listens, nothing runs."""
        self._loop = loop
        self.listener: Callable[[dict[str, int]], None] | None = None
        self._loads: dict[str, Load] = {}
        self._telling = False

    def load(self, revision: str) -> Load:
        """The load of a revision, which the table need not know."""
        found = self._loads.get(revision)
        if found is None:
            found = self._loads[revision] = Load(revision, self.tell)
        return found

    def equip(self, fleets: Mapping[str, Fleet]) -> None:
        """A new table is in force: those who wait go where that leads, in their order."""
        for revision in fleets:
            self.load(revision)
        for revision, load in list(self._loads.items()):
            load.equip(fleets.get(revision, NO_FLEET))
        for exchange in list(self._queue()):
            exchange.reconsider()
        for revision, load in list(self._loads.items()):
            load.serve()
            load.call_for_more()
            if load.idle and revision not in fleets:
                del self._loads[revision]

    def refuse(self, revision: str, reason: str) -> None:
        """None can be started: say so to all who wait for the first one."""
        load = self.load(revision)
        if not load.fleet.ports:
            load.equip(load.fleet)
            for exchange in list(load.waiting):
                exchange.unserved(reason)

    def tell(self) -> None:
        """Tell the listener soon; many calls before that are one."""
        if not self._telling:
            self._telling = True
            self._loop.call_soon(self._tell_now)

    def figures(self) -> dict[str, Any]:
        """The figures of every revision."""
        return {revision: load.figures() for revision, load in self._loads.items()}

    def _tell_now(self) -> None:
        self._telling = False
        wanted = {revision: load.wanted for revision, load in self._loads.items() if load.waiting}
        if wanted and self.listener is not None:
            self.listener(wanted)

    def _queue(self) -> Iterator[Exchange]:
        for load in self._loads.values():
            yield from load.waiting
