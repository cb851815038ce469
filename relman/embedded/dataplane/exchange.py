"""One request and its answer: chooses the revision, dials, retries what is safe, and keeps the count.

What it is not: a connection; ``downstream`` (the client's) and ``upstream`` (the backend's) are.

What happens to it: ``start`` chooses and counts a revision; ``feed`` and ``end`` bring the request's body,
``answered``, ``body`` and ``complete`` the answer, each at its own pace; ``lost``, ``abandon`` and the time
limit break it off.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from relman.embedded.dataplane.faults import Strike
from relman.embedded.dataplane.head import BadMessage, Framing, Request, Response, own_response
from relman.embedded.dataplane.placement import Placement
from relman.embedded.dataplane.sending import LAST_CHUNK, Sending, chunk
from relman.embedded.dataplane.table import Nowhere
from relman.embedded.dataplane.upstream import Upstream, dialled

if TYPE_CHECKING:
    from relman.embedded.dataplane.downstream import Downstream
    from relman.embedded.dataplane.plane import Plane

WAITING = 1 << 18
"""Bytes of a body that may wait for a connection before the client is asked to pause."""

DISCARDED = 1 << 22
"""Bytes of a body that are read and dropped after an early answer, so that the client reads that answer."""

LINGER = 5.0
"""Seconds that such a body may take."""

AT_NO_FAULT = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})
"""After these the client's connection goes on."""

SAID = {
    "unreachable": "accepts no connection",
    "unanswered": "closed the connection without an answer",
    "cut": "closed the connection within its answer",
    "malformed": "answered with what is no HTTP/1.1",
}


