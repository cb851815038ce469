"""Truths of the JSON lines that programs read."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable

import pytest

from relman import render
from relman.models import Event
from tests.render.release import opening, success
from tests.render.terminal import Hand, Terminal


def test_an_event_is_one_object_a_line(hand: Hand) -> None:
    """Schema, order, time, and the event's own fields, in a fixed order."""
    out = io.StringIO()
    with render.screen(out, io.StringIO(), json=True, environ={}, clock=hand.clock) as emit:
        emit(Event("step.done", "smoke", key="s", seconds=9.5, facts={"value": "24 ✔"}))
        hand.pass_by(1.5)
        emit(Event("note", "two\nlines"))
    assert out.getvalue() == (
        '{"schema": "relman.event/1", "seq": 1, "at": "2026-11-25T12:00:00.000Z", "kind": "step.done", '
        '"key": "s", "text": "smoke", "seconds": 9.5, "facts": {"value": "24 \\u2714"}}\n'
        '{"schema": "relman.event/1", "seq": 2, "at": "2026-11-25T12:00:01.500Z", "kind": "note", '
        '"key": "", "text": "two\\nlines", "seconds": null, "facts": {}}\n'
    )


def test_stdout_is_json_only_and_notes_reach_people(hand: Hand) -> None:
    """A program reads stdout whole; a person who watches still sees the notes, on stderr."""
    out, err = io.StringIO(), io.StringIO()
    events = [*opening(), Event("note", "kept its tag"), *success()]
    with render.screen(out, err, json=True, environ={}, clock=hand.clock) as emit:
        for event in events:
            emit(event)
    records = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [record["seq"] for record in records] == list(range(1, len(events) + 1))
    assert [Event(**{name: record[name] for name in Event.__struct_fields__}) for record in records] == events
    assert err.getvalue() == "kept its tag\n"


def test_json_is_json_on_a_terminal_too(hand: Hand, terminal: Callable[..., Terminal]) -> None:
    """The flag decides, not who reads."""
    screen = terminal(columns=200)
    with render.screen(screen.out, io.StringIO(), json=True, environ={}, clock=hand.clock) as emit:
        emit(Event("note", "hello"))
    assert json.loads(screen.close()[0])["text"] == "hello"


def test_what_json_cannot_say_is_refused(hand: Hand) -> None:
    """NaN is no JSON: better an error where it was made than a line no parser takes."""
    screen = render.screen(io.StringIO(), io.StringIO(), json=True, environ={}, clock=hand.clock)
    with pytest.raises(ValueError, match="not JSON compliant"), screen as emit:
        emit(Event("note", "p95", facts={"p95": math.nan}))
