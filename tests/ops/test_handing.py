"""Shifts as people hand them on, in a real ledger, with real keys, under a clock that is handed in."""

from __future__ import annotations

from datetime import datetime

import pytest

from relman.errors import Refused, UsageError
from relman.ledger import Draft
from relman.models import TEAM
from relman.ops import shifts
from relman.ops.spans import FOREVER, Span
from relman.signing import Duty, OwnKey
from relman.team import handing, standby
from relman.team.operating import Operating
from tests.ops.rota_team import HOUR, MODEL, MONDAY, WEDNESDAY, WEEK, Open, key, team

__all__ = ["key", "team"]  # fixtures


def who(operating: Operating, at: datetime) -> str | None:
    """Who is on call, by rota and ledger."""
    return standby.shifts(operating).person(at)


# ── replacing ────────────────────────────────────────────────────────────────────────────────────


def test_a_replacement_holds_from_its_start_to_its_end(team: Open) -> None:
    """C2, C6: half-open; the operating object that others ask says the same."""
    ours = team()
    span = Span(WEDNESDAY + HOUR, WEDNESDAY + 3 * HOUR)
    assert handing.replace(ours, "chloe", span.end, "dentist", span.start) == (shifts.Handed("ana", span),)
    hours = (0.999999, 1, 2.999999, 3)
    assert [who(ours, WEDNESDAY + n * HOUR) for n in hours] == ["ana", "chloe", "chloe", "ana"]
    assert ours.on_call(WEDNESDAY + HOUR) == "chloe"


def test_without_a_beginning_it_begins_now(team: Open) -> None:
    """Now is when it is recorded, and no earlier instant that has passed since it was typed."""
    ours = team()
    (taken,) = handing.replace(ours, "chloe", WEDNESDAY + HOUR, "dentist")
    assert taken.span == (WEDNESDAY, WEDNESDAY + HOUR)


def test_the_later_of_two_replacements_holds(team: Open) -> None:
    """C6: also if both were made in the same millisecond; the older one comes back afterwards."""
    ours = team()
    handing.replace(ours, "chloe", WEDNESDAY + 5 * HOUR, "dentist", WEDNESDAY)
    handing.replace(ours, "ben", WEDNESDAY + 2 * HOUR, "lunch", WEDNESDAY + HOUR)
    assert [who(ours, WEDNESDAY + n * HOUR) for n in (0, 1, 2, 5)] == ["chloe", "ben", "chloe", "ana"]


@pytest.mark.parametrize(
    ("person", "hours", "reason", "told"),
    [
        ("chloe", (1, 1), "x", "not after --from"),
        ("chloe", (2, 1), "x", "not after --from"),
        ("chloe", (1, 2), "  ", "a reason is needed"),
        ("eve", (1, 2), "x", "no such person"),
        ("eng-lead", (1, 2), "x", "no such person"),
        ("chloe", (-1, 2), "x", "what is over cannot be changed"),
        ("ana", (1, 2), "x", "on call then anyway"),
    ],
)
def test_a_replacement_that_makes_no_sense_is_refused(
    team: Open, person: str, hours: tuple[float, float], reason: str, told: str
) -> None:
    """Nothing is recorded."""
    ours, (start, end) = team(), (WEDNESDAY + n * HOUR for n in hours)
    with pytest.raises((Refused, UsageError), match=told):
        handing.replace(ours, person, end, reason, start)
    assert ours.entries() == ()


# ── swapping ─────────────────────────────────────────────────────────────────────────────────────


def test_a_swap_exchanges_two_whole_shifts(team: Open) -> None:
    """Each is named by any instant in it; nobody has less or more than before."""
    ours = team()
    given = handing.swap(ours, MONDAY + HOUR, MONDAY + WEEK + 9 * HOUR, "holidays")
    assert given == (
        shifts.Handed("ana", Span(MONDAY, MONDAY + WEEK)),
        shifts.Handed("ben", Span(MONDAY + WEEK, MONDAY + 2 * WEEK)),
    )
    weeks = [who(ours, MONDAY + n * WEEK) for n in (-1, 0, 1, 2)]
    assert weeks == ["ana", "ana", "ben", "ben"]


def test_of_a_shift_that_is_running_the_rest_is_swapped(team: Open) -> None:
    """What is over stays as it was."""
    ours = team()
    handing.swap(ours, WEDNESDAY - HOUR, MONDAY, "ill")
    assert who(ours, WEDNESDAY - HOUR) == "ana"
    assert (who(ours, WEDNESDAY), who(ours, MONDAY)) == ("ben", "ana")


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (WEDNESDAY, WEDNESDAY + HOUR, "not two people's shifts"),
        (MONDAY, MONDAY + 2 * WEEK, "not two people's shifts"),
        (MONDAY - 2 * WEEK, MONDAY, "a shift that is over"),
        (MONDAY - 900 * WEEK, MONDAY, "over cannot be swapped: nobody's time ended"),
    ],
)
def test_a_swap_that_makes_no_sense_is_refused(
    team: Open, first: datetime, second: datetime, told: str
) -> None:
    """Two shifts of two people, neither of them over."""
    with pytest.raises(Refused, match=told):
        handing.swap(team(), first, second, "x")


def test_a_swap_leaves_no_gap(team: Open) -> None:
    """Nobody's time, and time without an end, cannot be exchanged."""
    ends = team(
        toml=MODEL.replace("every = { weeks = 1 }", 'every = { weeks = 1 }, until = "2026-12-01T09:00"')
    )
    with pytest.raises(Refused, match="nobody's time cannot be swapped"):
        handing.swap(ends, WEDNESDAY, MONDAY + WEEK, "x")
    alone = team(toml=MODEL.replace('["ana", "ben"]', '["ana"]'))
    with pytest.raises(Refused, match="which has no end, cannot be swapped"):
        handing.swap(alone, WEDNESDAY, WEDNESDAY, "x")


