"""Scaling: how many instances a revision has, between its minimum and its maximum, down to none.

What it is not: the start or stop of a process (``keeping``), or the queue (``dataplane.admission``). The
data plane tells how many instances those who wait would fill; it is asked which ones are idle.

Sources: https://cloud.google.com/run/docs/about-instance-autoscaling, .../configuring/min-instances and the
v2 API's ``ServiceScaling`` and ``RevisionScaling`` (row 44).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any, NamedTuple

from google.cloud.run_v2.types import vendor_settings
from google.protobuf.message import Message

from relman.embedded.control.proxy import DataPlane
from relman.embedded.control.revisions import Revisions, short
from relman.embedded.resources import conditions
from relman.embedded.resources.limits import Limits
from relman.embedded.resources.shelf import Entry, Shelf
from relman.embedded.runtime.keeping import Runtime

MANUAL = vendor_settings.ServiceScaling.ScalingMode.MANUAL
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 15.0
log = logging.getLogger(__name__)


class Bounds(NamedTuple):
    """The instances that a revision has at least, and at most."""

    low: int
    high: int


def bounds(service: Message, revision: Message, percent: int, most: int) -> Bounds:
    """Between how many instances a revision scales.

    A service's own numbers are divided by percent, parts of an instance being whole ones (?). Of a
    minimum of the revision and one of the service the larger counts (?).

    Args:
        service: Its service.
        revision: The revision.
        percent: Of the traffic that it gets.
        most: What the machine gives to a revision.
    """
    mine, whole = revision.scaling, service.scaling
    if whole.scaling_mode == MANUAL:
        exactly = min(_part(whole.manual_instance_count, percent), most)
        return Bounds(exactly, exactly)
    high = min(mine.max_instance_count or most, most)
    if whole.max_instance_count:
        high = min(high, max(1, _part(whole.max_instance_count, percent)))
    low = max(mine.min_instance_count, _part(whole.min_instance_count, percent))
    return Bounds(min(low, high), high)


def asleep(entry: Entry) -> bool:
    """Whether a revision has no instance because nobody asked; the next request brings one."""
    return bool(entry.facts.get("asleep"))


class Scaling:
    """The scale of every revision that serves.

    Args:
        services: What is served.
        revisions: What they ask for.
        runtime: What runs.
        limits: What the machine gives.
    """

    def __init__(self, services: Shelf, revisions: Revisions, runtime: Runtime, limits: Limits) -> None:
        """The data plane is made known later."""
        self._services = services
        self._revisions = revisions
        self._runtime = runtime
        self._limits = limits
        self._tasks: set[asyncio.Task[None]] = set()
        self.plane: DataPlane

    def begin(self) -> None:
        """From now on look for what is idle."""
        self._spawn(self._watch())

    async def stop(self) -> None:
        """Let go of everything."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def needed(self, entry: Entry) -> int:
        """How many instances a serving revision must have now, though nobody waits."""
        low = self._bounds(entry.message).low
        return low if asleep(entry) else max(1, low)

    def warming(self, entry: Entry) -> bool:
        """Whether a new revision, one of whose instances is up, waits for more up to its minimum.

        These are started then.
        """
        revision = entry.message
        low = min(revision.scaling.min_instance_count, self._limits.most)
        if not conditions.pending(revision) or self._runtime.ups(revision.name) >= low:
            return False
        self._runtime.want(revision, insist=False, count=low)
        return True

    def stumbled(self, entry: Entry, reason: str) -> bool:
        """Whether what could not be started was to end a revision's sleep: those who wait are told."""
        if asleep(entry):
            self._spawn(self._refuse(entry.message.name, reason))
        return asleep(entry)

    def wanted(self, numbers: dict[str, int]) -> None:
        """Requests wait: have so many instances of each revision, as far as it may have them."""
        for name, number in numbers.items():
            entry = self._revisions.shelf.find(name)
            if entry is None or conditions.failed(entry.message):
                continue
            count = min(number, self._bounds(entry.message).high)
            if self._runtime.count(name) < count:
                self._runtime.want(entry.message, insist=True, count=count, once=asleep(entry))

    async def rest(self, figures: dict[str, Any]) -> None:
        """Let idle instances go. 1 offer them no longer, 2 flip, 3 drain, 4 stop: no request is lost.

        What cannot be started, and nobody waits for, is given up.
        """
        for name, one in figures.items():
            await self._give_up(name, one)
        leaving = [(name, port) for name, one in figures.items() for port in self._spare(name, one)]
        for name, port in leaving:
            self._runtime.withhold(name, port)
            if not self._runtime.count(name):
                self._falls_asleep(name)
        if leaving:
            with contextlib.suppress(ConnectionError):  # dead, it is told when it is back
                await self.plane.flip()
        for name, port in leaving:
            self._spawn(self._part(name, port))

    def _spare(self, name: str, figures: dict[str, Any]) -> list[int]:
        """The ports of the instances that have been idle long enough and are above the minimum."""
        entry = self._revisions.shelf.find(name)
        if entry is None or figures["waiting"]:
            return []
        idle = sorted(((seconds, int(port)) for port, seconds in figures["idle"].items()), reverse=True)
        spare = max(0, self._runtime.ups(name) - self._bounds(entry.message).low)
        return [port for seconds, port in idle if seconds >= self._limits.idle_after][:spare]

    async def _give_up(self, name: str, figures: dict[str, Any]) -> None:
        entry = self._revisions.shelf.find(name)
        if entry and not figures["waiting"]:
            await self._runtime.give_up(name, max(1, self._bounds(entry.message).low))

    def _falls_asleep(self, name: str) -> None:
        entry = self._revisions.shelf.find(name)
        if entry:
            entry.facts["asleep"] = True
            self._revisions.shelf.put(entry.message, entry.facts)

    def _bounds(self, revision: Message) -> Bounds:
        entry = self._services.find(revision.service)
        if entry is None:
            return Bounds(0, 0)
        mine = (percent for name, percent, _ in entry.facts["served"] if name == short(revision.name))
        return bounds(entry.message, revision, sum(mine), self._limits.most)

    async def _part(self, name: str, port: int) -> None:
        await self.plane.drain(name, port)
        await self._runtime.dismiss(name, port)

    async def _refuse(self, name: str, reason: str) -> None:
        with contextlib.suppress(ConnectionError):
            await self.plane.refuse(name, reason)

    async def _watch(self) -> None:
        pause = min(max(self._limits.idle_after / 4, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)
        while True:
            await asyncio.sleep(pause)
            try:
                await self.rest(await self.plane.load())
            except ConnectionError as error:
                log.info("nobody can be sent to rest: %s", error)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _part(total: int, percent: int) -> int:
    return -(-total * percent // 100)
