"""Rules about domains: four at least, each owned and with a runbook that somebody reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date

from relman.config.documents import Documents
from relman.config.near import did_you_mean
from relman.ops.checks.finding import Asked, Found

MANDATORY = ("deployment", "billing", "connectivity", "launch")
"""What drifts first when nobody owns it (A5a)."""

_DAY = 86_400
_FRONT = "begin the file with ---, owner: ROLE, reviewed: YYYY-MM-DD, ---"


def missing(asked: Asked) -> Iterator[Found]:
    """Deployment, billing, connectivity and launch are owned (A5a)."""
    known = {one.id for one in asked.config.domain}
    for wanted in MANDATORY if asked.whole else ():
        if wanted not in known:
            how = "write [[domain]] with its owner, runbook and severity examples"
            yield Found(f"nobody owns {wanted}: there is no such domain", how, ("domain",))


def ghost_owner(asked: Asked) -> Iterator[Found]:
    """A domain's owner is a role of the file."""
    for number, one in enumerate(asked.config.domain):
        if one.owner not in asked.config.roles:
            meant = did_you_mean(one.owner, asked.config.roles)
            what = f"{one.id} is owned by {one.owner!r}, a role that nobody has{meant}"
            yield Found(what, "name a role of [roles]", ("domain", number, "owner"))


def no_runbook(asked: Asked) -> Iterator[Found]:
    """A domain has a runbook, and the file is there (A1b)."""
    for number, one in enumerate(asked.config.domain):
        who = asked.owner(one.owner)
        if one.runbook is None:
            how = 'write the runbook, and name it by runbook = "…"'
            yield Found(f"{one.id} has no runbook", how, ("domain", number), who)
        elif asked.runbooks[str(one.runbook)] is None:
            what = f"{one.id}: there is no file {str(one.runbook)!r} that can be read"
            yield Found(what, "write it, or name the one that there is", ("domain", number, "runbook"), who)


def touchpoint(asked: Asked) -> Iterator[Found]:
    """A touchpoint's domain is one of the file (A7)."""
    known = [str(one.id) for one in asked.config.domain]
    for number, one in enumerate(asked.config.touchpoint):
        if one.domain not in known:
            what = f"paths belong to {str(one.domain)!r}, which is no domain{did_you_mean(one.domain, known)}"
            yield Found(what, "name the id of a [[domain]]", ("touchpoint", number, "domain"))


def unread_runbook(asked: Asked) -> Iterator[Found]:
    """A runbook says who keeps it and when it was last reviewed (A6d)."""
    named = {str(one.runbook) for one in asked.config.domain}  # of these ``no_runbook`` tells
    for path, one in asked.runbooks.items():
        if one is None:
            if path not in named:
                yield Found("this cannot be read as text", "write it as UTF-8, or take it away", file=path)
            continue
        who = asked.owner(one.owner)
        if one.owner not in asked.config.roles:
            told = f"is kept by {one.owner!r}, a role that nobody has" if one.owner else "has no owner"
            yield Found(f"the runbook {told}", _FRONT, who=who, file=path, line=one.line("owner"))
        if one.reviewed is None or one.reviewed > _today(asked):
            told = (
                "does not say when it was reviewed" if one.reviewed is None else "was reviewed in the future"
            )
            yield Found(f"the runbook {told}", _FRONT, who=who, file=path, line=one.line("reviewed"))


def expired_runbook(asked: Asked) -> Iterator[Found]:
    """A runbook was reviewed not too long ago (A6d)."""
    limit = (asked.config.documents or Documents()).runbook_age
    for path, one in asked.runbooks.items():
        if one and one.reviewed and (age := (_today(asked) - one.reviewed).days) * _DAY > limit.seconds:
            what = f"the runbook was reviewed {age} days ago (limit {limit})"
            how = "read it, mend it, and set reviewed to today"
            yield Found(what, how, who=asked.owner(one.owner), file=path, line=one.line("reviewed"))


def _today(asked: Asked) -> date:
    """The day in the model's zone; where there is none, in UTC, as on every machine."""
    model = asked.config.model
    return asked.now.astimezone(model.tz.info if model else UTC).date()


RULES = (missing, ghost_owner, no_runbook, touchpoint, unread_runbook, expired_runbook)
