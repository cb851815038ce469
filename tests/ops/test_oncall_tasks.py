"""``inv ops.oncall.*`` and ``inv ops.escalate`` as a person types them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relman.tasks.ops import oncall
from tests.ops.rota_team import MODEL, MONDAY, WEDNESDAY, Open, key, team
from tests.ops.tasking import typed

__all__ = ["key", "team"]  # fixtures


@pytest.fixture
def folder(team: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the team's model, in which one types."""
    team()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_now_and_next_for_machines(folder: Path) -> None:
    """One object, and one a line; times are instants in UTC."""
    page, _ = typed(oncall.now, at=WEDNESDAY, json=True)
    told = json.loads(page)
    assert (told["person"], told["since"], told["secondary"]) == ("ana", "2026-11-23T08:00:00.000Z", "ben")
    assert told["next_handoff"] == {"at": "2026-11-30T08:00:00.000Z", "to": "ben"}
    page, _ = typed(oncall.following, at=WEDNESDAY, json=True)
    assert [json.loads(line)["person"] for line in page.splitlines()] == ["ana", "ben"] * 3 + ["ana"]
    assert folder


def test_before_the_first_shift_nobody_lasts_from_now_on(folder: Path) -> None:
    """A turn that has no beginning is not counted from the year 1."""
    (folder / "relman.toml").write_text(MODEL.replace("2026-11-23T09:00", "2026-11-30T09:00"), "utf-8")
    page, _ = typed(oncall.following, at=WEDNESDAY)
    row = next(line for line in page.splitlines() if line.startswith("now"))
    assert row.split() == ["now", "nobody", "4", "days", "20", "h"]


def test_a_time_without_an_offset_is_refused(folder: Path) -> None:
    """It would be another instant on every machine."""
    assert folder
    assert typed(oncall.now, at="2026-11-25T12:00")[1] == 2


def test_the_report_for_people_and_machines(folder: Path) -> None:
    """The same numbers, with a bar and without."""
    assert folder
    page, _ = typed(oncall.report, from_=MONDAY, to=MONDAY + timedelta(weeks=2))
    assert page.splitlines()[0] == "Mon 30 Nov 09:00 to Mon 14 Dec 09:00 Europe/Berlin"
    assert page.splitlines()[2].split()[:6] == ["Ana", "Ruiz", "168", "56", "48", "1"]
    page, _ = typed(oncall.report, from_=MONDAY, to=MONDAY + timedelta(weeks=2), json=True)
    assert [one["hours"] for one in json.loads(page)["people"]] == [168, 168]


def test_a_gap_ends_with_3(folder: Path) -> None:
    """And is listed in the rota's zone; without one it is 0."""
    assert typed(oncall.gaps, at=WEDNESDAY) == ("somebody is on call at every instant\n", 0)
    ending = MODEL.replace("every = { weeks = 1 }", 'every = { weeks = 1 }, until = "2026-12-31T09:00"')
    (folder / "relman.toml").write_text(ending, "utf-8")
    page, code = typed(oncall.gaps, at=WEDNESDAY, days=37)
    assert (page.splitlines()[1], code) == ("Thu 31 Dec 09:00  Fri 1 Jan 2027 13:00  28 h", 3)


def test_replace_swap_and_accept_say_what_they_did(folder: Path) -> None:
    """By names, in the rota's zone, and what to type next."""
    assert folder
    soon = datetime.now(UTC) + timedelta(days=400)
    page, code = typed(
        oncall.replace, person="chloe", from_=soon, to=soon + timedelta(hours=2), reason="dentist"
    )
    assert code == 0
    assert "Chloe Wu is on call " in page
    assert "inv ops.oncall.next" in page
    soonest = datetime.now(UTC) + timedelta(hours=9)
    assert typed(oncall.replace, person="chloe", to=soonest, reason="ill")[1] == 0
    week = timedelta(weeks=1)
    page, code = typed(oncall.swap, first=soon + week, second=soon + 2 * week, reason="holidays", json=True)
    assert (json.loads(page.splitlines()[-1])["kind"], code) == ("done", 0)
    assert typed(oncall.replace, person="chloe")[1] == 2
    assert typed(oncall.swap, first=soon)[1] == 2


def test_a_calendar_is_written_to_a_file(folder: Path) -> None:
    """Bytes, as RFC 5545 wants them; the same again."""
    for name in ("a.ics", "b.ics"):
        assert typed(oncall.ics, at=WEDNESDAY, days=30, out=Path(name)) == ("", 0)
    written = (folder / "a.ics").read_bytes()
    assert written == (folder / "b.ics").read_bytes()
    assert written.startswith(b"BEGIN:VCALENDAR\r\n")


def test_an_escalation_is_only_simulated(folder: Path) -> None:
    """Without the flag it refuses, because it would tell nobody."""
    assert folder
    assert typed(oncall.escalate)[1] == 3
    page, _ = typed(oncall.escalate, simulate=True, at=WEDNESDAY, severity="P1")
    assert page.splitlines() == [
        "P1: by pager, to be acknowledged within 5m; told at once: Ana Ruiz",
        "+0 min   Wed 25 Nov 13:00  Ana Ruiz",
        "+5 min   Wed 25 Nov 13:05  Chloe Wu",
        "+15 min  Wed 25 Nov 13:15  nobody is left: it is exhausted",
        "nobody was told: this is a simulation",
    ]
    stop = WEDNESDAY + timedelta(minutes=5)
    page, _ = typed(oncall.escalate, simulate=True, at=WEDNESDAY, acknowledged=stop, json=True)
    assert json.loads(page)["notified"] == [{"at": "2026-11-25T12:00:00.000Z", "user": "ana"}]
    assert json.loads(page)["exhausted_at"] is None


def test_a_terminal_without_blocks_gets_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lanes are drawn in ASCII then."""
    assert folder
    monkeypatch.setattr(oncall, "_plain", lambda: True)
    assert typed(oncall.following, at=WEDNESDAY)[0].isascii()
