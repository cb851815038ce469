"""What faults do to a call: before it, in place of it, after it; the same by whichever wire it came.

What it is not: a way around the APIs. A second writer writes as any client does, and what an operation is
said to have come to is kept like everything else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from google.protobuf.message import Message
from google.rpc import code_pb2

from relman.embedded.control.faults import Change, Faults, Standing, change, dropped
from relman.embedded.control.operations import Operations
from relman.embedded.control.services import Services
from relman.embedded.resources.faults import Fault, ReplyLost, about
from relman.embedded.resources.messages import Allocation, Status, TrafficTarget, UpdateServiceRequest
from relman.embedded.resources.refusals import Refusal, demanded
from relman.embedded.resources.striking import names

ANNOTATION = "example.com/second-writer"
"""What a second writer writes: the fault's name and how often it has struck."""
REFUSALS = {"unavailable": "UNAVAILABLE", "exhausted": "RESOURCE_EXHAUSTED"}
SENTENCE = "{what} (fault {fault} of the embedded platform)"
log = logging.getLogger(__name__)
Carrying = Callable[[], Awaitable[Message | None]]


class Strikes:
    """Does to calls what the faults that stand say.

    Args:
        faults: Those.
        services: What a second writer writes to.
        operations: What hangs or fails late.
        kick: Tells the reconciler that a service is to be looked at.
    """

    def __init__(
        self, faults: Faults, services: Services, operations: Operations, kick: Callable[[str], None]
    ) -> None:
        """Nothing is under way."""
        self._faults = faults
        self._services = services
        self._operations = operations
        self._kick = kick
        self._tasks: set[asyncio.Task[Message | None]] = set()

    @property
    def due(self) -> bool:
        """There are faults that calls may meet."""
        return bool(self._faults.at("call"))

    def begin(self) -> None:
        """What was to fail late when the last platform ended is late enough now."""
        for one in self._faults.all("operation-fails"):
            for operation in self._operations.withheld(one.fault.name):
                self._fail(one, operation)

    async def stop(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def around(self, method: str, request: Message, carrying: Carrying) -> Message | None:
        """Carry a call out, between what is done to it; it goes on when its client has gone.

        Raises:
            Refusal: By the API, or by a fault.
            ReplyLost: Whatever came of it, its client is not to be answered.
        """
        return await asyncio.shield(self._spawned(self._carried(method, request, carrying)))

    def _spawned(self, work: Awaitable[Message | None]) -> asyncio.Task[Message | None]:
        task = asyncio.ensure_future(work)
        assert isinstance(task, asyncio.Task)  # noqa: S101 - what a coroutine becomes
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Message | None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen: its client may have gone

    async def _carried(self, method: str, request: Message, carrying: Carrying) -> Message | None:
        found = _resources(request, self._operations)
        struck = []
        for one in self._faults.at("call"):
            if one.stands and self._is_struck(one, method, found):
                struck.append(one)
                await self._before(one, method, found)
        lost = any(one.fault.kind == "reply-lost" for one in struck)
        try:
            answer = await carrying()
            for one in struck:  # nothing is awaited here: nobody sees the change without what is done to it
                if one.stands:
                    answer = self._after(one, method, found, answer)
        except Refusal:
            if not lost:
                raise
        if lost:
            raise ReplyLost
        return answer

    def _is_struck(self, one: Standing, method: str, found: list[str]) -> bool:
        """Count a call that the fault is about; one that an earlier fault refused is none."""
        fault = one.fault
        if not (about(fault, method) and _is_named(fault.service, "services", found)):
            return False
        if not _is_named(fault.revision, "revisions", found):
            return False
        if fault.kind in {"stale-etag", "second-writer"} and not self._service(found):
            return False
        strikes = one.tally.strikes()
        self._faults.keep(one)
        return strikes

    async def _before(self, one: Standing, method: str, found: list[str]) -> None:
        fault = one.fault
        match fault.kind:
            case "latency":
                await one.lasts(fault.latency)
            case "unavailable" | "exhausted" | "refused":
                raise demanded(REFUSALS.get(fault.kind, fault.code), _said(fault))
            case "stale-etag" if not method.startswith("Get"):
                self._services.restamp(self._service(found))
            case "second-writer" if fault.when == "before":
                self._write(one, self._service(found))

    def _after(self, one: Standing, method: str, found: list[str], answer: Message | None) -> Message | None:
        fault, service = one.fault, self._service(found)
        match fault.kind:
            case "stale-etag" if service and method.startswith("Get"):
                self._services.restamp(service)
            case "second-writer" if service and fault.when == "after":
                self._write(one, service)
            case "operation-fails" if (
                fault.change == "dropped" and service and not getattr(answer, "done", True)
            ):
                self._drop(one, service)
            case "operation-hangs" | "operation-fails" if answer is not None:
                return self._withhold(one, answer)
        return answer

    def _service(self, found: list[str]) -> str:
        """The service that a call is about, if it is about one that there is."""
        full = ("/".join(one.split("/")[:6]) for one in found if "/services/" in one)
        return next((name for name in full if self._services.shelf.find(name)), "")

    def _write(self, one: Standing, name: str) -> None:
        """Somebody else's change: an annotation, or all traffic to one revision."""
        entry = self._services.shelf.find(name)
        if entry is None:
            return
        service = entry.message
        service.ClearField("etag")
        service.annotations[ANNOTATION] = f"{one.fault.name} {one.tally.struck}"
        del service.traffic[:]
        by_name = Allocation.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
        service.traffic.append(TrafficTarget(type_=by_name, revision=one.fault.to, percent=100))
        request = UpdateServiceRequest(service=service)
        request.update_mask.paths.append("traffic" if one.fault.to else "annotations")
        try:
            self._services.update_service(request)
        except Refusal as refusal:  # it names no revision, say: the call itself goes on
            log.warning("the second writer of fault %s: %s", one.fault.name, refusal.message)

    def _withhold(self, one: Standing, answer: Message) -> Message:
        told = self._operations.withhold(answer.name, one.fault.name)
        if told is not None and one.fault.kind == "operation-fails":
            self._spawned(self._fail_late(one, told.name))
        return told if told is not None else answer

    async def _fail_late(self, one: Standing, operation: str) -> None:
        if await one.lasts(one.fault.latency):
            self._fail(one, operation)

    def _fail(self, one: Standing, operation: str) -> None:
        error = Status(code=_number(one.fault), message=_said(one.fault))
        self._operations.release(operation, one.fault.name, error)

    def _drop(self, one: Standing, name: str) -> None:
        """Write down that the change does not come in force; the reconciler says so when it is late."""
        entry = self._services.shelf.find(name)
        if entry is None or dropped(entry):
            return
        message = _said(one.fault)
        why = {"generation": entry.message.generation, "code": _number(one.fault), "message": message}
        self._services.shelf.put(entry.message, {**entry.facts, "dropped": why})
        self._faults.late.add(change(entry))
        self._spawned(self._drop_late(one, name, change(entry)))

    async def _drop_late(self, one: Standing, name: str, late: Change) -> None:
        """Unless the fault is cleared before: then the change comes in force after all."""
        stands = await one.lasts(one.fault.latency)
        self._faults.late.discard(late)
        entry = self._services.shelf.find(name)
        if entry and change(entry) == late and not stands:
            kept = {key: value for key, value in entry.facts.items() if key != "dropped"}
            self._services.shelf.put(entry.message, kept)
        self._kick(name)


def _resources(request: Message, operations: Operations) -> list[str]:
    """The full names of what a call is about."""
    found = [str(getattr(request, field, "")) for field in ("name", "parent", "resource")]
    if hasattr(request, "service_id"):
        found.append(f"{request.parent}/services/{request.service_id}")
    elif isinstance(service := getattr(request, "service", None), Message):
        found.append(service.name)
    target = operations.target(found[0]) if "operations/" in found[0] else ""
    return [*filter(None, [target, *found])]


def _is_named(wanted: str, collection: str, found: list[str]) -> bool:
    return not wanted or any(names(wanted, collection, one) for one in found)


def _said(fault: Fault) -> str:
    what = {
        "unavailable": "The service is currently unavailable.",
        "exhausted": "Quota exceeded: too many requests.",
    }.get(fault.kind, f"{fault.code} on demand.")
    return SENTENCE.format(what=what, fault=fault.name)


def _number(fault: Fault) -> int:
    return int(code_pb2.Code.Value(fault.code))
