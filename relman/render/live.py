"""A release as it happens, on a terminal: finished lines scroll up, the rest is redrawn in place.

What it is not: layout (``render.frame``) or state (``render.progress``). This is the one module
that imports rich, and it is imported only once a real terminal is there.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NoReturn, Self, TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.control import Control
from rich.live import Live as Region
from rich.segment import ControlType
from rich.text import Text

from relman.clock import Clock
from relman.models import Event
from relman.render.frame import ASCII, Glyphs, Line, Page, extent, record, region, status
from relman.render.progress import Progress

TICK = 0.25
"""Seconds between two looks at clock and window size; the redrawn part is written only if it differs."""

STARTS = {"step.started", "step.waiting"}
ENDS = {"done", "failed", "plan"}
"""Kinds after which the terminal is an ordinary one. After a failure, what ran and where the traffic
is stay to be read: that is what a woken person needs first."""


class Live:
    """An :data:`relman.models.Emit` and a context manager that owns the terminal's last lines.

    The cursor is never hidden: a run that is killed with SIGKILL must not leave a person at a
    prompt without one.
    """

    def __init__(
        self, out: TextIO, err: TextIO, *, color: bool, environ: Mapping[str, str], clock: Clock
    ) -> None:
        """Draw on ``out``; prints of others to the same terminal are kept above the redrawn part."""
        self._out, self._err, self._clock = out, err, clock
        self._console = _console(out, color=color, environ=environ)
        self._glyphs = Glyphs() if _speaks_unicode(out) else ASCII
        self._rewraps = rewraps(environ)
        self._lock = threading.RLock()
        self._progress = Progress(clock.now())
        self._region: Region | None = None
        self._frame: list[Line] = []
        self._over = threading.Event()

    def __enter__(self) -> Self:
        """Nothing is drawn before the first event."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back; what ran, and where the traffic is, stays to be read."""
        with suppress(OSError), self._lock:  # the block's own error matters more than a lost terminal
            try:
                self._fit()
            finally:
                self._leave(self._status())

    def __call__(self, event: Event) -> None:
        """Show the event.

        Raises:
            BrokenPipeError: The terminal is gone.
        """
        with _gone_is_a_broken_pipe(), self._lock:
            self._fit()
            self._progress = self._progress.after(event, self._clock.now())
            if event.kind in ENDS:
                self._leave(self._status() if event.kind == "failed" else [])
            self._show(record(event, self._page()))
            if event.kind in STARTS and self._region is None:
                self._enter()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The redrawn part, as rich asks for it."""
        return (_text(line) for line in self._frame)

    def _page(self) -> Page:
        return Page(self._progress, self._console.width, self._glyphs)

    def _status(self) -> list[Line]:
        return status(self._page(), self._clock.now())

    def _enter(self) -> None:
        """From here on the last lines are redrawn, also when no event comes."""
        self._region = Region(
            self,
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=self._out is sys.stdout,
            redirect_stderr=self._err is sys.stderr and self._err.isatty(),
        )
        self._region.start()
        self._console.show_cursor(show=True)
        self._show([])
        self._over = threading.Event()
        threading.Thread(target=self._tick, args=(self._over,), name="relman-screen", daemon=True).start()

    def _leave(self, stays: list[Line]) -> None:
        """The last lines are an ordinary terminal's again; ``stays`` is written where they stood."""
        if self._region is None:
            return
        self._over.set()
        ended, self._region = self._region, None
        try:
            self._write(stays, [])
        finally:
            ended.stop()

    def _tick(self, over: threading.Event) -> None:
        """Clocks run on and a resized window is answered between events too."""
        with suppress(OSError):  # a terminal that went away is the next event's to report
            while not over.wait(TICK):
                with self._lock:
                    if not over.is_set():
                        self._fit()
                        self._show([])

    def _show(self, lines: list[Line]) -> None:
        """Write lines above the redrawn part, and that part again; nothing if nothing differs."""
        frame = region(self._page(), self._clock.now()) if self._region else []
        if lines or frame != self._frame:
            self._write(lines, frame)

    def _write(self, lines: list[Line], frame: list[Line]) -> None:
        self._frame = frame
        above = Text("\n").join(_text(line) for line in lines)
        self._console.print(above, soft_wrap=True, end="\n" if lines else "")

    def _fit(self) -> None:
        """Learn the window's size; where a narrower one broke drawn lines in two, step over the extra rows.

        Terminals that rewrap on a resize make rows that rich does not know of. It goes up by the
        rows that it wrote, so it would leave the upper ones behind at every step of the mouse.
        """
        columns, rows = _size(self._out)
        if columns < self._console.width and self._rewraps:
            extra = sum(max(extent(line) - 1, 0) // columns for line in self._frame)
            self._console.control(
                *[Control((ControlType.ERASE_IN_LINE, 2), (ControlType.CURSOR_UP, 1))] * extra
            )
        self._console.size = (columns, rows)


class _Terminal(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Rich would leave the process here; whether a run goes on is not the screen's to decide."""
        raise BrokenPipeError(errno.EPIPE, "the terminal is gone")


def _console(out: TextIO, *, color: bool, environ: Mapping[str, str]) -> Console:
    console = _Terminal(
        file=out,
        force_terminal=True,
        force_interactive=True,
        color_system="auto" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        _environ=environ,
    )
    console.size = _size(out)
    return console


def rewraps(environ: Mapping[str, str]) -> bool:
    """Whether the terminal breaks lines anew when its window narrows. Most do.

    xterm, the Linux console and GNU screen cut them off instead; tmux rewraps inside any of them.
    """
    cuts = "XTERM_VERSION" in environ or environ.get("TERM", "").startswith(("linux", "screen"))
    return "TMUX" in environ or not cuts


def _size(out: TextIO) -> tuple[int, int]:
    """Columns and rows of the terminal itself; some pseudo-terminals say 0."""
    columns, rows = os.get_terminal_size(out.fileno())
    return columns or 80, rows or 24


def _speaks_unicode(out: TextIO) -> bool:
    return (out.encoding or "").lower().replace("-", "").replace("_", "") in {"utf8", "utf8sig"}


def _text(line: Line) -> Text:
    return Text.assemble(*line, no_wrap=True, overflow="crop")


@contextmanager
def _gone_is_a_broken_pipe() -> Iterator[None]:
    """A terminal that was closed answers EIO, a pipe EPIPE: for the caller they are one thing."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise BrokenPipeError(errno.EPIPE, "the terminal is gone") from error
