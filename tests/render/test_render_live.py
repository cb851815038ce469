"""Truths of the live screen, read from a real pseudo-terminal as a person would see it."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from relman import render
from relman.models import Emit, Event
from relman.render.live import rewraps
from tests.render.release import failure, opening, success, traffic, waiting
from tests.render.terminal import Hand, Terminal

XTERM = {"TERM": "xterm-256color"}
OPENING = [
    "api 1.7.3 -> 1.8.0   europe-west1, production   plan 7f3a91c2",
    "  steps   deploy 0 % -> smoke on tag URL -> shift 25 % -> hold at 25 % -> 50 % -> smoke on live URL",
    "  8 commits, 23 files",
    "  ✔ deploy window       Wed 10:00-16:00 Europe/Berlin",
    '  · sign-off            not set up: profile = "solo"',
    " ✔ deploy 0 %                21 s  tag c-12ab3",
    " ✔ smoke on tag URL           9 s  24 checks, p95 180 ms",
    " ✔ shift 25 %               2.4 s",
]
RUNNING = [
    " ● hold at 25 %       4:10 of 10:00   errors 0.02 % (limit 0.5)",
    "   traffic  1.8.0  25 % ██████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  75 % 1.7.3",
    " ○ 50 %, smoke on live URL                                               about 16 min left",
    " 0:00 elapsed · Ctrl-C pauses here · other terminal: inv release.rollback",
]
SGR = re.compile(rb"\x1b\[[0-9;]*m")
Opens = Callable[..., Terminal]


def emitted(emit: Emit, *events: Event) -> None:
    """Tell them all."""
    for event in events:
        emit(event)


def shown(hand: Hand, screen: Terminal, events: list[Event], **environ: str) -> list[str]:
    """What is to be read once the screen was left."""
    with render.screen(screen.out, io.StringIO(), environ={**XTERM, **environ}, clock=hand.clock) as emit:
        emitted(emit, *events)
    return screen.close()


def test_a_running_release_is_seen_at_a_glance(hand: Hand, terminal: Opens) -> None:
    """What is done, what runs and for how long, where the traffic is, what is left, what one can do."""
    screen = terminal()
    with render.screen(screen.out, io.StringIO(), environ=XTERM, clock=hand.clock) as emit:
        emitted(emit, *opening(), waiting(250))
        assert screen.until("4:10 of 10:00", "rollback") == OPENING + RUNNING


def test_clocks_run_on_between_events(hand: Hand, terminal: Opens) -> None:
    """Nothing was emitted, and still the screen shows that time passes."""
    screen = terminal()
    with render.screen(screen.out, io.StringIO(), environ=XTERM, clock=hand.clock) as emit:
        emitted(emit, *opening(), waiting(250))
        hand.pass_by(65)
        lines = screen.until("5:15 of 10:00", "rollback")
        assert lines[-2].endswith("about 15 min left")
        assert lines[-1].startswith(" 1:05 elapsed")


def test_the_record_of_a_release_stays(hand: Hand, terminal: Opens) -> None:
    """The moving part is gone at the end; the finished lines and the undo command are there."""
    assert shown(hand, terminal(), [*opening(), waiting(250), *success()]) == [
        *OPENING,
        " ✔ hold at 25 %            10 min  errors 0.02 %",
        "1.8.0 live after 10 min 11 s",
        "  undo: inv release.rollback --to 1.7.3",
    ]


def test_the_record_outlives_a_low_window(hand: Hand, terminal: Opens) -> None:
    """In a window of six rows every finished line is in the scrollback, once."""
    lines = shown(hand, terminal(rows=6), [*opening(), waiting(250), *success()])
    assert lines[: len(OPENING)] == OPENING
    assert lines[-1] == "  undo: inv release.rollback --to 1.7.3"


def test_a_failure_ends_with_what_serves(hand: Hand, terminal: Opens) -> None:
    """The failed step, the return, where the traffic is, the code and the next command."""
    assert shown(hand, terminal(), [*opening(), waiting(250), *failure()])[len(OPENING) :] == [
        " ✘ hold at 25 %        4 min 10 s  p95 348 ms > 250 ms",
        " ↩ traffic back to 1.7.3          4 s  20 requests",
        "   traffic  1.8.0   0 % ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 100 % 1.7.3",
        "1.8.0 was NOT released: p95",
        "  1.7.3 serves · exit 4",
        "  next: inv release.why 1.8.0",
    ]


def test_forty_columns_are_enough(hand: Hand, terminal: Opens) -> None:
    """A phone's terminal: nothing wraps, commands and percentages are whole."""
    screen = terminal(columns=40)
    with render.screen(screen.out, io.StringIO(), environ=XTERM, clock=hand.clock) as emit:
        emitted(emit, *opening(), waiting(250))
        assert screen.until("4:10 of 10:00", "rollback")[-6:] == [
            " ● hold at 25 %       4:10 of 10:00",
            "   errors 0.02 % (limit 0.5)",
            "   traffic  1.8.0  25 %  1.7.3  75 %",
            " ○ 50 %, 1 more       about 16 min left",
            " 0:00 elapsed · Ctrl-C pauses here",
            " other terminal: inv release.rollback",
        ]


