"""Long-running operations: begun before anything happens, done when it has happened (rows 41, 42).

What it is not: the work. It keeps what an operation is about, and lets clients wait for its end.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from google.longrunning import operations_pb2
from google.protobuf.message import Message

from relman.embedded.resources.messages import Operation, Status, wrapped
from relman.embedded.resources.paging import page
from relman.embedded.resources.refusals import absent, invalid, unoffered
from relman.embedded.resources.shelf import Entry, Shelf
from relman.embedded.resources.store import Store

LONGEST_WAIT_S = 30.0
"""A wait without a timeout is answered after this, done or not, as Google's is."""
Cancel = Callable[[str], Awaitable[object]]
FACTS = {"withheld by", "end"}
"""Of an operation that is withheld: by which faults, and how it has ended meanwhile, if it has."""
KEPT = 2000
"""Of finished operations the oldest beyond this are forgotten."""


class Operations:
    """Every operation of the platform, of services, revisions and builds."""

    def __init__(self, store: Store) -> None:
        """Nothing is waited for yet."""
        self._shelf = Shelf(store, "operation", Operation)
        self._ends: dict[str, asyncio.Event] = {}
        self.cancels: dict[str, Cancel] = {}
        """How what an operation is about is cancelled, by the collection that this is in."""
        entries = self._shelf.all()
        unfinished = [one for one in entries if not one.message.done and not one.facts.get("end")]
        self._open = {one.message.name: one.facts for one in unfinished}
        self._last: dict[str, str] = {one.facts["target"]: one.message.name for one in entries}

    def begin(self, resource: Message, facts: dict[str, Any], *, name: str = "") -> Message:
        """Keep a new operation about a resource.

        Args:
            resource: What it is about; it becomes the metadata.
            facts: What the one who finishes it needs to know.
            name: Its name; composed from the resource's place if not given.
        """
        place = "/".join(facts["target"].split("/")[:4])
        operation = Operation(name=name or f"{place}/operations/{uuid.uuid4()}", metadata=wrapped(resource))
        self._shelf.put(operation, facts)
        self._open[operation.name] = facts
        self._last[facts["target"]] = operation.name
        return operation

    def last(self, target: str) -> str:
        """The name of the newest operation about a resource, empty if there is none that is known."""
        return self._last.get(target, "")

    def describe(self, name: str, resource: Message) -> None:
        """Let the metadata follow the resource while it changes."""
        entry = self._shelf.find(name)
        if entry and not entry.message.done:
            entry.message.metadata.CopyFrom(wrapped(resource))
            self._shelf.put(entry.message, entry.facts)

    def finish(
        self,
        name: str,
        resource: Message | None = None,
        error: Status | None = None,
        *,
        about: Message | None = None,
    ) -> None:
        """End an operation with its resource, or with an error; whoever waits is told.

        Without a resource it ends with the one it began with; ``about`` is the metadata where that
        is not the resource itself.

        An operation that was deleted meanwhile, or is done, is left alone.
        """
        entry = self._shelf.find(name)
        if entry and not entry.message.done:
            self._end(entry, ended(entry.message, resource, error, about))
        self._open.pop(name, None)
        if not entry or "end" not in entry.facts:
            self._wake(name)

    def withhold(self, name: str, fault: str) -> Message | None:
        """Let an operation look unfinished, however it ends, while a fault stands; as it now looks."""
        entry = self._shelf.find(name)
        if entry is None:
            return None
        end = entry.message.SerializeToString().hex() if entry.message.done else ""
        by = [*entry.facts.get("withheld by", []), fault]
        entry.message.done = False
        entry.message.ClearField("result")
        self._shelf.put(entry.message, {"end": end} | entry.facts | {"withheld by": by})
        return entry.message

    def withheld(self, fault: str) -> list[str]:
        """The operations that a fault withholds."""
        return [one.message.name for one in self._shelf.all() if fault in one.facts.get("withheld by", [])]

    def release(self, name: str, fault: str, error: Status | None = None) -> None:
        """Withhold an operation no more for a fault's sake; when for none's, it is told as it is.

        Args:
            name: Which.
            fault: Whose.
            error: It has failed with this, whatever became of its change.
        """
        entry = self._shelf.find(name)
        if entry is None or fault not in entry.facts.get("withheld by", []):
            return
        whole = Operation.FromString(bytes.fromhex(entry.facts["end"]))
        told = whole if whole.done else entry.message
        if error:
            told.done = True
            told.error.CopyFrom(error)
        with self._shelf.store.transaction():
            self._shelf.put(told, {key: entry.facts[key] for key in entry.facts if key not in FACTS})
            for other in entry.facts["withheld by"]:
                if other != fault:
                    self.withhold(name, other)
        if self._found(name).done:
            self._wake(name)

    def target(self, name: str) -> str:
        """The resource that an operation is about, empty if there is no such operation."""
        entry = self._shelf.find(name)
        return str(entry.facts["target"]) if entry else ""

    def unfinished(self, target: str = "") -> list[tuple[str, dict[str, Any]]]:
        """Names and facts of those still to be ended, oldest first, of one target or of all."""
        return [(name, facts) for name, facts in self._open.items() if target in {"", facts["target"]}]

    def forget_old(self) -> None:
        """Drop the oldest finished operations beyond what is kept."""
        finished = [entry for entry in self._shelf.all() if entry.message.done]
        for entry in finished[:-KEPT]:
            self._shelf.drop(entry.message.name)

    def get_operation(self, request: operations_pb2.GetOperationRequest) -> Message:
        """The operation as it stands."""
        return self._found(request.name)

    def list_operations(self, request: operations_pb2.ListOperationsRequest) -> Message:
        """The operations of a location, newest first."""
        found = [entry.message for entry in reversed(self._shelf.all(f"{request.name}/operations/"))]
        if request.filter:
            wanted = {"done=true": True, "done=false": False}.get(request.filter.replace(" ", ""))
            if wanted is None:
                raise invalid("filter", f"Unsupported filter '{request.filter}': only done=true or false.")
            found = [one for one in found if one.done is wanted]
        asked = f"{request.name} {request.filter}"
        part, token = page(found, size=request.page_size, token=request.page_token, asked=asked)
        return operations_pb2.ListOperationsResponse(operations=part, next_page_token=token)

    def delete_operation(self, request: operations_pb2.DeleteOperationRequest) -> None:
        """Forget an operation; what it does goes on."""
        self._found(request.name)
        self._shelf.drop(request.name)

    async def cancel_operation(self, request: operations_pb2.CancelOperationRequest) -> None:
        """Cancel what an operation does, if that can be; it ends with an error. One that has ended is left.

        Raises:
            NotImplemented: Of this kind nothing can be cancelled: Cloud Run has no such call.
        """
        operation = self._found(request.name)
        target = self._open.get(request.name, {}).get("target", "")
        cancel = self.cancels.get(target.rpartition("/")[0].rpartition("/")[2])
        if operation.done:
            return
        if cancel is None:
            raise unoffered(f"Operation '{request.name}' cannot be cancelled.")
        await cancel(target)

    async def wait_operation(self, request: operations_pb2.WaitOperationRequest) -> Message:
        """The operation when it is done, or as it stands when the timeout is over."""
        operation = self._found(request.name)
        if not operation.done:
            end = self._ends.setdefault(request.name, asyncio.Event())
            try:
                await asyncio.wait_for(end.wait(), _seconds(request))
            except TimeoutError:
                return self._found(request.name)
        return self._found(request.name)

    def _end(self, entry: Entry, end: Message) -> None:
        """Keep how an operation ended, and tell whoever waits; what is withheld is told later."""
        if "end" not in entry.facts:
            self._shelf.put(end, entry.facts)
        elif not entry.facts["end"]:
            facts = entry.facts | {"end": end.SerializeToString().hex()}
            self._shelf.put(self._found(end.name), facts)

    def _wake(self, name: str) -> None:
        if name in self._ends:
            self._ends.pop(name).set()

    def _found(self, name: str) -> Message:
        entry = self._shelf.find(name)
        if entry is None:
            raise absent(f"Operation '{name}' does not exist.")
        return entry.message


def ended(
    operation: Message, resource: Message | None, error: Status | None = None, about: Message | None = None
) -> Message:
    """The same operation, done."""
    operation.done = True
    result = wrapped(resource) if resource is not None else operation.metadata
    if error:
        operation.error.CopyFrom(error)
    else:
        operation.response.CopyFrom(result)
    operation.metadata.CopyFrom(wrapped(about) if about is not None else result)
    return operation


def _seconds(request: operations_pb2.WaitOperationRequest) -> float:
    if not request.HasField("timeout"):
        return LONGEST_WAIT_S
    return float(request.timeout.seconds + request.timeout.nanos / 1e9)
