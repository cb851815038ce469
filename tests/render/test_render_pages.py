"""Truths of the text that reading commands print."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relman.errors import UsageError
from relman.render.pages import ago, bar, clipped, clockface, lasted, percentages, printable, table, width

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SHARES = st.lists(st.tuples(st.text(min_size=1, max_size=12), st.integers(0, 100)), max_size=5)


def test_columns_align_by_what_a_terminal_shows() -> None:
    """Wide and combining characters take the columns that they are drawn with."""
    rows = [["1.8.0", "日本", "live"], ["1.10.0", "e\u0301", "kept"]]
    text = table(rows, ["version", "by", "state"])
    assert text == "version  by    state\n1.8.0    日本  live\n1.10.0   e\u0301     kept"


def test_a_table_takes_ragged_rows_and_none() -> None:
    """Short rows end early, without trailing spaces; nothing gives nothing."""
    assert table([["a", "b"], ["long"], []]) == "a     b\nlong\n"
    assert table([]) == ""


def test_strangers_words_cannot_drive_the_terminal() -> None:
    """Escapes, newlines and bidi marks in a commit subject become spaces."""
    assert printable("fix\x1b[2J\nall\u202etxt.exe") == "fix [2J all txt.exe"
    assert "\x1b" not in table([["\x1b]0;owned\x07"]])


def test_the_bar_reads_without_colour() -> None:
    """Candidate and stable differ by their fill, and each percentage stands beside it."""
    assert bar([("1.8.0", 25), ("1.7.3", 75)], 40) == "1.8.0  25 % ████░░░░░░░░░░░░  75 % 1.7.3"
    assert bar([("1.8.0", 25), ("1.7.3", 75)], 40, ascii_only=True) == (
        "1.8.0  25 % ####............  75 % 1.7.3"
    )


def test_the_bar_shows_every_share_that_has_traffic() -> None:
    """One percent is never drawn as none, zero percent never as some."""
    assert bar([("b", 1), ("a", 99)], 30).count("█") == 1
    assert bar([("b", 99), ("a", 1)], 30).count("░") == 1
    assert bar([("b", 0), ("a", 100)], 30).count("█") == 0


def test_a_bar_without_room_is_the_percentages() -> None:
    """Narrow terminals lose the drawing, not the numbers."""
    assert bar([("1.8.0", 25), ("1.7.3", 75)], 25) == percentages([("1.8.0", 25), ("1.7.3", 75)])
    assert bar([("1.8.0", 25), ("1.7.3", 75)], 12) == "1.8.0  25 %…"
    assert bar([], 40) == "none"


@given(shares=SHARES, columns=st.integers(0, 120), ascii_only=st.booleans())
def test_the_bar_keeps_within_its_width(
    *, shares: list[tuple[str, int]], columns: int, ascii_only: bool
) -> None:
    """Whatever the shares, a line of the screen never wraps because of it."""
    assert width(bar(shares, columns, ascii_only)) <= columns


@given(st.text(), st.integers(0, 20))
def test_a_cut_keeps_within_its_width(text: str, columns: int) -> None:
    """Wide characters are not cut in half."""
    assert width(clipped(text, columns)) <= columns


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0, "0 s"),
        (0.84, "0.8 s"),
        (4, "4 s"),
        (9.96, "10 s"),
        (21.4, "21 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (611, "10 min 11 s"),
        (3599.7, "1 h"),
        (8040, "2 h 14 min"),
        (86_400, "1 day"),
        (5 * 86_400 + 22 * 3600 + 59, "5 days 22 h"),
    ],
)
def test_a_length_of_time_reads_in_two_units(seconds: float, text: str) -> None:
    """The leading two, no zero among them, tenths below ten seconds."""
    assert lasted(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (9.9, "0:09"), (250, "4:10"), (3723, "1:02:03"), (-5, "0:00")]
)
def test_a_running_clock_shows_whole_seconds(seconds: float, text: str) -> None:
    """It never shows a second before it is over."""
    assert clockface(seconds) == text


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (timedelta(milliseconds=400), "just now"),
        (timedelta(seconds=41), "41 s ago"),
        (timedelta(minutes=5, seconds=59), "5 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6, hours=5), "6 days ago"),
        (-timedelta(hours=3), "in 3 h"),
    ],
)
def test_how_long_ago_reads_in_one_unit(before: timedelta, text: str) -> None:
    """The leading one, cut and not rounded."""
    assert ago(NOW - before, NOW) == text


def test_a_time_without_an_offset_is_refused() -> None:
    """It would mean another instant on every machine."""
    with pytest.raises(UsageError):
        ago(datetime(2026, 11, 25), NOW)  # noqa: DTZ001 - that is the point
