"""How a task shows a run: the screen, the end of it, and the exit code.

What it is not: a task. Every task that changes something runs inside :func:`shown`.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.exceptions import Exit

from relman.errors import RelmanError

if TYPE_CHECKING:
    from relman.app import Relman
    from relman.clock import Clock
    from relman.models import Emit, Event
    from relman.team.operating import Operating


class Shown:
    """What a task has in hand while it runs.

    Attributes:
        clock: The machine's own.
        place: The flags that name the service and environment, empty where there is only one.
    """

    def __init__(self, tell: Emit, clock: Clock) -> None:
        """Start the watch."""
        self._tell, self.clock = tell, clock
        self._began = clock.now()
        self.place = ""

    def emit(self, event: Event) -> None:
        """Tell the screen; a command that is told names the service where there are several."""
        from msgspec.structs import replace

        facts = {name: _placed(fact, self.place) for name, fact in event.facts.items()}
        self._tell(replace(event, facts=facts))

    def done(self, text: str, *, undo: str = "", then: tuple[str, ...] = (), timed: bool = True) -> None:
        """End the screen with a summary, the seconds, and what to type next."""
        from relman.models import Event

        seconds = (self.clock.now() - self._began).total_seconds()
        told = {"undo": undo, "next": list(then)}
        self.emit(Event("done", text, seconds=seconds if timed else None, facts=told))


@contextmanager
def shown(*, json: bool) -> Iterator[Shown]:
    """A screen for a run; an error of relman's ends it in words and with its exit code.

    Raises:
        Exit: With the error's code, and no message, because the screen has told it.
    """
    from relman.clock import system
    from relman.models import Event
    from relman.render import screen

    clock = system()
    with screen(sys.stdout, sys.stderr, json=json, environ=os.environ, clock=clock) as tell:
        told = Shown(_while_somebody_reads(tell), clock)
        try:
            yield told
        except RelmanError as error:
            facts = {"code": error.code, "fact": error.fact, "clears": error.clears}
            told.emit(Event("failed", error.what, facts=facts))
            raise Exit(code=error.code) from error


def ascii_only() -> bool:
    """Whether what is printed to has no signs beyond ASCII."""
    return not (sys.stdout.encoding or "").lower().startswith("utf")


def placed(text: str, place: str) -> str:
    """A text whose commands can be typed as they stand: by the name that was called, with the flags."""
    called = "relman" if Path(sys.argv[0]).name == "relman" else "inv"
    # A service that was named by its project and region is known to the rollback only.
    known = r"inv release\.rollback" if "--project" in place else r"inv (release|smoke)\.\w+"
    flagged = re.sub(known, rf"\g<0> {place}", text) if place else text
    return re.sub(r"\binv (?=[a-z]+\.[a-z])", f"{called} ", flagged)


def _placed(fact: object, place: str) -> object:
    """The same for a fact of an event, which may be a list."""
    if isinstance(fact, list):
        return [_placed(one, place) for one in fact]
    return placed(fact, place) if isinstance(fact, str) else fact


def _while_somebody_reads(tell: Emit) -> Emit:
    """A reader who goes away (``| head``) ends the telling and not the run."""
    gone = False

    def emit(event: Event) -> None:
        nonlocal gone
        try:
            if not gone:
                tell(event)
        except BrokenPipeError:
            gone = True

    return emit


@contextmanager
def read(service: str, env: str) -> Iterator[Relman]:
    """The relman of the folder, for a task that only reads and prints a page."""
    from relman import opening

    with closing(opening.here(Path.cwd(), service=service, env=env, environ=os.environ)) as relman:
        yield relman


@contextmanager
def team(screen: Shown | None = None) -> Iterator[Operating]:
    """The operating model of the folder, with its events on the screen if there is one."""
    from relman import opening
    from relman.models import silent

    clock, emit = (screen.clock, screen.emit) if screen else (None, silent)
    with closing(opening.team(Path.cwd(), time=clock, emit=emit)) as operating:
        yield operating


@contextmanager
def opened(service: str, env: str, screen: Shown) -> Iterator[Relman]:
    """The relman of the folder, with its events on the screen."""
    from relman import opening

    place = {"service": service, "env": env}
    with closing(
        opening.here(Path.cwd(), **place, environ=os.environ, time=screen.clock, emit=screen.emit)
    ) as relman:
        screen.place = relman.place
        yield relman


@contextmanager
def opened_for_rollback(place: tuple[str, str, str, str], screen: Shown) -> Iterator[Relman]:
    """What a rollback needs: service, environment, project and region, each empty if not said."""
    from relman import opening

    named = dict(zip(("service", "env", "project", "region"), place, strict=True))
    with closing(
        opening.for_rollback(Path.cwd(), **named, environ=os.environ, time=screen.clock, emit=screen.emit)
    ) as relman:
        screen.place = relman.place
        yield relman


def saved(path: Path, content: bytes) -> None:
    """Write the file that a person named.

    Raises:
        UsageError: It cannot be written.
    """
    from relman.errors import UsageError

    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written", fact=error.strerror or str(error)) from error


def same_bytes() -> None:
    """A file or a pipe is given UTF-8 whatever the locale; a terminal what it can show."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="replace")
