"""Plain lines for a pipe, a CI log, a dumb terminal: one line an event, in columns.

What it is not: animated or coloured, ever. Each line is flushed, so a log that is cut off is
complete up to there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TextIO

from relman.clock import Clock
from relman.models import Event
from relman.render.pages import MINUTE, Share, clockface, lasted, padded, percentages, printable
from relman.render.progress import Progress, Running
from relman.render.words import (
    aftermath,
    answered,
    blame,
    said,
    said_each,
    shares_of,
    steps_of,
    summary,
    title,
    verdict,
)

QUIET = MINUTE
"""After this many silent seconds the log says what is waited for."""

ANSWERS = {"go": "ok", "not set up": "-"}
NAME = 21
INDENT = " " * 16


class Plain:
    """An :data:`relman.models.Emit` that writes plain lines."""

    def __init__(self, out: TextIO, clock: Clock) -> None:
        """Write to ``out``; ``clock`` tells how long nothing was said."""
        self._out, self._clock = out, clock
        self._spoke = clock.now()
        self._progress = Progress(self._spoke)
        self._announced = ""
        self._shares: tuple[Share, ...] = ()

    def __call__(self, event: Event) -> None:
        """Write what the event has to say, if anything.

        Raises:
            BrokenPipeError: Nobody reads ``out`` any more.
        """
        now = self._clock.now()
        self._progress = self._progress.after(event, now)
        lines = list(self._lines(event))
        if lines:
            self._spoke = now
            self._out.write("".join(line.rstrip() + "\n" for line in lines))
            self._out.flush()

    def _lines(self, event: Event) -> Iterable[str]:
        match event.kind:
            case "step.started":
                return ()
            case "step.waiting":
                return self._waiting()
            case "traffic":
                return self._traffic(event)
            case "step.done":
                return [self._step(event, "return" if self._progress.returning else "done", "value")]
            case "step.failed" | "step.owed":
                return [self._step(event, event.kind.removeprefix("step."), "reason"), *_clears(event)]
        return _SAYS.get(event.kind, _note)(event)

    def _step(self, event: Event, word: str, fact: str) -> str:
        seconds = "" if event.seconds is None else f"  {lasted(event.seconds)}"
        return f"{_column('step', word)}{self._name(event.text)}{seconds:>6}  {said(event, fact)}"

    def _name(self, text: str) -> str:
        return padded(printable(text), self._progress.column(NAME))

    def _waiting(self) -> Iterable[str]:
        """What the running step waits for: a long wait at its start, any wait after silence."""
        running = self._progress.running
        if running is None or not self._due(running):
            return ()
        self._announced = running.key
        total = f" of {clockface(running.total)}" if running.total else ""
        clock = f"{clockface(running.elapsed(self._clock.now()))}{total}"
        return [f"{_column('step', 'waiting')}{self._name(running.waits)}  {clock}  {running.detail}"]

    def _due(self, running: Running) -> bool:
        begins = (running.total or 0) >= QUIET and running.key != self._announced
        return begins or (self._clock.now() - self._spoke).total_seconds() >= QUIET

    def _traffic(self, event: Event) -> Iterable[str]:
        """The split, when it is another than the one last written."""
        before, self._shares = self._shares, shares_of(event)
        return () if before == self._shares else [_column("traffic") + percentages(self._shares)]


def _column(first: str, second: str = "") -> str:
    return f"{first:<7}{second:<9}"


def _plan(event: Event) -> Iterable[str]:
    yield _column("plan") + title(event)
    if steps := steps_of(event):
        yield _column("steps") + " -> ".join(step.line for step in steps)
    for note in said_each(event, "notes"):
        yield _column("note") + note


def _gate(event: Event) -> Iterable[str]:
    answer = answered(event)
    gate = padded(f"{printable(event.text)}  ", NAME)
    yield _column("gate", ANSWERS.get(answer, answer)) + gate + verdict(event)
    yield from _clears(event)
    for label in ("urgent", "price", "owner"):
        if text := said(event, label):
            yield f"{INDENT}{label}: {text}"


def _note(event: Event) -> Iterable[str]:
    return [_column("note") + printable(event.text)]


def _done(event: Event) -> Iterable[str]:
    """The undo command stands on the last line, where a hurried reader looks."""
    for command in said_each(event, "next"):
        yield _column("next") + command
    undo = said(event, "undo")
    yield _column("done") + summary(event) + (f"; undo: {undo}" if undo else "")


def _failed(event: Event) -> Iterable[str]:
    yield _column("failed") + "; ".join((blame(event), *aftermath(event)))
    yield from _clears(event)


def _clears(event: Event) -> Iterable[str]:
    command = said(event, "clears")
    return [f"{INDENT}next: {command}"] if command else ()


_SAYS: dict[str, Callable[[Event], Iterable[str]]] = {
    "plan": _plan,
    "gate": _gate,
    "note": _note,
    "done": _done,
    "failed": _failed,
}
