"""Rules about the RACI table: one A a row, and no role that nobody has."""

from __future__ import annotations

from collections.abc import Iterator

from relman.config.duties import Decision
from relman.config.near import did_you_mean
from relman.models import listed
from relman.ops import people
from relman.ops.checks.finding import Asked, Found

ASKED_BY_GATES = (
    *("deploy-rollback", "incident-response", "slo-definitions", "backups-restores", "kpi-reporting"),
)
"""The rows by which gates know who owns them and who may lift them."""


def accountable(asked: Asked) -> Iterator[Found]:
    """Each row has exactly one A."""
    for number, row in enumerate(asked.config.raci):
        if len(row.accountable) != 1:
            many = f"{len(row.accountable)} A's: {listed(row.accountable)}" if row.accountable else "no A"
            at = ("raci", number, "A") if row.accountable else ("raci", number)
            yield Found(f"{row.id} has {many}", "leave one role at A; the others go to R, C or I", at)


def responsible(asked: Asked) -> Iterator[Found]:
    """Somebody does what a row is about."""
    for number, row in enumerate(asked.config.raci):
        if not row.responsible:
            yield Found(f"{row.id} has no R", "say who does it", ("raci", number))


def ghost_role(asked: Asked) -> Iterator[Found]:
    """Each role that a row names is one of the file, or on-call."""
    for number, row in enumerate(asked.config.raci):
        for letter, role in people.named_roles(row):
            if role not in asked.config.roles and not people.is_on_call(role):
                meant = did_you_mean(role, [*asked.config.roles, people.ON_CALL])
                what = f"{row.id}: {letter} names {role!r}, a role that nobody has{meant}"
                yield Found(
                    what, "name a role of [roles], or write that role there", ("raci", number, letter)
                )


def named_twice(asked: Asked) -> Iterator[Found]:
    """An id is one row's, one domain's."""
    rows, domains = [one.id for one in asked.config.raci], [one.id for one in asked.config.domain]
    for section, ids in (("raci", rows), ("domain", domains)):
        for number, each in enumerate(ids):
            if each in ids[:number]:
                yield Found(f"two [[{section}]] are called {each!r}", "rename one", (section, number, "id"))


def decision(asked: Asked) -> Iterator[Found]:
    """Each kind of decision is settled by one row (A9)."""
    for kind in Decision.values if asked.whole else ():
        rows = [number for number, row in enumerate(asked.config.raci) if row.decides == kind]
        if not rows:
            what = f"no row of [[raci]] settles decisions about {kind}"
            yield Found(what, f'write decides = "{kind}" at the row that does', ("raci",))
        for number in rows[1:]:
            what = f"{asked.config.raci[number].id}: another row settles decisions about {kind} already"
            yield Found(what, f'leave decides = "{kind}" at one row', ("raci", number, "decides"))


def row_missing(asked: Asked) -> Iterator[Found]:
    """The rows by which gates know their owners are there."""
    known = {row.id for row in asked.config.raci}
    for wanted in ASKED_BY_GATES if asked.whole else ():
        if wanted not in known:
            what = f"there is no row {wanted!r}, so nobody owns or lifts the gates that name it"
            yield Found(what, f'write [[raci]] with id = "{wanted}"', ("raci",))


RULES = (accountable, responsible, ghost_role, named_twice, decision, row_missing)
