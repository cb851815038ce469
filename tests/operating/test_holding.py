"""Meetings: the pack, the record, who may be named in it, and that it is written once or not at all."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from datetime import date

import pytest

from relman.errors import Refused, RelmanError, UsageError
from relman.ops import held
from relman.render import agenda
from relman.signing.statements import Duty
from relman.team import holding
from relman.team.holding import Said
from tests.operating.team import Team

ANA = Said(attendees=("ana",))


def test_a_meeting_is_recorded_with_what_was_said(team: Team) -> None:
    """Attendees, decisions and actions with owner and day stand in one entry, bound to the occurrence."""
    said = Said(
        attendees=("ana,ben", "ana"),
        decisions=("keep the pool",),
        actions=("raise the limit; eng-lead; 2026-12-09; P1", "tell support; on-call; 7d"),
        note="short",
    )
    team.at("2026-11-30T10:20").hold("mon", said)
    [entry] = team.ask(lambda it: it.entries())
    [meeting] = held.meetings([entry])
    record = meeting.record
    assert (entry.kind, record.item, record.occurrence) == ("cadence.held", "mon", date(2026, 11, 30))
    assert (record.attendees, record.decisions, record.note) == (("ana", "ben"), ("keep the pool",), "short")
    assert record.by == "ana", "git's user.email is hers"
    assert [(one.id, one.owner, str(one.due), one.severity) for one in record.actions] == [
        ("mon-2026-11-30-1", "eng-lead", "2026-12-09", "P1"),
        ("mon-2026-11-30-2", "ana", "2026-12-07", ""),  # who is on call changes; the action stays hers
    ]
    assert meeting.signature == ""


def test_the_entry_has_the_digest_of_the_pack_that_was_printed(team: Team) -> None:
    """Anybody who kept the Markdown can show that it was the one."""
    ready = team.ask(lambda it: holding.prepared(it, "mon"))
    record, _ = team.ask(lambda it: holding.hold(it, ready, ANA))
    assert record
    assert record.pack.sha256 == hashlib.sha256(agenda.markdown(ready.pack).encode()).hexdigest()


def test_a_pack_is_the_same_from_the_same_ledger(team: Team) -> None:
    """Two people who compile it at one instant hold the same bytes in their hands."""
    packs = [team.ask(lambda it: agenda.markdown(holding.prepared(it, "mon").pack)) for _ in range(2)]
    assert packs[0] == packs[1]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Said(), "who was there"),
        (Said(attendees=("anna",)), "did you mean 'ana'"),
        (Said(attendees=("ana",), actions=("mend it",)), "an action needs an owner and a day"),
        (Said(attendees=("ana",), actions=("mend it; ; 7d",)), "an action needs an owner and a day"),
        (Said(attendees=("ana",), actions=("mend it; ana",)), "an action needs an owner and a day"),
        (Said(attendees=("ana",), actions=("mend it; team; 7d",)), "nobody in the model"),
        (Said(attendees=("ana",), actions=("mend it; ana; soon",)), "due on a day"),
        (Said(attendees=("ana",), actions=("mend it; ana; 2026-11-29",)), "in the past"),
        (Said(attendees=("ana",), actions=("mend it; ana; 7d; P5",)), "one of P1, P2, P3, P4"),
        (Said(attendees=("ana",), decisions=(" ",)), "a decision says nothing"),
        (Said(attendees=("ana",), by="anna"), "there is no such person"),
    ],
)
def test_what_is_not_whole_is_refused_and_nothing_is_recorded(team: Team, said: Said, why: str) -> None:
    """B22: an action without owner or day is none; people and roles must exist."""
    with pytest.raises(RelmanError) as refusal:
        team.hold("mon", said)
    assert why in str(refusal.value)
    assert refusal.value.code in {2, 3}
    assert team.ask(lambda it: it.entries()) == ()


def test_a_refusal_for_want_of_attendees_says_what_to_type(team: Team) -> None:
    """The command is whole, with those who were to come."""
    with pytest.raises(Refused) as refusal:
        team.hold("mon", Said())
    assert refusal.value.clears == "inv ops.hold --item mon --occurrence 2026-11-30 --attendees ana,ben"


def test_an_occurrence_is_held_once(team: Team) -> None:
    """A second record would count twice, or contradict the first."""
    team.hold("mon", ANA)
    with pytest.raises(Refused, match="mon of 2026-11-30 was held already"):
        team.hold("mon", ANA)
    with pytest.raises(Refused, match="held already"):
        team.hold("mon", ANA, "2026-11-30")


def test_two_who_prepare_at_once_record_once(team: Team) -> None:
    """Who comes second is refused though both saw an open occurrence."""
    first, second = (team.ask(lambda it: holding.prepared(it, "mon")) for _ in range(2))
    team.ask(lambda it: holding.hold(it, first, ANA))
    with pytest.raises(Refused, match="held already"):
        team.ask(lambda it: holding.hold(it, second, ANA))
    assert len(team.ask(lambda it: it.entries())) == 1


def test_a_missed_occurrence_is_made_up_for_by_its_day(team: Team) -> None:
    """This week's is meant unless a day is named; the missed one is told with the refusal."""
    team.at("2026-12-09T12:00").hold("mon", ANA)  # Wednesday: this week's Monday
    with pytest.raises(Refused) as refusal:
        team.hold("mon", ANA)
    assert refusal.value.clears == "inv ops.hold --item mon --occurrence 2026-11-30"
    record, _ = team.hold("mon", ANA, "2026-11-30")
    assert record
    assert record.occurrence == date(2026, 11, 30)
    [line] = [one.adherence for one in team.ask(lambda it: holding.prepared(it, "tue")).found.items[:1]]
    assert (line.turns, line.held, line.late, line.missed) == (2, 1, 1, 0)


