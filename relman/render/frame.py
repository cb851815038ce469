"""The live screen as text: what stays in the scrollback, and the part that is redrawn.

What it is not: a terminal. Lines are tuples of (text, style) without rich, so a test can read
them; ``render.live`` puts them on the screen.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from relman.models import Event
from relman.render.pages import (
    MINUTE,
    bar_parts,
    clipped,
    clockface,
    lasted,
    padded,
    percentages,
    printable,
    width,
)
from relman.render.progress import Progress, Running
from relman.render.words import aftermath, answered, blame, said, said_each, steps_of, summary, title, verdict

Line = tuple[tuple[str, str], ...]
"""Pieces of text, each with the style that a terminal with colours gives it."""

WIDEST = 90  # a bar across a very wide terminal is harder to read, and more to redraw
SECONDS_COLUMN = 11  # "10 min 11 s"
GATE_COLUMN = 20
FILLS = ("cyan", "white", "magenta", "yellow")
PAUSED = 6
MOVING = {"step.started", "step.waiting", "traffic"}


class Glyphs(NamedTuple):
    """The signs in front of lines, and the ones inside them."""

    done: str = "✔"
    failed: str = "✘"
    back: str = "↩"
    running: str = "●"
    pending: str = "○"
    unset: str = "·"
    between: str = " · "
    ellipsis: str = "…"
    ascii_only: bool = False


ASCII = Glyphs("+", "x", "<", "*", "o", "-", " | ", "...", ascii_only=True)


class Page(NamedTuple):
    """What lines are laid out for: the progress so far, the columns there are, the signs."""

    progress: Progress
    columns: int
    glyphs: Glyphs

    @property
    def measure(self) -> int:
        """How wide a redrawn line may be: never the last column, where terminals differ on wrapping."""
        return max(min(self.columns - 1, WIDEST), 1)

    @property
    def names(self) -> int:
        """The width of the column of steps' lines."""
        return self.progress.column(least=15)


def record(event: Event, page: Page) -> list[Line]:
    """The lines that an event leaves in the scrollback for good."""
    return [] if event.kind in MOVING else list(_RECORDS.get(event.kind, _note)(event, page))


def region(page: Page, now: datetime) -> list[Line]:
    """The lines that are redrawn: what runs, the traffic, what is left, what one can do.

    The last one leaves two columns for the ``^C`` that a terminal echoes.
    """
    *lines, last = [*status(page, now), *_pending(page, now), *_foot(page, now)]
    return [
        *(_cut(line, page.measure, page.glyphs) for line in lines),
        _cut(last, page.measure - 1, page.glyphs),
    ]


def status(page: Page, now: datetime) -> list[Line]:
    """What runs and where the traffic is: also what stays when a run is left in the middle."""
    running = page.progress.running
    return [*(_running(running, page, now) if running else ()), *_traffic(page)]


def _running(running: Running, page: Page, now: datetime) -> Iterator[Line]:
    head = _clocked(running, page, now)
    waits = "" if running.line.startswith(running.waits) else running.waits
    about = "  ".join(filter(None, (waits, running.detail)))
    whole: Line = (*head, (f"   {about}", ""))
    yield from [whole] if extent(whole) <= page.measure else [head, ((f"   {about}", ""),)]


def _clocked(running: Running, page: Page, now: datetime) -> Line:
    """The step and its time; where both do not fit, the step's line gives way."""
    total = f" of {clockface(running.total)}" if running.total else ""
    clock = f"  {clockface(running.elapsed(now))}{total}"
    name = clipped(running.line, page.measure - 3 - width(clock), page.glyphs.ellipsis)
    columns = min(page.names, page.measure - 3 - width(clock))
    return ((f" {page.glyphs.running} ", "bold cyan"), (padded(name, columns), "bold"), (clock, ""))


def _traffic(page: Page) -> Iterator[Line]:
    shares = page.progress.shares
    if not shares:
        return
    if len(shares) == 1:
        yield (("   traffic  ", "dim"), (percentages(shares), ""))
        return
    parts = bar_parts(shares, page.measure - 12, ascii_only=page.glyphs.ascii_only)
    styles = ("bold", *FILLS[: len(parts) - 2], "")
    yield (("   traffic  ", "dim"), *zip(parts, styles, strict=False))


def _pending(page: Page, now: datetime) -> Iterator[Line]:
    lines = [step.line for step in page.progress.pending]
    left = page.progress.left(now)
    about = f"about {_rough(left)} left" if left else ""
    if not lines and not about:
        return
    room = page.measure - 3 - (width(about) + 3 if about else 0)
    names = _as_many_as_fit(lines, room, page.glyphs)
    yield (
        (f" {page.glyphs.pending} ", "dim"),
        (padded(names, room), "dim"),
        (f"   {about}" if about else "", ""),
    )


def _rough(seconds: float) -> str:
    """Whole minutes, and whole seconds only under one: a forecast is no measurement."""
    return lasted(round(seconds / MINUTE) * MINUTE if seconds >= MINUTE else max(round(seconds), 1))


def _as_many_as_fit(lines: list[str], room: int, glyphs: Glyphs) -> str:
    for count in range(len(lines), 0, -1):
        rest = f", {len(lines) - count} more" if count < len(lines) else ""
        text = ", ".join(lines[:count]) + rest
        if width(text) <= room:
            return text
    return clipped(f"{len(lines)} more steps" if lines else "", room, glyphs.ellipsis)


def _foot(page: Page, now: datetime) -> Iterator[Line]:
    """The total time and what a person can do; broken between pieces where it does not fit."""
    choices = () if page.progress.returning else page.progress.foot
    row = f" {clockface(page.progress.elapsed(now))} elapsed"
    for piece in choices:
        longer = row + page.glyphs.between + piece
        if width(longer) > page.measure - 1:
            yield ((row, "dim"),)
            longer = f" {piece}"
        row = longer
    yield ((row, "dim"),)