def test_wide_words_do_not_break_the_screen(hand: Hand, terminal: Opens) -> None:
    """Characters of two columns are cut where the line ends, and the time beside them stays."""
    screen = terminal(columns=40)
    with render.screen(screen.out, io.StringIO(), environ=XTERM, clock=hand.clock) as emit:
        emit(Event("step.started", "発行" * 30, key="x"))
        for percent in (25, 50, 75):
            emitted(emit, Event("step.waiting", "the build", key="x"), traffic(percent))
        lines = screen.until("75 %  1.7.3", "rollback")
    assert [line[:3] for line in lines] == [" ● ", "   ", "   ", " 0:", " ot"]
    assert lines[0].endswith("…  0:00")


def test_the_record_keeps_words_whole(hand: Hand, terminal: Opens) -> None:
    """What is too long for a row goes below, indented; a command is never broken by us."""
    command = "inv release.cut --override window --incident INC-42"
    gate = {"answer": "no-go", "fact": "it is Thu 11:04, the window is Wed 10:00-16:00", "clears": command}
    lines = shown(hand, terminal(columns=40), [Event("gate", "deploy window", facts=gate)])
    assert lines[:3] == [
        "  ✘ deploy window",
        "        it is Thu 11:04, the window is",
        "        Wed 10:00-16:00",
    ]
    assert "".join(lines[3:]) == f"        next: {command}"


def test_what_lifts_a_gate_stands_below_it(hand: Hand, terminal: Opens) -> None:
    """A refusal has the command of who cannot wait, its price, the owner; a lifted gate its own sign."""
    told = {"urgent": "inv release.cut --override window", "price": "two sign it", "owner": "Eng Lead (Ben)"}
    facts = {"answer": "no-go", "fact": "it is Thu", **told}
    lifted = {"answer": "no-go", "fact": "it is Thu", "lifted": "lifted by ana"}
    events = [Event("gate", "deploy window", facts=one) for one in (facts, lifted)]
    assert shown(hand, terminal(columns=80), events) == [
        "  ✘ deploy window       it is Thu",
        *(f"        {label}: {text}" for label, text in told.items()),
        "  ! deploy window       it is Thu; lifted by ana",
    ]


@pytest.mark.parametrize(("term", "anew"), [("xterm-256color", True), ("linux", False)])
def test_a_narrowed_window_is_drawn_anew(hand: Hand, terminal: Opens, term: str, *, anew: bool) -> None:
    """The moving part follows the window's width without an event, and leaves no piece of itself behind."""
    screen = terminal()
    with render.screen(screen.out, io.StringIO(), environ={"TERM": term}, clock=hand.clock) as emit:
        emitted(emit, *opening(), waiting(250))
        screen.until("4:10 of 10:00", "75 % 1.7.3", "rollback")
        screen.resize(50, 40, rewraps=anew)
        lines = screen.until("other terminal", "left\n 0:00 elapsed · Ctrl-C pauses here\n")
    assert lines[-6:] == [
        " ● hold at 25 %       4:10 of 10:00",
        "   errors 0.02 % (limit 0.5)",
        "   traffic  1.8.0  25 % ███░░░░░░░░░░  75 % 1.7.3",
        " ○ 50 %, smoke on live URL      about 16 min left",
        " 0:00 elapsed · Ctrl-C pauses here",
        " other terminal: inv release.rollback",
    ]
    assert lines[-7] == OPENING[-1]


def test_only_terminals_that_rewrap_are_stepped_over() -> None:
    """Stepping over rows that do not exist would wipe finished lines."""
    assert rewraps({"TERM": "xterm-256color"})
    assert rewraps({"TERM": "screen-256color", "TMUX": "/tmp/tmux-0/default,1,0"})  # noqa: S108
    assert not rewraps({"TERM": "xterm", "XTERM_VERSION": "XTerm(379)"})
    assert not rewraps({"TERM": "linux"})


def test_an_ascii_locale_gets_ascii_signs(hand: Hand, terminal: Opens) -> None:
    """The drawing changes, the words stay."""
    screen = terminal(encoding="ascii")
    with render.screen(screen.out, io.StringIO(), environ=XTERM, clock=hand.clock) as emit:
        emitted(emit, *opening(), waiting(250))
        lines = screen.until("4:10 of 10:00", "rollback")
    assert " + deploy 0 %                21 s  tag c-12ab3" in lines
    assert lines[-3] == (
        "   traffic  1.8.0  25 % ##############........................................  75 % 1.7.3"
    )
    assert lines[-1] == " 0:00 elapsed | Ctrl-C pauses here | other terminal: inv release.rollback"
    assert screen.raw.isascii()


