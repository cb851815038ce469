"""What relman.toml says of duties: who decides what, who owns which part, how bad is how loud.

What it is not: the people (``people``), or any judgement: whether a role exists, or a row has its one
accountable, is told by ``ops.check``, with the line.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from msgspec import Meta, Struct, field

from relman.config.documents import FilePath
from relman.config.people import RoleId, Roles
from relman.config.words import Choice, Duration, Text, Word

_MANY = 100_000


class Decision(Choice):
    """What kind of decision a row is about."""

    __slots__ = ()
    values = ("maintenance", "incident", "prioritization", "release")


class Level(Choice):
    """How bad something is, and so how loud."""

    __slots__ = ()
    values = ("P1", "P2", "P3", "P4")


class Channel(Choice):
    """How an alert reaches people."""

    __slots__ = ()
    values = ("pager", "slack", "email")


class Glob(Word):
    """A path pattern of CODEOWNERS: as in gitignore, without ``!`` and ``[ ]``, which it does not know."""

    __slots__ = ()
    shape = "a path pattern as in CODEOWNERS, such as 'billing/**' or '*.sql'"
    pattern = r"[^\s!#\[\]\x00-\x1f\x7f-\x9f][^\s\[\]\x00-\x1f\x7f-\x9f]*"


class Raci(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who does, answers for, is asked about and is told of one thing; a ``[[raci]]`` for each.

    Attributes:
        id: What commands and gates call the row, such as "deploy-rollback".
        what: What it is about, for people.
        decides: Which of the four kinds of decision it settles: maintenance, incident, prioritization or
            release; absent: none of them.
        responsible: Who does it.
        accountable: Who answers for it: exactly one role.
        consulted: Who is asked before.
        informed: Who is told after.
    """

    id: RoleId
    what: Text
    decides: Decision | None = None
    responsible: Roles = field(name="R", default_factory=Roles)
    accountable: Roles = field(name="A", default_factory=Roles)
    consulted: Roles = field(name="C", default_factory=Roles)
    informed: Roles = field(name="I", default_factory=Roles)


class Examples(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What each severity looks like in one domain.

    Attributes:
        p1: An example of P1.
        p2: An example of P2.
        p3: An example of P3.
        p4: An example of P4.
    """

    p1: Text | None = field(name="P1", default=None)
    p2: Text | None = field(name="P2", default=None)
    p3: Text | None = field(name="P3", default=None)
    p4: Text | None = field(name="P4", default=None)

    def of(self, level: str) -> str:
        """The example of a level; empty where there is none."""
        return str(getattr(self, level.lower()) or "")


class Domain(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the work that somebody owns; a ``[[domain]]`` for each.

    Attributes:
        id: What commands call it; deployment, billing, connectivity and launch are expected.
        owner: The role that owns it.
        runbook: The file that tells what to do, relative to relman.toml.
        escalation: The id of its ``[[escalation]]``; default "default".
        severity: What each severity looks like here.
    """

    id: RoleId
    owner: Text
    runbook: FilePath | None = None
    escalation: Text = field(default_factory=partial(Text, "default"))
    severity: Examples = Examples()


class Severity(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one level asks of whom.

    Attributes:
        means: What it is, in words.
        respond: Within what time somebody works on it.
        acknowledge: Within what time somebody says that it is seen.
        update: How often the others hear of it.
        tell: Who is told: roles, persons, or "on-call".
        via: How they are told: "pager", "slack" or "email".
        review: Whether it is reviewed afterwards.
    """

    means: Text
    respond: Duration
    acknowledge: Duration
    update: Duration
    tell: Roles
    via: Channel
    review: bool = False


class Severities(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How bad is how loud, in four levels.

    Attributes:
        p1: The worst.
        p2: Bad.
        p3: Annoying.
        p4: Small.
    """

    p1: Severity | None = field(name="P1", default=None)
    p2: Severity | None = field(name="P2", default=None)
    p3: Severity | None = field(name="P3", default=None)
    p4: Severity | None = field(name="P4", default=None)

    def of(self, level: str) -> Severity | None:
        """What a level asks; None where the file does not say."""
        found: Severity | None = getattr(self, level.lower())
        return found

    @property
    def levels(self) -> dict[str, Severity]:
        """The levels that the file has, the worst first."""
        return {level: found for level in Level.values if (found := self.of(level))}


class Touchpoint(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which paths belong to which domain; a ``[[touchpoint]]`` for each. The last that fits wins.

    Attributes:
        paths: Path patterns as in CODEOWNERS.
        domain: The id of the domain whose owner owns them.
    """

    paths: Annotated[tuple[Glob, ...], Meta(min_length=1)]
    domain: Text


class Review(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a change needs before it ships.

    Attributes:
        approvals: By how many other people it was read.
        self_approval: Whether an author may approve the own change.
    """

    approvals: Annotated[int, Meta(ge=0, le=_MANY)] = 1
    self_approval: bool = False


class Limits(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many may be open, by severity; a level that is not said has no limit.

    Attributes:
        p1: The limit of P1.
        p2: The limit of P2.
        p3: The limit of P3.
        p4: The limit of P4.
    """

    p1: Annotated[int, Meta(ge=0, le=_MANY)] | None = field(name="P1", default=None)
    p2: Annotated[int, Meta(ge=0, le=_MANY)] | None = field(name="P2", default=None)
    p3: Annotated[int, Meta(ge=0, le=_MANY)] | None = field(name="P3", default=None)
    p4: Annotated[int, Meta(ge=0, le=_MANY)] | None = field(name="P4", default=None)

    def of(self, level: str) -> int | None:
        """The limit of a level; None where there is none."""
        found: int | None = getattr(self, level.lower())
        return found


class Backlog(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the backlog may look like.

    Attributes:
        untriaged: How old a ticket may be that nobody has sorted.
        open: How many tickets of each severity may be open.
    """

    untriaged: Duration
    open: Limits = Limits()
