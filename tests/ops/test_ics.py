"""Calendars for other programs: the lines, the bytes, the identities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relman.errors import UsageError
from relman.ops import ics

NINE = datetime(2026, 11, 25, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def occasion(summary: str = "on call: ana", about: str = "") -> ics.Occasion:
    """An hour of a Wednesday."""
    return ics.Occasion(ics.uid("shift", "1"), NINE, NINE + HOUR, summary, about)


def unfolded(raw: bytes) -> list[str]:
    """The logical lines, as section 3.1 tells readers to join them."""
    return raw.decode().replace("\r\n ", "").split("\r\n")


def test_a_whole_calendar() -> None:
    """The required properties stand there in order, and each line ends with CRLF."""
    assert ics.calendar("Mervo", [occasion(about="accepted")]).decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//relman.dev//relman//EN",
        "CALSCALE:GREGORIAN",
        "X-WR-CALNAME:Mervo",
        "BEGIN:VEVENT",
        f"UID:{ics.uid('shift', '1')}",
        "DTSTAMP:20261125T090000Z",
        "DTSTART:20261125T090000Z",
        "DTEND:20261125T100000Z",
        "SUMMARY:on call: ana",
        "DESCRIPTION:accepted",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_any_zone_is_written_in_utc() -> None:
    """An event from another offset, and in another order, makes the same bytes."""
    elsewhere = NINE.astimezone(timezone(timedelta(hours=10)))
    first, second = occasion(), ics.Occasion("b", NINE + HOUR, NINE + 2 * HOUR, "later")
    moved = ics.Occasion(first.uid, elsewhere, elsewhere + HOUR, first.summary)
    assert ics.calendar("c", [second, moved]) == ics.calendar("c", [first, second])


def test_a_naive_time_is_refused() -> None:
    """A time without an offset is another instant on every machine."""
    with pytest.raises(UsageError, match="without an offset"):
        ics.calendar("c", [ics.Occasion("a", datetime(2026, 1, 1), datetime(2026, 1, 2), "x")])  # noqa: DTZ001


def test_an_identity_depends_on_its_parts_alone() -> None:
    """The same parts give the same UID; parts that only look alike when joined do not."""
    assert ics.uid("a", "b") == ics.uid("a", "b") == "ba057b1d-3558-58b2-a72d-5eb746bbdb8a"
    assert ics.uid("a", "b") != ics.uid("ab") != ics.uid("a b")


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_survives(text: str) -> None:
    """No line has more than 75 octets, no character is cut, and the text can be read again."""
    raw = ics.calendar("c", [occasion(summary=text)])
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    (line,) = (line for line in unfolded(raw) if line.startswith("SUMMARY:"))
    kept = "".join(c for c in text.replace("\r\n", "\n") if c in "\t\n" or not (c < " " or c == "\x7f"))
    assert read_again(line.removeprefix("SUMMARY:")) == kept


def read_again(text: str) -> str:
    """Section 3.3.11 backwards."""
    found, escaped = "", False
    for character in text:
        if escaped:
            found, escaped = found + ("\n" if character in "nN" else character), False
        elif character == "\\":
            escaped = True
        else:
            found += character
    return found
