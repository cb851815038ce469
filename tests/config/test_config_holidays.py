"""Holidays into a relman.toml: what stands there stays, to the byte, and what comes out is right."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from relman.config import holidays
from relman.config.schedule import Holiday
from relman.errors import ConfigError

NEW_YEAR = Holiday(date=date(2027, 1, 1), name="Neujahr")
MAY = Holiday(date=date(2027, 5, 1), name='"Erster" Mai')
HEAD = '# ours\n[window]  # hours\ntz = "Europe/Berlin"   # here\n'
WINDOWS = 'windows = [\n  { days = ["wed"], start = "10:00", end = "16:00" },  # ] deploy\n]\n'
TAIL = '\n# the next section\n[service.api]\nproject = "acme"\n'
FORMS = {
    "none yet": "",
    "empty": "holidays = []\n",
    "one line": "holidays = [2026-12-25]\n",
    "one line, with a comma and a comment": "holidays = [2026-12-25,] # ] not here\n",
    "several lines": 'holidays = [\n  2026-12-25,   # one\n  { date = 2026-12-26, name = "x]" }  # last\n]\n',
    "quoted": '"holidays" = [ "2026-12-25" ]\n',
    "tables": '\n[[window.holidays]]\ndate = 2026-12-25\nname = "y"  # z\n',
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("form", FORMS)
def test_they_are_added_where_holidays_stand(form: str, end: str) -> None:
    """In every form in which they may be written; each line that was there is still there, in its order."""
    text = (HEAD + WINDOWS + FORMS[form] + TAIL).replace("\n", end)
    found = holidays.added(text, [NEW_YEAR, MAY])
    before, after = tomllib.loads(text), tomllib.loads(found)
    assert after["window"].pop("holidays")[-2:] == [
        {"date": date(2027, 1, 1), "name": "Neujahr"},
        {"date": date(2027, 5, 1), "name": '"Erster" Mai'},
    ]
    before["window"].pop("holidays", None)
    assert after == before
    removed = [line for line in holidays.diff(text, found, "relman.toml").splitlines()[2:] if line[0] == "-"]
    assert len(removed) <= 1, "at most the line that had a whole array"
    assert found.count("\n") == found.count(end)


def test_what_stands_there_is_not_written_twice() -> None:
    """The same again changes nothing, nor does a day of another name; only what is missing is added."""
    text = HEAD + WINDOWS + 'holidays = [{ date = 2027-01-01, name = "ours" }]\n' + TAIL
    once = holidays.added(text, [NEW_YEAR, MAY])
    assert once.count("2027-01-01") == 1
    assert "ours" in once
    assert holidays.added(once, [NEW_YEAR, MAY]) == once


def test_a_file_that_begins_with_a_mark_keeps_it() -> None:
    """As editors on Windows write it."""
    found = holidays.added(holidays.BOM + HEAD + WINDOWS, [MAY])
    assert found.startswith(holidays.BOM + "# ours")


@pytest.mark.parametrize(
    "text",
    [
        TAIL,
        'window = { tz = "UTC", windows = [{ days = ["wed"], start = "10:00", end = "16:00" }] }\n',
        'window.tz = "UTC"\nwindow.windows = []\n',
    ],
)
def test_what_cannot_be_added_to_is_refused(text: str) -> None:
    """Without a section, or in a form in which a line more would mean something else."""
    with pytest.raises(ConfigError):
        holidays.added(text, [MAY])


def test_the_last_line_may_have_no_end() -> None:
    """A file whose last line is the section's own."""
    found = holidays.added('[window]\nwindows = []\ntz = "UTC"', [MAY])
    assert tomllib.loads(found)["window"]["holidays"][0]["date"] == date(2027, 5, 1)
