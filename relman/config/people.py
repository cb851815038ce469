"""What relman.toml says of people: the model itself, the persons, the roles that they hold.

What it is not: what a role must do (``duties``), or who is on call (``rota``). A person's number or
address has no place in the file: contacts are references to where it is kept.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, ClassVar, Self

from msgspec import Meta, Struct

from relman.config.words import Text, Word, Zone
from relman.models import PERCENT

CENTURY = range(2000, 2100)


class PersonId(Word):
    """What a person is called within the file."""

    __slots__ = ()
    shape = "a person's id: lowercase letters, digits, hyphens and underscores, such as 'ana'"
    pattern = r"[a-z0-9]([a-z0-9_-]{0,37}[a-z0-9])?"


class RoleId(Word):
    """What a role, a row or a domain is called within the file."""

    __slots__ = ()
    shape = "an id: lowercase letters, digits and hyphens, a letter first, such as 'ops-lead'"
    pattern = r"[a-z]([a-z0-9-]{0,37}[a-z0-9])?"


class Email(Word):
    """An address by which git and the allowed signers know a person."""

    __slots__ = ()
    shape = "an e-mail address such as 'ana@mervo.example'"
    pattern = r"[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+"


class Handle(Word):
    """A person or a group where code is reviewed."""

    __slots__ = ()
    shape = "a name as the forge writes it, such as '@ana' or '@mervo/ops'"
    pattern = r"@?[A-Za-z0-9_][\w.-]*(/[\w.-]+)*"


class Contact(Word):
    """Where a number or an address is kept; it is never repeated, because it may be the number itself.

    What is no reference parses, so that ``ops.check`` can say it with its line.
    """

    __slots__ = ()
    shape = "a reference, 'env:NAME' or 'secret:NAME'"
    pattern = Text.pattern

    def __new__(cls, text: object) -> Self:
        """The text itself, if it is one."""
        if not isinstance(text, str) or not cls.fits(text):
            raise ValueError(f"expected {cls.shape}")
        return super().__new__(cls, text)

    @property
    def is_reference(self) -> bool:
        """Whether it says where to look, and nothing else."""
        return re.fullmatch(r"env:[A-Za-z_]\w*|secret:[A-Za-z0-9_/-]+", self, re.ASCII) is not None


class Roles(tuple[str, ...]):
    """One role or several; ``on-call`` is whoever the rota names.

    Whether the roles exist is not judged here, so that ``ops.check`` can say it with its line.
    """

    __slots__ = ()
    shape: ClassVar[str] = "a role's id or a list of them, such as 'ops-lead' (or 'on-call')"

    def __new__(cls, roles: object = ()) -> Self:
        """The roles, of which there may be none."""
        several = (roles,) if isinstance(roles, str) else roles
        if not isinstance(several, list | tuple) or not all(cls.fits(role) for role in several):
            raise ValueError(f"expected {cls.shape}, got {roles!r}")
        return super().__new__(cls, several)

    @staticmethod
    def fits(role: object) -> bool:
        """Whether it is a text that is not empty."""
        return isinstance(role, str) and Text.fits(role)

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """The shape as JSON Schema."""
        one = {"type": "string", "minLength": 1}
        return {"anyOf": [one, {"type": "array", "items": one}], "description": cls.shape}


class Model(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The operating model as a whole.

    Attributes:
        version: The model's version, raised with each change that a review decides.
        tz: IANA zone of cadence, days and documents, such as "Europe/Berlin".
        since: The day from which the team works by it; its first full cycle counts from there.
            Absent: it is not adopted yet.
        max_share: Of how many of the RACI rows, in percent, one person may be accountable; default 60.
    """

    version: Text
    tz: Zone
    since: date | None = None
    max_share: Annotated[int, Meta(ge=1, le=PERCENT)] = 60

    def __post_init__(self) -> None:
        """Refuse a year that nobody means: the days since then are counted one by one."""
        if self.since is not None and self.since.year not in CENTURY:
            raise ValueError(f"'since' is no day of this century: {self.since}")


class Contacts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """By what reference a person is reached: ``env:NAME``, a variable, or ``secret:NAME``, in Secret Manager.

    Attributes:
        phone: Where the telephone number is kept, which is E.164, such as +49….
        sms: Where the number for text messages is kept, which is E.164.
        pager: Where the pager's number or key is kept.
        slack: Where the Slack member's id is kept.
        email: Where an address for alerts is kept.
    """

    phone: Contact | None = None
    sms: Contact | None = None
    pager: Contact | None = None
    slack: Contact | None = None
    email: Contact | None = None

    @property
    def methods(self) -> dict[str, Contact]:
        """What is said, by method."""
        said = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in said.items() if value is not None}


class Person(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person, ``[people.PERSON]``; PERSON is the id that roles and the rota name.

    Attributes:
        name: The person's name, as documents show it.
        emails: By which git and the allowed signers know the person; case does not matter.
        contacts: How the person is reached.
        handle: The person's name where code is reviewed, for CODEOWNERS, such as "@ana"; absent: the
            first of ``emails``.
    """

    name: Text
    emails: tuple[Email, ...] = ()
    contacts: Contacts = Contacts()
    handle: Handle | None = None


class Role(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A role, ``[roles.ROLE]``; ROLE is the id that rows, domains and cadence items name.

    Attributes:
        holder: The person who has it, by id.
        deputy: The person who stands in, by id; ``ops.check`` asks for one.
        title: What people call it; absent: made from the id, "ops-lead" is "Ops Lead".
        owns: What it owns, in words.
    """

    holder: Text
    deputy: Text | None = None
    title: Text | None = None
    owns: tuple[Text, ...] = ()
