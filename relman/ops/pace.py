"""The team's whole cadence at one instant: each item with its turns, and which turn a meeting is about.

What it is not: arithmetic of days (``cadence``) or reading of entries (``held``); here the two meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from relman.config import Sections
from relman.config.cadence import CadenceItem
from relman.config.near import did_you_mean
from relman.config.words import Zone
from relman.errors import ConfigError, Refused, UsageError
from relman.ledger import Entry
from relman.models import TEAM
from relman.ops import cadence, closures, held
from relman.ops.cadence import Adherence, Days, Standing, Turn

SET_UP = "write [model] version, tz and since, and a [[cadence]] for each item, or let inv init do it"


@dataclass(frozen=True)
class Kept:
    """One item and how it was kept."""

    item: CadenceItem
    turns: tuple[Turn, ...]

    @property
    def adherence(self) -> Adherence:
        """How it was kept, counted."""
        return cadence.adherence(self.item.id, self.turns)

    @property
    def open(self) -> tuple[Turn, ...]:
        """The turns that ought to have been held and were not, oldest first."""
        return tuple(turn for turn in self.turns if turn.open)

    def today(self, today: date) -> Turn | None:
        """The turn that takes place on a day."""
        return next((turn for turn in self.turns if turn.occurrence.on == today), None)

    @property
    def following(self) -> Turn:
        """The turn that is coming and not held yet."""
        return next(turn for turn in reversed(self.turns) if turn.standing is Standing.COMING)

    def last_held(self) -> Turn | None:
        """The newest turn that was held."""
        return next((turn for turn in reversed(self.turns) if turn.held), None)


@dataclass(frozen=True)
class Pace:
    """A team's cadence.

    Attributes:
        days: Which days count.
        since: The first day on which the model holds.
        now: The instant that everything is told for.
    """

    days: Days
    since: date
    now: datetime
    items: tuple[Kept, ...]

    @property
    def today(self) -> date:
        """The day in the model's zone."""
        return self.days.of(self.now)

    def of(self, item: str) -> Kept:
        """One item.

        Raises:
            UsageError: There is none of that name.
        """
        known = [one.item.id for one in self.items]
        found = next((one for one in self.items if one.item.id == item), None)
        if found is None:
            names = ", ".join(known) or f"none: {SET_UP}"
            fact = f"{item!r}{did_you_mean(item, known)}; there are {names}"
            raise UsageError("there is no such cadence item", fact=fact, clears="--item ITEM")
        return found


def zone(config: Sections) -> Zone:
    """The zone in which a team counts its days.

    Raises:
        ConfigError: Neither the model nor the deploy window has one.
    """
    if config.model:
        return config.model.tz
    if config.window:
        return config.window.tz
    raise ConfigError("the cadence has no time zone", fact="no [model] in relman.toml", clears=SET_UP)


def days_of(config: Sections, entries: Iterable[Entry] = ()) -> Days:
    """Which days count for a team.

    Args:
        config: The model, with its holidays and freezes.
        entries: What the ledger has; freezes that it holds for the whole team count too.

    Raises:
        ConfigError: There is no zone to count them in.
    """
    told = [one for one in entries if one.key == TEAM]
    return cadence.days(zone(config), config.window, closures.recorded(told))


def pace(config: Sections, entries: Sequence[Entry], now: datetime) -> Pace:
    """The cadence as it stands; what the ledger got later than ``now`` is not known yet.

    Raises:
        UsageError: ``now`` is naive.
        ConfigError: There is no zone to count days in.
    """
    days = days_of(config, entries)
    known = held.held(entries)
    since = _since(config, known.values(), days, now)
    items = (Kept(item, cadence.turns(item, days, since, known, now)) for item in config.cadence)
    return Pace(days, since, now, tuple(items))


def _since(config: Sections, known: Iterable[datetime], days: Days, now: datetime) -> date:
    """The day on which the model was adopted, else that of the first thing held, else today."""
    if config.model and config.model.since:
        return config.model.since
    return days.of(min([*known, now]))


def chosen(kept: Kept, found: Pace, wanted: date | None = None) -> Turn:
    """The turn that a meeting is about: this week's, or the one of a day that was named.

    That is the newest one whose day has come; if that is held already, the next one, where it is within
    the same week (Monday to Sunday).

    Raises:
        Refused: It was held already, or none has come yet, or it is not this week's.
        UsageError: The item has no turn on that day.
    """
    turn = _newest(kept, found) if wanted is None else _on(kept, wanted)
    day = turn.occurrence.day
    if turn.held:
        at = f"recorded {turn.held.astimezone(found.days.zone.info):%Y-%m-%d %H:%M}"
        raise Refused(f"{kept.item.id} of {day} was held already", fact=at, clears=make_up(kept))
    if turn.occurrence.on > _sunday(found.today):
        fact = f"its next turn is on {turn.occurrence.on}"
        raise Refused(
            f"{kept.item.id} has no turn this week that is not held", fact=fact, clears=make_up(kept)
        )
    return turn


def _newest(kept: Kept, found: Pace) -> Turn:
    come = [turn for turn in kept.turns if turn.occurrence.on <= found.today]
    following = next((turn for turn in kept.turns if turn.occurrence.on > found.today), None)
    this_week = following and following.occurrence.on <= _sunday(found.today)
    if following and (not come or (come[-1].held and (this_week and not following.held))):
        return following
    return come[-1]


def _on(kept: Kept, wanted: date) -> Turn:
    """The turn that is named by the day of its rule, or by the one on which it takes place."""
    for turn in kept.turns:
        if wanted in {turn.occurrence.day, turn.occurrence.on}:
            return turn
    known = [str(turn.occurrence.day) for turn in kept.turns][-4:]
    fact = f"{wanted}; the newest are {', '.join(known)}"
    raise UsageError(f"{kept.item.id} has no turn on that day", fact=fact, clears=make_up(kept))


def make_up(kept: Kept) -> str:
    """How a turn is made up for that was missed, empty where none was."""
    return next(
        (
            f"inv ops.hold --item {kept.item.id} --occurrence {turn.occurrence.day}"
            for turn in kept.open[::-1]
        ),
        "",
    )


def _sunday(day: date) -> date:
    return day + timedelta(days=6 - day.weekday())


def missed(found: Pace) -> Iterator[tuple[Kept, Turn]]:
    """Every turn that ought to have been held and was not, the oldest first."""
    open_turns = [(kept, turn) for kept in found.items for turn in kept.open]
    yield from sorted(open_turns, key=lambda pair: pair[1].occurrence)
