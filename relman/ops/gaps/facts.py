"""What is known of a team's operation, wherever it was read: roles, RACI, cadence, the rest.

What it is not: a judgement. A fact that nobody wrote down is empty here; the rules say what that means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct


class Line(NamedTuple):
    """A line of a file, counted from 1."""

    file: str
    number: int
    text: str


class Role(Struct, frozen=True):
    """Somebody's part: its name, what else it is called, its deputy, what it owns."""

    name: str
    line: Line
    aliases: tuple[str, ...] = ()
    deputy: str = ""
    owns: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that it is called."""
        return (self.name, *self.aliases)


class Row(Struct, frozen=True):
    """A row of the RACI matrix: what, and the names that stand in it, each with its letter."""

    what: str
    line: Line
    names: tuple[tuple[str, str], ...] = ()

    @property
    def accountable(self) -> str:
        """Who has the A, empty for nobody."""
        return next((name for letter, name in self.names if letter == "A"), "")


class Item(Struct, frozen=True):
    """Something that comes round.

    Attributes:
        name: What it is called.
        what: What it is about.
        rhythm: ``weekly``, ``biweekly``, ``monthly``, or empty.
        dated: Whether it says on which day it is.
    """

    name: str
    what: str
    line: Line
    rhythm: str = ""
    dated: bool = False


class Window(Struct, frozen=True):
    """What is said of the deploy window."""

    line: Line
    hours: bool = False
    zone: bool = False
    holidays: bool = False


class Level(Struct, frozen=True):
    """A severity, and whether it says what it means and when it must be acknowledged."""

    name: str
    line: Line
    acknowledge: bool = False


class Step(Struct, frozen=True):
    """A step of the escalation path."""

    who: str
    line: Line
    reaches: bool = True


class Blemish(Struct, frozen=True):
    """Something that nobody meant to leave: ``todo``, ``placeholder``, ``mojibake``."""

    kind: str
    text: str
    line: Line
    meant: str = ""


class Facts(Struct, frozen=True, kw_only=True):
    """Everything that was read.

    Attributes:
        lines: The lines of every file, for saying where something is only mentioned.
        domains: What has an owner of its own, by name.
        slo: Whether SLOs have targets and whether they have windows; None where nobody can say it yet.
        builtin: The names that need no definition here.
    """

    lines: tuple[Line, ...]
    roles: tuple[Role, ...] = ()
    domains: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    items: tuple[Item, ...] = ()
    window: Window | None = None
    rota: bool = False
    levels: tuple[Level, ...] = ()
    slo: tuple[bool, bool] | None = (False, False)
    steps: tuple[Step, ...] = ()
    blemishes: tuple[Blemish, ...] = ()
    builtin: tuple[str, ...] = ()

    def mentioned(self, *words: str) -> Line:
        """The first line that has one of the words at the beginning of a word, the earlier words first."""
        for word in words:
            if found := next((line for line in self.lines if has(line.text, (word,))), None):
                return found
        return self.lines[0] if self.lines else Line("", 1, "")


class Gap(Struct, frozen=True):
    """One thing that the model leaves open.

    Attributes:
        rule: Which rule found it.
        subject: What is missing or unclear.
        what: In words.
        file: Where.
        line: On which line, or the line that mentions it.
        who: Who can mend it.
        how: How.
    """

    rule: str
    subject: str
    what: str
    file: str
    line: int
    who: str
    how: str


def has(text: str, words: Iterable[str]) -> bool:
    """Whether a word of the text begins with one of the words, whatever the case."""
    return any(re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE) for word in words)
