"""What can be asked of a team's rota: who is on call, how much everybody has, who would be told.

What it is not: a change of it (``handing``). Nothing is recorded here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from relman.clock import aware
from relman.config import Escalation, Rota
from relman.config.words import Zone
from relman.errors import Refused, UsageError
from relman.models import TEAM
from relman.ops import escalation, ics, load, oncall, people
from relman.ops.load import Load
from relman.ops.shifts import Shifts, written
from relman.ops.spans import FOREVER, Span
from relman.team.operating import Operating

NOT_SET_UP = "write [oncall] into relman.toml: tz, and layers of participants, start, every"


def rota(team: Operating) -> Rota:
    """The rota.

    Raises:
        Refused: There is none.
    """
    if team.config.oncall is None:
        raise Refused("on-call is not set up", fact="no [oncall] in relman.toml", clears=NOT_SET_UP)
    return team.config.oncall


def shifts(team: Operating, at: datetime | None = None) -> Shifts:
    """The rota with what the ledger adds to it.

    Args:
        team: The team.
        at: Another instant than now: what was recorded later is not known then.

    Raises:
        Refused: There is no rota.
    """
    known = [one for one in team.store.entries(TEAM) if at is None or one.at <= aware(at)]
    return Shifts.of(rota(team), known)


def gaps(known: Shifts, at: datetime, ahead: timedelta) -> tuple[Span, ...]:
    """When nobody is on call, from an instant on."""
    return tuple(oncall.gaps(known.rota, _span(at, ahead), known.replacements))


def counted(team: Operating, to: datetime, since: datetime | None, back: timedelta) -> Load:
    """How much everybody has, up to an instant.

    Args:
        team: The team.
        to: Up to when.
        since: From when on; None: so far back, but from the first shift on, before which nobody owed any.
        back: How far.

    Raises:
        Refused: There is no rota, or it begins later.
        UsageError: The span has no length.
    """
    known = shifts(team)
    if since is None:
        since = max(to - back, oncall.first(known.rota, known.replacements))
        if since >= to:
            clears = "inv ops.oncall.report --from INSTANT --to INSTANT"
            raise Refused("nobody has been on call yet", fact="the first shift is to come", clears=clears)
    return load.load(known.rota, Span(aware(since), aware(to)), known.replacements)


def calendar(team: Operating, at: datetime, ahead: timedelta, person: str = "") -> bytes:
    """Every shift from an instant on, as a calendar; the first and the last are whole.

    A shift is known by its start. So one that is handed on keeps its identity, and its new name takes the
    place of the old one in everybody's calendar.

    Args:
        team: The team.
        at: From when on.
        ahead: How far.
        person: Only this person's shifts, by id; empty: everybody's.

    Raises:
        Refused: There is no rota.
        UsageError: There is no such person.
    """
    team.person(person)
    known, span = shifts(team), _span(at, ahead)
    first = known.running(at).turn
    later = [one for one in known.turns(span) if one.start >= first.end]
    if later:  # the last one is whole too, or each hour would write other bytes
        later[-1] = known.running(later[-1].start).turn
    occasions = (
        ics.Occasion(
            ics.uid("oncall", written(turn.start)),
            turn.start,
            turn.end if turn.end < FOREVER else _midnight(span.end, known.rota.tz),
            f"on call: {people.name(team.config, turn.person)}",
        )
        for turn in (first, *later)
        if turn.person and person in {"", turn.person}
    )
    return ics.calendar("On call", occasions)


def escalated(
    team: Operating,
    started: datetime,
    acknowledged: datetime | None = None,
    policy: str = "",
    domain: str = "",
) -> escalation.Course:
    """Who would be told, from an instant on.

    Args:
        team: The team.
        started: When it begins.
        acknowledged: When somebody acknowledges; None: nobody does.
        policy: The id of the escalation; empty: the domain's, or else the only one, or "default".
        domain: The domain it is about.

    Raises:
        Refused: Nothing of the kind is in relman.toml, or a step names nobody that is there.
    """
    chosen = _policy(team, policy, domain)
    known = shifts(team) if team.config.oncall else None
    holders = {role: people.holder(team.config, role) for role in team.config.roles}
    _must_be_there(team, chosen, holders)
    replacements = known.replacements if known else ()
    resolve = partial(escalation.people, known.rota if known else None, replacements, holders)
    return escalation.course(chosen, started, acknowledged, resolve)


def loud(team: Operating, level: str, at: datetime) -> escalation.Loud:
    """What a severity asks at an instant.

    Raises:
        Refused: relman.toml does not say.
    """
    found = team.config.severity.of(level)
    if found is None:
        fact = f"no [severity.{level}] in relman.toml"
        raise Refused("this severity is not set up", fact=fact, clears="inv ops.check")
    told = (people.person_of(team.config, role, partial(team.on_call, at)) for role in found.tell)
    return escalation.Loud(
        level, str(found.via), str(found.acknowledge), tuple(dict.fromkeys(filter(None, told)))
    )


def zone(team: Operating) -> Zone:
    """The rota's zone, or else the model's, or else UTC."""
    found = team.config.oncall or team.config.model
    return found.tz if found else Zone("UTC")


def _policy(team: Operating, policy: str, domain: str) -> Escalation:
    known = {str(one.id): one for one in team.config.escalation}
    if not known:
        clears = "write [[escalation]] into relman.toml: id, and steps of notify and wait_minutes"
        raise Refused("escalation is not set up", fact="no [[escalation]] in relman.toml", clears=clears)
    found = people.domain(team.config, domain)
    if domain and found is None:
        domains = ", ".join(str(one.id) for one in team.config.domain) or "none"
        raise UsageError("there is no such domain", fact=f"{domain!r}; there are {domains}")
    alone = next(iter(known)) if len(known) == 1 else "default"
    name = policy or (str(found.escalation) if found else alone)
    if name not in known:
        raise UsageError("there is no such escalation", fact=f"{name!r}; there are {', '.join(known)}")
    return known[name]


def _must_be_there(team: Operating, chosen: Escalation, holders: dict[str, str]) -> None:
    """A step that names nobody would look as if somebody were told."""
    known = {*escalation.SHIFTS, *holders, *team.config.people}
    ghosts = [str(one) for step in chosen.steps for one in step.notify if one not in known]
    if ghosts and team.config.people:
        fact = f"{', '.join(dict.fromkeys(ghosts))} in [[escalation]] {chosen.id}"
        raise Refused("a step tells somebody who is not there", fact=fact, clears="inv ops.check")


def _midnight(moment: datetime, zone: Zone) -> datetime:
    """The end of its day."""
    day = moment.astimezone(zone.info).date() + timedelta(days=1)
    return zone.instant(datetime(day.year, day.month, day.day))  # noqa: DTZ001  wall clock


def _span(at: datetime, ahead: timedelta) -> Span:
    try:
        return Span(aware(at), min(aware(at) + ahead, FOREVER))
    except OverflowError:
        return Span(aware(at), FOREVER)
