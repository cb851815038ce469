"""Rules about who is called: somebody at every hour of the coming year, and no step leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from relman.config.near import did_you_mean
from relman.config.rota import Rota
from relman.ops import oncall, people
from relman.ops.checks.finding import Asked, Found
from relman.ops.spans import Span

SECONDARY = "secondary"
"""Who is second on call, in a step of an escalation."""

_YEAR = timedelta(days=366)
_HOUR = 3_600


def no_rota(asked: Asked) -> Iterator[Found]:
    """There is a rota (A2a)."""
    if asked.whole and asked.config.oncall is None:
        yield Found("there is no [oncall], so nobody is called", "write [oncall] with tz and layers")


def ghost_participant(asked: Asked) -> Iterator[Found]:
    """Whoever takes turns is a person of the file."""
    for number, layer in enumerate(asked.config.oncall.layers if asked.config.oncall else ()):
        for place, person in enumerate(layer.participants):
            if person not in asked.config.people:
                meant = did_you_mean(person, asked.config.people)
                at = ("oncall", "layers", number, "participants", place)
                what = f"{str(person)!r} takes turns and is not in [people]{meant}"
                yield Found(what, "name an id of [people], or write that person there", at)


def uncovered(asked: Asked) -> Iterator[Found]:
    """Somebody is on call at every hour of the coming year (A2a); a week would not show it."""
    rota = asked.config.oncall
    if rota is None:
        return
    start = max(asked.now.astimezone(UTC), _adopted(asked))
    found = list(oncall.gaps(rota, Span(start, start + _YEAR)))
    if found:
        hours = sum((gap.end - gap.start).total_seconds() for gap in found) / _HOUR
        more = f"; {len(found)} gaps, {hours:.0f} h in a year" if len(found) > 1 else ""
        what = f"nobody is on call from {_wall(rota, found[0].start)} to {_wall(rota, found[0].end)}{more}"
        how = "write a layer for that time; the last layer that has somebody wins, so put it first"
        yield Found(what, how, ("oncall", "layers"))


def no_escalation(asked: Asked) -> Iterator[Found]:
    """A domain's escalation is one of the file (A2d)."""
    known = [str(one.id) for one in asked.config.escalation]
    for number, one in enumerate(asked.config.domain if asked.whole else ()):
        if one.escalation not in known:
            meant = did_you_mean(one.escalation, known)
            what = f"{one.id}: there is no escalation {str(one.escalation)!r}{meant}"
            how = f'write [[escalation]] with id = "{one.escalation}", or name another'
            yield Found(what, how, ("domain", number, "escalation"), asked.owner(one.owner))


def named_twice(asked: Asked) -> Iterator[Found]:
    """An id is one escalation's."""
    ids = [one.id for one in asked.config.escalation]
    for number, each in enumerate(ids):
        if each in ids[:number]:
            yield Found(f"two [[escalation]] are called {each!r}", "rename one", ("escalation", number, "id"))


def leads_nowhere(asked: Asked) -> Iterator[Found]:
    """Each target of a step is somebody (B18 to B20)."""
    known = [*asked.config.roles, *asked.config.people, people.ON_CALL, SECONDARY]
    for at, step in _steps(asked):
        if not step:
            yield Found("this step notifies nobody", "say who is notified", at)
        for word in step:
            if not _somebody(asked, word):
                what = f"this step notifies {word!r}, which leads to nobody{did_you_mean(word, known)}"
                yield Found(what, "name a role that has a holder, a person, or oncall with a rota", at)


def told_already(asked: Asked) -> Iterator[Found]:
    """Each step tells somebody new; one that does not is passed over (C10)."""
    before: dict[object, set[str]] = {}
    for at, step in _steps(asked):
        earlier = before.setdefault(at[1], set())
        fixed = {people.person_of(asked.config, word) for word in step if not _turning(word)}
        if fixed and fixed <= earlier and not any(map(_turning, step)):
            what = "whoever this step notifies was notified already, so it is passed over"
            yield Found(what, "notify another person, or take the step out", at)
        earlier |= fixed


def _steps(asked: Asked) -> Iterator[tuple[tuple[str | int, ...], tuple[str, ...]]]:
    for number, one in enumerate(asked.config.escalation):
        for place, step in enumerate(one.steps):
            yield ("escalation", number, "steps", place), tuple(map(str, step.notify))


def _somebody(asked: Asked, word: str) -> bool:
    rota = asked.config.oncall
    if _turning(word):
        return rota is not None and (word != SECONDARY or rota.secondary is not None)
    return people.person_of(asked.config, word) in asked.config.people


def _turning(word: str) -> bool:
    """Whether the rota says who it is."""
    return people.is_on_call(word) or word == SECONDARY


def _adopted(asked: Asked) -> datetime:
    """The first instant at which the model holds."""
    model = asked.config.model
    if model is None or model.since is None:
        return asked.now.astimezone(UTC)
    return model.tz.instant(datetime.combine(model.since, time()))


def _wall(rota: Rota, at: datetime) -> str:
    return at.astimezone(rota.tz.info).strftime("%a %Y-%m-%d %H:%M")


RULES = (
    *(no_rota, ghost_participant, uncovered, no_escalation, named_twice),
    *(leads_nowhere, told_already),
)
