"""``inv window.*`` as people type it: look, freeze, stop, thaw, and a calendar to take away."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relman import opening
from relman.clock import instant
from relman.tasks import window
from tests.ops.tasking import refused, typed

TOML = """\
[service.api]
project = "acme"
region = "europe-west1"

[window]
tz = "Europe/Berlin"
windows = [{ days = ["wed"], start = "10:00", end = "16:00" }]
freezes = [
  { from = "2026-12-18", to = "2027-01-03", reason = "year end" },
]
holidays = [{ date = 2026-12-25, name = "Christmas" }]
"""
THURSDAY = "2026-11-26T11:04+01:00"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a window, in which the commands are typed."""
    (tmp_path / "relman.toml").write_text(TOML, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(**given: str) -> dict[str, object]:
    """What ``window.show --json`` tells."""
    page, code = typed(window.show, json=True, **given)
    assert code == 0
    return dict(json.loads(page))


def test_show_tells_the_answer_and_what_is_ahead() -> None:
    """The line of the gate, the next openings, and where each closure stands."""
    page, code = typed(window.show, at=THURSDAY)
    assert code == 0
    assert (
        "closed   it is Thu 26 Nov 11:04 Europe/Berlin; the window is Wed 10:00-16:00; next Wed 2 Dec" in page
    )
    assert "Wed 2 Dec 2026 10:00-16:00   (in 5 days 22 h)" in page
    assert "freeze from 2026-12-18 to 2027-01-03 (year end)  relman.toml:9" in page


def test_an_instant_without_an_offset_is_refused() -> None:
    """It would be another instant on every machine."""
    assert typed(window.show, at="2026-11-26T11:04")[1] == 2


def test_as_many_openings_as_are_asked_for() -> None:
    """``--next 5`` lists five, of which the year end takes two Wednesdays."""
    found = shown(at="2026-12-09T12:00+01:00", next_="5")["openings"]
    assert isinstance(found, list)
    days = [instant(one["from"]).date().isoformat() for one in found]
    assert days == ["2026-12-16", "2027-01-06", "2027-01-13", "2027-01-20", "2027-01-27"]


def test_a_freeze_holds_at_once_and_is_taken_back_by_its_name() -> None:
    """Both are told by ``window.show``, with who did it; the way back is on the screen."""
    page, code = typed(window.freeze, reason="money is lost", stop=True)
    assert (code, 'inv window.thaw --id s0 --reason "…"' in page) == (0, True)
    found = shown()
    assert (found["open"], found["next_opening"]) == (False, None)
    assert "emergency stop s0" in str(found["text"])
    assert typed(window.thaw, id_="s0", reason="found")[1] == 0
    assert "stop" not in str(shown())
    with closing(opening.team(Path.cwd())) as team:
        assert [one.kind for one in team.entries()] == ["window.stopped", "window.resumed"]
    page, code = typed(window.thaw, id_="s0", reason="again")
    assert code == 3
    assert "lifted it at" in page


@pytest.mark.parametrize("name", ["relman.toml:9", "2026-12-18", "relman.toml:11"])
def test_no_command_thaws_what_the_file_says(name: str) -> None:
    """W6, ruling 17: the refusal names file and line, and says that the change is to be reviewed."""
    page, code = typed(window.thaw, id_=name, reason="we want to ship")
    assert code == 3
    assert f"stands in relman.toml:{11 if name.endswith('11') else 9}" in page
    assert "have the change reviewed" in page


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "a reason is needed"),
        ({"reason": " "}, "a reason is needed"),
        ({"reason": "x", "from_": "tomorrow"}, "--from cannot be read"),
        ({"reason": "x", "to": "2026-12-02T10:00+01:00"}, "--to cannot be read"),
        ({"reason": "x", "from_": "2099-12-02", "to": "2099-12-01"}, "that freezes nothing"),
        ({"reason": "x", "to": "2020-01-01"}, "that freezes nothing"),
        ({"reason": "x", "from_": "9999-12-31"}, "from 9999-12-31 on Europe/Berlin is no time"),
        ({"reason": "x", "env": "staging"}, "--env goes with --service"),
    ],
)
def test_a_freeze_that_says_nothing_is_refused(given: dict[str, str], told: str) -> None:
    """Usage, exit 2, and nothing is recorded."""
    page, code = typed(window.freeze, **given)
    assert (code, told in page) == (2, True)
    assert len(list(shown()["closures"])) == 2  # type: ignore[call-overload]


def test_of_two_services_one_can_be_frozen(here: Path) -> None:
    """``--service`` freezes only that; another is free, and so is the team where none is named."""
    more = '[service.web]\nproject = "acme"\nregion = "europe-west1"\n'
    (here / "relman.toml").write_text(more + TOML, encoding="utf-8")
    assert typed(window.freeze, service="web", reason="stocktaking")[1] == 0
    frozen = {name: "stocktaking" in str(shown(service=name)) for name in ("web", "api", "")}
    assert frozen == {"web": True, "api": False, "": False}


def test_strangers_words_do_not_drive_the_terminal() -> None:
    """Escapes and marks of direction in a reason are blanks on every line of the page."""
    typed(window.freeze, reason="db \x1b[31m \u202emove", to="2099-01-01")
    page, _ = typed(window.show)
    assert "db  [31m  move" in page
    assert not {"\x1b", "\u202e"} & set(page)


