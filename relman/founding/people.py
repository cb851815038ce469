"""The people of a new team, and the roles that they take: from one line a person types to ids.

What it is not: the model; what is made here is only written down.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from relman.config.people import Email
from relman.models import listed

FEWEST = 2
"""Each role has a holder and a deputy."""

_PERSON = re.compile(r"\s*(?P<name>[^<>,]*[^<>,\s])\s*<(?P<email>[^<>,]+)>\s*")


class Newcomer(NamedTuple):
    """A person of a new team."""

    id: str
    name: str
    email: str

    @property
    def variable(self) -> str:
        """What the variables with the person's numbers begin with."""
        return re.sub(r"\W", "_", self.id).upper()


class Seat(NamedTuple):
    """A role of the seeds; it is called by its id in words, or by its title."""

    id: str
    owns: tuple[str, ...]
    title: str = ""

    @property
    def called(self) -> str:
        """What people call it."""
        return self.title or self.id.replace("-", " ").title()


SEATS = (
    Seat("ops-lead", ("uptime", "incident response", "runbooks")),
    Seat("eng-lead", ("reliability roadmap", "migrations", "perf tuning")),
    Seat("support-lead", ("customer comms", "ticket triage", "SLAs")),
    Seat("product-manager", ("prioritization of fixes vs. features",)),
    Seat("data-analytics", ("KPI instrumentation and reporting",), "Data/Analytics"),
    Seat("cto", ("SLO targets", "error budgets", "security"), "CTO"),
)
"""The roles of the seeds; the rows and the domains of the template name them."""


def newcomers(text: str) -> tuple[Newcomer, ...]:
    """The people of a line such as ``Ana Ruiz <ana@mervo.example>, Ben Okafor <ben@mervo.example>``.

    Raises:
        ValueError: It is no such line, or there are too few of them.
    """
    found: dict[str, tuple[str, str]] = {}
    for part in filter(str.strip, text.split(",")):
        match = _PERSON.fullmatch(part)
        if not match:
            raise ValueError(f"expected 'Name <e-mail address>', got {part.strip()!r}")
        found.setdefault(Email(match["email"].strip()).lower(), (match["name"], match["email"].strip()))
    if len(found) < FEWEST:
        raise ValueError(f"a team has {FEWEST} people at least: each role has a holder and a deputy")
    return tuple(_with_ids(found.values()))


def line(people: Iterable[tuple[str, str]]) -> str:
    """People by name and address, as a person would type them; programs are left out."""
    persons = ((re.sub("[<>,]", " ", name).strip(), email) for name, email in people if not _program(name))
    told = (f"{name} <{email}>" for name, email in persons)
    return ", ".join(dict.fromkeys(one for one in told if _PERSON.fullmatch(one)))


def _program(name: str) -> bool:
    return "[bot]" in name or name.lower() in {"github", "root"}


def _with_ids(people: Iterable[tuple[str, str]]) -> Iterable[Newcomer]:
    """The first name is the id; of several of that name the later ones get a number."""
    taken: set[str] = set()
    for name, email in people:
        plain = unicodedata.normalize("NFKD", name.split()[0]).encode("ascii", "ignore").decode().lower()
        first = re.sub(r"[^a-z0-9]", "", plain)[:30] or "person"
        numbered = (first, *(f"{first}{number}" for number in range(2, len(taken) + 3)))
        wanted = next(one for one in numbered if one not in taken)
        taken.add(wanted)
        yield Newcomer(wanted, name, email)


def held(text: str, people: Sequence[Newcomer]) -> tuple[str, str]:
    """Holder and deputy of a line such as ``ana, ben``.

    Raises:
        ValueError: They are not two people of the team.
    """
    ids = chosen(text, people)
    if len(ids) != FEWEST:
        raise ValueError("expected two ids, who holds it and who stands in, such as 'ana, ben'")
    return ids[0], ids[1]


def chosen(text: str, people: Sequence[Newcomer]) -> tuple[str, ...]:
    """People by their ids, each once.

    Raises:
        ValueError: There are none, or one is not of the team.
    """
    known = [one.id for one in people]
    ids = tuple(dict.fromkeys(word.strip().lower() for word in text.split(",") if word.strip()))
    strange = [word for word in ids if word not in known]
    if strange or not ids:
        raise ValueError(f"expected ids of {listed(known)}, got {', '.join(strange) or 'nothing'}")
    return ids


def proposed(seat: Seat, people: Sequence[Newcomer]) -> str:
    """Who takes a role where nobody says otherwise: one after the other, the next one standing in."""
    place = SEATS.index(seat)
    return ", ".join(people[(place + step) % len(people)].id for step in range(FEWEST))


def escalated(holders: Mapping[str, tuple[str, str]]) -> bool:
    """Whether the last step of the escalation tells somebody new."""
    return holders["cto"][0] != holders["eng-lead"][0]
