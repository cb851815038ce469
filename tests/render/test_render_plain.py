"""Truths of the plain lines that a pipe, a CI log and a dumb terminal get."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from relman import render
from relman.models import Event
from tests.render.release import failure, opening, success, traffic, waiting
from tests.render.terminal import Hand

OPENING = """\
plan            api 1.7.3 -> 1.8.0   europe-west1, production   plan 7f3a91c2
steps           deploy 0 % -> smoke on tag URL -> shift 25 % -> hold at 25 % -> 50 % -> smoke on live URL
note            8 commits, 23 files
gate   ok       deploy window        Wed 10:00-16:00 Europe/Berlin
gate   -        sign-off             not set up: profile = "solo"
step   done     deploy 0 %             21 s  tag c-12ab3
step   done     smoke on tag URL        9 s  24 checks, p95 180 ms
traffic         1.8.0  25 %  1.7.3  75 %
step   done     shift 25 %             2.4 s
"""


def shown(hand: Hand, events: list[Event], **environ: str) -> str:
    """What a pipe gets."""
    out = io.StringIO()
    with render.screen(out, io.StringIO(), environ=environ, clock=hand.clock) as emit:
        for event in events:
            emit(event)
    return out.getvalue()


def test_a_release_reads_in_columns(hand: Hand) -> None:
    """One line a finished step with its seconds, the split when it changed, the undo last."""
    assert shown(hand, [*opening(), *success()]) == OPENING + (
        "step   done     hold at 25 %           10 min  errors 0.02 %\n"
        "traffic         1.8.0 100 %  1.7.3   0 %\n"
        "done            1.8.0 live after 10 min 11 s; undo: inv release.rollback --to 1.7.3\n"
    )


def test_a_failure_names_fact_code_and_next_command(hand: Hand) -> None:
    """What is put back after the failure is called a return; the command stands alone."""
    assert shown(hand, [*opening(), *failure()]) == OPENING + (
        "step   failed   hold at 25 %           4 min 10 s  p95 348 ms > 250 ms\n"
        "traffic         1.8.0   0 %  1.7.3 100 %\n"
        "step   return   traffic back to 1.7.3   4 s  20 requests\n"
        "failed          1.8.0 was NOT released: p95; 1.7.3 serves; exit 4\n"
        "                next: inv release.why 1.8.0\n"
    )


def test_a_refusing_gate_names_what_clears_it(hand: Hand) -> None:
    """The command can be copied: nothing else stands on its line."""
    facts = {"answer": "no-go", "fact": "it is Thu 11:04", "clears": "inv window.show"}
    assert shown(hand, [Event("gate", "deploy window", facts=facts)]) == (
        "gate   no-go    deploy window        it is Thu 11:04\n                next: inv window.show\n"
    )


def test_a_lifted_gate_is_neither_ok_nor_refusing(hand: Hand) -> None:
    """What it says stays, and what lifted it stands beside; nothing is left to type."""
    facts = {"answer": "no-go", "fact": "it is Thu", "lifted": "lifted by ana: cannot pay", "clears": ""}
    assert shown(hand, [Event("gate", "deploy window", facts=facts)]) == (
        "gate   lifted   deploy window        it is Thu; lifted by ana: cannot pay\n"
    )


def test_a_refusal_tells_the_price_and_the_owner(hand: Hand) -> None:
    """Who cannot wait sees the command, what it costs, and whom to ask."""
    told = {"urgent": "inv release.cut --override window", "price": "two sign it", "owner": "Eng Lead (Ben)"}
    facts = {"answer": "no-go", "fact": "it is Thu", "clears": "", **told}
    assert shown(hand, [Event("gate", "deploy window", facts=facts)]).splitlines()[1:] == [
        f"                {label}: {text}" for label, text in told.items()
    ]


def test_a_long_bake_is_heard_of_once_a_minute(hand: Hand) -> None:
    """At its start and after each silent minute, however often the engine looks."""
    out = io.StringIO()
    with render.screen(out, io.StringIO(), environ={}, clock=hand.clock) as emit:
        emit(Event("step.started", "hold at 25 %", key="hold"))
        for second in range(0, 181, 5):
            emit(waiting(second))
            hand.pass_by(5)
    assert out.getvalue() == "".join(
        f"step   waiting  hold at 25 %           {minute}:00 of 10:00  errors 0.02 % (limit 0.5)\n"
        for minute in range(4)
    )


def test_a_short_wait_is_not_heard_of(hand: Hand) -> None:
    """A step that takes seconds leaves one line: that it is done."""
    wait = Event("step.waiting", "the revision to be ready", key="deploy")
    started = Event("step.started", "deploy 0 %", key="deploy")
    assert shown(hand, [started, wait, wait]) == ""


def test_a_silent_wait_is_heard_of_after_a_minute(hand: Hand) -> None:
    """A step that hangs says so, though nobody knows how long it should take."""
    out = io.StringIO()
    with render.screen(out, io.StringIO(), environ={}, clock=hand.clock) as emit:
        emit(Event("step.started", "deploy 0 %", key="deploy"))
        hand.pass_by(61)
        emit(Event("step.waiting", "the revision to be ready", key="deploy"))
    assert out.getvalue() == "step   waiting  the revision to be ready  1:01\n"


def test_nothing_colours_or_moves_a_pipe(hand: Hand) -> None:
    """FORCE_COLOR would make rich animate into CI logs; a pipe stays a pipe."""
    text = shown(hand, [*opening(), *success()], FORCE_COLOR="1", TTY_COMPATIBLE="1", TERM="xterm-256color")
    assert "\x1b" not in text
    assert "\r" not in text


def test_strangers_words_stay_on_their_line(hand: Hand) -> None:
    """A reason with newlines and escapes cannot forge lines of the log."""
    event = Event("step.failed", "smoke", key="s", facts={"reason": "500\ndone  1.8.0 live\x1b[2J"})
    assert shown(hand, [event]) == "step   failed   smoke                        500 done  1.8.0 live [2J\n"


def test_an_event_of_a_newer_engine_is_shown_as_a_note(hand: Hand) -> None:
    """Unknown is shown, not swallowed."""
    assert shown(hand, [Event("canary.verdict", "healthy")]) == "note            healthy\n"


def test_each_line_is_written_at_once(hand: Hand) -> None:
    """A log that is cut off is complete up to there: nothing waits in a buffer."""
    reads, writes = os.pipe()
    with (
        os.fdopen(writes, "w") as out,
        os.fdopen(reads, "rb", buffering=0) as far,
        render.screen(out, io.StringIO(), environ={}, clock=hand.clock) as emit,
    ):
        emit(traffic(25))
        assert far.read(100) == b"traffic         1.8.0  25 %  1.7.3  75 %\n"


def test_a_signal_may_speak_in_the_middle_of_an_event(hand: Hand) -> None:
    """The first Ctrl-C is answered by a note, also when it comes while a line is written."""

    class Interrupted(io.StringIO):
        def write(self, text: str) -> int:
            if "shift" in text:
                emit(Event("note", "stopping at the next safe point"))
            return super().write(text)

    out = Interrupted()
    with render.screen(out, io.StringIO(), environ={}, clock=hand.clock) as emit:
        emit(Event("step.done", "shift 25 %", key="s"))
    assert out.getvalue() == ("step   done     shift 25 %\nnote            stopping at the next safe point\n")


def test_what_an_abort_puts_back_is_a_return(hand: Hand) -> None:
    """No step failed, a person wanted it; the log says all the same what these steps are."""
    facts = {"returning": True}
    started = Event("step.started", "all traffic back to 1.7.3", key="back", facts=facts)
    done = Event("step.done", "all traffic back to 1.7.3", key="back", seconds=1, facts=facts)
    assert shown(hand, [*opening(), started, done]).endswith(
        "step   return   all traffic back to 1.7.3   1 s\n"
    )


def test_an_old_encoding_gets_question_marks(hand: Hand) -> None:
    """No event crashes a release because a locale is ASCII; the stream is as before afterwards."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    with render.screen(out, io.StringIO(), environ={}, clock=hand.clock) as emit:
        emit(Event("note", "für später \udce9"))
    assert raw.getvalue() == b"note            f?r sp?ter\n"
    assert out.errors == "strict"


def test_a_closed_pipe_is_a_broken_pipe(hand: Hand) -> None:
    """The caller is told by the error that Python has for it, and no other."""
    reads, writes = os.pipe()
    os.close(reads)
    out = io.TextIOWrapper(io.FileIO(writes, "w"), write_through=True)
    screen = render.screen(out, io.StringIO(), environ={}, clock=hand.clock)
    with out, pytest.raises(BrokenPipeError), screen as emit:
        emit(traffic(25))


@pytest.mark.parametrize("json", [False, True])
def test_without_a_terminal_rich_is_not_imported(*, json: bool) -> None:
    """It costs start-up time, and only the live screen needs it."""
    code = f"""
import os, sys
from relman import clock, render
from relman.models import Event
with render.screen(sys.stdout, sys.stderr, json={json}, environ=os.environ, clock=clock.system()) as emit:
    emit(Event("note", "hello"))
sys.exit("rich" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, "hello" in done.stdout) == (0, True)
