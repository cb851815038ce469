"""One stream of events, three ways to show it: a live terminal, plain lines, JSON lines.

What it is not: a source of events, or of pages that only read (``render.pages`` makes those).
:func:`screen` chooses; the engine emits and does not know who watches.

The contract
------------
An :class:`relman.models.Event` has a ``kind``, a ``text``, a step's ``key``, ``seconds``, and
``facts`` (JSON only). A fact marked ? may be left out. Events come from one thread; a signal
handler may emit in the middle of another event, and is shown after it.

========================  ==========================================  ===============================
kind                      text                                        facts
========================  ==========================================  ===============================
``plan``                  title: ``api 1.7.3 -> 1.8.0   europe-west1,  ``id``?, ``steps`` [{``key``,
                          production``                                ``line``, ``seconds``?}],
                                                                      ``notes``? [str], ``foot``? [str]
``gate``                  the gate's name                             ``answer`` (go, warn, no-go,
                                                                      unknown, not set up), ``fact``,
                                                                      ``clears``?, ``id``?, ``lifted``?,
                                                                      ``urgent``?, ``price``?,
                                                                      ``owner``?
``step.started``          the step's line                             ``number``?, ``of``?,
                                                                      ``returning``?
``step.waiting``          what it waits for: ``bake at 20 %``         ``elapsed``?, ``total``? (both
                                                                      seconds), ``detail``?
``step.done``             the step's line; ``seconds``                ``number``?, ``of``?, ``value``?
``step.failed``           the step's line; ``seconds``                ``reason``
``step.owed``             the step's line; ``seconds``                ``reason``, ``clears``?
``traffic``               (not shown)                                 ``shares`` [{``revision``,
                                                                      ``label``, ``percent``}]
``note``                  a sentence                                  none
``done``                  summary without the time: ``1.8.0 live``;   ``undo``? command, ``next``?
                          ``seconds``                                 [commands]
``failed``                what happened                               ``code``, ``fact``?, ``clears``?,
                                                                      ``served``? (``1.7.3 serves``)
========================  ==========================================  ===============================

What the renderers read from the order:

- ``plan`` starts over: a stream may hold several runs, one after the other (the demo does).
- A step's ``seconds`` in the plan is how long it is expected to take; it feeds "about 23 min left".
- What starts with ``returning``, or after a ``step.failed``, puts things back and is shown as a
  return; nothing is pending then.
- ``step.owed`` failed, and the run goes on all the same: it is tried again later.
- ``shares`` name the candidate first, because the first share is drawn in the candidate's fill. A
  share of 0 % may stand there, so that the bar is full or empty and not absent.
- ``foot`` replaces the live screen's last line (a rollback should not advise a rollback).
- ``done`` and ``failed`` end the live part; the terminal is an ordinary one before a run's first
  step and after its end, so a question may be asked there.

JSON lines carry ``schema`` (``relman.event/1``), ``seq`` (from 1), ``at`` (RFC 3339, UTC) and the
event's own fields, one object a line, ASCII only.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TextIO

from relman.clock import Clock
from relman.models import Emit, Event
from relman.render.lines import Lines
from relman.render.plain import Plain


@contextmanager
def screen(
    out: TextIO,
    err: TextIO,
    *,
    json: bool = False,
    color: bool | None = None,
    environ: Mapping[str, str],
    clock: Clock,
) -> Iterator[Emit]:
    """Show a run's events to whoever reads ``out``, until the block ends.

    Args:
        out: Standard output, or what stands for it.
        err: Standard error; in JSON mode the notes for people go here.
        json: JSON lines, whatever ``out`` is.
        color: True or False as the user's flag says; None leaves it to the environment.
        environ: ``TERM``, ``CI``, ``NO_COLOR`` and what rich reads of a terminal's abilities.
        clock: Stamps the JSON lines and runs the elapsed times.

    Raises:
        BrokenPipeError: At an event, when nobody reads ``out`` any more.
    """
    with _forgiving(out), _renderer(out, err, json=json, color=color, environ=environ, clock=clock) as emit:
        yield _InTurn(emit)


def animates(out: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether the screen moves: a real terminal, not dumb, and no CI.

    ``FORCE_COLOR`` is no reason: it makes rich animate into pipes and flood CI logs.
    """
    in_ci = environ.get("CI", "").lower() not in {"", "0", "false"}
    return out.isatty() and environ.get("TERM") not in {"dumb", "unknown"} and not in_ci


def colored(color: bool | None, environ: Mapping[str, str]) -> bool:  # noqa: FBT001
    """The user's flag, else whether ``NO_COLOR`` is absent or empty (no-color.org)."""
    return color if color is not None else not environ.get("NO_COLOR")


def _renderer(
    out: TextIO,
    err: TextIO,
    *,
    json: bool,
    color: bool | None,
    environ: Mapping[str, str],
    clock: Clock,
) -> AbstractContextManager[Emit]:
    if json:
        return nullcontext(Lines(out, err, clock))
    if not animates(out, environ):
        return nullcontext(Plain(out, clock))
    from relman.render.live import Live

    return Live(out, err, color=colored(color, environ), environ=environ, clock=clock)


class _InTurn:
    """Shows one event at a time, also when a signal handler emits in the middle of another.

    A buffered stream refuses to be written from within its own write, and the handler of the first
    Ctrl-C has something to say.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit, self._heard, self._busy = emit, deque[Event](), False

    def __call__(self, event: Event) -> None:
        self._heard.append(event)
        while self._heard and not self._busy:
            self._busy = True
            try:
                if self._heard:  # a handler may have shown it between the two lines above
                    self._emit(self._heard.popleft())
            finally:
                self._busy = False


@contextmanager
def _forgiving(out: TextIO) -> Iterator[None]:
    """For the block, a character that the terminal's encoding lacks becomes ``?``, not an error."""
    if not isinstance(out, io.TextIOWrapper):
        yield
        return
    strict = out.errors
    out.reconfigure(errors="replace")
    try:
        yield
    finally:
        with suppress(OSError):  # it flushes; that the reader is gone was told at the last event
            out.reconfigure(errors=strict)
