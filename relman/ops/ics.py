"""Calendars that other programs read: iCalendar (RFC 5545), one event for each occurrence, in UTC.

What it is not: a calendar with rules. Readers disagree on recurrences in nights in which clocks
change, so none is written. The same events make the same bytes, whenever and wherever that is.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from msgspec import Struct

from relman.clock import aware

OCTETS = 75
"""How long a line may be, without its end (RFC 5545, section 3.1)."""

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "relman.dev")
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Occasion(Struct, frozen=True):
    """One event of a calendar.

    Attributes:
        uid: What stays the same when the event is written again; :func:`uid` makes one.
        start: Its first instant, with an offset.
        end: The instant at which it is over, with an offset.
        summary: Its title.
        about: More of it, in lines; empty for nothing.
    """

    uid: str
    start: datetime
    end: datetime
    summary: str
    about: str = ""


def uid(*parts: str) -> str:
    """The same identity for the same parts, on every machine; a UUID, as RFC 7986 section 5.3 asks."""
    return str(uuid.uuid5(_NAMESPACE, "\0".join(parts)))


def calendar(name: str, occasions: Iterable[Occasion]) -> bytes:
    """A whole ``.ics`` file: UTF-8, lines that end with CRLF and are folded at 75 octets.

    DTSTAMP, which each event must have, is its start: a time of writing would change the bytes.

    Args:
        name: What calendar programs call it.
        occasions: The events; they are written in the order of their starts.

    Raises:
        UsageError: A time carries no offset.
    """
    ordered = sorted(occasions, key=lambda one: (aware(one.start), aware(one.end), one.uid))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//relman.dev//relman//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(name)}",
        *(line for one in ordered for line in _event(one)),
        "END:VCALENDAR",
    ]
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode()


def _event(occasion: Occasion) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{occasion.uid}"
    yield f"DTSTAMP:{_utc(occasion.start)}"
    yield f"DTSTART:{_utc(occasion.start)}"
    yield f"DTEND:{_utc(occasion.end)}"
    yield f"SUMMARY:{_text(occasion.summary)}"
    if occasion.about:
        yield f"DESCRIPTION:{_text(occasion.about)}"
    yield "END:VEVENT"


def _utc(moment: datetime) -> str:
    """``20261125T090000Z``; the format has no fractions of a second."""
    local = moment.astimezone(UTC)
    return f"{local.year:04d}{local:%m%dT%H%M%S}Z"


def _text(words: str) -> str:
    """Escaped as section 3.3.11 says; a control character has no place in a calendar."""
    return _CONTROL.sub("", words.replace("\r\n", "\n")).translate(_ESCAPED)


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 octets; a further one begins with a space, and no character is cut."""
    piece, room = "", OCTETS
    for character in line:
        size = len(character.encode("utf-8", "surrogatepass"))
        if size > room:
            yield piece
            piece, room = " ", OCTETS - 1
        piece, room = piece + character, room - size
    yield piece
