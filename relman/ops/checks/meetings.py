"""Rules about what is done again and again: there is something, owned by a role, done by a command."""

from __future__ import annotations

from collections.abc import Iterator

from relman.config.near import did_you_mean
from relman.ops import people
from relman.ops.checks.finding import Asked, Found


def none(asked: Asked) -> Iterator[Found]:
    """A model has a rhythm (A2c, A6e)."""
    if asked.whole and not asked.config.cadence:
        yield Found(
            "there is no [[cadence]], so nothing comes round", "write what is done when, and who owns it"
        )


def ghost_owner(asked: Asked) -> Iterator[Found]:
    """An item's owner is a role of the file."""
    for number, one in enumerate(asked.config.cadence):
        if one.owner not in asked.config.roles:
            meant = did_you_mean(one.owner, asked.config.roles)
            what = f"{one.id} is owned by {str(one.owner)!r}, a role that nobody has{meant}"
            yield Found(what, "name a role of [roles]", ("cadence", number, "owner"))


def ghost_guest(asked: Asked) -> Iterator[Found]:
    """Who comes to an item exists."""
    known = [*asked.config.roles, *asked.config.people, people.ON_CALL]
    for number, one in enumerate(asked.config.cadence):
        for word in one.attend:
            if word not in known and not people.is_on_call(word):
                what = (
                    f"{one.id} is attended by {str(word)!r}, no role and no person{did_you_mean(word, known)}"
                )
                yield Found(what, "name a role, a person or on-call", ("cadence", number, "attend"))


def no_such_command(asked: Asked) -> Iterator[Found]:
    """The command of an item exists (A13)."""
    for number, one in enumerate(asked.config.cadence):
        for name in one.command:
            if asked.commands is not None and name not in asked.commands:
                what = f"{one.id}: there is no command {str(name)!r}{did_you_mean(name, asked.commands)}"
                yield Found(what, "name a command of inv --list", ("cadence", number, "command"))


RULES = (none, ghost_owner, ghost_guest, no_such_command)
