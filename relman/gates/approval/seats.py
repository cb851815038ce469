"""How many must say go, and in which roles: the RACI row, and what the policy asks besides (step 7).

What it is not: the votes (``votes``). One person takes one seat, whatever else they hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from relman.config import Config
from relman.gates.approval import roles
from relman.ops import people
from relman.signing import Policy


class Seat(NamedTuple):
    """One approval that is needed.

    Attributes:
        letter: ``A`` or ``R`` of the row; empty for one that only the policy asks for.
        roles: The roles of which any will do.
    """

    letter: str
    roles: tuple[str, ...]

    def __str__(self) -> str:
        """``A: eng-lead``."""
        names = " or ".join(self.roles)
        return f"{self.letter}: {names}" if self.letter else names


def needed(config: Config, policy: Policy) -> tuple[Seat, ...]:
    """Every approval that is needed: one A and one R, and more where the policy says so.

    Raises:
        ConfigError: The model does not say who approves a release, or the policy names a role that
            there is not.
    """
    return tuple(_needed(config, policy))


def _needed(config: Config, policy: Policy) -> Iterator[Seat]:
    for letter in roles.LETTERS:
        yield from [Seat(letter, of(config, letter))] * policy.approvals.get(letter, 1)
    for role, count in policy.approvals.items():
        if role not in roles.LETTERS:
            yield from [Seat("", (roles.named(config, role),))] * count


def of(config: Config, letter: str) -> tuple[str, ...]:
    """The roles of a letter of the row.

    Raises:
        ConfigError: There are none, or not exactly one A.
    """
    roles.named(config, letter)
    row = people.row(config, roles.ROW)
    return tuple(row.accountable if letter == "A" else row.responsible) if row else ()


def deciding(config: Config) -> frozenset[str]:
    """The roles whose NO-GO stops a release.

    Raises:
        ConfigError: The model does not say who approves a release.
    """
    return frozenset(role for letter in roles.LETTERS for role in of(config, letter))


def seated(seats: Sequence[Seat], voices: Iterable[tuple[str, str]]) -> dict[int, str]:
    """Who takes which seat, so that as many are taken as can be; each person takes one.

    Args:
        seats: What is needed.
        voices: Persons and roles in which they said go.

    Returns:
        Persons by the number of their seat.
    """
    fits: dict[str, list[int]] = {}
    for person, role in voices:
        fits.setdefault(person, []).extend(n for n, seat in enumerate(seats) if role in seat.roles)
    taken: dict[int, str] = {}
    for person in fits:
        _placed(person, fits, taken, set())
    return taken


def _placed(person: str, fits: dict[str, list[int]], taken: dict[int, str], tried: set[int]) -> bool:
    """Give a person a seat, moving who sits there to another that fits (Kuhn's matching)."""
    for number in fits[person]:
        if number in tried:
            continue
        tried.add(number)
        if number not in taken or _placed(taken[number], fits, taken, tried):
            taken[number] = person
            return True
    return False
