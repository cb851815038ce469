"""The calendar of a model: windows, meetings and shifts of two years, one event for each occurrence.

What it is not: live. It is a paper of what relman.toml says; replaced shifts, overrides and freezes of the
ledger are told by the commands that read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import takewhile
from typing import Final

from relman.config import Config
from relman.config.words import Zone
from relman.ops import cadence, ics, people, turns, windows
from relman.ops.ics import Occasion
from relman.ops.spans import Span

YEARS: Final = 2


def has_any(config: Config) -> bool:
    """Whether there is something to put into it."""
    return bool(config.window or config.cadence or config.oncall)


def text(config: Config, year: int) -> bytes:
    """The calendar of a year and the next one, from the day on which the model was adopted.

    Args:
        config: The model; ``[model]`` is there.
        year: The first of the years.
    """
    assert config.model  # noqa: S101 - whoever calls has looked
    zone = config.model.tz
    first = max(date(year, 1, 1), config.model.since or date(year, 1, 1))
    within = Span(_begins(zone, first), _begins(zone, date(year + YEARS, 1, 1)))
    found = [*_windows(config, within), *_meetings(config, first, within), *_shifts(config, within)]
    return ics.calendar("Operating model", found)


def _windows(config: Config, within: Span) -> Iterator[Occasion]:
    """What freezes and holidays leave of the windows."""
    for one in windows.openings(config.window, within) if config.window else ():
        identity = ics.uid("window", one.start.isoformat(), one.end.isoformat())
        yield Occasion(identity, one.start, one.end, "Deploy window")


def _meetings(config: Config, first: date, within: Span) -> Iterator[Occasion]:
    assert config.model  # noqa: S101
    days = cadence.days(config.model.tz, config.window)
    for item in config.cadence:
        for one in takewhile(lambda each: each.start < within.end, cadence.occurrences(item, days, first)):
            about = f"{people.told(config, item.owner)}\n" + "\n".join(f"inv {name}" for name in item.command)
            identity = ics.uid("cadence", item.id, one.day.isoformat())
            yield Occasion(identity, one.start, one.end, str(item.what), about)


def _shifts(config: Config, within: Span) -> Iterator[Occasion]:
    for turn in turns.turns(config.oncall, within) if config.oncall else ():
        if turn.person is not None:
            identity = ics.uid("shift", turn.person, turn.start.isoformat())
            yield Occasion(identity, turn.start, turn.end, f"On call: {people.name(config, turn.person)}")


def _begins(zone: Zone, day: date) -> datetime:
    return zone.instant(datetime(day.year, day.month, day.day))  # noqa: DTZ001  wall clock
