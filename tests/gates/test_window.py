"""The gate of the deploy window: what it says on each day, what it takes to pass, and last call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relman import gates
from relman.ledger import Draft
from relman.models import TEAM, Answer, Price, Verdict
from tests.gates.conftest import KEY, WEDNESDAY, Ask, hours, record

WINDOW = '[window]\ntz = "Europe/Berlin"\nwindows = [{ days = ["wed"], start = "10:00", end = "16:00" }]\n'
THURSDAY = WEDNESDAY + timedelta(days=1)
CLOSES = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


def window(asked: gates.Question) -> Verdict:
    """What the window's gate says."""
    (verdict,) = gates.ask(asked, [one for one in gates.GATES if one.id == "window"])
    return verdict


def told(asked: gates.Question) -> gates.Told:
    """The same, as it is told to people."""
    (gate,) = [one for one in gates.GATES if one.id == "window"]
    return gates.told(gate, window(asked), asked.config)


def says(question: gates.Question, kind: str, **detail: Any) -> None:
    """Record an entry of the whole team's."""
    record(question, Draft(kind, TEAM, "", detail=detail))


def released(question: gates.Question, run: str, seconds: float) -> None:
    """Record a release whose steps took so long, its bakes left aside."""
    for step, took in (("deploy", seconds / 2), ("bake-20", 600.0), ("shift-50", seconds / 2)):
        record(question, Draft("step.done", KEY, "production", run, step, detail={"seconds": took}))
    record(question, Draft("release.shipped", KEY, "production", run, detail={}))


def test_thursday_is_refused_with_the_next_opening_and_the_price(question: Ask) -> None:
    """What, the fact, when next, and what somebody types who cannot wait."""
    found = told(question(WINDOW, now=THURSDAY))
    assert (found.answer, found.passes) == (Answer.NO_GO, False)
    assert (
        "it is Thu 26 Nov 11:30 Europe/Berlin; the window is Wed 10:00-16:00; next Wed 2 Dec 10:00"
        in found.fact
    )
    assert found.clears == "inv release.cut, from Wed 2 Dec 10:00 on"
    assert found.urgent.startswith("inv release.cut --override window --reason")
    assert found.inputs["next_opening"] == "2026-12-02T09:00:00.000Z"


def test_wednesday_passes_on_every_wednesday_of_two_years(question: Ask) -> None:
    """104 of 730 days, at noon by the clocks there, whichever offset they have."""
    asked, going = question(WINDOW), []
    for day in range(730):
        now = datetime(2026, 1, 1, 11, tzinfo=UTC) + timedelta(days=day)
        going += [now] if window(replace(asked, at=now)).passes else []
    assert len(going) == 104
    assert {now.weekday() for now in going} == {2}


def test_a_freeze_of_the_ledger_takes_an_emergency(question: Ask) -> None:
    """It is told how it is ended, and what pierces it."""
    asked = question(WINDOW)
    says(asked, "window.frozen", tz="Europe/Berlin", reason="audit")
    found = told(question(WINDOW))
    assert (found.answer, window(question(WINDOW)).price) == (Answer.NO_GO, Price.EMERGENCY)
    assert found.clears == 'inv window.thaw --id f0 --reason "…"'
    assert "--emergency" in found.urgent


def test_a_freeze_of_the_file_is_ended_by_a_reviewed_change(question: Ask) -> None:
    """With file and line."""
    frozen = f'{WINDOW}freezes = [{{ from = "2026-11-20", to = "2026-11-30", reason = "sale" }}]\n'
    assert "a reviewed change of relman.toml:4" in window(question(frozen)).clears


def test_a_stop_has_no_price(question: Ask) -> None:
    """Ruling 20: no override lifts it, and no advice either; its end does."""
    asked = question(WINDOW)
    says(asked, "window.stopped", tz="Europe/Berlin", reason="money is lost")
    for mode in ("enforce", "advise"):
        found = told(question(f'mode = "{mode}"\n{WINDOW}'))
        assert (found.passes, found.urgent, found.liftable) == (False, "", False)
        assert "emergency stop s0" in found.fact
    says(asked, "window.resumed", id="s0", reason="found")
    assert window(question(WINDOW, now=WEDNESDAY + hours(1))).passes


