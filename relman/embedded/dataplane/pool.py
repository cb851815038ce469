"""Idle connections to backends, kept for a moment.

What it is not: a limit. A request never waits for a connection; without an idle one it dials.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from relman.embedded.dataplane.upstream import Upstream

IDLE = 1.0
"""Seconds that a connection may wait. Servers close idle ones after 2 to 75 s; being well below that, we
hardly ever send a request into a connection that is being closed, and dialling on loopback costs 0.1 ms."""


class Backend(NamedTuple):
    """Whom a connection leads to; a port alone could have changed hands."""

    revision: str
    port: int


class Pool:
    """The idle connections by backend, the last used on top."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start empty."""
        self._loop = loop
        self._idle: dict[Backend, list[Upstream]] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    def take(self, backend: Backend) -> Upstream | None:
        """An idle connection that is still open as far as anyone can know, or None."""
        waiting = self._idle.get(backend)
        while waiting:
            upstream = waiting.pop()
            if upstream.ready():
                return upstream
            upstream.close()
        return None

    def give(self, upstream: Upstream) -> None:
        """Keep a connection whose last answer is complete."""
        upstream.idle_since = self._loop.time()
        waiting = self._idle.get(upstream.backend)
        if waiting is None:
            waiting = self._idle[upstream.backend] = []
        waiting.append(upstream)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(IDLE, self._sweep)

    def forget(self, upstream: Upstream) -> None:
        """A connection that closed while it was idle."""
        waiting = self._idle.get(upstream.backend, [])
        if upstream in waiting:
            waiting.remove(upstream)

    def close(self, revision: str, port: int = 0) -> None:
        """Close the idle connections to a revision, or to one instance, whose server can then end."""
        gone = [one for one in self._idle if one.revision == revision and port in {0, one.port}]
        for backend in gone:
            for upstream in self._idle.pop(backend):
                upstream.close()

    def _sweep(self) -> None:
        loop = self._loop
        fresh: dict[Backend, list[Upstream]] = {}
        for backend, waiting in self._idle.items():
            for upstream in waiting:
                if loop.time() - upstream.idle_since < IDLE:
                    fresh.setdefault(backend, []).append(upstream)
                else:
                    upstream.close()
        self._idle = fresh
        self._sweeping = loop.call_later(IDLE, self._sweep) if fresh else None
