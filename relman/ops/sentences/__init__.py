"""Every sentence of the two seeds, and what of relman carries it: commands, tests, or what comes later.

What it is not: a judge of itself. ``trace`` proves the table against the commands that there are, and
against the tests and the page of what is not there yet, where the project's own folder is at hand.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Final

import msgspec
from msgspec import Struct

FILES: Final = ("a.toml", "b.toml")
"""One for each seed."""


class Sentence(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a sentence became.

    Attributes:
        says: The sentence, in our words.
        capability: What relman has for it; empty where all of it comes later.
        commands: The commands that carry it.
        tests: The tests that show it, as pytest names them.
        later: What is not there yet, by its name on the page of such things; empty for nothing.
    """

    says: str
    capability: str = ""
    commands: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    later: str = ""

    @property
    def carriers(self) -> tuple[str, ...]:
        """Everything that carries it, as a person reads it."""
        commands = [f"inv {command}" for command in self.commands]
        return (*commands, *self.tests, *([f"later: {self.later}"] if self.later else []))


def table() -> dict[str, Sentence]:
    """Every sentence by its id, in the order of the seeds."""
    here = resources.files(__name__)
    texts = [here.joinpath(name).read_text("utf-8") for name in FILES]
    return {
        name: msgspec.convert(said, Sentence) for text in texts for name, said in tomllib.loads(text).items()
    }
