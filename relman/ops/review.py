"""The review of the model itself: when it falls due, and what it ends with.

What it is not: a cadence item that somebody writes down. Every model has it: one full cycle after the first
thing that was held, and then each quarter. It ends with a change of the model, or with "no change".
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct

from relman.config import Sections
from relman.config.cadence import REVIEW
from relman.errors import Refused
from relman.ledger import Entry, chain
from relman.ops import cadence, held
from relman.ops.cadence import Days
from relman.ops.held import Meeting, Model

WARN_AFTER, BLOCK_AFTER = 7, 21
"""How many days late a review is told of, and refuses a cut."""
QUARTER = 3

SECTIONS = (
    *("model", "people", "roles", "raci", "domain", "severity", "cadence", "oncall", "escalation"),
    *("touchpoint", "review", "backlog", "documents", "window"),
)
"""What belongs to the model, of relman.toml's sections."""


class Review(Struct, frozen=True):
    """How the review stands.

    Attributes:
        due: The day on which it falls due; None: nothing was held yet, so no cycle has begun.
        first: When the first thing was held.
        last: The newest review; None: there was none.
    """

    due: date | None = None
    first: datetime | None = None
    last: Meeting | None = None

    def late(self, today: date) -> int:
        """How many days it is late; 0 on its day and before."""
        return max(0, (today - self.due).days) if self.due else 0


def review(config: Sections, entries: Sequence[Entry], days: Days, now: datetime) -> Review:
    """When the review falls due.

    Raises:
        UsageError: ``now`` is naive.
    """
    known = [one for one in held.meetings(entries) if one.at <= now]
    reviews = [one for one in known if one.record.item == REVIEW]
    adopted = config.model.since if config.model else None
    counted = [one for one in known if adopted is None or days.of(one.at) >= adopted]
    if reviews:
        return Review(
            _later(days.of(reviews[-1].at), QUARTER), counted[0].at if counted else None, reviews[-1]
        )
    if not counted:
        return Review()
    return Review(days.of(counted[0].at) + cadence.cycle(config.cadence), counted[0].at)


def model(config: Sections) -> Model:
    """The model that holds: its version, and SHA-256 over its sections' RFC 8785 form."""
    sections = {name: getattr(config, name, None) for name in SECTIONS}
    if config.window:  # freezes and holidays are dates, and no change of how the team works
        sections["window"] = (config.window.tz, config.window.windows)
    told = msgspec.to_builtins(sections, enc_hook=str)
    return Model(str(config.model.version) if config.model else "", chain.sha256(told))


def before(entries: Sequence[Entry]) -> Model | None:
    """The model that held at the newest review, else when the first thing was held; None: nothing was."""
    known = held.meetings(entries)
    reviews = [one for one in known if one.record.item == REVIEW]
    found = reviews[-1:] or known[:1]
    return found[0].record.model if found else None


def ended(old: Model | None, new: Model, *, unchanged: bool) -> str:
    """``changed`` or ``no change``.

    Args:
        old: The model that held before.
        new: The model as it is written now.
        unchanged: The team says that nothing is to change.

    Raises:
        Refused: What is said is not what is written.
    """
    same = old is None or old.sha256 == new.sha256
    if same and not unchanged:
        clears = "change relman.toml and raise [model] version, or say --no-change"
        raise Refused("the review has no result", fact=f"the model is still {new.version}", clears=clears)
    if not same and unchanged:
        fact = f"it was {_named(old)}, and is {_named(new)}"
        raise Refused("the model was changed", fact=fact, clears="the same command without --no-change")
    if old and not same and old.version == new.version:
        clears = "raise [model] version in relman.toml"
        raise Refused("the model was changed, and its version was not", fact=new.version, clears=clears)
    return "no change" if same else "changed"


def _named(one: Model | None) -> str:
    return f"{one.version} ({one.sha256[:8]})" if one else "nothing"


def _later(day: date, months: int) -> date:
    """So many months later, on the last day of the month where that is too short."""
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))
