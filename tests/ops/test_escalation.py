"""Escalation (C10): who is told when, what is passed over, and what stops it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from relman import config
from relman.errors import ConfigError, UsageError
from relman.ops import escalation

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOLDERS = {"eng-lead": "ana", "cto": "carl"}


def rota(**more: Any) -> config.Rota:
    """Ben is on call at noon, after him Ana; each for a day, in UTC, from noon to noon."""
    daily = {"participants": ["ana", "ben"], "start": "2026-01-13T12:00", "every": {"days": 1}, **more}
    return config.rota({"tz": "UTC", "secondary": "previous", "layers": [daily]})


def went(
    *steps: tuple[list[str], float],
    repeat: int = 0,
    acknowledged: float | None = None,
    started: datetime = NOON,
    layers: config.Rota | None = None,
) -> tuple[list[tuple[float, str]], float | None]:
    """Who is told after how many minutes, and when nobody is left."""
    policy = config.escalation(
        {"steps": [{"notify": who, "wait_minutes": wait} for who, wait in steps], "repeat": repeat}
    )
    stop = None if acknowledged is None else started + acknowledged * MINUTE
    people = partial(escalation.people, layers or rota(), [], HOLDERS)
    found = escalation.course(policy, started, stop, people)
    end = (found.exhausted_at - started) / MINUTE if found.exhausted_at else None
    return [((one.at - started) / MINUTE, one.user) for one in found.notified], end


ON_CALL, LEAD, CTO = (["oncall"], 5.0), (["eng-lead"], 10.0), (["cto"], 15.0)


def test_a_role_is_whoever_holds_it_and_a_person_is_that_person() -> None:
    """Targets are on-call, second, roles and people, all in one step too."""
    told, over = went((["on-call", "secondary", "cto", "dora"], 5))
    assert (told, over) == ([(0, "ben"), (0, "ana"), (0, "carl"), (0, "dora")], 5)


@pytest.mark.parametrize(
    ("minutes", "told", "over"),
    [
        (-1, [], None),
        (0, [], None),
        (4.99, [(0, "ben")], None),
        (5, [(0, "ben")], None),
        (5.01, [(0, "ben"), (5, "ana")], None),
        (15, [(0, "ben"), (5, "ana")], None),
        (15.01, [(0, "ben"), (5, "ana")], 15),
    ],
)
def test_an_acknowledgement_at_the_very_instant_of_a_step_stops_it(
    minutes: float, told: list[tuple[float, str]], over: float | None
) -> None:
    """Also before the first step, and at the end of the last wait."""
    assert went(ON_CALL, LEAD, acknowledged=minutes) == (told, over)


def test_a_step_without_anybody_is_passed_over_without_waiting() -> None:
    """Nobody is on call: the next step runs at once, in each round."""
    gone = rota(until="2026-01-14T12:00")
    assert went(ON_CALL, LEAD, repeat=1, layers=gone) == ([(0, "ana"), (10, "ana")], 20)
    assert went(ON_CALL, ([], 7), repeat=3, layers=gone) == ([], 0)


def test_a_step_whose_people_were_told_already_is_passed_over() -> None:
    """The one on call holds the role of the next step: nobody is told twice in a round."""
    lead = (["ben"], 10.0)
    assert went(ON_CALL, lead, CTO, repeat=1) == (
        [(0, "ben"), (5, "carl"), (20, "ben"), (25, "carl")],
        40,
    )


def test_a_step_with_somebody_new_tells_all_of_its_people() -> None:
    """It is passed over only if everybody was told; one person of two targets is told once."""
    assert went(ON_CALL, (["ben", "cto", "carl"], 1)) == ([(0, "ben"), (5, "ben"), (5, "carl")], 6)


def test_targets_are_resolved_when_the_step_runs() -> None:
    """The handoff comes between two steps: the second one reaches the incoming person."""
    before = NOON + timedelta(days=1) - 5 * MINUTE
    assert went(ON_CALL, ON_CALL, started=before) == ([(0, "ben"), (5, "ana")], 10)
    assert went(ON_CALL, ON_CALL, started=before - MINUTE) == ([(0, "ben")], 5)


def test_a_step_may_not_wait_at_all() -> None:
    """Two steps at one instant; an acknowledgement then stops both."""
    now = (["ben"], 0.0)
    assert went(now, LEAD) == ([(0, "ben"), (0, "ana")], 10)
    assert went(now, LEAD, acknowledged=0) == ([], None)


def test_it_goes_through_the_steps_as_often_as_it_is_told() -> None:
    """``repeat`` counts the further rounds, each after the last wait of the one before."""
    told, over = went(CTO, LEAD, repeat=2)
    assert ([at for at, _ in told], over) == ([0, 15, 25, 40, 50, 65], 75)


@pytest.mark.parametrize(
    "policy",
    [
        {"steps": []},
        {"steps": [{"notify": ["a"], "wait_minutes": -1}]},
        {"steps": [{"notify": ["a"]}]},
        {"steps": [{"notify": "a", "wait_minutes": 1}]},
        {"steps": [{"notify": ["a"], "wait_minutes": 1}], "repeat": -1},
        {"steps": [{"notify": ["a"], "wait_minutes": 1, "wait": "1m"}]},
    ],
)
def test_what_cannot_be_read_is_refused(policy: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(ConfigError):
        config.escalation(policy)


def test_naive_times_are_refused() -> None:
    """A time without an offset is another instant on every machine."""
    policy = config.escalation({"steps": [{"notify": ["a"], "wait_minutes": 1}]})
    people = partial(escalation.people, None, [], {})
    for started, stop in ((NOON.replace(tzinfo=None), None), (NOON, NOON.replace(tzinfo=None))):
        with pytest.raises(UsageError, match="without an offset"):
            escalation.course(policy, started, stop, people)