def test_this_weeks_meeting_may_be_held_early_and_next_weeks_not(team: Team) -> None:
    """On Wednesday Thursday's drill can be held, and next Monday's review cannot."""
    team.at("2026-12-02T09:00").hold("drill", ANA)
    team.hold("mon", ANA)
    with pytest.raises(Refused, match="mon of 2026-11-30 was held already"):
        team.hold("mon", ANA)
    with pytest.raises(Refused, match="no turn this week that is not held"):
        team.hold("mon", ANA, "2026-12-07")


def test_a_day_without_an_occurrence_names_those_that_there_are(team: Team) -> None:
    """A wrong date is a usage error, and no other turn is taken instead."""
    with pytest.raises(
        UsageError, match="mon has no turn on that day: 2026-12-01; the newest are 2026-11-30"
    ):
        team.hold("mon", ANA, "2026-12-01")
    with pytest.raises(UsageError, match="not a date"):
        team.hold("mon", ANA, "monday")
    with pytest.raises(UsageError, match="there is no such cadence item: 'mod', did you mean 'mon'"):
        team.hold("mod", ANA)


def test_a_meeting_that_a_holiday_moved_is_known_by_either_day(team: Team) -> None:
    """Easter Monday's review is held on Tuesday; both days name it."""
    record, _ = team.at("2027-03-30T11:00").hold("mon", ANA, "2027-03-30")
    assert record
    assert record.occurrence == date(2027, 3, 29)
    with pytest.raises(Refused, match="held already"):
        team.hold("mon", ANA, "2027-03-29")


def test_with_a_key_the_record_is_signed(team: Team) -> None:
    """The signature holds over the very facts of the entry, in the namespace of duties."""
    team.with_key()
    _, how = team.hold("mon", ANA)
    assert how.startswith("signed by ana with SHA256:")
    assert how.endswith("its key is not yet bound to a person")
    [entry] = team.ask(lambda it: it.entries())
    told = entry.detail
    duty, _ = Duty.verified(told["statement"].encode(), told["signature"].encode())
    assert (duty.duty, duty.person, duty.facts) == ("cadence.held", "ana", told["record"])


def test_a_key_that_was_named_and_is_not_there_is_refused(team: Team) -> None:
    """Recording unsigned instead would not be what was asked."""
    with pytest.raises(Refused, match="there is no such key"):
        team.hold("mon", Said(attendees=("ana",), key="/no/key"))
    assert team.ask(lambda it: it.entries()) == ()


