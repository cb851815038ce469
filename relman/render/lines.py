"""JSON lines: one object an event on stdout, for programs.

What it is not: for people; their notes go to stderr. The fields are listed in ``render``.
"""

from __future__ import annotations

import itertools
import json
from typing import TextIO

from relman.clock import Clock, stamp
from relman.models import Event
from relman.render.pages import printable

SCHEMA = "relman.event/1"


class Lines:
    """An :data:`relman.models.Emit` that writes JSON lines."""

    def __init__(self, out: TextIO, err: TextIO, clock: Clock) -> None:
        """Write objects to ``out`` and notes to ``err``, stamped by ``clock``."""
        self._out, self._err, self._clock = out, err, clock
        self._seq = itertools.count(1)

    def __call__(self, event: Event) -> None:
        """Write the event as one line.

        Raises:
            BrokenPipeError: Nobody reads ``out`` any more.
            ValueError: A fact is NaN or infinite, which JSON cannot say (RFC 8259, section 6).
        """
        record = {
            "schema": SCHEMA,
            "seq": next(self._seq),
            "at": stamp(self._clock.now()),
            "kind": event.kind,
            "key": event.key,
            "text": event.text,
            "seconds": event.seconds,
            "facts": event.facts,
        }
        self._out.write(json.dumps(record, allow_nan=False) + "\n")
        self._out.flush()
        if event.kind == "note":
            self._err.write(printable(event.text) + "\n")
            self._err.flush()
