"""What a checklist asks: its items, from a file that the policy binds.

What it is not: an answer. An item is answered by a gate, whose inputs are kept as evidence, or by a
person, in that person's vote.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from relman.errors import ConfigError
from relman.signing import read as bytes_of

PLACE = ("templates", "release.toml")
"""Where a team's own lies below ``checklists/``."""
PERSON = "person"
Word = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a checklist.

    Attributes:
        id: Its id; it stays, because records name it.
        what: What is to be true, as a sentence.
        owner: The role that answers for it; "A" or "R" of the row ``deploy-rollback``.
        evidence: The id of the gate that answers it, or "person".
        waivable: Whether the owner may let it go, in a signed waiver.
    """

    id: Word
    what: Annotated[str, Meta(min_length=1, max_length=200)]
    owner: str = "A"
    evidence: str = PERSON
    waivable: bool = False


class Checklist(Struct, frozen=True, forbid_unknown_fields=True):
    """A template, as it is written down.

    Attributes:
        item: Its lines, in their order.
    """

    item: Annotated[tuple[Asked, ...], Meta(min_length=1, max_length=64)]


def content(checklists: Path) -> bytes:
    """The template's bytes: the team's own, or the one that comes with relman.

    Raises:
        Refused: The team's own is no regular file, or too large.
    """
    try:
        return bytes_of(checklists, *PLACE)
    except FileNotFoundError:
        return resources.files("relman.approval").joinpath("release.toml").read_bytes()


def read(text: bytes) -> Checklist:
    """The template that these bytes are.

    Raises:
        ConfigError: They are none, or an id stands there twice.
    """
    try:
        found = msgspec.convert(tomllib.loads(text.decode("utf-8")), Checklist)
    except (ValueError, msgspec.ValidationError) as error:
        raise ConfigError("the checklist's template cannot be read", fact=str(error)) from None
    ids = [one.id for one in found.item]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise ConfigError("the checklist's template has an item twice", fact=", ".join(twice))
    return found
