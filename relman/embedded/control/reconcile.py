"""The reconciler: makes what is wanted so, one service at a time, and ends the operations (row 18).

What it is not: remembered progress. Each turn looks at what is wanted and what is, and takes the next
step; killed at any moment, it begins again from the store.

A change is in force when the data plane has acknowledged its table, and only then told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import astuple
from datetime import datetime

from google.protobuf.message import Message
from google.rpc import code_pb2

from relman.embedded import ports
from relman.embedded.control.faults import Faults, change, dropped
from relman.embedded.control.operations import Operations
from relman.embedded.control.proxy import DataPlane
from relman.embedded.control.revisions import Revisions, short
from relman.embedded.control.scaling import Scaling, asleep
from relman.embedded.resources import conditions, traffic
from relman.embedded.resources.conditions import Failure, Trouble
from relman.embedded.resources.messages import CommonReason
from relman.embedded.resources.shelf import Entry, Shelf
from relman.embedded.resources.traffic import Share
from relman.embedded.runtime.keeping import Runtime

AGAIN_S = 0.2
log = logging.getLogger(__name__)


class Reconciler:
    """Brings services to what their clients want. It is the runtime's watcher."""

    def __init__(
        self,
        services: Shelf,
        revisions: Revisions,
        runtime: Runtime,
        operations: Operations,
        scaling: Scaling,
        *,
        now: Callable[[], datetime],
    ) -> None:
        """Nothing is done before the first kick."""
        self._services = services
        self._revisions = revisions
        self._operations = operations
        self._runtime = runtime
        self._scaling = scaling
        self._now = now
        self._due: set[str] = set()
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self.plane: DataPlane
        self.faults: Faults

    @property
    def settled(self) -> bool:
        """Nothing is being done, and every revision that serves is up or asleep."""
        services = self._services.all()
        serving = (f"{one.message.name}/revisions/{name}" for one in services for name in _names(one))
        found = (self._revisions.shelf.find(name) for name in serving)
        return not self._turns and all(
            self._runtime.is_up(one.message.name) or asleep(one) for one in found if one
        )

    def kick(self, service: str) -> None:
        """Look at a service soon; more kicks before that are one."""
        self._due.add(service)
        if service not in self._turns and not self._stopping:
            self._turns[service] = asyncio.create_task(self._turn(service))

    async def begin(self) -> None:
        """Go on where the last platform stopped: strangers end, every service is looked at."""
        known = {entry.message.name for entry in self._revisions.shelf.all()}
        await self._runtime.stop_strangers(known)
        for entry in self._services.all():
            self.kick(entry.message.name)
        for _, facts in self._operations.unfinished():
            if "delete" in facts:
                self.kick(facts["target"])

    async def stop(self) -> None:
        """Let go of every service."""
        self._stopping = True
        tasks = [*self._turns.values(), *self._leaving.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def came_up(self, revision: str, imported: float, provisioned: float) -> None:
        """An instance listens: its revision is ready, and may be what LATEST means."""
        entry = self._revisions.shelf.find(revision)
        if entry is None:
            return
        if self._scaling.warming(entry):
            conditions.revision_warms(entry.message, self._now())
            self._revisions.write(entry)
            return
        if not conditions.well(entry.message):
            conditions.revision_serves(entry.message, self._now(), imported, provisioned)
        took = imported + provisioned or entry.facts.get("startup", 0.0)
        entry.facts.update(asleep=False, startup=took)
        with self._services.store.transaction():
            self._revisions.write(entry, served=True)
            self._lift_latest(entry.message)
        self.kick(entry.message.service)

    def failed(self, revision: str, trouble: Trouble) -> None:
        """A revision cannot be started."""
        entry = self._revisions.shelf.find(revision)
        if entry and not self._scaling.stumbled(entry, trouble.message):
            conditions.revision_fails(entry.message, self._now(), trouble)
            self._revisions.write(entry)
            self.kick(entry.message.service)

    def crashed(self, revision: str, message: str) -> None:
        """A serving process ended; the runtime starts it again."""
        entry = self._revisions.shelf.find(revision)
        if entry:
            conditions.revision_crashed(entry.message, self._now(), message)
            self._revisions.write(entry)
            self.kick(entry.message.service)

    def _lift_latest(self, revision: Message) -> None:
        entry = self._services.find(revision.service)
        if entry and entry.message.latest_created_revision == revision.name:
            entry.message.latest_ready_revision = revision.name
            self._services.put(entry.message, entry.facts)

    async def _turn(self, service: str) -> None:
        try:
            while service in self._due:
                self._due.discard(service)
                await self._settle(service)
        except Exception:  # whatever it was, the service must be looked at again
            log.exception("settling %s", service)
            await asyncio.sleep(AGAIN_S)
            self._due.add(service)
        finally:
            del self._turns[service]
            if service in self._due:
                self.kick(service)

    async def _settle(self, service: str) -> None:
        """One look: 1 what was deleted ends, 2 what is needed starts, 3 what is ready is put in force."""
        held = self.faults.hold(service)
        if not held:
            await self._finish_deletes(service)
        entry = self._services.find(service)
        if entry is None:
            return
        shares = self._asked(entry.message)
        self._start_needed(entry, shares)
        late = held or change(entry) in self.faults.late
        verdict = False if late else dropped(entry) or self._verdict(entry, shares)
        if verdict is True:
            await self._put_in_force(entry, shares)
        else:
            if isinstance(verdict, Failure):
                self._tell(entry, entry.message.generation, verdict)
            await self.plane.flip()  # what serves goes on, wherever it was started again
        self._retire(service)

    async def _finish_deletes(self, service: str) -> None:
        for name, facts in self._operations.unfinished(service):
            if "delete" in facts:
                await self.plane.flip()
                await asyncio.gather(*(self._end(revision) for revision in facts["delete"]))
                self._operations.finish(name)

    def _asked(self, service: Message) -> list[Share]:
        """The traffic wanted; LATEST waits for the latest created while that is pending (row 25)."""
        created = self._revisions.shelf.find(service.latest_created_revision)
        latest = service.latest_ready_revision
        if created and (conditions.pending(created.message) or not latest):
            latest = service.latest_created_revision
        return traffic.resolve(service.traffic, short(latest))

    def _start_needed(self, entry: Entry, shares: list[Share]) -> None:
        served = _names(entry)
        wanted = served | {share.revision for share in shares}
        for one in self._revisions.of(entry.message.name):
            name = short(one.message.name)
            if name in served and not conditions.pending(one.message):
                self._runtime.want(one.message, insist=True, count=self._scaling.needed(one))
            elif conditions.pending(one.message):
                self._runtime.want(one.message, insist=name in served)
            elif name in wanted and not conditions.failed(one.message):
                self._runtime.want(one.message, insist=False)
            if name in wanted and conditions.retired(one.message) and self._runtime.is_up(one.message.name):
                self.came_up(one.message.name, 0, 0)  # it had not left yet

    def _verdict(self, entry: Entry, shares: list[Share]) -> Failure | bool:
        """A failure, True when all that the change needs is ready, False while something is on its way."""
        made, ready = entry.facts["made"], True
        for name in dict.fromkeys([*filter(None, [made]), *(share.revision for share in shares)]):
            found = self._revisions.shelf.find(f"{entry.message.name}/revisions/{name}")
            if found is None:
                return _unknown(name)
            if conditions.failed(found.message):
                return _unready(found.message)
            spare = name == made and not conditions.pending(found.message)
            needed = any(share.revision == name for share in shares)
            up = name in _names(entry) or self._runtime.is_up(found.message.name)
            ready = ready and (up if needed else spare)
        return ready

    async def _put_in_force(self, entry: Entry, shares: list[Share]) -> None:
        """1 keep what is to be served, 2 let the data plane flip, 3 tell it: so a kill loses nothing."""
        served = [list(astuple(share)) for share in shares]
        self._services.put(entry.message, entry.facts | {"served": served})
        await self.plane.flip()
        current = self._services.find(entry.message.name)
        if current:
            self._tell_served(current.message, entry.message)
            self._tell(current, entry.message.generation, None)
            self._start_needed(current, shares)  # a minimum is divided by the percentages in force

    def _tell_served(self, service: Message, served: Message) -> None:
        """Write down what is in force: the traffic of the change that was flipped to, and its URLs."""
        listening = self._services.store.ports(service.name)
        uris = {tag: f"http://{ports.HOST}:{port}" for tag, port in listening.items()}
        traffic.write_statuses(service, served.traffic, uris)
        service.observed_generation = served.generation
        service.uri = uris.get("", "")
        service.urls[:] = [service.uri]

    def _tell(self, entry: Entry, generation: int, failure: Failure | None) -> None:
        """Write down how the change came out, and end the operations that waited for it."""
        service, at = entry.message, self._now()
        newer = service.generation != generation
        routes = _half("RoutesReady", at, busy=newer, trouble=failure.trouble if failure else None)
        created = self._revisions.shelf.find(service.latest_created_revision)
        configurations = _configurations(created.message if created else None, at)
        conditions.service_tells(service, at, routes, configurations, self._crash(entry))
        with self._services.store.transaction():
            self._services.put(service, entry.facts)
            self._end_operations(service, generation, failure)

    def _crash(self, entry: Entry) -> str:
        """How the process of a serving revision ended that is not up again yet; empty when none did."""
        for name in sorted(_names(entry)):
            found = self._revisions.shelf.find(f"{entry.message.name}/revisions/{name}")
            message = conditions.crash_of(found.message) if found else ""
            if message:
                return f"Revision '{name}': {message}"
        return ""

    def _end_operations(self, service: Message, generation: int, failure: Failure | None) -> None:
        """An operation ends when its change is in force or refused, and the revision it made has settled."""
        for name, facts in self._operations.unfinished(service.name):
            if "delete" in facts or facts["generation"] > generation:
                continue
            made = self._revisions.shelf.find(f"{service.name}/revisions/{facts['made']}")
            if made and conditions.pending(made.message):
                self._operations.describe(name, service)
                continue
            own = _unready(made.message) if made and conditions.failed(made.message) else failure
            self._operations.finish(name, service, own.status if own else None)

    def _retire(self, service: str) -> None:
        """Let go of the settled revisions that nothing is asked to go to, and nothing goes to."""
        for one in self._revisions.of(service):
            revision = one.message
            if self._is_wanted(revision) or conditions.failed(revision):
                continue
            if not conditions.retired(revision):
                conditions.revision_retires(revision, self._now())
                one.facts["asleep"] = False
                self._revisions.write(one)
            if self._runtime.has(revision.name) and revision.name not in self._leaving:
                self._leaving[revision.name] = asyncio.create_task(self._leave(revision.name))

    def _is_wanted(self, revision: Message) -> bool:
        entry = self._services.find(revision.service)
        if entry is None:
            return False
        wanted = _names(entry) | {share.revision for share in self._asked(entry.message)}
        return short(revision.name) in wanted or conditions.pending(revision)

    async def _leave(self, name: str) -> None:
        """Drain and stop; unless it is wanted again by the time it is drained."""
        try:
            await self.plane.drain(name)
            entry = self._revisions.shelf.find(name)
            if not entry or not self._is_wanted(entry.message):
                await self._runtime.dismiss(name)
        finally:
            del self._leaving[name]

    async def _end(self, revision: str) -> None:
        await self.plane.drain(revision)
        await self._runtime.dismiss(revision)


def _names(entry: Entry) -> set[str]:
    """The revisions that serve, by short name."""
    return {share[0] for share in entry.facts["served"]}


def _half(kind: str, at: datetime, *, busy: bool, trouble: Trouble | None) -> Message:
    state = conditions.BUSY if busy else conditions.FAILED if trouble else conditions.DONE
    return conditions.condition(kind, state, at, None if busy else trouble)


def _configurations(created: Message | None, at: datetime) -> Message:
    """The half of a service that its latest created revision tells."""
    busy = created is None or conditions.pending(created)
    trouble = conditions.trouble_of(created) if created is not None and conditions.failed(created) else None
    return _half("ConfigurationsReady", at, busy=busy, trouble=trouble)


def _unknown(revision: str) -> Failure:
    text = (
        f"Revision '{revision}' does not exist or is deleted. "
        "Update all traffic to route to currently available revisions."
    )
    return Failure(code_pb2.INTERNAL, Trouble(text, CommonReason.REVISION_FAILED))


def _unready(revision: Message) -> Failure:
    trouble = conditions.trouble_of(revision)
    text = f"Revision '{short(revision.name)}' is not ready and cannot serve traffic. {trouble.message}"
    return Failure(code_pb2.FAILED_PRECONDITION, Trouble(text, trouble.reason))
