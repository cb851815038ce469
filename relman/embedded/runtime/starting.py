"""The start of an instance put together: its containers' commands, enclosed, as one process.

What it is not: the process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from google.protobuf.message import Message

from relman.embedded.resources.defaults import serving
from relman.embedded.runtime import isolation_room as rooms
from relman.embedded.runtime import launch, unit
from relman.embedded.runtime.isolation import Isolation, Launch
from relman.embedded.runtime.lifetime import probe_of
from relman.embedded.runtime.unit import Member


class Place(NamedTuple):
    """Where an instance is started.

    Attributes:
        state: The platform's folder.
        port: Where it is to listen; its room goes by it.
        log: The file that takes what the container that serves prints.
        isolation: The rung of the runtime ladder.
        values: Of the secrets that the revision refers to, by the whole names of their versions.
    """

    state: Path
    port: int
    log: Path
    isolation: Isolation
    values: Mapping[str, bytes]


def start_of(revision: Message, place: Place, *, kept: bool) -> Launch:
    """The command that starts an instance, with all that it needs laid down.

    Args:
        revision: Whose instance it is.
        place: Where.
        kept: As for ``launch.prepare``.

    Raises:
        Unready: It asks for what the platform cannot give.
        OSError: Its room cannot be furnished.
    """
    place.log.parent.mkdir(parents=True, exist_ok=True)
    room = rooms.room(place.state, place.port)
    room.mkdir(parents=True, exist_ok=True, mode=0o700)
    if len(revision.containers) == 1:
        ready = _prepared(revision, revision.containers[0], place, kept=kept)
        return place.isolation.enclose(ready, room)
    members = [_member(revision, one, place, kept=kept) for one in revision.containers]
    return _as_one(members, revision, place.port, room)


def _prepared(revision: Message, container: Message, place: Place, *, kept: bool) -> Launch:
    return launch.prepare(revision, container, place.state, port=place.port, kept=kept, values=place.values)


def _member(revision: Message, container: Message, place: Place, *, kept: bool) -> Member:
    """One of several containers; the platform itself asks the one that serves how it is."""
    serves = container.name == serving(revision).name
    ready = _prepared(revision, container, place, kept=kept)
    room = rooms.room(place.state, place.port) / container.name
    enclosed = place.isolation.enclose(ready, room)
    needed = not serves or any(container.name in one.depends_on for one in revision.containers)
    return Member(
        name=container.name,
        argv=enclosed.argv,
        env=enclosed.env,
        cwd=str(enclosed.cwd),
        log=str(place.log if serves else log_of(place.log, container)),
        after=list(container.depends_on),
        startup=probe_of(container, "startup_probe", place.port) if needed else None,
        liveness=None if serves else probe_of(container, "liveness_probe", place.port),
    )


def log_of(log: Path, container: Message) -> Path:
    """The file that takes what a sidecar prints, beside the revision's own."""
    return log.with_name(f"{log.stem}.{container.name}{log.suffix}")


def _as_one(members: list[Member], revision: Message, port: int, room: Path) -> Launch:
    unit.write(room / "unit.json", members)
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]))
    env = launch.contract(revision, port) | {"PYTHONPATH": path}
    argv = [sys.executable, "-m", "relman.embedded.runtime.unit", str(room / "unit.json")]
    return Launch(argv, env, room, room)
