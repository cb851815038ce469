"""Text for commands that only read: columns, the traffic bar, lengths of time.

What it is not: a renderer of events. Everything here is a pure function from values to text,
without colour and without rich, so a page reads the same in a terminal, a pipe and a mail.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from relman.clock import aware

MINUTE, HOUR, DAY = 60, 3_600, 86_400
GAP = "  "
NARROWEST_BAR = 8

Share = tuple[str, int]
"""A version (or a revision) and its traffic in percent."""


def printable(text: str) -> str:
    """One line that cannot drive the terminal: control characters, escapes, bidi marks become spaces.

    Event texts quote commit subjects and servers' answers, and those are strangers' words.
    """
    return "".join(char if char.isprintable() else " " for char in text).rstrip()


def width(text: str) -> int:
    """How many terminal columns a printable text takes (Unicode UAX #11, combining marks as none)."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def padded(text: str, columns: int) -> str:
    """``text`` filled with spaces up to a display width; a longer text stays as it is."""
    return text + " " * (columns - width(text))


def clipped(text: str, columns: int, ellipsis: str = "…") -> str:
    """``text`` cut to a display width, with an ellipsis where something was cut."""
    if width(text) <= columns:
        return text
    kept, room = "", columns - width(ellipsis)
    for char in text:
        room -= _columns(char)
        if room < 0:
            break
        kept += char
    return (kept + ellipsis) if columns >= width(ellipsis) else ""


def table(rows: Sequence[Sequence[str]], headers: Sequence[str] | None = None) -> str:
    """Plain columns, two spaces apart, aligned by display width; no trailing spaces or newline."""
    lines = [[printable(cell) for cell in row] for row in ([headers] if headers else []) + list(rows)]
    count = max((len(line) for line in lines), default=0)
    wide = [max(width(line[at]) for line in lines if at < len(line)) for at in range(count)]
    return "\n".join(
        GAP.join(padded(cell, columns) for cell, columns in zip(line, wide, strict=False)).rstrip()
        for line in lines
    )


def percentages(shares: Sequence[Share]) -> str:
    """``1.8.0  25 %  1.7.3  75 %``: the split in words."""
    return GAP.join(f"{label} {percent:>3} %" for label, percent in shares)


def bar(shares: Sequence[Share], width: int, ascii_only: bool = False) -> str:  # noqa: FBT001, FBT002
    """The traffic bar: ``1.8.0  25 % ████░░░░░░░░░░░░  75 % 1.7.3``.

    Args:
        shares: The candidate first, then the others.
        width: Columns for the whole line, labels included. Where they leave no room for a bar,
            the percentages stand alone.
        ascii_only: Draw with ``#``, ``.`` and ``=`` instead of blocks.
    """
    return "".join(bar_parts(shares, width, ascii_only=ascii_only))


def bar_parts(shares: Sequence[Share], columns: int, *, ascii_only: bool = False) -> list[str]:
    """The pieces of :func:`bar`: left label, one run of fill a share, right labels.

    A renderer that has colours gives each piece its own; without room for a bar there is one piece.
    """
    if not shares:
        return [clipped("none", columns, "")]
    left = percentages(shares[:1]) + " "
    right = "".join(f" {percent:>3} % {label}" for label, percent in shares[1:])
    room = columns - width(left) - width(right)
    if room < NARROWEST_BAR:
        return [clipped(percentages(shares), columns, "." if ascii_only else "…")]
    fills = "#.=+" if ascii_only else "█░▒▓"
    runs = _cells([percent for _, percent in shares], room)
    return [left, *(fills[min(at, 3)] * run for at, run in enumerate(runs)), right]


def _cells(percents: Sequence[int], room: int) -> list[int]:
    """Whole cells by largest need; a share that has any traffic is never drawn as none."""
    total = sum(percents) or 1
    cells = [max(room * percent // total, 1 if percent else 0) for percent in percents]
    while (missing := room - sum(cells)) and any(percents):
        step = 1 if missing > 0 else -1
        need = [room * percent / total - cell for percent, cell in zip(percents, cells, strict=True)]
        cells[need.index((max if step > 0 else min)(need))] += step
    return cells


def lasted(seconds: float) -> str:
    """A length of time in its two leading units: ``0.8 s``, ``21 s``, ``10 min 11 s``, ``2 h 14 min``.

    Tenths stand below ten seconds only; a unit that is zero is left out.
    """
    if seconds < 10:  # noqa: PLR2004 - where tenths stop to matter to a reader
        return f"{max(seconds, 0):.1f} s".replace(".0 ", " ")
    whole = round(seconds)
    if whole < HOUR:
        return _two(whole, (MINUTE, "min"), (1, "s"))
    if whole < DAY:
        return _two(whole, (HOUR, "h"), (MINUTE, "min"))
    return _two(whole, (DAY, "day" if whole < 2 * DAY else "days"), (HOUR, "h"))


def _two(whole: int, big: tuple[int, str], small: tuple[int, str]) -> str:
    counts = ((whole // big[0], big[1]), (whole % big[0] // small[0], small[1]))
    return " ".join(f"{count} {unit}" for count, unit in counts if count)


def clockface(seconds: float) -> str:
    """Whole seconds as a running clock shows them: ``4:10``, ``1:02:03``."""
    minutes, rest = divmod(max(int(seconds), 0), MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(then: datetime, now: datetime) -> str:
    """How long before ``now`` something was, in its leading unit: ``6 days ago``.

    A moment to come reads ``in 3 h``: two machines' clocks differ, and the reader should see it.

    Raises:
        UsageError: One of the two carries no offset.
    """
    seconds = (aware(now) - aware(then)).total_seconds()
    if abs(seconds) < 1:
        return "just now"
    leading = _leading(abs(seconds))
    return f"{leading} ago" if seconds > 0 else f"in {leading}"


def _leading(seconds: float) -> str:
    for length, unit in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {'day' if unit == 'days' and count == 1 else unit}"
    return f"{int(seconds)} s"
