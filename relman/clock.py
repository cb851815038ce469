"""The only place where time comes from.

What it is not: a calendar. Windows and shifts are computed elsewhere, from a time that is handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from relman.errors import UsageError


class Clock(NamedTuple):
    """Where the engine takes the time from and how it waits; tests hand in their own.

    Attributes:
        now: Returns the present instant, timezone-aware, in UTC.
        sleep: Waits for a number of seconds.
    """

    now: Callable[[], datetime]
    sleep: Callable[[float], None]


def system() -> Clock:
    """The machine's own clock."""
    return Clock(now=lambda: datetime.now(UTC), sleep=time.sleep)


def aware(moment: datetime) -> datetime:
    """``moment`` itself, if it carries an offset.

    Raises:
        UsageError: The datetime is naive; a naive time means another instant on every machine.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise UsageError("a time without an offset was given", fact=moment.isoformat())
    return moment


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: ``2026-11-25T10:00:00.000Z``."""
    return aware(moment).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """The instant that an RFC 3339 text names.

    Raises:
        UsageError: The text is no RFC 3339 time, or carries no offset.
    """
    try:
        return aware(datetime.fromisoformat(text))
    except ValueError as error:
        raise UsageError("not an RFC 3339 time", fact=repr(text)) from error
