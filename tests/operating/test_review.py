"""The review of the model: after one full cycle, then each quarter; a change with its version, or none."""

from __future__ import annotations

import pytest

from relman.errors import Refused
from relman.ops import held, pace
from relman.ops import review as stands
from relman.ops.held import Record
from relman.signing.statements import Duty
from relman.team import holding
from relman.team.holding import Said
from tests.operating.team import MODEL, Team

ANA = Said(attendees=("ana",))
SAME = Said(attendees=("ana",), unchanged=True)


def review(team: Team, said: Said) -> Record | None:
    """Hold the review now."""
    return team.ask(lambda it: holding.hold(it, holding.prepared(it, "model-review"), said)[0])


@pytest.fixture
def used(team: Team) -> Team:
    """The team with a key, which held its first item on Monday 30 November 2026."""
    team.with_key()
    team.at("2026-11-30T10:20").hold("mon", ANA)
    return team


def test_before_anything_was_held_there_is_nothing_to_review(team: Team) -> None:
    """No cycle has begun."""
    with pytest.raises(Refused, match="no cycle has begun"):
        review(team, SAME)


def test_it_waits_for_the_first_full_cycle(used: Team) -> None:
    """Refine after one real cycle, not before: two weeks, the rhythm of the drills."""
    with pytest.raises(Refused, match="the first full cycle is not over"):
        review(used.at("2026-12-13T23:59"), SAME)
    record = review(used.at("2026-12-14T00:00"), SAME)
    assert record
    assert record.decisions == ("no change",)


def test_its_pack_has_what_the_cycle_showed(used: Team) -> None:
    """Adherence, gates that fired, overrides, gaps of the model, waivers (A14b)."""
    pack = used.at("2026-12-15T12:00").ask(lambda it: holding.prepared(it, "model-review").pack)
    topics = {section.topic: section.lines for section in pack.sections}
    assert list(topics) == ["adherence", "gates", "overrides", "gaps", "waivers", "actions"]
    assert topics["adherence"][0] == "mon  held 1 of 3 in time (33 %), 0 late, 2 missed"
    assert any(line.startswith("relman.toml:") for line in topics["gaps"])
    assert pack.facts == ("model 1.0, unchanged",)


def test_it_ends_with_a_change_or_with_no_change(used: Team) -> None:
    """Neither by default, and never the one that is not so."""
    used.at("2026-12-14T12:00")
    with pytest.raises(Refused, match="the review has no result"):
        review(used, ANA)
    changed = MODEL.replace('when = "mon 10:00"', 'when = "mon 11:00"')
    used.write(changed)
    with pytest.raises(Refused, match="the model was changed: it was"):
        review(used, SAME)
    with pytest.raises(Refused, match="the model was changed, and its version was not"):
        review(used, ANA)
    used.write(changed.replace('version = "1.0"', 'version = "1.1"'))
    before = held.meetings(used.ask(lambda it: it.entries()))[0].record.model
    record = review(used, ANA)
    assert record
    assert (record.decisions, record.model.version, before.version) == (("changed",), "1.1", "1.0")
    assert record.model.sha256 != before.sha256


def test_freezes_and_holidays_are_no_change_of_the_model(used: Team) -> None:
    """They are dates; the next year's do not make another model."""
    used.at("2026-12-14T12:00").write(
        MODEL.replace("2027-03-29", "2027-05-01").replace("2027-01-03", "2027-01-05")
    )
    assert review(used, SAME)


def test_it_needs_a_signature(used: Team) -> None:
    """Other records go without a key; this one does not, and nothing is recorded."""
    bare = Team(used.root).at("2026-12-14T12:00")
    with pytest.raises(Refused, match="no key to sign with"):
        review(bare, SAME)
    used.at("2026-12-14T12:00").with_key()
    assert review(used, SAME)
    entry = used.ask(lambda it: it.entries())[-1]
    duty, _ = Duty.verified(entry.detail["statement"].encode(), entry.detail["signature"].encode())
    assert (entry.kind, duty.duty, duty.facts["decisions"]) == (
        "model.reviewed",
        "model.reviewed",
        ["no change"],
    )


def test_then_it_falls_due_each_quarter(used: Team) -> None:
    """Three months after the last one, and advice becomes enforcement after the first."""
    assert review(used.at("2026-12-14T12:00"), SAME)
    page = used.at("2026-12-15T09:00").ask(lambda it: it.today())
    assert any('write mode = "enforce"' in note for note in page.notes)
    found = [
        one for one in used.at("2027-03-14T09:00").ask(lambda it: it.today()).asks if "review" in one.command
    ]
    assert [(one.at, one.command) for one in found] == [("today", "inv ops.review")]


def test_a_cycle_begins_with_what_was_held_under_the_model(used: Team) -> None:
    """What was held before it was adopted is of another one."""
    used.write(MODEL.replace("since = 2026-11-30", "since = 2026-12-02"))
    with pytest.raises(Refused, match="no cycle has begun"):
        review(used.at("2026-12-20T12:00"), SAME)


def test_a_quarter_ends_on_the_last_day_of_a_shorter_month(used: Team) -> None:
    """31 December and three months is 31 March; 30 November and three is the end of February."""
    assert review(used.at("2027-01-31T12:00"), SAME)
    found = used.ask(lambda it: stands.review(it.config, it.entries(), pace.days_of(it.config), used.now))
    assert str(found.due) == "2027-04-30"