# ── accepting ────────────────────────────────────────────────────────────────────────────────────


def test_the_one_on_call_accepts_the_shift_that_is_running(team: Open) -> None:
    """The statement says which, and its signature holds; a second time is refused."""
    ours = team()
    done = handing.accept(ours)
    assert done.turn == (MONDAY - WEEK, MONDAY, "ana")
    assert done.acceptance
    (entry,) = ours.store.entries(TEAM)
    duty, by = Duty.verified(entry.detail["statement"].encode(), entry.detail["signature"].encode())
    assert (duty.duty, duty.person, by.key.fingerprint) == ("oncall.accepted", "ana", done.acceptance.key)
    assert duty.facts == {"from": "2026-11-23T08:00:00Z", "to": "2026-11-30T08:00:00Z"}
    with pytest.raises(Refused, match="accepted already"):
        handing.accept(ours)


def test_the_next_person_accepts_ahead(team: Open) -> None:
    """An address counts whatever its case."""
    done = handing.accept(team(email="ben@mervo.example"))
    assert (done.turn.start, done.turn.person) == (MONDAY, "ben")


@pytest.mark.parametrize(
    ("email", "told"), [("eve@else.example", "not known who you are"), ("chloe", "not known who you are")]
)
def test_a_stranger_accepts_nothing(team: Open, email: str, told: str) -> None:
    """Whoever git knows must be in the model."""
    with pytest.raises(Refused, match=told):
        handing.accept(team(email=email))


def test_who_has_neither_shift_accepts_nothing(team: Open) -> None:
    """Only the present shift and the next one can be accepted."""
    text = MODEL.replace('name = "Chloe Wu"', 'name = "Chloe Wu"\nemails = ["c@mervo.example"]')
    with pytest.raises(Refused, match="neither the present shift nor the next is chloe's: ana and ben"):
        handing.accept(team(email="c@mervo.example", toml=text))


def test_what_was_accepted_stays_so_around_a_replacement(team: Open) -> None:
    """Two hours of somebody else do not undo a person's word for the week; theirs is another shift."""
    ours = team()
    handing.accept(ours)
    handing.replace(ours, "chloe", WEDNESDAY + 3 * HOUR, "dentist", WEDNESDAY + HOUR)
    known = standby.shifts(ours)
    at = [known.running(WEDNESDAY + n * HOUR) for n in (0, 1, 3)]
    assert [(one.turn.person, one.acceptance is not None) for one in at] == [
        ("ana", True),
        ("chloe", False),
        ("ana", True),
    ]


def test_a_longer_shift_is_another_one(team: Open) -> None:
    """Who is given a further week has not accepted that one."""
    ours = team()
    handing.accept(ours)
    handing.swap(ours, MONDAY, MONDAY + WEEK, "holidays")
    assert standby.shifts(ours).running(WEDNESDAY).acceptance is None


def test_a_word_whose_signature_does_not_hold_is_nobodys(team: Open) -> None:
    """Another text, another duty, no statement at all: none of them counts, and nothing breaks."""
    ours = team()
    handing.accept(ours)
    (entry,) = ours.store.entries(TEAM)
    good = entry.detail
    elsewhere = Duty.taken("cadence.held", "ana", WEDNESDAY, {}).statement().decode()
    for detail in (
        {**good, "statement": good["statement"].replace('"ana"', '"ben"')},
        {**good, "statement": elsewhere},
        {"statement": "{", "signature": ""},
        {},
    ):
        bad = Draft(shifts.ACCEPTED, TEAM, "", detail=detail)
        (forged,) = ours.store.append([bad])
        assert shifts.Shifts.of(standby.rota(ours), [forged]).acceptances == ()


def test_an_instant_knows_what_was_recorded_by_then(team: Open) -> None:
    """``--at`` of yesterday does not know of today's replacement."""
    ours = team()
    handing.replace(ours, "chloe", WEDNESDAY + HOUR, "x", WEDNESDAY)
    assert standby.shifts(ours, WEDNESDAY - HOUR).replacements == ()
    assert len(standby.shifts(ours, WEDNESDAY + HOUR).replacements) == 1


def test_a_word_for_another_duty_is_no_acceptance(team: Open) -> None:
    """A signature that holds, of the right person and time, in a statement that is about something else."""
    ours = team()
    running = standby.shifts(ours).running(WEDNESDAY).turn
    for duty, count in (("cadence.held", 0), (shifts.ACCEPTED, 1)):
        said = Duty.taken(duty, "ana", WEDNESDAY, shifts.accepting(running))
        done = said.signed(OwnKey.of(ours.root, ""), ours.emit)
        detail = {"statement": done.content.decode(), "signature": done.signature}
        (entry,) = ours.store.append([Draft(shifts.ACCEPTED, TEAM, "", detail=detail)])
        assert len(shifts.Shifts.of(standby.rota(ours), [entry]).acceptances) == count


def test_the_last_shift_that_there_is_has_no_end(team: Open) -> None:
    """After a roster of one, whoever is left is on call for ever, and accepts that."""
    once = 'layers = [{ participants = ["ana"], start = "2026-11-23T09:00", every = { weeks = 1 }, '
    then = 'until = "2026-11-30T09:00" }, { participants = ["ben"], start = "2026-11-30T09:00", every = '
    head, _, tail = MODEL.partition("layers = [")
    toml = head + once + then + "{ weeks = 1 } }]\n" + tail.partition("\n")[2]
    following = standby.shifts(team(toml=toml)).following(WEDNESDAY)
    assert following is not None
    assert following.turn == (MONDAY, FOREVER, "ben")
