"""The gates that ask whether the team keeps what it set itself: cadence, plan, review, actions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from relman.gates import Question, actions, cadence, model_review, rollout_plan
from relman.ledger import Draft
from relman.models import Answer, Verdict
from relman.team.holding import Said
from tests.gates.conftest import KEY, Ask, candidate, record
from tests.operating.team import MODEL, Team, berlin

SERVICE = '[service.api]\nproject = "acme"\nregion = "europe-west1"\n'
ANA = Said(attendees=("ana",))
At = Callable[[str], Question]


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A team that adopted its model on Monday 30 November 2026, in the folder of the questions."""
    return Team(tmp_path)


@pytest.fixture
def at(question: Ask, team: Team) -> At:
    """A question of that team at a wall-clock time in Berlin."""
    assert team
    return lambda local: question(MODEL.replace(SERVICE, ""), now=berlin(local))


def test_without_a_cadence_nothing_is_asked(question: Ask) -> None:
    """Shown as not set up (ruling 16)."""
    asked = question('profile = "team"')
    for gate in (cadence.GATE, rollout_plan.GATE, model_review.GATE, actions.GATE):
        assert gate.ask(asked).answer is Answer.NOT_SET_UP


def mondays(at: At, local: str) -> Verdict:
    """The cadence gate, with its fact about Mondays."""
    return cadence.GATE.ask(at(local))


@pytest.mark.parametrize(
    ("local", "answer"),
    [
        ("2026-12-01T23:00", Answer.GO),
        ("2026-12-08T23:00", Answer.GO),  # the eighth day, as after a holiday on Monday
        ("2026-12-09T00:30", Answer.NO_GO),  # two Tuesdays in a row, not held
    ],
)
def test_an_item_may_be_as_old_as_its_rhythm_and_a_day(
    at: At, team: Team, local: str, answer: Answer
) -> None:
    """B6: not held for 8 days passes; then it warns, and twice missed refuses where it blocks."""
    team.at("2026-11-30T10:20").hold("mon", ANA)
    assert mondays(at, local).answer is answer


def test_monday_warns_from_the_ninth_day_on_and_blocks_when_missed_twice(at: At, team: Team) -> None:
    """``cadence``: the fact says how long and how often; the command makes up for the newest turn."""
    team.at("2026-11-30T10:20").hold("mon", ANA)
    for day in ("2026-12-01", "2026-12-08", "2026-12-15"):
        team.at(f"{day}T11:00").hold("tue", ANA)
    warned, refused = mondays(at, "2026-12-09T10:30"), mondays(at, "2026-12-15T12:00")
    assert (warned.answer, warned.fact) == (Answer.WARN, "mon was not held for 9 days")
    assert warned.clears == "inv ops.hold --item mon --occurrence 2026-12-07"
    assert refused.answer is Answer.NO_GO
    assert refused.fact.startswith("mon was not held for 15 days, 2 times in a row")
    assert refused.inputs["mon"] == {"not held in a row": 2, "last": "2026-11-30"}
    team.at("2026-12-15T12:05").hold("mon", ANA, "2026-12-14")
    assert mondays(at, "2026-12-15T12:10").answer is Answer.GO


def test_an_item_that_does_not_block_only_warns(at: At, team: Team) -> None:
    """Drills of two weeks that were never held warn from the sixteenth day on, however often."""
    for day in ("2026-12-14", "2026-12-15", "2026-12-21", "2026-12-22"):
        item = "mon" if day in {"2026-12-14", "2026-12-21"} else "tue"
        team.at(f"{day}T12:00").hold(item, ANA)
    verdict = mondays(at, "2026-12-23T12:00")
    assert verdict.answer is Answer.WARN
    assert verdict.fact == "drill was not held for 23 days, 2 times in a row"


def test_what_was_held_later_was_not_known_before(at: At, team: Team) -> None:
    """Judged for an earlier instant, the ledger is as it was then."""
    team.at("2026-12-15T09:00").hold("mon", ANA, "2026-12-07")
    asked = at("2026-12-09T12:00")
    asked.at = berlin("2026-12-09T12:00")
    assert "mon" in cadence.GATE.ask(asked).fact


def prepared(asked: Question, when: datetime) -> Question:
    """The candidate is in the ledger, prepared at a time."""
    clock = asked.clock._replace(now=lambda: when)
    asked.ledger.__self__.time = clock  # type: ignore[attr-defined]
    detail = {"candidate": msgspec.to_builtins(candidate())}
    record(asked, Draft("release.prepared", KEY, "production", detail=detail))
    return asked


def test_a_plan_is_there_before_the_window_opens(at: At) -> None:
    """``plan``, B7: from Tuesday it goes; of Wednesday at 10:00 nobody saw it, and this item blocks."""
    early = prepared(at("2026-12-02T10:30"), berlin("2026-12-02T09:59:59"))
    assert rollout_plan.GATE.ask(early).answer is Answer.GO


def test_a_plan_that_came_after_the_window_opened_is_refused(at: At) -> None:
    """The refusal says when it may be cut; outside a window the window's own gate decides."""
    late = prepared(at("2026-12-02T10:30"), berlin("2026-12-02T10:00"))
    verdict = rollout_plan.GATE.ask(late)
    assert verdict.answer is Answer.NO_GO
    assert verdict.fact.endswith("after the window opened Wed 2 Dec 10:00; tue did not see it")
    assert verdict.clears == "inv release.cut, at 2026-12-09T09:00:00+00:00"
    assert rollout_plan.GATE.ask(at("2026-12-03T10:00")).answer is Answer.GO


def test_a_plan_that_the_ledger_does_not_know_is_a_warning(at: At) -> None:
    """Nothing is guessed."""
    assert rollout_plan.GATE.ask(at("2026-12-02T10:30")).answer is Answer.WARN


def test_the_review_is_told_of_for_two_weeks_and_then_refuses(at: At, team: Team) -> None:
    """``model-review``, A14b: due two weeks after what was held first; 7 days late it warns, 21 refuses."""
    assert model_review.GATE.ask(at("2027-06-02T10:30")).answer is Answer.GO, "nothing was held yet"
    team.at("2026-12-01T11:00").hold("tue", ANA)
    days = {"2026-12-15": "go", "2026-12-21": "go", "2026-12-22": "warn", "2027-01-04": "warn"}
    days["2027-01-05"] = "no-go"
    asked = {day: model_review.GATE.ask(at(f"{day}T10:30")).answer.value for day in days}
    assert asked == days
    assert model_review.GATE.ask(at("2027-01-05T10:30")).fact == "due 2026-12-15, 21 days late"


def test_an_overdue_action_of_a_p1_refuses_and_others_warn(at: At, team: Team) -> None:
    """``actions``, A6e: until it is done; the day it is due is in time."""
    said = Said(attendees=("ana",), actions=("pool; ben; 2026-12-02; P1", "tell; ana; 2026-12-01"))
    team.at("2026-11-30T10:20").hold("mon", said)
    assert actions.GATE.ask(at("2026-12-01T10:30")).answer is Answer.GO
    assert actions.GATE.ask(at("2026-12-02T10:30")).answer is Answer.WARN
    refused = actions.GATE.ask(at("2026-12-03T10:30"))
    assert refused.answer is Answer.NO_GO
    assert refused.fact == (
        "P1 action overdue since 2026-12-02: mon-2026-11-30-1 pool (Ben Okafor), and 1 more"
    )
