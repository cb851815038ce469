"""The gate on-call: present and accepted until the rollout is done; handoffs within it count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from relman import gates
from relman.gates import Question, on_call
from relman.ledger import Draft
from relman.models import TEAM, Answer, Price, Verdict
from relman.ops import shifts
from relman.ops.spans import Span
from relman.ops.turns import Turn
from relman.signing import DUTY, Duty
from tests.gates.conftest import Ask, record
from tests.signing.smith import ed25519_key

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
KEY = ed25519_key()
ROTA = """profile = "team"
[people.ana]
name = "Ana Ruiz"
[people.ben]
name = "Ben Ode"
[oncall]
tz = "UTC"
layers = [{ participants = ["ana", "ben"], start = "2026-11-23T09:00", every = { weeks = 1 } }]
"""


def accepts(question: Question, person: str, start: datetime, end: datetime) -> None:
    """A person's word for some time, with a signature that holds."""
    turn = Turn(start, end, person)
    statement = Duty.taken(shifts.ACCEPTED, person, start, shifts.accepting(turn)).statement()
    signature = KEY.sign(statement, DUTY)
    detail = {"statement": statement.decode(), "signature": signature.decode()}
    record(question, Draft(shifts.ACCEPTED, TEAM, "", detail=detail))


def replaced(question: Question, user: str | None, start: datetime, end: datetime) -> None:
    """Somebody else, or nobody, for some time."""
    span = Span(start, end)
    detail = {"shifts": [{**shifts.replacing("", span), "user": user}], "reason": "x"}
    record(question, Draft(shifts.REPLACED, TEAM, "", detail=detail))


def asked(question: Question) -> Verdict:
    """What the gate says, as a cut hears it."""
    (verdict,) = gates.ask(question, [on_call.GATE])
    return verdict


def test_without_a_rota_it_is_not_set_up(question: Ask) -> None:
    """Shown, and refuses nothing; profile solo does not ask at all."""
    assert asked(question('profile = "team"')).answer is Answer.NOT_SET_UP
    assert on_call.GATE not in gates.asked("solo")


@pytest.mark.parametrize(
    ("hours", "answer"),
    [(0, Answer.WARN), (4, Answer.WARN), (4.001, Answer.NO_GO), (100, Answer.NO_GO)],
)
def test_a_shift_that_is_not_accepted_warns_and_then_refuses(
    question: Ask, hours: float, answer: Answer
) -> None:
    """B18: four hours from the shift's start; the person and what to type are named."""
    verdict = asked(question(ROTA, now=MONDAY - WEEK + hours * HOUR))
    assert (verdict.answer, verdict.clears) == (answer, "inv ops.oncall.accept, typed by Ana Ruiz")
    assert verdict.fact == "Ana Ruiz is on call since Mon 23 Nov 09:00, and has not accepted"


def test_accept_within_is_the_files(question: Ask) -> None:
    """The time may be another one."""
    asking = question(ROTA + 'accept_within = "1h"\n', now=MONDAY - WEEK + 2 * HOUR)
    assert asked(asking).answer is Answer.NO_GO


def test_who_has_accepted_lets_it_pass(question: Ask) -> None:
    """``on-call`` keeps what it was judged by: until when, whose turns, accepted or not."""
    asking = question(ROTA, now=MONDAY - HOUR)
    accepts(asking, "ana", MONDAY - WEEK, MONDAY)
    verdict = asked(asking)
    assert (verdict.answer, verdict.fact) == (Answer.GO, "Ana Ruiz since Mon 23 Nov 09:00, accepted")
    assert verdict.inputs == {
        "until": "2026-11-30T08:20:00.000Z",  # two bakes of ten minutes
        "turns": [
            {
                "person": "ana",
                "from": "2026-11-30T08:00:00.000Z",
                "to": "2026-11-30T08:20:00.000Z",
                "accepted": True,
            }
        ],
    }


def test_another_persons_word_is_none(question: Ask) -> None:
    """And so is one for another week."""
    asking = question(ROTA, now=MONDAY - HOUR)
    accepts(asking, "ben", MONDAY - WEEK, MONDAY)
    accepts(asking, "ana", MONDAY + WEEK, MONDAY + 2 * WEEK)
    assert asked(asking).answer is Answer.NO_GO


def test_who_takes_over_within_the_rollout_must_have_accepted(question: Ask) -> None:
    """The handoff comes ten minutes into twenty; one that comes at their end is outside."""
    asking = question(ROTA, now=MONDAY - HOUR / 6)
    accepts(asking, "ana", MONDAY - WEEK, MONDAY)
    verdict = asked(asking)
    assert verdict.answer is Answer.NO_GO
    assert verdict.fact == "Ben Ode takes over at Mon 30 Nov 09:00, and has not accepted"
    accepts(asking, "ben", MONDAY, MONDAY + WEEK)
    assert asked(question(ROTA, now=MONDAY - HOUR / 6)).answer is Answer.GO


def test_a_handoff_at_the_end_of_the_rollout_is_outside(question: Ask) -> None:
    """Half-open: the incoming person's first instant is the rollout's first one after."""
    asking = question(ROTA, now=MONDAY - HOUR / 3)
    accepts(asking, "ana", MONDAY - WEEK, MONDAY)
    assert asked(asking).answer is Answer.GO


def test_nobody_is_no_go_and_no_override_or_advice_lifts_it(question: Ask) -> None:
    """A gap within the rollout, on purpose or not; what to type names the time."""
    asking = question('mode = "advise"\n' + ROTA, now=MONDAY - HOUR)
    accepts(asking, "ana", MONDAY - WEEK, MONDAY)
    replaced(asking, None, MONDAY - HOUR / 2 - HOUR / 4, MONDAY)
    verdict = asked(asking)
    assert (verdict.answer, verdict.price, verdict.lifted) == (Answer.NO_GO, Price.NOBODY, "")
    assert verdict.fact == "nobody is on call from Mon 30 Nov 08:15 to Mon 30 Nov 08:20"
    assert "--from 2026-11-30T08:15:00Z --to 2026-11-30T08:20:00Z" in verdict.clears


def test_a_replacement_must_accept_too(question: Ask) -> None:
    """The time to accept counts from the start of the replacement; the other's word stays."""
    asking = question(ROTA, now=MONDAY - HOUR)
    accepts(asking, "ana", MONDAY - WEEK, MONDAY)
    replaced(asking, "ben", MONDAY - 2 * HOUR, MONDAY - HOUR / 2)
    verdict = asked(asking)
    assert (verdict.answer, verdict.fact[:26]) == (Answer.WARN, "Ben Ode is on call since M")
    assert asked(question(ROTA, now=MONDAY - HOUR / 2)).answer is Answer.GO


def test_bakes_that_end_after_the_window_are_watched_too(question: Ask) -> None:
    """``overrun = "finish"`` lets the window close over them, and leaves nobody alone with them."""
    asking = question(ROTA, now=MONDAY - HOUR / 6)
    accepts(asking, "ana", MONDAY - WEEK, MONDAY)
    finishing = replace(asking, target=structs.replace(asking.target, finishes=True))
    assert asked(finishing).answer is Answer.NO_GO
