"""Who is told of an incident, and when, while nobody acknowledges it (C10).

What it is not: telling anybody. It works out what would happen, from times that are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from relman.clock import aware
from relman.config.rota import Escalation, Replacement, Rota
from relman.ops import oncall

SHIFTS = ("oncall", "on-call", "secondary")
"""The targets that the rota answers for."""

Resolve = Callable[[str, datetime], tuple[str, ...]]
"""The people behind a target at an instant; none where there is nobody."""


class Notified(Struct, frozen=True):
    """One person who is told, and when."""

    at: datetime
    user: str


class Course(Struct, frozen=True):
    """How an escalation goes.

    Attributes:
        notified: Who is told, in order.
        exhausted_at: When the last wait is over and nobody has acknowledged; None: somebody has.
    """

    notified: tuple[Notified, ...]
    exhausted_at: datetime | None


class Loud(Struct, frozen=True):
    """How loud a severity is.

    Attributes:
        severity: ``P1`` to ``P4``.
        via: By what people are told.
        acknowledge: Within what time it is to be acknowledged, as the file spells it.
        tell: Who is told at once, by id.
    """

    severity: str
    via: str
    acknowledge: str
    tell: tuple[str, ...]


def course(
    escalation: Escalation, started: datetime, acknowledged: datetime | None, resolve: Resolve
) -> Course:
    """What an escalation does from its start on.

    An acknowledgement at the very instant of a step stops it. A step that has nobody to tell, or only
    people who were told already in this round, is passed over without waiting.

    Args:
        escalation: The steps.
        started: When it begins, with an offset.
        acknowledged: When somebody acknowledges, with an offset; None: nobody does.
        resolve: Asked for each target when its step runs.

    Raises:
        UsageError: A time is naive.
    """
    at = aware(started).astimezone(UTC)
    stop = aware(acknowledged).astimezone(UTC) if acknowledged else None
    told: list[Notified] = []
    for _ in range(escalation.repeat + 1):
        already: set[str] = set()
        for step in escalation.steps:
            people = dict.fromkeys(person for target in step.notify for person in resolve(target, at))
            if already.issuperset(people):  # nobody counts too
                continue
            if stop is not None and stop <= at:
                return Course(tuple(told), None)
            told += (Notified(at, person) for person in people)
            already.update(people)
            at += timedelta(minutes=step.wait_minutes)
    return Course(tuple(told), None if stop is not None and stop <= at else at)


def people(
    rota: Rota | None,
    replacements: Sequence[Replacement],
    holders: Mapping[str, str],
    target: str,
    at: datetime,
) -> tuple[str, ...]:
    """The people behind a target: who is on call, who is second, who holds a role, or the person.

    Args:
        rota: The layers; None: nobody ever is on call.
        replacements: What the ledger holds.
        holders: From each role to the person who holds it.
        target: As a step of an escalation names it.
        at: When the step runs.
    """
    if target not in SHIFTS:
        return (holders.get(target, target),)
    ask = oncall.secondary if target == "secondary" else oncall.person
    found = ask(rota, at, replacements) if rota else None
    return (found,) if found else ()
