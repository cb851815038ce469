"""Windows, overrides, instants and lengths of time in the words that people read.

What it is not: arithmetic. What is told here has been worked out before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from relman.config.schedule import Override, Schedule, Window
from relman.config.words import Day, Zone
from relman.models import listed

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def windows(schedule: Schedule) -> str:
    """``the window is Wed 10:00-16:00``, or several."""
    told = [window(one) + (f" {one.tz}" if one.tz else "") for one in schedule.windows]
    return f"the window is {told[0]}" if len(told) == 1 else f"the windows are {listed(told)}"


def window(one: Window) -> str:
    """``Wed 10:00-16:00``, with its rhythm of weeks."""
    rhythm = f" every {one.every} weeks" if one.every > 1 else ""
    return f"{days(one.days)} {one.start}-{one.end}{rhythm}"


def days(several: Iterable[Day]) -> str:
    """``Wed``, ``Mon, Wed``; three and more in a row are ``Mon-Fri``."""
    numbers = sorted({day.number for day in several})
    names = [Day.values[number].capitalize() for number in numbers]
    in_a_row = len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1  # noqa: PLR2004
    return f"{names[0]}-{names[-1]}" if in_a_row else ", ".join(names)


def override(overrides: Sequence[Override], now: datetime) -> str:
    """The override that holds the window open at ``now``; of several the one that ends last."""
    active = [one for one in overrides if one.since <= now < one.expires]
    last = max(active, key=lambda one: one.expires)
    kind = "emergency override" if last.emergency else "override"
    return f"{kind} ({last.reason})" if last.reason else kind


def moment(instant: datetime, zone: Zone, *, after: datetime | None = None) -> str:
    """``Wed 2 Dec 10:00``, with the year where it is not that of ``after``."""
    local = instant.astimezone(zone.info)
    other_year = after is not None and after.astimezone(zone.info).year != local.year
    year = f" {local.year}" if other_year else ""
    day = Day.values[local.weekday()].capitalize()
    return f"{day} {local.day} {MONTHS[local.month - 1]}{year} {local:%H:%M}"


def length(elapsed: timedelta) -> str:
    """Elapsed time in the two largest units, rounded down: ``5 days 22 h``, ``14 min``."""
    hours, seconds = divmod(int(elapsed.total_seconds()), 3600)
    whole, hours = divmod(hours, 24)
    if whole:
        return f"{whole} day{'s' if whole > 1 else ''} {hours} h"
    if hours:
        return f"{hours} h {seconds // 60} min"
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"  # noqa: PLR2004
