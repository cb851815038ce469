"""The platform put together: store, runtime, data plane, the APIs, and the server that speaks them.

What it is not: a command line (``daemon``).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from email.utils import formatdate
from pathlib import Path

from relman.embedded import ports
from relman.embedded.control.builds import Builds
from relman.embedded.control.calls import Calls
from relman.embedded.control.faults import Faults
from relman.embedded.control.monitoring.api import Monitoring
from relman.embedded.control.monitoring.collecting import Collector
from relman.embedded.control.operations import Operations
from relman.embedded.control.policies import Policies
from relman.embedded.control.proxy import DataPlane
from relman.embedded.control.reconcile import Reconciler
from relman.embedded.control.rehearsal import Rehearsal
from relman.embedded.control.revisions import Revisions
from relman.embedded.control.scaling import Scaling
from relman.embedded.control.secrets import Secrets
from relman.embedded.control.services import Services
from relman.embedded.control.status import report
from relman.embedded.control.strikes import Strikes
from relman.embedded.control.tables import Tables
from relman.embedded.images import oci
from relman.embedded.images.objects import Objects
from relman.embedded.images.uploads import Uploads
from relman.embedded.resources.deleted import Deleted
from relman.embedded.resources.faults import shown
from relman.embedded.resources.limits import Limits
from relman.embedded.resources.messages import Revision, Service
from relman.embedded.resources.minutes import Minutes
from relman.embedded.resources.shelf import Shelf
from relman.embedded.resources.store import Store
from relman.embedded.runtime.keeping import Runtime
from relman.embedded.wire import monitoring, v1
from relman.embedded.wire.buildlogs import Logs
from relman.embedded.wire.certificate import context
from relman.embedded.wire.envelope import answered
from relman.embedded.wire.faults import FaultSurface
from relman.embedded.wire.forward import unwrap
from relman.embedded.wire.grpc import SOCKET, Grpc
from relman.embedded.wire.hosts import named
from relman.embedded.wire.http import Answer, Intake, Request, Surface
from relman.embedded.wire.monitoring import MonitoringRest
from relman.embedded.wire.neighbours import neighbours
from relman.embedded.wire.pages import refused, turn_away
from relman.embedded.wire.port import Port
from relman.embedded.wire.registry.surface import Registry
from relman.embedded.wire.rest import Rest
from relman.embedded.wire.routes import table
from relman.embedded.wire.settings import Settings
from relman.embedded.wire.storage import Storage

STATUS = b"/status"
TRIES = 20
"""Free ports that somebody else may take in the very moment before it is listened on."""
LIMITS = Limits()
log = logging.getLogger(__name__)


class Platform:
    """One embedded platform.

    Args:
        state: Its folder; everything it keeps is in there.
        now: The current time.
        faithful: Reproduce the mistakes of the real APIs that are refused otherwise (row 11).
        runtime: The rung of the runtime ladder, from now on; empty for the one of last time.
        limits: What this machine gives to a revision.
    """

    def __init__(
        self,
        state: Path,
        now: Callable[[], datetime],
        *,
        faithful: bool = False,
        runtime: str = "",
        limits: Limits = LIMITS,
    ) -> None:
        """Open the store; nothing runs yet."""
        self._state, self._faithful = state, faithful
        self._requests = 0
        self.store = Store(state / "state.db")
        self._faults = Faults(self.store, now)
        true, now = now, self._faults.now  # from here on it may lie
        if runtime:
            self.store.keep_setting("runtime", runtime)
        self._runtime = Runtime(state, self.store)
        self._operations = operations = Operations(self.store)
        operations.forget_old()
        for kind, message in (("service", Service), ("revision", Revision)):
            Deleted(self.store, kind, message).forget_old(true())
        self._revisions = Revisions(self.store, operations, self._resolved, now)
        services = Services(self.store, operations, self._revisions, self._kick, now, faithful=faithful)
        self._services = services.shelf
        self._serve(services.shelf, limits, now)
        self._builds = Builds(state, self.store, operations, now)
        self._measure(now, true)
        self._runtime.secrets = (secrets := Secrets(self.store, now)).value
        apis: dict[str, object] = {
            "services": services,
            "policies": Policies(services.shelf),
            "secrets": secrets,
            "revisions": self._revisions,
            "operations": operations,
            "builds": self._builds,
            monitoring.NAME: self._monitoring,
        }
        self._strikes = Strikes(self._faults, services, operations, self._kick)
        calls = Calls(apis, self._strikes)
        registry = over(state, true())
        self._surfaces = self._spoken(calls, operations, registry)
        self._grpc = Grpc(calls)
        self._port = Port(self._answer, SOCKET, guarded(registry), context(state), self._front)

    def _measure(self, now: Callable[[], datetime], true: Callable[[], datetime]) -> None:
        """What counts the requests, minute by minute, and tells of them."""
        self._minutes, self._now = Minutes(self.store), now
        self._collector = Collector(self._minutes, self._plane.minutes, now, true)
        self._plane.greet = self._collector.collect
        self._monitoring = Monitoring(self.store, self._minutes, self._collector)

    def _serve(self, services: Shelf, limits: Limits, now: Callable[[], datetime]) -> None:
        """What brings services to what is wanted, and traffic to them; each knows those it speaks to."""
        known = (services, self._revisions, self._runtime)
        self._scaling = Scaling(*known, limits)
        self._reconciler = Reconciler(*known, self._operations, self._scaling, now=now)
        tables = Tables(*known)
        self._plane = DataPlane(self._state, tables.table, self._scaling.wanted)
        tables.plane = self._scaling.plane = self._reconciler.plane = self._plane
        self._runtime.watcher = self._reconciler
        self._reconciler.faults = self._faults
        self._plane.faults = lambda: [one.fault for one in self._faults.at("request")]

    def _spoken(self, calls: Calls, operations: Operations, registry: Registry) -> tuple[Surface, ...]:
        """What is answered over HTTP/1.1, in the order in which it is asked."""
        rehearsal = Rehearsal(
            self._faults,
            operations,
            self._revisions,
            self._plane,
            images=self._state / "images",
            wake=self._wake,
        )
        settings = Settings(self._monitoring)
        own = (
            unwrap,
            turn_away,
            self._report,
            settings.answer,
            FaultSurface(rehearsal).answer,
            self._count,
            registry.answer,
        )
        logs = Logs(self._state / "logs" / "builds").answer
        v1_surfaces = v1.surfaces(calls, self.store, operations.last)
        storage = Storage(Objects(self._state / "storage")).answer
        apis = (logs, storage, *v1_surfaces, neighbours, MonitoringRest(calls).answer)
        return (*own, *apis, Rest(table(), calls).answer)

    async def run(self, port: int) -> None:
        """Serve until SIGTERM or SIGINT, then stop everything that was started.

        Args:
            port: Where the APIs are; 0 for the remembered one, else a free one.

        Raises:
            OSError: The port is taken.
        """
        over = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, over.set)
        port = await self._port.start(ports.HOST, [port] if port else chosen(self.store))
        self.store.keep_setting("port", str(port))
        try:
            log.info("serving on http://%s:%s", ports.HOST, port)
            await self._grpc.start()
            await self._plane.start()
            await self._reconciler.begin()
            self._scaling.begin()
            self._builds.begin()
            self._collector.begin()
            self._strikes.begin()
            (self._state / "serving").write_text(json.dumps({"pid": os.getpid(), "port": port}))
            await over.wait()
        finally:
            await self._stop()

    async def _stop(self) -> None:
        """1 no requests to the APIs, 2 no builds and changes, 3 no traffic, 4 no processes."""
        (self._state / "serving").unlink(missing_ok=True)
        await self._port.stop()
        await self._grpc.stop()
        await self._strikes.stop()
        await self._builds.stop()
        await self._scaling.stop()
        await self._reconciler.stop()
        await self._collector.stop()
        await self._plane.stop()
        await self._runtime.stop()
        self.store.close()

    async def _answer(self, request: Request) -> Answer:
        """An answer to whatever comes, with its time: what breaks in a surface leaves nobody waiting."""
        answer = await answered(self._first(request), f"{request.method} {request.target!r}")
        date = formatdate(self._now().timestamp(), usegmt=True)  # RFC 9110, section 6.6.1
        return replace(answer, headers={"date": date, **answer.headers})

    async def _first(self, request: Request) -> Answer:
        """What the first surface answers that a request is for; the last is for all."""
        for surface in self._surfaces:
            answer = await surface(request)
            if answer:
                break
        assert answer  # noqa: S101 - REST answers everything, if only that there is no such path
        return answer

    async def _count(self, _: Request) -> None:
        """No surface: whatever comes here is for an API."""
        self._requests += 1

    async def _report(self, request: Request) -> Answer | None:
        if (request.method, bytes(request.target)) != ("GET", STATUS):
            return None
        hour_ago = int(self._now().timestamp() // 60) - 60
        ended = self._minutes.totals(hour_ago)
        settled = self._reconciler.settled
        found = report(self._services, self._revisions, self._runtime, ended, settled=settled)
        found |= {"requests": self._requests, "faithful": self._faithful}
        found["faults"] = [shown(one.fault) for one in self._faults.all()]
        more = {"state": str(self._state), "monitoring_lag": int(self._monitoring.lag.total_seconds())}
        return Answer(200, json.dumps(found | more).encode())

    def _front(self, host: str) -> int:
        """The port of the service that a host names, 0 if it names none."""
        service = named(host, (entry.message.name for entry in self._services.all()))
        return self.store.ports(service).get("", 0) if service else 0

    def _kick(self, service: str) -> None:
        self._reconciler.kick(service)

    def _wake(self) -> None:
        """Have every service looked at, also those of which only the end is missing."""
        for entry in self._services.all():
            self._kick(entry.message.name)
        for _, facts in self._operations.unfinished():
            self._kick(facts["target"])

    def _resolved(self, image: str) -> str:
        """An image by tag becomes the same by digest; one that is not there is told when it is started."""
        try:
            digest = oci.resolve(self._state / "images", image)
        except oci.ImageMissing:
            return image
        name = image.partition("@")[0]
        head, slash, last = name.rpartition("/")
        return f"{head}{slash}{last.partition(':')[0]}@{digest}"


def over(state: Path, now: datetime) -> Registry:
    """The registry over a platform's images."""
    uploads = Uploads(state / "uploads")
    uploads.forget_old(now)
    return Registry(state / "images", uploads)


def guarded(registry: Registry) -> Intake:
    """Takes in what is pushed; not what a web page sends, which is refused when it is whole."""
    return lambda request: None if refused(request) else registry.intake(request)


def chosen(store: Store) -> Iterator[int]:
    """Where to listen when nobody says: the port of the last time, the preferred one, any free one."""
    if last := int(store.setting("port") or 0):
        yield last
    yield ports.PREFERRED
    for _ in range(TRIES):
        yield ports.free()
