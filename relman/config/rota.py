"""Who is on call, and who is told when nobody answers, as it is written down.

What it is not: the arithmetic; that is ``ops.oncall`` and ``ops.escalation``, which take the time
as a parameter. Names and shapes are those of the case format ``relman-oncall-cases/1``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from relman.config import words
from relman.config.schedule import Window
from relman.config.words import Choice, Day, Duration, LocalMoment, LocalTime, Text, Zone
from relman.errors import ConfigError

_T = TypeVar("_T")

_WEEK = tuple(Day(day) for day in Day.values)


class Second(Choice):
    """How the second person on call is chosen."""

    __slots__ = ()
    values = ("previous",)


class Until(LocalMoment):
    """When something is over: local time, or an instant with its offset."""

    __slots__ = ()
    shape = "a local date-time such as '2027-03-01T09:00'"
    pattern = rf"({LocalMoment.pattern})(Z|[+-]\d\d:\d\d)?"

    def instant(self, zone: Zone) -> datetime:
        """The instant, local time read in a zone."""
        return self.first if self.first.tzinfo else zone.instant(self.first)


class Every(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long a shift is, counted on the calendar: days or weeks, and never hours.

    Attributes:
        days: So many days; absent where ``weeks`` is said.
        weeks: So many weeks; absent where ``days`` is said.
    """

    days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    weeks: Annotated[int, Meta(ge=1, le=520)] | None = None

    def __post_init__(self) -> None:
        """Refuse none and both."""
        if (self.days is None) == (self.weeks is None):
            raise ValueError("a shift lasts either 'days' or 'weeks'")

    @property
    def length(self) -> timedelta:
        """The length on the wall calendar; what elapses may be an hour more or less."""
        return timedelta(days=self.days or 0, weeks=self.weeks or 0)


class Mask(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A weekly time to which a layer is restricted, half-open, in the layer's zone.

    Attributes:
        days: The days on which it starts: mon, tue, wed, thu, fri, sat, sun; absent: each day.
        start: Wall-clock time at which it begins, such as "20:00".
        end: Wall-clock time at which it is over; not after ``start`` means on the next day;
            "24:00" is the end of the day.
    """

    days: Annotated[tuple[Day, ...], Meta(min_length=1)] | None = None
    start: LocalTime
    end: LocalTime

    def __post_init__(self) -> None:
        """Refuse what a window refuses."""
        _ = self.window

    @property
    def window(self) -> Window:
        """The same as a weekly window."""
        return Window(days=self.days or _WEEK, start=self.start, end=self.end)


class Layer(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rotation: people who take turns.

    A change of the roster closes a layer with ``until`` and opens a new one, so that history stays.

    Attributes:
        participants: Who takes turns, in this order; ids of ``[people]``.
        start: The wall-clock time of the first handoff, such as "2026-11-30T09:00"; each later one is
            at the same time of day.
        every: How long a shift is: ``{ weeks = 1 }`` or ``{ days = 1 }``.
        until: From when on the layer has nobody; absent: it goes on.
        tz: IANA zone of start, until and restrict; absent: the zone of the section.
        restrict: The times of the week at which the layer has somebody; absent: always. It never
            changes whose turn it is.
    """

    participants: Annotated[tuple[Text, ...], Meta(min_length=1)]
    start: LocalMoment
    every: Every
    until: Until | None = None
    tz: Zone | None = None
    restrict: tuple[Mask, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a layer that is over before it begins."""
        local = self.until is not None and self.until.first.tzinfo is None
        if self.until is not None and local and self.until.first <= self.start.first:
            raise ValueError(f"'until' is not after 'start': {self.start} to {self.until}")


class Limits(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much on-call a person should have at most; ``ops.oncall.report`` shows who is over.

    Attributes:
        consecutive_weeks: Weeks in a row. A rest of less than a day does not interrupt them.
        night_hours: Hours between 22:00 and 06:00 in four weeks.
        weekend_hours: Hours of Saturdays and Sundays in four weeks; absent: any.
    """

    consecutive_weeks: Annotated[int, Meta(ge=1, le=520)] = 2
    night_hours: Annotated[float, Meta(ge=0)] = 120
    weekend_hours: Annotated[float, Meta(ge=0)] | None = None


class Rota(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is on call.

    Replacements and swaps of shifts are no part of it: they are entries of the ledger.

    Attributes:
        tz: IANA zone of the layers, such as "Europe/Berlin".
        layers: The rotations; at least one. The last that has somebody at an instant wins.
        secondary: "previous": the one before in the order is called second; absent: nobody is.
        accept_within: How long after a shift's start the incoming person may take to accept it;
            default "4h". Until then the gate warns, after that it refuses.
        limits: How much a person should have at most.
    """

    tz: Zone
    layers: Annotated[tuple[Layer, ...], Meta(min_length=1)]
    secondary: Second | None = None
    accept_within: Duration = field(default_factory=partial(Duration, "4h"))
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        """Refuse a layer that is over before it begins, where that takes the zone to see."""
        for number, layer in enumerate(self.layers, 1):
            zone = layer.tz or self.tz
            if layer.until and layer.until.instant(zone) <= zone.instant(layer.start.first):
                raise ValueError(f"layer {number}: 'until' is not after 'start'")


class Replacement(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A dated time at which somebody else is on call than the layers say; an entry of the ledger.

    Attributes:
        user: Who is on call; None: nobody, on purpose.
        since: Written ``from``. The instant at which it begins, with an offset.
        to: The instant at which it is over, with an offset.
        created: When it was made, with an offset; of those that overlap the latest wins. None: before
            all others.
        reason: Why.
    """

    user: Text | None
    since: Annotated[datetime, Meta(tz=True)] = field(name="from")
    to: Annotated[datetime, Meta(tz=True)]
    created: Annotated[datetime, Meta(tz=True)] | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse a replacement that replaces nothing."""
        if self.to <= self.since:
            raise ValueError("'to' is not after 'from'")


class EscalationStep(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One step of an escalation: tell, then wait for somebody to acknowledge.

    Attributes:
        notify: Who is told: "oncall", "secondary", a role or a person.
        wait_minutes: How long to wait before the next step; 0: not at all.
    """

    notify: tuple[Text, ...]
    wait_minutes: Annotated[float, Meta(ge=0)]


class Escalation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is told of an incident, and who after that, while nobody acknowledges it.

    Attributes:
        id: What domains call it; default "default".
        steps: What is done one after the other; at least one.
        repeat: How often all of it is done once more after the last wait; default 0.
    """

    id: Text = field(default_factory=partial(Text, "default"))
    steps: Annotated[tuple[EscalationStep, ...], Meta(min_length=1)]
    repeat: Annotated[int, Meta(ge=0, le=100)] = 0


def rota(document: dict[str, Any]) -> Rota:
    """The rota that a JSON-shaped document describes.

    Raises:
        ConfigError: It cannot be read, for whatever reason; nothing is guessed.
    """
    return _converted(document, Rota)


def replacement(document: dict[str, Any]) -> Replacement:
    """The replacement that a JSON-shaped document describes.

    Raises:
        ConfigError: It cannot be read.
    """
    return _converted(document, Replacement)


def escalation(document: dict[str, Any]) -> Escalation:
    """The escalation that a JSON-shaped document describes.

    Raises:
        ConfigError: It cannot be read.
    """
    return _converted(document, Escalation)


def _converted(document: dict[str, Any], kind: type[_T]) -> _T:
    try:
        return msgspec.convert(document, kind, dec_hook=words.read)
    except msgspec.ValidationError as error:
        raise ConfigError(f"not a {kind.__name__.lower()}", fact=str(error)) from None
