"""Cloud Build: builds are taken in, run, and told (rows B1 to B6).

What it is not: the builder. Each build runs in a process of its own (``construction``). A build that
was under way when the platform was killed is run again by the next one: the same commit gives the
same digest, and the client that waits gets its one build.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from google.protobuf.message import Message
from google.rpc import code_pb2

from relman.embedded.control.operations import Operations
from relman.embedded.images import buildfilter, record, steps, substitutions
from relman.embedded.images.construction import Outcome, Overtime, Source, construct
from relman.embedded.images.objects import Objects
from relman.embedded.resources import rules
from relman.embedded.resources.messages import (
    Build,
    BuildOperationMetadata,
    BuildStatus,
    ListBuildsResponse,
    Status,
)
from relman.embedded.resources.paging import page
from relman.embedded.resources.refusals import absent, invalid, unmet
from relman.embedded.resources.shelf import Entry, Shelf
from relman.embedded.resources.store import Store

AT_ONCE = 2
log = logging.getLogger(__name__)


class Builds:
    """Every build of the platform.

    Args:
        state: The platform's folder: images and logs are in it.
        store: Where builds are kept.
        operations: Where they are told.
        now: The current time.
    """

    def __init__(
        self, state: Path, store: Store, operations: Operations, now: Callable[[], datetime]
    ) -> None:
        """Nothing is built before ``begin``."""
        self._state = state
        self._shelf = Shelf(store, "build", Build)
        self._operations = operations
        self._objects = Objects(state / "storage")
        self._now = now
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._cancelled: set[str] = set()
        operations.cancels["builds"] = self._cancel
        self._places = asyncio.Semaphore(AT_ONCE)

    def begin(self) -> None:
        """Run again what was under way when the last platform ended."""
        for entry in self._shelf.all():
            if entry.message.status not in record.ENDED:
                self._start(entry.message.name)

    async def stop(self) -> None:
        """End what is under way; the next platform runs it again."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    def create_build(self, request: Message) -> Message:
        """Take in a build; its operation is done when it is."""
        parent = request.parent or f"projects/{request.project_id}/locations/global"
        rules.check_parent(parent)
        _check_source(request.build.source)
        if not request.build.steps:
            raise invalid("build.steps", "Invalid build: no build steps were specified.")
        substitutions.check(request.build)
        build = record.queued(request.build, f"{parent}/builds/{uuid.uuid4()}", self._now(), self._log)
        with self._shelf.store.transaction():
            name = _operation_name(build) if parent.endswith("/global") else ""
            about = BuildOperationMetadata(build=build)
            operation = self._operations.begin(about, {"target": build.name}, name=name)
            self._shelf.put(build, {"operation": operation.name})
        self._start(build.name)
        return operation

    def get_build(self, request: Message) -> Message:
        """The build as it stands."""
        return self._found(request.name, request.project_id, request.id).message

    def list_builds(self, request: Message) -> Message:
        """The builds of a place that the filter lets through, newest first."""
        parent = request.parent or f"projects/{request.project_id}/locations/global"
        lets_through = buildfilter.chosen(request.filter)
        entries = reversed(self._shelf.all(f"{parent}/builds/"))
        found = [entry.message for entry in entries if lets_through(entry.message)]
        asked = f"{parent} {request.filter}"
        part, token = page(found, size=request.page_size, token=request.page_token, asked=asked)
        return ListBuildsResponse(builds=part, next_page_token=token)

    async def cancel_build(self, request: Message) -> Message:
        """End a build that is under way; nothing of it is left running."""
        name = self._found(request.name, request.project_id, request.id).message.name
        if not await self._cancel(name):
            raise unmet(f"Build '{name.rpartition('/')[2]}' has ended and cannot be cancelled.")
        return self._found(name, "", "").message

    async def _cancel(self, name: str) -> bool:
        """Whether it could be; it comes to its end also when whoever asked for that has gone."""
        task = self._tasks.get(name)
        if task is None:
            return False
        self._cancelled.add(name)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    def _start(self, name: str) -> None:
        task = asyncio.create_task(self._run(name), name=name)
        self._tasks[name] = task
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        name = task.get_name()
        self._tasks.pop(name, None)
        asked = name in self._cancelled
        self._cancelled.discard(name)
        if task.cancelled():  # unless a client asked for it the platform stops: the next one runs it again
            if asked:
                self._end(name, BuildStatus.CANCELLED, Outcome(detail="The build was cancelled."))
        elif task.exception():
            log.error("build %s", name, exc_info=task.exception())
            broken = Outcome(detail="Internal error: see the platform's log.")
            self._end(name, BuildStatus.INTERNAL_ERROR, broken)

    async def _run(self, name: str) -> None:
        """Wait for a place, at most for the time to live in the queue; then build."""
        try:
            async with asyncio.timeout(self._patience(name)):
                await self._places.acquire()
        except TimeoutError:
            late = Outcome(detail="The build was queued longer than its queue_ttl.")
            self._end(name, BuildStatus.EXPIRED, late)
            return
        try:
            await self._work(name)
        finally:
            self._places.release()

    def _patience(self, name: str) -> float | None:
        """The seconds that a build may still wait; its time to live ticks from its creation.

        One that worked already when the last platform ended waits as long as it must.
        """
        build = self._found(name, "", "").message
        if build.status == BuildStatus.WORKING:
            return None
        waited = self._now() - build.create_time.ToDatetime(UTC)
        left: timedelta = build.queue_ttl.ToTimedelta() - waited
        return max(0.0, left.total_seconds())

    async def _work(self, name: str) -> None:
        entry = self._found(name, "", "")
        record.works(entry.message, self._now())
        self._keep(entry)
        try:
            outcome = await self._construct(entry.message)
        except steps.Unsupported as error:
            outcome = Outcome(
                kind="USER_BUILD_STEP", detail=f"The embedded platform cannot build this: {error}."
            )
        except Overtime:
            self._end(name, BuildStatus.TIMEOUT, Outcome(detail="The build took longer than its timeout."))
            return
        self._end(name, BuildStatus.SUCCESS if outcome.digest else BuildStatus.FAILURE, outcome)

    async def _construct(self, build: Message) -> Outcome:
        recipe = steps.recipe(build)
        return await construct(
            recipe,
            source=self._source(build.source, recipe.remote),
            layout=self._state / "images",
            log=self._log(build.id),
            seconds=build.timeout.seconds or record.LONGEST_S,
        )

    def _source(self, sent: Message, remote: str) -> Source:
        """Where the files are: as a step says, or the build itself; nowhere, if nobody says."""
        if remote:
            url, _, rest = remote.partition("#")
            revision, _, folder = rest.partition(":")
            return Source(url, revision or "HEAD", folder)
        if sent.HasField("storage_source"):
            stored = sent.storage_source
            found = self._objects.find(stored.bucket, stored.object_, stored.generation)
            return Source(str(found or f"gs://{stored.bucket}/{stored.object_}"))
        git = sent.git_source
        return Source(git.url, git.revision or "HEAD", git.dir_) if git.url else Source()

    def _end(self, name: str, status: int, outcome: Outcome) -> None:
        entry = self._found(name, "", "")
        record.ends(entry.message, self._now(), status, outcome)
        error = None if status == BuildStatus.SUCCESS else _error(status)
        with self._shelf.store.transaction():
            self._shelf.put(entry.message, entry.facts)
            about = BuildOperationMetadata(build=entry.message)
            self._operations.finish(entry.facts["operation"], entry.message, error, about=about)

    def _keep(self, entry: Entry) -> None:
        self._shelf.put(entry.message, entry.facts)
        self._operations.describe(entry.facts["operation"], BuildOperationMetadata(build=entry.message))

    def _log(self, build_id: str) -> Path:
        return self._state / "logs" / "builds" / f"log-{build_id}.txt"

    def _found(self, name: str, project: str, build_id: str) -> Entry:
        entry = self._shelf.find(name or f"projects/{project}/locations/global/builds/{build_id}")
        if entry is None:
            raise absent(f"Build '{name or build_id}' does not exist.")
        return entry


def _check_source(source: Message) -> None:
    """Refuse a source that cannot be had here; none at all is no error, the steps may fetch one."""
    kind = source.WhichOneof("source")
    if kind not in {None, "git_source", "storage_source"} or (
        kind == "git_source" and not source.git_source.url
    ):
        raise invalid(
            "build.source", "The embedded platform builds from git_source.url and storage_source only."
        )


def _operation_name(build: Message) -> str:
    """The form of the operations of builds that are in no region."""
    return f"operations/build/{build.project_id}/{base64.urlsafe_b64encode(build.id.encode()).decode()}"


def _error(status: int) -> Status:
    """What the operation of a build ends with that has no result."""
    if status == BuildStatus.CANCELLED:
        return Status(code=code_pb2.CANCELLED, message="Build cancelled.")
    return Status(code=code_pb2.UNKNOWN, message="Build failed; check build logs for details.")
