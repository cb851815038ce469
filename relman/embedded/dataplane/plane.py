"""What all connections of the data plane share: the present table, the counters, the idle connections.

What it is not: logic.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relman.embedded.dataplane.admission import Admission
from relman.embedded.dataplane.deadlines import Deadlines
from relman.embedded.dataplane.faults import Faults
from relman.embedded.dataplane.head import Request, Response
from relman.embedded.dataplane.heads import Heads
from relman.embedded.dataplane.meter import Meter
from relman.embedded.dataplane.pool import Pool
from relman.embedded.dataplane.table import EMPTY, Table

if TYPE_CHECKING:
    from relman.embedded.dataplane.downstream import Downstream


@dataclass
class Plane:
    """The data plane's state. ``table`` is replaced as a whole, never changed; ``faults`` is mostly None."""

    table: Table = EMPTY
    faults: Faults | None = None
    meter: Meter = field(default_factory=Meter)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    clients: set[Downstream] = field(default_factory=set)
    requests: Heads[Request] = field(default_factory=Heads)
    answers: Heads[Response] = field(default_factory=Heads)
    deserted: asyncio.Event = field(default_factory=asyncio.Event)
    pool: Pool = field(init=False)
    admission: Admission = field(init=False)
    deadlines: Deadlines = field(init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Nobody is here at first."""
        self.pool, self.admission = Pool(self.loop), Admission(self.loop)
        self.deadlines = Deadlines(self.loop)
        self.deserted.set()

    def welcome(self, client: Downstream) -> None:
        """A client has come."""
        self.clients.add(client)
        self.deserted.clear()

    def dismiss(self, client: Downstream) -> None:
        """A client has gone."""
        self.clients.discard(client)
        if not self.clients:
            self.deserted.set()

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run it, and hold on to it meanwhile (the event loop itself keeps only weak references)."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
