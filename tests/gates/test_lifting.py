"""What lets a candidate pass a gate that says no, and what never does."""

from __future__ import annotations

from typing import Any

import pytest

from relman import gates
from relman.models import Answer, Price, Verdict
from relman.ops import overrides
from tests.gates.conftest import WEDNESDAY, WINDOW, Ask, candidate, hours, record
from tests.gates.test_asking import gate

THURSDAY = WEDNESDAY + hours(24)
FREEZE = f'{WINDOW}freezes = [{{ from = "2026-11-20", to = "2026-11-30", reason = "sale" }}]\n'
ADVISE = f'mode = "advise"\n{WINDOW}'


def window(asked: gates.Question) -> Verdict:
    """What the window's gate says."""
    (verdict,) = gates.ask(asked, [one for one in gates.GATES if one.id == "window"])
    return verdict


def granted(**said: Any) -> Any:
    """An override of the window, as it is recorded on Thursday."""
    named = {"gate": "window", "candidate": candidate(), "now": THURSDAY, **said}
    return overrides.draft(**named, reason="cannot pay", incident="INC-42")


def test_a_closed_window_refuses_an_open_one_passes(question: Ask) -> None:
    """``window``: Thursday is no-go, Wednesday go."""
    assert window(question(WINDOW, now=THURSDAY)).answer is Answer.NO_GO
    assert window(question(WINDOW)).answer is Answer.GO


def test_an_override_lifts_for_two_hours_and_stays_a_no(question: Ask) -> None:
    """The verdict says who, until when and why; the answer is not turned green."""
    record(question(now=THURSDAY), granted())
    found = window(question(WINDOW, now=THURSDAY + hours(1)))
    assert (found.answer, found.passes) == (Answer.NO_GO, True)
    assert "until 2026-11-26 12:30Z: cannot pay (override, INC-42)" in found.lifted
    assert found.inputs["override"] == question().entries[0].hash
    assert not window(question(WINDOW, now=THURSDAY + hours(2))).passes, "over at its very end"


@pytest.mark.parametrize(
    "said",
    [
        {"gate": "on-call"},
        {"candidate": candidate(version="1.9.0")},
        {"candidate": candidate(commit="0000000")},
    ],
)
def test_an_override_lifts_only_what_it_names(question: Ask, said: dict[str, Any]) -> None:
    """Another gate, another version or another commit is not lifted."""
    record(question(now=THURSDAY), granted(**said))
    assert not window(question(WINDOW, now=THURSDAY)).passes


def test_an_override_that_is_granted_later_did_not_hold_then(question: Ask) -> None:
    """Asked about an instant that is over, only what was recorded by then counts."""
    record(question(now=THURSDAY), granted())
    asked = question(WINDOW, now=THURSDAY + hours(1))
    asked.at = THURSDAY - hours(1)
    assert not window(asked).passes


@pytest.mark.parametrize(("emergency", "passes"), [(False, False), (True, True)])
def test_only_an_emergency_pierces_a_freeze(question: Ask, *, emergency: bool, passes: bool) -> None:
    """W7, ruling 20."""
    record(question(now=WEDNESDAY), granted(now=WEDNESDAY, emergency=emergency))
    found = window(question(FREEZE))
    assert (found.price, found.passes) == (Price.EMERGENCY, passes)


@pytest.mark.parametrize("answer", [Answer.NO_GO, Answer.UNKNOWN])
def test_advice_is_shown_and_passes_where_somebody_may_lift(question: Ask, answer: Answer) -> None:
    """``mode = "advise"`` (ruling 17): nobody's gates refuse all the same."""
    liftable, firm = gates.ask(question('mode = "advise"'), [gate(answer), gate(answer, lifted_by="")])
    assert (liftable.answer, liftable.passes, liftable.lifted) == (
        answer,
        True,
        'advice only: mode = "advise"',
    )
    assert (firm.passes, firm.price) == (False, Price.NOBODY)


def test_nobody_lifts_a_stop_of_a_gate_that_can_be_lifted(question: Ask) -> None:
    """A verdict may say that nothing lifts it, as an emergency stop does (ruling 20)."""
    stop = gate(Answer.NO_GO)
    object.__setattr__(stop, "ask", lambda _question: Verdict("", Answer.NO_GO, "stop", price=Price.NOBODY))
    (verdict,) = gates.ask(question('mode = "advise"'), [stop])
    assert not verdict.passes


def test_a_freeze_is_no_advice(question: Ask) -> None:
    """What takes an emergency to pierce refuses in every mode: never inside a freeze (ruling 20)."""
    verdict = window(question(f'mode = "advise"\n{FREEZE}'))
    assert (verdict.passes, verdict.lifted, verdict.price) == (False, "", Price.EMERGENCY)


def test_advice_is_for_the_window_too(question: Ask) -> None:
    """The window is closed, and the candidate passes with that said."""
    assert window(question(ADVISE, now=THURSDAY)).lifted == 'advice only: mode = "advise"'
