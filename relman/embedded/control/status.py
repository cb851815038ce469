"""What the platform tells people of itself. What it is not: a part of Google's APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message

from relman.embedded.control.revisions import Revisions, short
from relman.embedded.resources import conditions
from relman.embedded.resources.messages import State
from relman.embedded.resources.shelf import Shelf
from relman.embedded.runtime.keeping import Runtime

Ended = Mapping[str, Mapping[int, int]]
"""How many requests ended, by revision and response code."""


def report(
    services: Shelf, revisions: Revisions, runtime: Runtime, ended: Ended, *, settled: bool
) -> dict[str, Any]:
    """Every service with its URL, its traffic and its revisions, ready for JSON."""
    return {
        "settled": settled,
        "runtime": runtime.rung,
        "services": [_service(entry.message, revisions, runtime, ended) for entry in services.all()],
    }


def _service(service: Message, revisions: Revisions, runtime: Runtime, ended: Ended) -> dict[str, Any]:
    latest = short(service.latest_ready_revision)
    return {
        "name": service.name,
        "url": service.uri,
        "state": _state(service.terminal_condition),
        "traffic": [
            {"revision": one.revision or latest, "percent": one.percent, "tag": one.tag, "url": one.uri}
            for one in service.traffic_statuses
        ],
        "revisions": [
            _revision(one.message, runtime, ended.get(one.message.name, {}))
            for one in reversed(revisions.of(service.name))
        ],
    }


def _revision(revision: Message, runtime: Runtime, ended: Mapping[int, int]) -> dict[str, Any]:
    retired = "RETIRED" if conditions.retired(revision) else ""
    return {
        "name": short(revision.name),
        "state": retired or _state(conditions.ready_of(revision)),
        "crash": conditions.crash_of(revision),
        "pid": runtime.pid(revision.name),
        "pids": runtime.pids(revision.name),
        "requests": sum(ended.values()),
        "server_errors": sum(count for code, count in ended.items() if code // 100 == 5),  # noqa: PLR2004 - 5xx
        "log": runtime.log_of(revision.name).as_uri(),
    }


def _state(condition: Message) -> str:
    return str(State(condition.state).name.removeprefix("CONDITION_"))