def test_a_stop_counts_without_a_window_too(question: Ask) -> None:
    """The gate is not set up until something is frozen."""
    assert window(question()).answer is Answer.NOT_SET_UP
    says(question(), "window.stopped", reason="money is lost")
    assert window(question()).answer is Answer.NO_GO


def test_what_is_recorded_later_was_not_known_then(question: Ask) -> None:
    """Asked about an instant that is over, the gate says what it would have said."""
    asked = question(WINDOW, now=WEDNESDAY + hours(1))
    says(asked, "window.stopped", reason="money is lost")
    assert window(replace(asked, at=WEDNESDAY)).passes
    assert not window(asked).passes


@pytest.mark.parametrize(("left", "passes"), [(20 * 60 + 1, True), (20 * 60, False)])
def test_last_call_counts_the_bakes(question: Ask, left: int, *, passes: bool) -> None:
    """Two bakes of ten minutes must end before the window does; at its end it is closed (W1)."""
    found = window(question(WINDOW, now=CLOSES - timedelta(seconds=left)))
    assert found.passes is passes


def test_last_call_counts_what_earlier_cuts_took(question: Ask) -> None:
    """Ruling 21: the median of the rest, so one slow release alone changes nothing."""
    now = CLOSES - timedelta(minutes=21, seconds=30)
    asked = question(WINDOW, now=now)
    for number, seconds in enumerate((50.0, 60.0, 4000.0)):
        released(asked, f"r{number}", seconds)
    assert window(question(WINDOW, now=now)).passes
    assert window(question(WINDOW, now=now)).inputs["expected_seconds"] == 1260
    released(asked, "r3", 200.0)
    released(asked, "r4", 200.0)
    found = window(question(WINDOW, now=now))
    assert not found.passes
    assert "20 min of bakes, 4 min for the rest (median of 5 cuts)" in found.fact


def test_a_refusal_at_last_call_lists_what_would_fit(question: Ask) -> None:
    """Fewer phases with their harm, shorter bakes, and bakes that end later; and when it opens next."""
    fact = window(question(WINDOW, now=CLOSES - timedelta(minutes=12))).fact
    assert "next Wed 2 Dec 10:00" in fact
    assert "phases = [50, 100] (50 % of the users meet it first instead of 20 %)" in fact
    assert 'bake = "5m"' in fact
    assert 'overrun = "finish"' in fact


@pytest.mark.parametrize("words", ["phases = [50, 100]", 'bake = "5m"', 'overrun = "finish"'])
def test_what_would_fit_fits(question: Ask, words: str) -> None:
    """Each of the ways, written down, lets the cut begin. ``overrun`` counts only if it is written."""
    now = CLOSES - timedelta(minutes=12)
    asked = question(WINDOW, now=now)
    read = asked.config.source.path
    read.write_text(read.read_text("utf-8") + words + "\n", "utf-8")
    from relman import config

    changed = config.load(read)
    assert window(replace(asked, config=changed, target=changed.select())).passes


def test_a_first_release_bakes_nowhere(question: Ask) -> None:
    """It has no phases, so a minute is enough."""
    assert window(question(WINDOW, now=CLOSES - timedelta(minutes=1), first=True)).passes


def test_last_call_looks_at_the_newest_ten_cuts(question: Ask) -> None:
    """What cuts took long ago says nothing any more."""
    asked = question(WINDOW, now=WEDNESDAY)
    for number in range(21):
        released(asked, f"r{number}", 3600.0 if number < 11 else 60.0)
    assert window(question(WINDOW, now=WEDNESDAY)).inputs["expected_seconds"] == 1260


def test_a_window_that_never_closes_lets_any_cut_through(question: Ask) -> None:
    """There is no last call."""
    days = '["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
    always = f'[window]\ntz = "UTC"\nwindows = [{{ days = {days}, start = "00:00", end = "24:00" }}]\n'
    assert window(question(always)).answer is Answer.GO


def test_a_freeze_that_was_recorded_afterwards_did_not_hold_then(question: Ask) -> None:
    """It begins in the past, and an instant before it was recorded is judged by what was known."""
    asked = question(WINDOW, now=WEDNESDAY + hours(1))
    says(asked, "window.frozen", tz="UTC", reason="audit", **{"from": "2026-11-20"})
    assert window(replace(asked, at=WEDNESDAY)).passes
    assert not window(replace(asked, at=WEDNESDAY + hours(1))).passes
