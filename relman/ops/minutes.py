"""What a person says of a meeting, read and judged: who was there, what was decided, who does what by when.

What it is not: the record of it (``held``). What cannot be understood is refused here, before anything is
written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from relman.config import Sections
from relman.config.duties import Level
from relman.config.near import did_you_mean
from relman.config.words import Duration
from relman.errors import Refused, UsageError
from relman.ops import people
from relman.ops.held import Action

SHAPE = '--action "TEXT; OWNER; DUE", such as --action "raise the pool limit; ana; 2026-12-09"'
_OWNED, _GRADED = 3, 4


def attendees(model: Sections, said: Iterable[str]) -> tuple[str, ...]:
    """The persons who were there, by id, each once.

    Args:
        model: The operating model.
        said: Ids of persons; several may stand in one text, with commas between.

    Raises:
        Refused: Somebody is not in the model.
    """
    named = [one.strip() for text in said for one in text.split(",") if one.strip()]
    unknown = [one for one in named if one not in model.people]
    if unknown:
        fact = f"{unknown[0]!r}{did_you_mean(unknown[0], model.people)}; the model has {_known(model.people)}"
        raise Refused("somebody attended who is not in the model", fact=fact, clears="--attendees PERSON")
    return tuple(dict.fromkeys(named))


def actions(
    model: Sections, said: Sequence[str], prefix: str, today: date, on_call: people.OnCall = people.nobody
) -> tuple[Action, ...]:
    """The actions that were decided, numbered in the order in which they were said.

    Args:
        model: The operating model.
        said: Each as ``TEXT; OWNER; DUE`` or ``TEXT; OWNER; DUE; P1``. The owner is a person, a role, or
            "on-call", which is whoever that is now; due is a date, or days from now such as "7d".
        prefix: What the ids begin with.
        today: In the model's zone.
        on_call: Who is on call.

    Raises:
        Refused: One has no owner, no day, or one that cannot be (B22).
    """
    return tuple(
        _action(model, text, f"{prefix}-{number}", today, on_call) for number, text in enumerate(said, 1)
    )


def _action(model: Sections, said: str, id_: str, today: date, on_call: people.OnCall) -> Action:
    parts = [part.strip() for part in said.split(";")]
    if len(parts) not in {_OWNED, _GRADED} or not all(parts):
        raise Refused(f"an action needs an owner and a day: {said!r}", fact="say all three", clears=SHAPE)
    text, owner, due, *graded = parts
    return Action(id_, text, _owner(model, owner, on_call), _due(due, today), _level(graded))


def _owner(model: Sections, said: str, on_call: people.OnCall) -> str:
    """Who is on call changes, so that is the person from now on; a role stays a role."""
    if people.is_on_call(said) and (person := on_call()):
        return person
    if said in model.people or said in model.roles:
        return said
    if people.is_on_call(said):
        raise Refused(
            "nobody is on call to own an action", fact=f"{said!r}", clears="name a person or a role"
        )
    known = [*model.people, *model.roles]
    fact = f"{said!r}{did_you_mean(said, known)}; the model has {_known(known)}"
    raise Refused("the owner of an action is nobody in the model", fact=fact, clears=SHAPE)


def _due(said: str, today: date) -> date:
    due = _day(said, today)
    if due < today:
        raise Refused(
            "an action cannot be due in the past", fact=f"{due}, and today is {today}", clears=SHAPE
        )
    return due


def _day(said: str, today: date) -> date:
    if Duration.fits(said):
        return today + timedelta(seconds=Duration(said).seconds)
    try:
        return date.fromisoformat(said)
    except ValueError:
        shape = "a date such as '2026-12-09', or days from now such as '7d'"
        raise Refused(
            f"an action is due on a day: {said!r}", fact=f"expected {shape}", clears=SHAPE
        ) from None


def _level(said: Sequence[str]) -> str:
    try:
        return str(Level(said[0])) if said else ""
    except ValueError as error:
        raise Refused("the severity of an action", fact=str(error), clears=SHAPE) from None


def _known(names: Iterable[str]) -> str:
    return ", ".join(names) or "nobody yet: write [people.PERSON] into relman.toml"


def day(said: str) -> date:
    """A day that a person wrote in a flag.

    Raises:
        UsageError: It is no date.
    """
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise UsageError("not a date", fact=f"{said!r}, expected one such as 2026-12-09") from None


def absent(
    model: Sections, expected: Iterable[str], there: Iterable[str], on_call: people.OnCall
) -> Iterator[str]:
    """Of the roles that were to come, those of which nobody was there."""
    present = set(there)
    return (word for word in expected if not present & set(people.people_of(model, word, on_call)))