def _planned(event: Event, page: Page) -> Iterator[Line]:
    yield from _hung((), title(event), page, indent=2, style="bold")
    if steps := " -> ".join(step.line for step in steps_of(event)):
        yield from _hung((("  steps   ", "dim"),), steps, page, indent=10)
    for note in said_each(event, "notes"):
        yield from _hung((("  ", ""),), note, page, indent=4)


def _gate(event: Event, page: Page) -> Iterator[Line]:
    sign, style = _answers(page.glyphs).get(answered(event), ("?", "bold yellow"))
    head: Line = ((f"  {sign} ", style), (padded(f"{printable(event.text)}  ", GATE_COLUMN), ""))
    yield from _hung(head, verdict(event), page, indent=8)
    yield from _command("next", said(event, "clears"), indent=8)
    yield from _command("urgent", said(event, "urgent"), indent=8)
    for label in ("price", "owner"):
        if text := said(event, label):
            yield from _hung(((f"{' ' * 8}{label}: ", "dim"),), text, page, indent=10)


def _answers(glyphs: Glyphs) -> dict[str, tuple[str, str]]:
    return {
        "go": (glyphs.done, "green"),
        "no-go": (glyphs.failed, "bold red"),
        "warn": ("!", "bold yellow"),
        "lifted": ("!", "bold yellow"),
        "not set up": (glyphs.unset, "dim"),
    }


def _step_done(event: Event, page: Page) -> Iterator[Line]:
    back = page.progress.returning
    sign = (page.glyphs.back, "bold yellow") if back else (page.glyphs.done, "green")
    yield from _finished(event, page, sign, said(event, "value"))


def _step_failed(event: Event, page: Page) -> Iterator[Line]:
    yield from _finished(event, page, (page.glyphs.failed, "bold red"), said(event, "reason"))


def _step_owed(event: Event, page: Page) -> Iterator[Line]:
    yield from _finished(event, page, (page.glyphs.unset, "bold yellow"), f"owed: {said(event, 'reason')}")
    yield from _command("next", said(event, "clears"), indent=5)


def _finished(event: Event, page: Page, sign: tuple[str, str], fact: str) -> Iterator[Line]:
    seconds = "" if event.seconds is None else lasted(event.seconds)
    name = padded(printable(event.text), page.names)
    head: Line = ((f" {sign[0]} ", sign[1]), (name, ""), (f"  {seconds:>{SECONDS_COLUMN}}  ", "dim"))
    if extent(head) > page.columns:
        head = ((f" {sign[0]} ", sign[1]), (printable(event.text), ""), (f"  {seconds}", "dim"))
    yield from _hung(head, fact, page, indent=5)


def _note(event: Event, page: Page) -> Iterator[Line]:
    yield from _hung(((f" {page.glyphs.unset} ", "dim"),), printable(event.text), page, indent=3)


def _done(event: Event, page: Page) -> Iterator[Line]:
    """The undo command stands on the last line, where a hurried reader looks."""
    yield from _hung((), summary(event), page, indent=2, style="bold green")
    for command in said_each(event, "next"):
        yield from _command("next", command, indent=2)
    yield from _command("undo", said(event, "undo"), indent=2)


def _failed(event: Event, page: Page) -> Iterator[Line]:
    style = "bold yellow" if event.facts.get("code") == PAUSED else "bold red"
    yield from _hung((), blame(event), page, indent=2, style=style)
    if after := aftermath(event):
        yield ((f"  {page.glyphs.between.join(after)}", "bold"),)
    yield from _command("next", said(event, "clears"), indent=2)


def _command(label: str, command: str, *, indent: int) -> Iterable[Line]:
    """A command on a line of its own and never broken: it will be copied."""
    return [((f"{' ' * indent}{label}: ", "dim"), (command, "bold"))] if command else ()


def _hung(head: Line, body: str, page: Page, *, indent: int, style: str = "") -> Iterator[Line]:
    """``head`` and ``body`` on one line, or the body below it, indented and broken between words."""
    whole: Line = (*head, (body, style))
    if extent(whole) <= page.columns or not body:
        yield whole
        return
    beside = page.columns - extent(head) >= page.columns // 2
    if not beside:
        yield head
    below: Line = ((" " * indent, ""),)
    margin = head if beside else below
    for row in _broken(body, page.columns, indent, extent(margin)):
        yield (*margin, (row, style))
        margin = below


def _broken(body: str, columns: int, indent: int, first: int) -> list[str]:
    """Rows of whole words; a word wider than the row stays whole, and the terminal wraps it."""
    rows = textwrap.wrap(
        body,
        max(columns, indent + 10),
        initial_indent=" " * first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [row.lstrip() for row in rows]


def extent(line: Line) -> int:
    """How many columns a line takes."""
    return sum(width(text) for text, _ in line)


def _cut(line: Line, columns: int, glyphs: Glyphs) -> Line:
    """The line within ``columns``, with an ellipsis where it was longer."""
    kept: list[tuple[str, str]] = []
    for text, style in line:
        room = columns - extent(tuple(kept))
        kept.append((clipped(text, room, glyphs.ellipsis), style))
        if width(text) > room:
            break
    return tuple(kept)


_RECORDS: dict[str, Callable[[Event, Page], Iterable[Line]]] = {
    "plan": _planned,
    "gate": _gate,
    "step.done": _step_done,
    "step.failed": _step_failed,
    "step.owed": _step_owed,
    "note": _note,
    "done": _done,
    "failed": _failed,
}
