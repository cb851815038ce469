"""What can be asked of a rota: pages, counts, calendar, who would be told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from relman.errors import Refused, UsageError
from relman.render import oncall as pages
from relman.team import handing, standby
from tests.ops.rota_team import HOUR, MODEL, MONDAY, SERVICE, WEDNESDAY, WEEK, Open, key, team

__all__ = ["key", "team"]  # fixtures


def test_the_page_of_now_tells_who_until_when_and_who_then(team: Open) -> None:
    """In the rota's zone, with what was accepted and why somebody stands in."""
    ours = team()
    handing.replace(ours, "chloe", WEDNESDAY + 2 * HOUR, "dentist", WEDNESDAY)
    page = pages.now(standby.shifts(ours), WEDNESDAY, str.capitalize)
    assert page.splitlines() == [
        "Wed 25 Nov 13:00 Europe/Berlin",
        "  on call  Chloe  since Wed 25 Nov 13:00, until Wed 25 Nov 15:00 (2 h left)",
        "                  not accepted yet    inv ops.oncall.accept",
        "                  because: dentist",
        "  next     Ana    from Wed 25 Nov 15:00 (in 2 h)",
        "                  not accepted yet    inv ops.oncall.accept",
        "  second   Ben",
    ]


def test_six_weeks_are_drawn(team: Open) -> None:
    """A lane for each person, a column for each day, a lane for nobody where there is a gap."""
    ends = team(
        toml=MODEL.replace("every = { weeks = 1 }", 'every = { weeks = 1 }, until = "2026-12-30T21:00"')
    )
    drawn = pages.lanes(standby.shifts(ends), WEDNESDAY, str)
    assert drawn.splitlines() == [
        "        23 Nov  30 Nov  7 Dec   14 Dec  21 Dec  28 Dec",
        "ana     ▅██████ ▃······ ▅██████ ▃······ ▅██████ ▃······",
        "ben     ······· ▅██████ ▃······ ▅██████ ▃······ ▅█▇····",
        "nobody  ▃······ ······· ······· ······· ······· ··▁████",
        "          ^ today",
    ]
    assert pages.lanes(standby.shifts(ends), WEDNESDAY, str, ascii_only=True).isascii()


def test_the_report_counts_from_the_first_shift_on(team: Open) -> None:
    """What lies before the rota is no gap, and a report of the future is one by dates."""
    found = standby.counted(team(), WEDNESDAY, None, 12 * WEEK)
    assert (found.span.start, found.gap_hours) == (MONDAY - WEEK, 0)
    with pytest.raises(Refused, match="nobody has been on call yet"):
        standby.counted(team(), MONDAY - WEEK, None, 12 * WEEK)
    ahead = standby.counted(team(), MONDAY + WEEK, MONDAY, 12 * WEEK)
    assert {one.person: one.hours for one in ahead.people} == {"ana": 0, "ben": 168}


def test_the_calendar_is_the_same_whenever_it_is_written(team: Open) -> None:
    """One event for each shift, whole; a shift that is handed on keeps its identity."""
    ours = team()
    before = standby.calendar(ours, WEDNESDAY, 4 * WEEK)
    for later in (timedelta(microseconds=1), HOUR, 4 * HOUR):
        assert before == standby.calendar(team(WEDNESDAY + later), WEDNESDAY + later, 4 * WEEK)
    assert b"DTSTART:20261221T080000Z\r\nDTEND:20261228T080000Z" in before
    assert before.count(b"BEGIN:VEVENT") == 5
    assert b"DTSTART:20261123T080000Z" in before
    handing.swap(ours, MONDAY, MONDAY + WEEK, "x")
    after = standby.calendar(ours, WEDNESDAY, 4 * WEEK)
    assert uids(after) <= uids(before)
    assert standby.calendar(ours, WEDNESDAY, 4 * WEEK, "ben").count(b"BEGIN:VEVENT") == 1
    with pytest.raises(UsageError, match="no such person"):
        standby.calendar(ours, WEDNESDAY, WEEK, "eve")


def uids(raw: bytes) -> set[bytes]:
    """The identities in a calendar."""
    return {line for line in raw.split(b"\r\n") if line.startswith(b"UID:")}


def test_an_escalation_is_chosen_by_name_or_by_domain(team: Open) -> None:
    """Among several, "default" is meant where nothing is said."""
    ours = team()

    def told(policy: str = "", domain: str = "") -> list[str]:
        found = standby.escalated(ours, WEDNESDAY, None, policy, domain)
        return [one.user for one in found.notified]

    assert told() == told(policy="default") == ["ana", "chloe"]
    assert told(domain="billing") == told(policy="money") == ["ana"]
    for chosen in ({"policy": "x"}, {"domain": "x"}):
        with pytest.raises(UsageError, match="no such"):
            told(**chosen)


def test_an_escalation_to_a_ghost_is_refused(team: Open) -> None:
    """A step that names nobody would look as if somebody were told."""
    with pytest.raises(Refused, match="somebody who is not there: eve"):
        standby.escalated(team(toml=MODEL.replace('["chloe"]', '["eve"]')), WEDNESDAY)


def test_a_severity_says_who_is_told_at_once(team: Open) -> None:
    """Roles and on-call are people by then, each named once."""
    loud = standby.loud(team(), "P1", MONDAY)
    assert (loud.via, loud.acknowledge, loud.tell) == ("pager", "5m", ("ben", "ana"))
    with pytest.raises(Refused, match="not set up"):
        standby.loud(team(), "P2", MONDAY)


def test_without_a_rota_everything_says_what_to_write(team: Open) -> None:
    """No section is no crash."""
    bare = team(toml=SERVICE)
    with pytest.raises(Refused, match=r"on-call is not set up: no \[oncall\]"):
        standby.shifts(bare)
    with pytest.raises(Refused, match="escalation is not set up"):
        standby.escalated(bare, WEDNESDAY)
    assert bare.on_call(WEDNESDAY) == ""
