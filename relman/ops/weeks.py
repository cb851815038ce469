"""Weeks, counted from Monday to Sunday, and every how many of them something comes (W9).

What it is not: ISO week numbers. Their parity jumps in a year of 53 weeks, so nothing is counted by it.
"""

from __future__ import annotations

from datetime import date


def monday(day: int) -> int:
    """The ordinal of the Monday before or at a day; 1 January of year 1 was a Monday."""
    return day - (day - 1) % 7


def first_week(every: int, anchor: date | None, day: int) -> int:
    """The Monday of the first week, at or after that of ``day``, in which it comes.

    Args:
        every: Every how many weeks.
        anchor: A date in the first week that has it; weeks before have none. None: any week will do.
        day: The ordinal of a day.
    """
    here = monday(day)
    if anchor is None:
        return here
    first, rhythm = monday(anchor.toordinal()), 7 * every
    return first + max(0, -((first - here) // rhythm)) * rhythm
