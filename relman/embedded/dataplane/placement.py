"""Where one request goes: its revision by the table, and an instance of it by the admission.

What it is not: a connection. It counts the request at the meter and at its instance, once each.
"""

from __future__ import annotations

from http import HTTPStatus
from random import random
from time import monotonic
from typing import TYPE_CHECKING

from relman.embedded.dataplane.admission import Load
from relman.embedded.dataplane.affinity import NOBODY, seat_in, seated
from relman.embedded.dataplane.head import Framing, Request, Response
from relman.embedded.dataplane.pool import Backend
from relman.embedded.dataplane.table import NO_FLEET, Nowhere, Pick, Route

if TYPE_CHECKING:
    from relman.embedded.dataplane.exchange import Exchange
    from relman.embedded.dataplane.plane import Plane

NO_INSTANCE = "The request was aborted because there was no available instance."
"""What Cloud Run says with 429 (https://cloud.google.com/run/docs/troubleshooting)."""

NOWHERE = Pick("", NO_FLEET, 0, 0)


class Placement:
    """The place of one request; chosen anew when the table or the instance is gone before it went out.

    Attributes:
        backend: The instance that has it; None before and after.
        pick: The revision.
        reached: The monotonic time when it was given to the instance, or refused.
    """

    __slots__ = (
        *("_counted", "_load", "_plane", "_port", "_request", "_seat"),
        *("backend", "pick", "reached"),
    )

    def __init__(self, plane: Plane, port: int, request: Request) -> None:
        """Nowhere yet."""
        self.backend: Backend | None = None
        self.pick = NOWHERE
        self.reached = 0.0
        self._plane, self._port, self._request = plane, port, request
        self._seat = NOBODY
        self._load: Load | None = None
        self._counted = False

    def choose(self) -> None:
        """Choose the revision, by the table as it is now.

        Raises:
            Nowhere: Nothing is served under this port and host.
        """
        plane = self._plane
        route = plane.table.route(self._port)
        self._seat = seat_in(self._request.fields) if route.sticky else NOBODY
        self.pick = route.pick(self._request.host, random(), self._seat.revision)  # noqa: S311 - no secret
        self._load = plane.admission.load(self.pick.revision)

    def room(self) -> int:
        """The instance that can take it now, 0 if none can."""
        return self._load.room(self.wish) if self._load else 0

    @property
    def wish(self) -> int:
        """The instance that the client has a seat at, 0 for any."""
        return self._seat.port if self._seat.revision == self.pick.revision else 0

    def overfills(self, message: Request | Response, seen: int = 0) -> bool:
        """Whether a body is larger than the service may have, by its length, else by what was seen of it."""
        size = message.length if message.framing is Framing.LENGTH else seen
        return size > self.pick.largest and message.framing is not Framing.NONE

    def take(self, port: int) -> Backend:
        """It goes to this instance."""
        assert self._load  # noqa: S101 - it was chosen: the load gave the port
        self._count()
        backend = self.backend = self._load.enter(port)
        return backend

    def wait(self, exchange: Exchange) -> None:
        """It waits for an instance."""
        if self._load is not None:
            self._load.wait(exchange)

    def withdraw(self, exchange: Exchange) -> None:
        """It waits no longer."""
        load = self._load
        if load is not None and load.waiting:
            load.waiting.pop(exchange, None)

    def leads_here(self) -> bool:
        """Whether the table as it is now may still lead to the revision that was chosen."""
        try:
            return self._route().leads_to(self._request.host, self.pick.revision)
        except Nowhere:
            return False

    def turned_away(self, reason: str) -> tuple[HTTPStatus, str]:
        """Count a request that no instance took; what it is answered.

        Args:
            reason: Why none could be started; empty when it has waited as long as it may.
        """
        self._count()
        fleet = self.pick.fleet
        if self._load and self._load.fleet.ports and not reason:
            return HTTPStatus.TOO_MANY_REQUESTS, NO_INSTANCE
        said = reason or (f"none was started within {fleet.patience:g} s" if fleet.patience else "none runs")
        return HTTPStatus.SERVICE_UNAVAILABLE, f"no instance of {self.pick.revision}: {said}"

    def leave(self, status: int, error: str) -> None:
        """It is over: make room, and count how it ended."""
        now = monotonic()
        if self._counted:
            self._counted = False
            self._plane.meter.ended(self.pick.revision, status, error, now - self.reached, now)
        backend, self.backend = self.backend, None
        if self._load is not None and backend is not None:
            self._load.leave(backend.port, now)

    def shun(self) -> None:
        """Its instance accepts no connection; nothing was sent."""
        backend = self.backend
        if self._load is not None and backend is not None:
            self._load.shun(backend.port)
        self.leave(0, "unreachable")

    def seated(self, response: Response) -> Response:
        """The answer, which gives the client a seat if the revision has affinity and it has not this one."""
        if self.pick.fleet.affinity and self.backend is not None and self._seat != self.backend:
            return seated(response, self.backend)
        return response

    def _count(self) -> None:
        if self.pick.revision:
            self._counted, self.reached = True, monotonic()
            self._plane.meter.begun(self.pick.revision)

    def _route(self) -> Route:
        return self._plane.table.route(self._port)
