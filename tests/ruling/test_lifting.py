"""A team lifts a gate: two people, one digest, two hours; and what does not (threats T09 and T16)."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from relman.errors import Refused
from relman.gates import GATES
from relman.gates.approval import breakglass
from relman.ledger import Draft
from relman.models import ServiceKey
from relman.ops import held, overrides
from relman.overriding import Lift
from relman.tasks.agreeing import agreed
from relman.team import enrolling
from tests.ruling.lifters import (
    CANDIDATE,
    EMERGENCY,
    FREEZE,
    KEY,
    MORE,
    THURSDAY,
    WINDOW,
    Lifters,
    asked_by_hand,
    lifted,
    refused,
)
from tests.ruling.office import MODEL, NOON, Office

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_two_people_lift_a_gate(lifters: Lifters) -> None:
    """The one who cuts signs and is told what the other types; then it is recorded, told, reviewed."""
    why = refused(lifters)
    assert (why.code, "T16: two people" in why.what, lifters.entries(overrides.KIND)) == (3, True, [])
    assert f"ana: inv checklist.sign --override {lifters.file}" in why.clears
    assert not lifters.verdict().passes
    lifters.agree("ana")
    assert not lifters.verdict().passes, "it is the cut that records it"
    lifters.at(THURSDAY + MINUTE).cut()
    found = lifters.verdict()
    assert "lifted by ben and ana until 2026-11-26 14:00Z: nobody can pay (override, INC-42)" in found.lifted
    (entry,) = lifters.entries(overrides.KIND)
    assert entry.detail["candidate"]["digest"] == CANDIDATE.digest
    assert len(entry.detail["signatures"]) == 2
    assert "number 1 of 30 days; to be reviewed by 2026-11-30" in lifters.said[-1].text
    (action,) = held.actions([entry])
    assert (action.action.owner, str(action.action.due)) == ("eng-lead", "2026-11-30")
    assert "override of window for api 1.4.0 (INC-42)" in action.action.text


def test_the_same_cut_again_signs_nothing_anew(lifters: Lifters) -> None:
    """While it waits, and while it lasts, there is one statement and one entry."""
    first, second = refused(lifters), refused(lifters.at(THURSDAY + HOUR))
    assert first.clears == second.clears
    lifters.agree("ana")
    lifters.cut()
    lifters.cut()
    assert len(lifters.entries(overrides.KIND)) == len(lifters.files) == 1


def test_two_hours_run_from_the_second_signature(lifters: Lifters) -> None:
    """T09: at 13:59 it lifts, at 14:00 it is over, and a new one takes two signatures again."""
    lifted(lifters)
    assert lifters.at(THURSDAY + 2 * HOUR - MINUTE).verdict().passes
    assert not lifters.at(THURSDAY + 2 * HOUR).verdict().passes
    assert "two people" in refused(lifters).what
    assert len(lifters.files) == 2


def test_nobody_agrees_to_what_has_waited_too_long(lifters: Lifters) -> None:
    """T09: two hours after the first signature the second is not given any more."""
    refused(lifters)
    with pytest.raises(Refused, match="T09: the override has expired"):
        lifters.at(THURSDAY + 2 * HOUR).agree("ana")


@pytest.mark.parametrize(
    "other",
    [
        {"version": "1.4.1"},
        {"commit": "d" * 40},
        {"image": "europe-docker.pkg.dev/p/r/api@sha256:" + "cd" * 32},
        {"environment": "staging"},
        {"key": ServiceKey("acme", "europe-west1", "web")},
    ],
)
def test_an_override_is_for_one_candidate(lifters: Lifters, other: dict[str, Any]) -> None:
    """T09: what two signed for X is no word for Y: neither its files nor its entry lift anything."""
    lifted(lifters)
    (granted,) = overrides.recorded(lifters.entries(overrides.KIND))
    assert lifters.ask(lambda question: breakglass.objection(granted, "deploy-rollback", question)) == ""
    lifters.other(**other)
    assert "two people" in refused(lifters).what
    forged = msgspec.structs.replace(granted, candidate=overrides.subject(lifters.candidate))
    why = lifters.ask(lambda question: breakglass.objection(forged, "deploy-rollback", question))
    assert why.startswith("T09: the override is for another (window for api 1.4.0 (c0ffeec) in production)")


def test_an_override_is_for_one_gate(lifters: Lifters) -> None:
    """T09: two signatures for the window lift no other gate."""
    lifted(lifters)
    (granted,) = overrides.recorded(lifters.entries(overrides.KIND))
    other = msgspec.structs.replace(granted, gate="on-call")
    why = lifters.ask(lambda question: breakglass.objection(other, "deploy-rollback", question))
    assert why.startswith("T09: the override is for another")


# ── who ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("person", "what"),
    [("ben", "T16: two people lift a gate"), ("cleo", "T16: eng-lead of deploy-rollback has to agree")],
)
def test_the_second_is_the_one_whom_the_table_names(lifters: Lifters, person: str, what: str) -> None:
    """Neither the same person again nor somebody else; no file is written."""
    refused(lifters)
    with pytest.raises(Refused, match=what):
        lifters.agree(person)
    assert not [*lifters.office.root.glob("checklists/overrides/*.*.json")]


def test_whoever_answers_for_it_does_not_lift_it_alone(lifters: Lifters) -> None:
    """Where the A cuts, the deputy agrees."""
    lifters.office.as_("ana")
    refused(lifters)
    with pytest.raises(Refused, match="has to agree"):
        lifters.agree("cleo")
    deputy = MODEL.replace('holder = "ana"', 'holder = "ana"\ndeputy = "cleo"')
    lifters.office.write(deputy + MORE)
    lifters.agree("cleo")
    lifters.office.as_("ana")
    lifters.cut()
    assert lifters.verdict().passes


def test_an_emergency_takes_the_a_and_one_more(lifters: Lifters) -> None:
    """Ruling 3: only it pierces a freeze; the A may be either of the two."""
    lifters.office.write(MODEL + MORE.replace("[roles.support]", FREEZE))
    lifted(lifters)
    assert not lifters.verdict().passes
    lifters.office.as_("ana")
    why = refused(lifters, EMERGENCY)
    assert "or, if you are that, anybody else" in why.clears
    name = next(one for one in lifters.files if one[:8] in why.clears)
    lifters.agree("cleo", name)
    lifters.cut(EMERGENCY)
    assert "emergency override" in lifters.verdict().lifted


def test_an_emergency_without_the_a_is_none(lifters: Lifters) -> None:
    """Two others do not pierce anything."""
    refused(lifters, EMERGENCY)
    with pytest.raises(Refused, match="eng-lead of deploy-rollback has to agree"):
        lifters.agree("cleo")


@pytest.mark.parametrize("gate", [gate for gate in GATES if not gate.lifted_by], ids=lambda gate: gate.id)
def test_what_nobody_may_lift_is_named(lifters: Lifters, gate: Any) -> None:
    """Smoke, sign-off and the way back: not by a flag, and not by a statement that somebody wrote by hand."""
    with lifters.driver() as driver:
        assert driver.config
        with pytest.raises(Refused, match=f"nobody may lift {gate.name}"):
            Lift(gates=(gate.id,), reason="now", incident="INC-1").check(driver.config)
    name = asked_by_hand(lifters, gate=gate.id)
    with pytest.raises(Refused, match=f"nobody may lift {gate.name}"):
        lifters.agree("ana", name)


# ── the ledger ───────────────────────────────────────────────────────────────────────────────────


def test_an_entry_that_nobody_signed_lifts_nothing(lifters: Lifters) -> None:
    """T16: who can write to the ledger has no override; the gate says why it is not counted."""
    with lifters.driver() as driver:
        forged = overrides.draft("window", CANDIDATE, THURSDAY, reason="because", incident="INC-1")
        driver.store.append([forged])
    found = lifters.verdict()
    assert not found.passes
    assert "an override is not counted: nobody has signed it" in found.fact


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"emergency": True}, "no emergency was signed"),
        ({"expires": "2026-11-27T12:00:00Z"}, "lasts longer than was signed"),
        ({"signatures": "swapped"}, "does not hold"),
        ({"signatures": "one"}, "nobody has signed it"),
        ({"signatures": "twice"}, "is a statement of another kind"),
    ],
)
def test_an_entry_says_no_more_than_was_signed(lifters: Lifters, change: dict[str, Any], why: str) -> None:
    """T16: what the ledger says beyond the two statements is refused."""
    lifted(lifters)
    (entry,) = lifters.entries(overrides.KIND)
    one, two = entry.detail["signatures"]
    pairs = {
        "swapped": [one | {"signature": two["signature"]}, two],
        "one": [one],
        "twice": [one, one],
    }
    told = {
        name: pairs.get(value, value) if name == "signatures" else value for name, value in change.items()
    }
    draft = Draft(overrides.KIND, KEY, "production", detail=entry.detail | told)
    with lifters.driver() as driver:
        (forged,) = overrides.recorded(driver.store.append([draft]))
    assert why in lifters.ask(lambda question: breakglass.objection(forged, "deploy-rollback", question))


def test_a_key_that_is_taken_back_takes_its_override_along(lifters: Lifters) -> None:
    """T01: what it lifted an hour ago is lifted no more."""
    lifted(lifters)
    assert lifters.verdict().passes
    lifters.office.ask(lambda team, where: enrolling.revoke(team, where, person="ana"))
    found = lifters.verdict()
    assert (found.passes, "was revoked" in found.fact) == (False, True)


def test_without_a_policy_a_team_lifts_nothing(office: Office) -> None:
    """Nobody's key counts yet."""
    assert "no genesis is pinned" in refused(Lifters(office)).what


# ── before it is signed ──────────────────────────────────────────────────────────────────────────


class Terminal(io.StringIO):
    """Somebody is there."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_nobody_signs_what_was_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """T22: yes on a terminal, or the very digest; anything else signs nothing."""
    digest = "ab" * 32
    agreed("the page", digest, "", Terminal("yes\n"))
    agreed("the page", digest, f"sha256:{digest}", io.StringIO())
    for wanted, answers in (("", Terminal("no\n")), ("", Terminal("")), ("cd" * 32, Terminal("yes\n"))):
        with pytest.raises(Refused, match="nothing was signed"):
            agreed("the page", digest, wanted, answers)
    with pytest.raises(Refused, match="nobody is here") as caught:
        agreed("the page", digest, "", io.StringIO("yes\n"))
    assert caught.value.clears.endswith(f"--yes-sha256 {digest}")
    assert capsys.readouterr().err.count("the page") == 6
    assert NOON < THURSDAY
    assert WINDOW.gate == "window"