def test_a_rehearsal_judges_and_records_nothing(team: Team) -> None:
    """A dry run refuses what would be refused, and with nothing said it only shows the pack."""
    record, _ = team.hold("mon", ANA, dry=True)
    assert record
    assert team.hold("mon", Said(), dry=True)[0] is None
    with pytest.raises(Refused):
        team.hold("mon", Said(attendees=("x",)), dry=True)
    assert team.ask(lambda it: it.entries()) == ()


def test_actions_stay_until_they_are_done(team: Team) -> None:
    """Ids are stable, overdue is what the calendar says, and done is said once."""
    said = Said(attendees=("ana",), actions=("b; ana; 2026-12-09", "a; ben; 2026-12-02"))
    team.hold("mon", said)
    team.at("2026-12-07T10:10").hold("mon", Said(attendees=("ana",), actions=("c; ana; 1d",)))
    ids = ["mon-2026-11-30-2", "mon-2026-12-07-1", "mon-2026-11-30-1"]
    assert [one.action.id for one in team.ask(lambda it: it.actions())] == ids
    assert [one.action.id for one in team.ask(lambda it: it.actions(overdue=True))] == ids[:1]
    team.ask(lambda it: holding.done(it, ids[0], "was easy"))
    assert team.ask(lambda it: it.actions(overdue=True)) == ()
    with pytest.raises(Refused, match="is done already"):
        team.ask(lambda it: holding.done(it, ids[0]))
    with pytest.raises(UsageError, match="there is no such action"):
        team.ask(lambda it: holding.done(it, "mon-9"))
    assert [one.note for one in team.ask(lambda it: it.actions(every=True)) if one.done] == ["was easy"]


def test_an_action_is_in_time_on_its_day_in_the_models_zone(team: Team) -> None:
    """Not overdue at 23:59 in Berlin, overdue a minute later, whatever the machine's zone is."""
    team.hold("mon", Said(attendees=("ana",), actions=("x; ana; 2026-12-02",)))
    assert team.at("2026-12-02T23:59").ask(lambda it: it.actions(overdue=True)) == ()
    assert len(team.at("2026-12-03T00:00").ask(lambda it: it.actions(overdue=True))) == 1


KILLED = """
import os, signal, sys
from relman.ledger.sqlite import SqliteStore
from relman.tasks import ns
from relman.__main__ import outcome
real, left = SqliteStore._leaf, int(sys.argv[1])
def leaf(self, draft):
    done = real(self, draft)
    if left == 1: os.kill(os.getpid(), signal.SIGKILL)
    return done
if left == 0:
    SqliteStore.append = lambda *_args, **_more: os.kill(os.getpid(), signal.SIGKILL)
SqliteStore._leaf = leaf
words = ["--item", "mon", "--attendees", "ana", "--decision", "d", "--action", "x; ana; 7d"]
sys.exit(outcome(["inv", "ops.hold", *words]))
"""


@pytest.mark.parametrize("point", [0, 1])
def test_killed_midway_it_leaves_nothing(team: Team, point: int) -> None:
    """SIGKILL before the entry and inside its transaction: no entry; the next try records the whole."""
    text = (team.root / "relman.toml").read_text("utf-8").replace("2026-11-30\n", "2026-01-05\n")
    team.write(text)
    told = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(point)], cwd=team.root, env=told, capture_output=True, check=False
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    assert team.ask(lambda it: it.entries()) == ()
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, "2"], cwd=team.root, env=told, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(b"# Review last week's incidents: mon, ")
    [meeting] = held.meetings(team.ask(lambda it: it.entries()))
    assert (len(meeting.record.actions), meeting.record.decisions) == (1, ("d",))


def test_an_action_may_be_due_today(team: Team) -> None:
    """And not yesterday."""
    team.at("2026-11-30T10:20").hold("mon", Said(attendees=("ana",), actions=("call; ana; 2026-11-30",)))
    [action] = team.ask(lambda it: it.actions())
    assert action.action.due == date(2026, 11, 30)
    with pytest.raises(Refused, match="due in the past"):
        team.hold("tue", Said(attendees=("ana",), actions=("call; ana; 2026-11-29",)))