def test_what_was_lifted_is_no_frozen_day() -> None:
    """A freeze of a second leaves its day as it was, and is not told of any more."""
    made = json.loads(typed(window.freeze, reason="by mistake", json=True)[0].splitlines()[-1])
    before = typed(window.preview, months="1")[0]
    assert "by mistake" in before
    name = made["text"].split()[1]
    assert typed(window.thaw, id_=name, reason="sorry")[1] == 0
    after = typed(window.preview, months="1")[0]
    assert "by mistake" not in after
    assert "in 1 month" in after
    assert "-]" not in after.split("opens")[0]


def test_of_many_lost_days_a_few_are_named() -> None:
    """A freeze until further notice does not fill the screen."""
    typed(window.freeze, reason="sold")
    page, _ = typed(window.preview, months="12")
    assert "more" in page.splitlines()[-1]
    assert page.splitlines()[-1].count("Wed") == 12


def test_a_file_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    """Usage, exit 2, with the reason that the system gives."""
    words, code = refused(window.ics, out=tmp_path / "none" / "x.ics")
    assert (code, "cannot be written: No such file" in words) == (2, True), words


def test_the_calendar_draws_what_is_ahead() -> None:
    """Openings, lost ones, holidays, frozen days, changes of clocks and the present day, in a terminal."""
    typed(window.freeze, from_="2027-03-03T09:00", to="2027-03-03T12:00", reason="audit")
    page, code = typed(window.preview, at=THURSDAY)
    assert code == 0
    assert "50 days with an opening in 12 months, 2 lost" in page
    assert max(len(line) for line in page.splitlines()) < 110
    for drawn in ("[26 ]", "18-", "23□", "25h", " 3◧", "28 ~", "31 ~"):
        assert drawn in page.replace("x", "□").replace("%", "◧"), drawn
    assert "Sun 28 Mar 2027  clocks in Europe/Berlin go forward by 1 h" in page
    assert "does not open: Wed 23 Dec, Wed 30 Dec" in page


def test_the_calendar_says_the_same_to_machines() -> None:
    """Every opening of the year, cut by what closes it, and the two days on which clocks change."""
    page, _ = typed(window.preview, at=THURSDAY, json=True)
    found = json.loads(page)
    assert len(found["openings"]) == 50
    assert found["clock_changes"] == [
        {"date": "2027-03-28", "seconds": 3600},
        {"date": "2027-10-31", "seconds": -3600},
    ]
    assert [one["place"] for one in found["closures"]] == ["relman.toml:9", "relman.toml:11"]


def test_the_openings_as_a_file_for_calendars(tmp_path: Path) -> None:
    """One event an occurrence, in UTC, the same bytes each time; an event outlives a change of its hours."""
    for name in ("one.ics", "two.ics"):
        typed(window.ics, months="3", at=THURSDAY, out=str(tmp_path / name))
    first = (tmp_path / "one.ics").read_bytes()
    assert first == (tmp_path / "two.ics").read_bytes()
    events = first.decode().split("BEGIN:VEVENT")[1:]
    assert len(events) == 4 + 3 + 4
    assert "DTSTART:20261202T090000Z\r\nDTEND:20261202T150000Z" in events[4]
    (tmp_path / "relman.toml").write_text(TOML.replace("10:00", "11:00"), encoding="utf-8")
    typed(window.ics, months="3", at=THURSDAY, out=str(tmp_path / "later.ics"))
    later = (tmp_path / "later.ics").read_text("utf-8").split("BEGIN:VEVENT")[1:]
    assert [one.splitlines()[1] for one in later] == [one.splitlines()[1] for one in events]
    assert "DTSTART:20261202T100000Z" in later[4]


def test_an_event_in_a_night_in_which_clocks_change(tmp_path: Path) -> None:
    """In UTC it is an hour shorter in March and an hour longer in October (W4)."""
    night = TOML.replace('["wed"]', '["sat"]').replace("10:00", "22:00").replace("16:00", "06:00")
    (tmp_path / "relman.toml").write_text(night, encoding="utf-8")
    page, _ = typed(window.preview, at="2027-01-01T00:00+01:00", json=True)
    spans = [(instant(one["from"]), instant(one["to"])) for one in json.loads(page)["openings"]]
    odd = {start.date().isoformat(): end - start for start, end in spans if end - start != timedelta(hours=8)}
    assert odd.pop("2027-01-03", None) is None
    assert odd["2027-03-27"] == timedelta(hours=7)
    assert odd["2027-10-30"] == timedelta(hours=9)
    assert all(start >= datetime(2026, 12, 31, 23, tzinfo=UTC) for start, _ in spans)


def test_public_holidays_are_shown_as_a_diff_and_written_on_demand(here: Path) -> None:
    """W6: into the file, where they are reviewed; Christmas, which stands there already, is not doubled."""
    given = {"country": "de", "region": "BE", "year": "2026"}
    page, code = typed(window.holidays, **given)
    assert code == 0
    assert '+  { date = 2026-01-01, name = "Neujahr" },' in page
    assert (here / "relman.toml").read_text("utf-8") == TOML
    assert typed(window.holidays, **given, write=True)[1] == 0
    assert [one["kind"] for one in shown(at="2026-03-08T12:00+01:00")["closures"]].count("holiday") == 9  # type: ignore[attr-defined]
    assert "has all 10 of them" in typed(window.holidays, **given)[0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "--country is not known: ''; known: two letters"),
        ({"country": "DD"}, "known: DZ, DZA, DK, DNK"),
        ({"country": "DE", "region": "XX"}, "--region is not known"),
        ({"country": "DE", "year": "1066"}, "--year is out of reach"),
    ],
)
def test_holidays_of_nowhere_are_refused(given: dict[str, str], told: str) -> None:
    """Nothing is guessed."""
    words, code = refused(window.holidays, **given)
    assert (code, told in words) == (2, True), words
