"""What everybody asks of the model: who holds a role, who stands in, who answers for a row.

What it is not: a judge of the model (``checks``), or the rota: who is on call is asked of a callable
that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from relman.config import Sections
from relman.config.duties import Domain, Raci

ON_CALL = "on-call"
"""The word that may stand wherever a role may: whoever the rota names."""

OnCall = Callable[[], str]
"""Who is on call, by id; empty where nobody is."""


def nobody() -> str:
    """The answer of a rota that is not there."""
    return ""


def is_on_call(word: str) -> bool:
    """Whether the rota is meant: ``on-call``, or ``oncall``, as the case format spells it."""
    return word.lower() in {ON_CALL, "oncall"}


def title(model: Sections, role: str) -> str:
    """What people call a role: its title, or its id in words: "ops-lead" is "Ops Lead"."""
    if is_on_call(role):
        return "On-call"
    found = model.roles.get(role)
    return str((found and found.title) or role.replace("-", " ").title())


def name(model: Sections, person: str) -> str:
    """A person's name; of somebody who is not in the file, the id."""
    found = model.people.get(person)
    return str(found.name) if found else person


def holder(model: Sections, role: str) -> str:
    """The id of the person who holds a role; empty where there is no such role."""
    found = model.roles.get(role)
    return str(found.holder) if found else ""


def deputy(model: Sections, role: str) -> str:
    """The id of the person who stands in for a role; empty where there is none."""
    found = model.roles.get(role)
    return str((found and found.deputy) or "")


def people_of(model: Sections, word: str, on_call: OnCall = nobody) -> tuple[str, ...]:
    """The ids of those who may act as a role, the holder first, then the deputy.

    Args:
        model: The operating model.
        word: A role, ``on-call``, or a person's own id.
        on_call: Who is on call.
    """
    if is_on_call(word):
        found = [on_call()]
    elif word in model.roles:
        found = [holder(model, word), deputy(model, word)]
    else:
        found = [word] if word in model.people else []
    return tuple(dict.fromkeys(person for person in found if person))


def person_of(model: Sections, word: str, on_call: OnCall = nobody) -> str:
    """The one who is meant by a role, ``on-call`` or a person's id; empty where there is none."""
    return next(iter(people_of(model, word, on_call)), "")


def told(model: Sections, word: str, on_call: OnCall = nobody) -> str:
    """``Ops Lead (Ana Ruiz)``: a role with the person behind it, or a person's name."""
    if word in model.people:
        return name(model, word)
    person = person_of(model, word, on_call)
    called = title(model, word)
    return f"{called} ({name(model, person)})" if person else called


def row(model: Sections, wanted: str) -> Raci | None:
    """The RACI row of that id."""
    return next((one for one in model.raci if one.id == wanted), None)


def accountable(model: Sections, wanted: str) -> str:
    """The role that answers for a row; empty where there is no row, or not exactly one role."""
    found = row(model, wanted)
    return found.accountable[0] if found and len(found.accountable) == 1 else ""


def decider(model: Sections, decision: str) -> str:
    """The role that answers for a kind of decision; empty where it is not settled."""
    rows = [one.id for one in model.raci if one.decides == decision]
    return accountable(model, rows[0]) if len(rows) == 1 else ""


def may_act(model: Sections, person: str, words: Iterable[str], on_call: OnCall = nobody) -> bool:
    """Whether a person may act as one of these roles, as its holder, deputy, or as the one on call."""
    return any(person in people_of(model, word, on_call) for word in words if person)


def answers_for(model: Sections, person: str, wanted: str, on_call: OnCall = nobody) -> bool:
    """Whether a person is, or stands in for, the A of a row."""
    role = accountable(model, wanted)
    return bool(role) and may_act(model, person, [role], on_call)


def by_email(model: Sections, email: str) -> str:
    """The id of the person with that address, whatever its case; empty where nobody has it."""
    sought = email.strip().lower()
    known = ((person, {str(one).lower() for one in each.emails}) for person, each in model.people.items())
    return next((person for person, emails in known if sought and sought in emails), "")


def roles_of(model: Sections, person: str) -> tuple[str, ...]:
    """The roles that a person holds; those that the person only stands in for are not among them."""
    return tuple(role for role, each in model.roles.items() if each.holder == person)


def deputised(model: Sections, person: str) -> tuple[str, ...]:
    """The roles that a person stands in for."""
    return tuple(role for role, each in model.roles.items() if each.deputy == person)


def domain(model: Sections, wanted: str) -> Domain | None:
    """The domain of that id."""
    return next((one for one in model.domain if one.id == wanted), None)


def named_roles(one: Raci) -> Iterator[tuple[str, str]]:
    """Every role that a row names, with its letter."""
    columns = {"R": one.responsible, "A": one.accountable, "C": one.consulted, "I": one.informed}
    yield from ((letter, role) for letter, roles in columns.items() for role in roles)
