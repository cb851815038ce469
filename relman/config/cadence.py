"""What a team does again and again: its meetings, reviews and drills, as relman.toml writes them down.

What it is not: the arithmetic; that is ``ops.cadence``. Whether an owner or a command exists is told by
``ops.check``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from typing import Annotated, Any, ClassVar, Self

from msgspec import Meta, Struct, field

from relman.config.source import Problem
from relman.config.words import Choice, Day, Duration, LocalTime, Text, Word

REVIEW = "model-review"
"""The review of the model itself: every model has it, so no item may take its name."""

_WEEKS = ("first", "second", "third", "fourth", "last")
_WHEN = (
    rf"(?:(?P<week>{'|'.join(_WEEKS)}) )?(?P<day>{'|'.join(Day.values)}) (?P<time>([01]\d|2[0-3]):[0-5]\d)"
)


class ItemId(Word):
    """What a cadence item is called, in commands and in the ledger."""

    __slots__ = ()
    shape = "an id: lowercase letters, digits and hyphens, a letter first, such as 'mon'"
    pattern = r"[a-z]([a-z0-9-]{0,37}[a-z0-9])?"

    @classmethod
    def fits(cls, text: str) -> bool:
        """Whether it has the shape, and is not the model's own review."""
        return super().fits(text) and text != REVIEW

    @classmethod
    def hint(cls, text: object) -> str:
        """Why a name that looks right cannot be taken."""
        return "; every model has that review, unwritten" if text == REVIEW else ""


class When(Word):
    """A day of the week and a time on the wall, or such a day of the month."""

    __slots__ = ()
    shape = "a day and a time such as 'mon 10:00', 'first tue 10:00' or 'last fri 15:00'"
    pattern = _WHEN

    @property
    def day(self) -> Day:
        """The day of the week."""
        return Day(self._part("day"))

    @property
    def time(self) -> LocalTime:
        """The time on the wall."""
        return LocalTime(self._part("time"))

    @property
    def week(self) -> int | None:
        """Which of the month's such days: 0 for the first, -1 for the last; None: each week's."""
        named = self._part("week")
        return None if not named else -1 if named == _WEEKS[-1] else _WEEKS.index(named)

    def _part(self, name: str) -> str:
        """A part of the text, which has this shape; empty where it was left out."""
        found = re.fullmatch(_WHEN, self)
        return (found[name] or "") if found else ""


class Topic(Choice):
    """A section of an agenda pack."""

    __slots__ = ()
    values = (
        *("incidents", "slo", "budget", "releases", "gates", "overrides", "owed", "on-call", "actions"),
        *("decisions", "adherence", "plan", "migrations", "performance", "tickets", "kpis", "drills"),
        *("gaps", "waivers"),
    )


class Commands(tuple[str, ...]):
    """One command or several, without ``inv``."""

    __slots__ = ()
    shape: ClassVar[str] = "a command or a list of them, such as 'ops.hold'"

    def __new__(cls, names: object) -> Self:
        """The commands; there is at least one."""
        several = (names,) if isinstance(names, str) else names
        if not isinstance(several, list | tuple) or not several or not all(map(cls.fits, several)):
            raise ValueError(f"expected {cls.shape}, got {names!r}")
        return super().__new__(cls, several)

    @staticmethod
    def fits(name: object) -> bool:
        """Whether it is a text that is not empty."""
        return isinstance(name, str) and Text.fits(name)

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """The shape as JSON Schema."""
        one = {"type": "string", "minLength": 1}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}], "description": cls.shape}


class InFreeze(Choice):
    """What becomes of an item while nothing may ship."""

    __slots__ = ()
    values = ("hold", "skip")


class CadenceItem(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is done again and again, a ``[[cadence]]`` for each.

    On a holiday of ``[window]`` it moves to the next working day at the same time; where that is the day
    of its next turn, it is left out.

    Attributes:
        id: What commands call it, such as "mon".
        what: What is done.
        when: On which day and at what time, in the zone of ``[model]``.
        every: Every how many weeks, counted from the week of ``anchor``; default 1.
        anchor: A date in the first week (Monday to Sunday) that has it. Required when ``every`` is not 1.
        length: How long it takes; default "30m".
        owner: The role that sees to it.
        attend: Who else comes: roles, persons, or "on-call".
        pack: The sections of its agenda pack, in their order.
        command: The command by which it is done, or several; default "ops.hold".
        in_freeze: Whether it takes place during a freeze: "hold" (default) or "skip", for what only
            serves to ship.
        blocks: Whether missing it refuses a cut, and does not only warn: when it was missed twice in a
            row; with "plan" in its pack also when a candidate was prepared after the window had opened.
    """

    id: ItemId
    what: Text
    when: When
    every: Annotated[int, Meta(ge=1, le=520)] = 1
    anchor: date | None = None
    length: Duration = field(default_factory=partial(Duration, "30m"))
    owner: Text
    attend: tuple[Text, ...] = ()
    pack: tuple[Topic, ...] = ()
    command: Commands = field(default_factory=partial(Commands, "ops.hold"))
    in_freeze: InFreeze = field(default_factory=partial(InFreeze, "hold"))
    blocks: bool = False

    def __post_init__(self) -> None:
        """Refuse what could be read in two ways."""
        if self.every > 1 and self.when.week is not None:
            raise ValueError("'every' counts weeks; a day of the month comes once a month")
        if self.every > 1 and self.anchor is None:
            raise ValueError("'every' counts from a week: it needs an 'anchor', such as '2026-11-25'")


def named_twice(items: Iterable[CadenceItem]) -> Iterator[Problem]:
    """Each item whose id another one before it has: what is recorded of one would count for both."""
    seen: dict[str, int] = {}
    for number, item in enumerate(items):
        if seen.setdefault(item.id, number) != number:
            yield Problem(("cadence", number, "id"), f"another item is called {item.id!r} too")
