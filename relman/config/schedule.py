"""When shipping is allowed: windows, freezes, holidays and overrides, as they are written down.

What it is not: the arithmetic; that is ``ops.windows``, which takes the time as a parameter. Names
and shapes are those of the case format ``relman-window-cases/1``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from relman.config import words
from relman.config.words import Day, LocalMoment, LocalTime, Zone
from relman.errors import ConfigError

_T = TypeVar("_T")


class Window(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A weekly time when shipping is allowed, half-open: open at start, closed at end.

    Attributes:
        days: The days on which it starts: mon, tue, wed, thu, fri, sat, sun.
        start: Wall-clock time at which it opens, such as "10:00".
        end: Wall-clock time at which it closes; not after ``start`` means on the next day;
            "24:00" is the end of the day.
        tz: IANA zone of days, start and end; absent: the zone of the section.
        every: Every how many weeks, counted from the week of ``anchor``; default 1.
        anchor: A date in the first week (Monday to Sunday) that has the window; weeks before it
            have none. Required when ``every`` is not 1.
    """

    days: Annotated[tuple[Day, ...], Meta(min_length=1)]
    start: LocalTime
    end: LocalTime
    tz: Zone | None = None
    every: Annotated[int, Meta(ge=1, le=520)] = 1
    anchor: date | None = None

    def __post_init__(self) -> None:
        """Refuse what could be read in two ways."""
        if self.start.since_midnight == self.end.since_midnight:
            raise ValueError("start and end are equal, which is either empty or a whole day")
        if self.start.startswith("24:"):
            raise ValueError("24:00 is allowed as an end only; a start is '00:00'")
        if self.every > 1 and self.anchor is None:
            raise ValueError("'every' counts from a week: it needs an 'anchor', such as '2026-11-25'")


class Freeze(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A dated time when shipping is not allowed, whatever the windows say.

    Attributes:
        since: Written ``from``. A date (from its first instant) or a local date-time.
        to: A date (that day included) or a local date-time (excluded); absent: until further notice.
        reason: Why, in words that a refusal can repeat.
    """

    since: LocalMoment = field(name="from")
    to: LocalMoment | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse a freeze that freezes nothing."""
        if self.to is not None and self.to.last <= self.since.first:
            raise ValueError(f"'to' is not after 'from': {self.since} to {self.to}")


class Holiday(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A one-day freeze that has a name.

    Attributes:
        date: The local date, in the zone of the section.
        name: What is celebrated.
    """

    date: date
    name: str = ""


class Override(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A dated time when shipping is allowed outside the windows; an entry of the ledger.

    It has no place in relman.toml: a commit cannot open its own window (ruling 17).

    Attributes:
        since: Written ``from``. The instant at which it begins, with an offset.
        expires: The instant at which it is over, with an offset.
        reason: Why.
        incident: The incident that it belongs to.
        emergency: Whether it pierces a freeze and a holiday too.
    """

    since: Annotated[datetime, Meta(tz=True)] = field(name="from")
    expires: Annotated[datetime, Meta(tz=True)]
    reason: str = ""
    incident: str = ""
    emergency: bool = False

    def __post_init__(self) -> None:
        """Refuse an override that opens nothing."""
        if self.expires <= self.since:
            raise ValueError("'expires' is not after 'from'")


class Schedule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When shipping is allowed.

    Attributes:
        tz: IANA zone of windows, freezes and holidays, such as "Europe/Berlin".
        windows: The weekly windows; at least one. Open time is their union.
        freezes: Dated times that close, whatever the windows say.
        holidays: Days that close: plain dates, or tables of ``date`` and ``name``.
    """

    tz: Zone
    windows: Annotated[tuple[Window, ...], Meta(min_length=1)]
    freezes: tuple[Freeze, ...] = ()
    holidays: tuple[date | Holiday, ...] = ()


def schedule(document: dict[str, Any]) -> Schedule:
    """The schedule that a JSON-shaped document describes.

    Raises:
        ConfigError: It cannot be read, for whatever reason; nothing is guessed.
    """
    return _converted(document, Schedule)


def override(document: dict[str, Any]) -> Override:
    """The override that a JSON-shaped document describes.

    Raises:
        ConfigError: It cannot be read.
    """
    return _converted(document, Override)


def _converted(document: dict[str, Any], kind: type[_T]) -> _T:
    try:
        return msgspec.convert(document, kind, dec_hook=words.read)
    except msgspec.ValidationError as error:
        raise ConfigError(f"not a {kind.__name__.lower()}", fact=str(error)) from None