class Exchange:
    """A request in its client's queue, until its answer is complete and its body is read."""

    def __init__(self, plane: Plane, client: Downstream, request: Request) -> None:
        """Wait for the turn."""
        self.request = request
        self.started = self.ended = False
        self._plane, self.client = plane, client
        self._sending = Sending(request, client.peer)
        self._upstream: Upstream | None = None
        self._place = Placement(plane, client.port, request)
        self._timer: asyncio.TimerHandle | None = None
        self._limit = 0.0
        self._status = self._discarded = 0
        self._framing, self._keep = Framing.NONE, request.keep_alive
        self._over = self._tunnel = self._half_closed = False

    # -- what the client's connection calls

    def start(self) -> None:
        """It is this request's turn: choose the revision, by the table as it is now."""
        self.started = True
        place = self._place
        try:
            place.choose()
        except Nowhere as nowhere:
            return self.refuse(HTTPStatus.NOT_FOUND, str(nowhere))
        if place.overfills(self.request, self._sending.size):
            return self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
        port = place.room()
        if port:
            return self.enter(port)
        patience = place.pick.fleet.patience
        if not patience:
            return self.unserved()
        self._timer = self._timer or self._plane.loop.call_later(patience, self.unserved)
        return place.wait(self)

    def feed(self, data: bytes) -> None:
        """A piece of the request's body, or in a tunnel of whatever is spoken there."""
        if not self._over:
            self._sending.add(data)
            if self.started and self._place.overfills(self.request, self._sending.size):
                self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large", "oversize")
            return
        self._discarded += len(data)
        if self._discarded > DISCARDED:
            self.client.abort()

    def end(self) -> None:
        """The request is read to its end."""
        self.ended = True
        if self._over:
            self._settle()
        else:
            self._sending.end()

    def push(self) -> None:
        """Send on what has come in."""
        if self._upstream is not None and self._sending.waiting:
            self._upstream.send(self._sending.take())

    def clogged(self) -> bool:
        """The client should pause."""
        if self._over:
            return False
        return self._upstream.full if self._upstream else self._sending.waiting > WAITING

    def hold(self, *, held: bool) -> None:
        """The client reads too slowly, or has caught up."""
        if self._upstream is not None:
            self._upstream.hold(held=held)

    def refuse(self, status: HTTPStatus, reason: str, error: str = "") -> None:
        """Answer it ourselves."""
        self._drop_upstream()
        if self._status:  # half an answer is out already
            self.client.cut()
            return self._finish(error)
        self._keep = self._keep and status in AT_NO_FAULT
        self._answer(status, reason)
        return self._finish(error)

    def spoil(self, bad: BadMessage) -> None:
        """The request's body cannot be understood."""
        self.ended, self._keep = True, False
        if self._over:
            self._settle()
        else:
            self.refuse(bad.status, bad.reason, "spoilt")

    def client_ended(self) -> None:
        """In a tunnel, the client will not say more."""
        if self._upstream is not None:
            self._upstream.end()
        self._half_close()

    def abandon(self) -> None:
        """The client is gone."""
        if self._tunnel and self._upstream is not None:
            upstream, self._upstream = self._upstream, None
            upstream.close()
        self._drop_upstream()
        if not self._over and self.started:
            self._finish("" if self._tunnel else "abandoned")
        self._stop_timer()

    def expire(self) -> None:
        """It has taken longer than it may."""
        self._keep = False
        if self._status:
            self._drop_upstream()
            self.client.abort()
            self._finish("timeout")
        else:
            self.refuse(HTTPStatus.GATEWAY_TIMEOUT, "the revision took too long", "timeout")

    # -- what the admission calls

    @property
    def wish(self) -> int:
        """The instance that it would go to, 0 for any."""
        return self._place.wish

    def enter(self, port: int) -> None:
        """There is an instance for it: the time that it may take begins."""
        self._stop_timer()
        backend = self._place.take(port)
        self._limit = self._place.pick.timeout
        self._plane.deadlines.begin(self._limit, self)
        faults = self._plane.faults
        if faults is not None and (strike := faults.strike(backend.revision, self.request.target)):
            return self._struck(strike)
        return self._connect(self._plane.pool.take(backend))

    def reconsider(self) -> None:
        """There is another table: go on waiting if that leads here too, else begin anew."""
        if not self._place.leads_here():
            self._place.withdraw(self)
            self.start()
            self.client.flush()

    def unserved(self, reason: str = "") -> None:
        """No instance had room within the patience, or none could be started, for this reason."""
        self._place.withdraw(self)
        self.refuse(*self._place.turned_away(reason), "unserved")

    # -- what the backend's connection calls

    def interim(self, response: Response) -> None:
        """A 1xx: for the client, which is the one that waits for it."""
        if self.request.version == "1.1":
            self.client.write(response.head(Framing.NONE, b""))

    def answered(self, response: Response) -> None:
        """The answer's head."""
        if self._place.overfills(response):
            self.refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "Response size was too large.", "oversize")
        else:
            self._show(response)

    def body(self, data: bytes) -> None:
        """A piece of the answer, or in a tunnel of whatever is spoken there."""
        self.client.write(chunk(data) if self._framing is Framing.CHUNKED else data)

    def complete(self, *, reusable: bool) -> None:
        """The answer's end; the connection can take another request unless this one is still being sent."""
        if self._framing is Framing.CHUNKED:
            self.client.write(LAST_CHUNK)
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.release(reusable=reusable and self.ended)
        self._finish("")

    def switched(self, data: bytes) -> None:
        """From here on both sides speak another protocol."""
        self._tunnel, self._framing = True, Framing.NONE
        self.client.write(data)
        self.client.tunnel()

    def backend_ended(self) -> None:
        """In a tunnel, the backend will not say more."""
        self.client.end()
        self._half_close()

    def lost(self, error: str) -> None:
        """The backend's connection is gone, or could not be made: once more if that is safe, else say so."""
        upstream, self._upstream = self._upstream, None
        if self._over:
            return None
        if self._tunnel:
            self.client.close()
            return self._finish("")
        if error == "unanswered" and upstream is not None and upstream.used and self._sending.rewind():
            return self._connect(None)
        if error == "unreachable" and self._place.pick.fleet.patience:
            return self._elsewhere()
        return self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, f"the revision's server {SAID[error]}", error)

    # -- inside

    def _struck(self, strike: Strike) -> None:
        """A fault on demand: late or at once, within the time that the request may take."""
        if strike.delay:
            self._plane.loop.call_later(strike.delay, self._struck, strike._replace(delay=0.0))
        elif self._over:
            return
        elif strike.reset:
            self.client.reset()
        elif strike.status:  # counted as the revision's own answer
            self._answer(HTTPStatus(strike.status), "a fault on demand")
            self._finish("")
        elif self._place.backend is not None:
            self._connect(self._plane.pool.take(self._place.backend))

    def _show(self, response: Response) -> None:
        self._sending.forget()
        self._status = response.status
        framing = self._framing = response.framing_for(self.request.version)
        waits_for_100 = self.request.expects and not self.ended
        if framing is Framing.CLOSE or self.client.retiring or waits_for_100:
            self._keep = False
        persistence = b"" if response.upgrade else self._persistence()
        self.client.write(self._place.seated(response).head(framing, persistence))

    def _answer(self, status: HTTPStatus, text: str) -> None:
        response, body = own_response(status, text)
        self._show(response)
        self.client.write(b"" if self.request.method == b"HEAD" else body)

    def _connect(self, upstream: Upstream | None) -> None:
        if upstream is None:
            self._plane.spawn(self._dial())
        else:
            self._attach(upstream)

    async def _dial(self) -> None:
        backend = self._place.backend
        if backend is None:
            return None
        try:
            upstream = await dialled(self._plane.pool, self._plane.answers, backend)
        except OSError:
            return self.lost("unreachable")
        if self._over:
            return upstream.close()
        return self._attach(upstream)

    def _attach(self, upstream: Upstream) -> None:
        self._upstream = upstream
        upstream.attach(self, self.request.method)
        upstream.hold(held=self.client.full)
        self.push()
        if not self.ended or upstream.full:
            self.client.steer()

    def _elsewhere(self) -> None:
        """The instance is gone, and nothing was sent: another one takes the request, or its successor."""
        self._place.shun()
        self._stop_timer()
        self.start()
        self.client.flush()

    def _persistence(self) -> bytes:
        if not self._keep:
            return b"close"
        return b"keep-alive" if self.request.version == "1.0" else b""

    def _half_close(self) -> None:
        if self._half_closed:
            self.client.close()
        self._half_closed = True

    def _drop_upstream(self) -> None:
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.abort()

    def _finish(self, error: str) -> None:
        """The answer is over; counted once, whatever the end was."""
        if self._over:
            return
        self._over = True
        self._place.withdraw(self)
        self._place.leave(self._status, error)
        self._settle()

    def _settle(self) -> None:
        """Make room for the next request, or wait a little for the end of this one's body."""
        self._stop_timer()
        if self.ended:
            self.client.finished(keep=self._keep)
        else:
            self._timer = self._plane.loop.call_later(LINGER, self.client.abort)
            self.client.flush()
            self.client.steer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._limit:
            self._plane.deadlines.lift(self._limit, self)
            self._limit = 0.0
