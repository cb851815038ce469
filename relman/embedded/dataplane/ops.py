"""The words of the data plane's control socket, a unix socket on which one JSON line is one request.

What it is not: what they do (``__main__``). Each line gets one as its answer, with ``"ok": true`` or
``"ok": false`` and ``"error"``:

* ``table`` (``services``) replaces the whole table at once; answers with the ports;
* ``drain`` (``revision``, ``timeout``, perhaps ``port`` for one instance) answers when nothing is under way
  there, with what is ``left``;
* ``minutes`` (``plane``, ``kept``, ``now``) hands over what was counted by minute (``dataplane.minutes``);
* ``faults`` (``faults``) replaces the faults on demand; without it, it only answers with their counts;
* ``load`` answers with who waits for an instance of each revision, and how long instances are idle;
* ``refuse`` (``revision``, ``reason``) answers those who wait for an instance of it with 503;
* ``watch`` makes this connection tell from now on, a line each time, how many instances of which revision
  are ``wanted`` by requests that wait;
* ``stats`` answers with the counters by revision; ``ping`` with nothing;
* ``quit`` closes the listeners, lets what is under way end, and ends the process.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, json

from relman.embedded.dataplane.table import Service
from relman.embedded.resources.faults import Fault


class TableOp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="table"):
    """Replace the table."""

    services: tuple[Service, ...]


class DrainOp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="drain"):
    """Wait until a revision, or one instance of it, is idle, at most ``timeout`` seconds."""

    revision: str
    timeout: Annotated[float, Meta(ge=0)]
    port: int = 0


class LoadOp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="load"):
    """Ask who waits and what is idle."""


class RefuseOp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="refuse"):
    """Say to those who wait for an instance that there is none."""

    revision: str
    reason: str


class WatchOp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="watch"):
    """Be told when instances are wanted."""


class FaultsOp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="faults"):
    """Replace the faults on demand, unless there is nothing to replace them with; ask for their counts."""

    faults: tuple[Fault, ...] | None = None


class StatsOp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="stats"):
    """Ask for the counters."""


class MinutesOp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="minutes"):
    """Ask for what was counted by minute; ``kept`` is the number of the last batch that ``plane`` gave."""

    plane: str
    kept: int
    now: Annotated[float, Meta(ge=0)]


class PingOp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="ping"):
    """Ask whether it is there."""


class QuitOp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="quit"):
    """End the process."""


Op = TableOp | DrainOp | LoadOp | RefuseOp | WatchOp | FaultsOp | StatsOp | MinutesOp | PingOp | QuitOp
READ = json.Decoder(Op)