def test_no_color_means_no_colour(hand: Hand, terminal: Opens) -> None:
    """Any value that is not empty; the screen moves all the same."""
    screen = terminal()
    shown(hand, screen, [*opening(), *success()], NO_COLOR="1", FORCE_COLOR="1")
    assert not SGR.search(screen.raw)
    assert b"\x1b[" in screen.raw


@pytest.mark.parametrize(("color", "no_color"), [(None, ""), (True, "1")])
def test_colour_is_on_by_default_and_by_flag(
    hand: Hand,
    terminal: Opens,
    *,
    color: bool | None,
    no_color: str,
) -> None:
    """An empty NO_COLOR is none, and a person's flag wins over it."""
    screen = terminal()
    environ = {**XTERM, "NO_COLOR": no_color}
    with render.screen(screen.out, io.StringIO(), color=color, environ=environ, clock=hand.clock) as emit:
        emitted(emit, *opening())
    screen.close()
    assert SGR.search(screen.raw)


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"TERM": "xterm", "CI": "true"}])
def test_a_dumb_terminal_and_ci_get_plain_lines(hand: Hand, terminal: Opens, environ: dict[str, str]) -> None:
    """They have a terminal's name and none of its abilities."""
    screen = terminal()
    with render.screen(screen.out, io.StringIO(), environ=environ, clock=hand.clock) as emit:
        emit(traffic(25))
    assert screen.close() == ["traffic         1.8.0  25 %  1.7.3  75 %"]
    assert b"\x1b" not in screen.raw


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_an_ordinary_terminal(
    hand: Hand, terminal: Opens, error: type[BaseException]
) -> None:
    """The cursor shows, and what ran and where the traffic is can still be read."""
    screen = terminal()
    with (
        pytest.raises(error),
        render.screen(screen.out, io.StringIO(), environ=XTERM, clock=hand.clock) as emit,
    ):
        left_by(error, emit)
    assert screen.close() == OPENING + RUNNING[:2]
    assert screen.cursor_shows


def test_a_question_before_the_first_step_is_asked_on_an_ordinary_terminal(
    hand: Hand, terminal: Opens
) -> None:
    """Plan and gates are printed; nothing moves until a step starts."""
    screen = terminal()
    with render.screen(screen.out, io.StringIO(), environ=XTERM, clock=hand.clock) as emit:
        emitted(emit, *opening()[:3])
        screen.out.write("type 1.8.0 to go on: ")
        screen.out.flush()
        assert screen.until("go on:") == [*OPENING[:5], "type 1.8.0 to go on:"]


def test_a_second_run_starts_over(hand: Hand, terminal: Opens) -> None:
    """The demo shows several releases on one screen; the first one's failure does not colour the next."""
    lines = shown(hand, terminal(), [*opening(), *failure(), *opening(), *success()])
    assert lines[-11:-3] == OPENING


def test_a_closed_window_is_a_broken_pipe(hand: Hand, terminal: Opens) -> None:
    """EIO from a terminal that is gone is told as the closed pipe that it is, and nothing worse."""
    screen = terminal()
    with (
        pytest.raises(BrokenPipeError),
        render.screen(screen.out, io.StringIO(), environ=XTERM, clock=hand.clock) as emit,
    ):
        hung_up(screen, emit)


def left_by(error: type[BaseException], emit: Emit) -> None:
    """A run that ends in the middle of a bake."""
    emitted(emit, *opening(), waiting(250))
    raise error


def hung_up(screen: Terminal, emit: Emit) -> None:
    """A run whose window is closed in the middle."""
    emitted(emit, *opening())
    screen.hang_up()
    emitted(emit, *failure())


SCRIPT = """
import os, sys, time
from relman import clock, render
from relman.models import Event
with render.screen(sys.stdout, sys.stderr, environ=os.environ, clock=clock.system()) as emit:
    emit(Event("step.started", "deploy 0 %", key="deploy"))
    print("a stray print")
    emit(Event("step.waiting", "the revision to be ready", key="deploy"))
    time.sleep(60)
"""


def running(screen: Terminal) -> subprocess.Popen[bytes]:
    """A process whose standard output is the terminal, in the middle of a step."""
    environ = {**os.environ, **XTERM, "CI": ""}
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=screen.out, stderr=subprocess.PIPE, env=environ
    )
    screen.until("the revision to be ready")
    return child


def test_a_stray_print_goes_above_the_moving_part(terminal: Opens) -> None:
    """A library that prints in the middle of a release does not tear the screen."""
    screen = terminal()
    with running(screen) as child:
        lines = screen.until("0:01 elapsed")
        child.kill()
    assert lines[0] == "a stray print"
    assert [line[:12] for line in lines[1:]] == [" ● deploy 0 ", " 0:01 elapse"]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_run_leaves_a_cursor(terminal: Opens, by: signal.Signals) -> None:
    """Also after kill -9, when nobody can put it back."""
    screen = terminal()
    with running(screen) as child:
        child.send_signal(by)
        child.communicate(timeout=5)
    screen.close()
    assert screen.cursor_shows
