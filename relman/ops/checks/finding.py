"""A finding, and what a rule may look at to find it.

What it is not: a rule; those stand beside this file, a topic each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct

from relman.config import Config
from relman.config.lines import Path, index
from relman.config.people import Contact
from relman.ops import people, runbooks
from relman.ops.runbooks import Runbook

MODEL = "operating-model"
"""The RACI row whose A keeps the model; without one, whoever keeps the file is meant."""

_KEEPER = "whoever keeps relman.toml"


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with the model.

    Attributes:
        topic: What it is about, as the page groups it.
        rule: Which rule found it.
        file: The file, relative to the folder of relman.toml.
        line: Its line, from 1.
        what: What is wrong.
        who: Who can mend it.
        how: How.
        warning: It is shown, and does not count unless one asks to be strict.
    """

    topic: str
    rule: str
    file: str
    line: int
    what: str
    who: str
    how: str
    warning: bool = False


class Found(NamedTuple):
    """What a rule says; the rest of the finding follows from where it was found.

    Attributes:
        at: The path of the key in relman.toml that is wrong; of what is missing, where it belongs.
        who: Who can mend it; empty: the one who answers for the model.
        file: Another file than relman.toml.
        line: The line, where no key has it.
    """

    what: str
    how: str
    at: Path = ()
    who: str = ""
    file: str = ""
    line: int = 0
    warning: bool = False


def unknown(_reference: Contact) -> str | None:
    """Look nothing up."""
    return None


@dataclass(frozen=True)
class Asked:
    """What the rules look at.

    Attributes:
        config: The model.
        now: The instant of the question, with an offset.
        commands: The names of the tasks; None: nobody knows them here.
        resolve: What a contact's reference leads to: a value, empty where it is not set, None where it
            cannot be looked up from here.
    """

    config: Config
    now: datetime
    commands: frozenset[str] | None = None
    resolve: Callable[[Contact], str | None] = unknown

    @property
    def whole(self) -> bool:
        """Whether a whole model is asked for: the team works by one, or says that it is one."""
        return self.config.model is not None or self.config.profile == "team"

    @property
    def file(self) -> str:
        """The name of relman.toml."""
        return self.config.source.path.name

    @cached_property
    def lines(self) -> dict[Path, int]:
        """The line of every key."""
        return index(self.config.source.text)

    @cached_property
    def runbooks(self) -> dict[str, Runbook | None]:
        """Every runbook by its path; None where there is no such file."""
        return {path: runbooks.runbook(self.config.folder, path) for path in runbooks.named(self.config)}

    @cached_property
    def texts(self) -> dict[str, str]:
        """Everything that people wrote, by file."""
        found = {path: one.text for path, one in self.runbooks.items() if one}
        return {self.file: self.config.source.text, **found}

    @property
    def keeper(self) -> str:
        """Who answers for the model."""
        return self._held(people.accountable(self.config, MODEL)) or _KEEPER

    def owner(self, role: str) -> str:
        """A role and its holder, as the one who can mend; the keeper where nobody holds it."""
        return self._held(role) or self.keeper

    def _held(self, role: str) -> str:
        held = people.holder(self.config, role) in self.config.people
        return people.told(self.config, role) if held else ""
