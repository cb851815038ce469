"""What the verification of a go/no-go found, step by step: values, and the order that they are made in.

What it is not: a step. Each says what holds, or raises; here that becomes a finding with its number. A step
that needs what an earlier one could not find is not asked, and so fails too.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Struct

from relman.errors import Interrupted, RelmanError, Tampered

T = TypeVar("T")


class State(StrEnum):
    """How a step ended; only the first lets anything ship."""

    HOLDS = "holds"
    REFUSED = "refused"
    TAMPERED = "tampered"
    NOT_ASKED = "not asked"


class Held(NamedTuple, Generic[T]):
    """What a step found, which later ones go by.

    Attributes:
        value: What later steps need.
        fact: What holds, in words.
        notes: What does not count, and why; it stops nothing.
    """

    value: T
    fact: str
    notes: tuple[str, ...] = ()


class Finding(Struct, frozen=True):
    """One step of the verification, as it ended.

    Attributes:
        number: The step's number in the contract.
        title: What it is about.
        state: How it ended.
        fact: What holds, or why not; with the number of the threat, where it is one.
        clears: What a person types to mend it, empty where nothing is known.
        notes: What does not count, and why; it stops nothing.
    """

    number: int
    title: str
    state: State
    fact: str = ""
    clears: str = ""
    notes: tuple[str, ...] = ()


class Findings:
    """Takes one step after the other, and keeps what came of each."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.all: list[Finding] = []

    def take(self, number: int, title: str, step: Callable[..., Held[T]], *needed: Any) -> T | None:  # noqa: ANN401
        """What a step found; None where it fails, or where what it needs was not found.

        Args:
            number: The step's number.
            title: What it is about.
            step: The step; what it raises of relman's is its finding.
            needed: What it is handed, some of it found by earlier steps.
        """
        if any(one is None for one in needed):
            self.all.append(Finding(number, title, State.NOT_ASKED, "a step before it fails"))
            return None
        try:
            found = step(*needed)
        except Interrupted:
            raise
        except RelmanError as error:
            state = State.TAMPERED if isinstance(error, Tampered) else State.REFUSED
            fact = f"{error.what}: {error.fact}" if error.fact else error.what
            self.all.append(Finding(number, title, state, fact, error.clears))
            return None
        self.all.append(Finding(number, title, State.HOLDS, found.fact, notes=found.notes))
        return found.value
