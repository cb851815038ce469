"""Shifts as people hand them on: one replaces another, two swap, one accepts.

What it is not: the rota, which is relman.toml's, or a look at it (``standby``). What is done here is an
entry of the ledger, and it changes nothing that is over.
"""

from __future__ import annotations

from datetime import UTC, datetime

from relman.clock import aware
from relman.errors import Refused, UsageError
from relman.models import TEAM
from relman.ops.shifts import ACCEPTED, REPLACED, SWAPPED, Handed, Shift, accepting, replacing, written
from relman.ops.spans import FOREVER, Span
from relman.ops.turns import Turn
from relman.signing import Duty, OwnKey
from relman.team.operating import Operating
from relman.team.standby import rota, shifts

LANE = "on-call"


def replace(
    team: Operating, person: str, to: datetime, reason: str, since: datetime | None = None
) -> tuple[Handed, ...]:
    """Put somebody on call for some time, instead of whoever it would be.

    Args:
        team: The team.
        person: Who, by id.
        to: Until when, with an offset.
        reason: Why; it is recorded.
        since: From when on, with an offset, not before now; None: from now on.

    Returns:
        Whose time was taken over, piece by piece.

    Raises:
        UsageError: The end is not after the beginning, or no reason is given.
        Refused: Nobody of that name is in the model, the time is over, or it is theirs already.
    """
    _must_be_known(team, person)
    _must_be_told(reason)
    with team.store.drive(TEAM, LANE):
        now = team.clock.now()
        span = _ahead(Span(now if since is None else aware(since), aware(to)), now)
        left = [turn for turn in shifts(team).turns(span) if turn.person != person]
        if not left:
            fact = f"{written(span.start)} to {written(span.end)}"
            raise Refused(f"{person} is on call then anyway", fact=fact)
        team.record(REPLACED, shifts=[replacing(person, span)], reason=reason)
    return tuple(Handed(turn.person or "", Span(turn.start, turn.end)) for turn in left)


def swap(team: Operating, first: datetime, second: datetime, reason: str) -> tuple[Handed, Handed]:
    """Exchange two shifts, each named by an instant in it; of one that is running, what is left of it.

    Returns:
        Who has which now.

    Raises:
        UsageError: No reason is given.
        Refused: A shift is over, without an end, or nobody's, or both are of one person.
    """
    _must_be_told(reason)
    with team.store.drive(TEAM, LANE):
        known, now = shifts(team), team.clock.now()
        one, other = (_to_swap(known.running(aware(at)).turn, now) for at in (first, second))
        if one.person == other.person:
            raise Refused("these are not two people's shifts", fact=f"both are {one.person}'s")
        given = (Handed(other.person, one.span), Handed(one.person, other.span))
        team.record(SWAPPED, shifts=[replacing(each.person, each.span) for each in given], reason=reason)
    return given


def accept(team: Operating, key: str = "") -> Shift:
    """Sign that the present shift, or else the next one, is one's own.

    Args:
        team: The team.
        key: A key's file instead of git's user.signingKey.

    Returns:
        The shift, accepted.

    Raises:
        Refused: It is not known who types, neither shift is theirs, or it is accepted already; or the
            key does not sign.
    """
    person = team.person()
    if not person:
        fact = "git's user.email is nobody's in [people]"
        raise Refused("it is not known who you are", fact=fact, clears="git config user.email ADDRESS")
    with team.store.drive(TEAM, LANE):
        found = _to_accept(team, person)
        duty = Duty.taken(ACCEPTED, person, team.clock.now(), accepting(found.turn))
        done = duty.signed(OwnKey.of(team.root, key), team.emit)
        team.record(ACCEPTED, statement=done.content.decode(), signature=done.signature)
    return shifts(team).shift(found.turn)


def _to_accept(team: Operating, person: str) -> Shift:
    """The present shift, or else the next, if it is this person's and not accepted yet."""
    known, now = shifts(team), team.clock.now()
    running, following = known.running(now), known.following(now)
    mine = [one for one in (running, following) if one and one.turn.person == person]
    if not mine:
        others = " and ".join(str(one.turn.person) for one in (running, following) if one and one.turn.person)
        raise Refused(f"neither the present shift nor the next is {person}'s", fact=others or "there is none")
    waiting = next((one for one in mine if one.acceptance is None), None)
    if waiting is None:
        when = written(mine[0].acceptance.at) if mine[0].acceptance else ""
        raise Refused("it is accepted already", fact=f"by {person}, {when}")
    return waiting


def _to_swap(turn: Turn, now: datetime) -> Handed:
    """What of a turn can still be given away."""
    if turn.end <= now:
        whose = f"{turn.person}'s" if turn.person else "nobody's time"
        raise Refused("a shift that is over cannot be swapped", fact=f"{whose} ended {written(turn.end)}")
    if turn.person is None or turn.end >= FOREVER:
        what = "nobody's time" if turn.person is None else f"{turn.person}'s time, which has no end,"
        raise Refused(f"{what} cannot be swapped", clears="inv ops.oncall.next")
    return Handed(turn.person, Span(max(turn.start, now), turn.end))


def _must_be_known(team: Operating, person: str) -> None:
    """A person of the model, or, where it names none, one who takes turns."""
    known = list(team.config.people) or [one for each in rota(team).layers for one in each.participants]
    if person not in known:
        names = ", ".join(dict.fromkeys(known))
        raise Refused("there is no such person", fact=f"{person!r}; there are {names}")


def _must_be_told(reason: str) -> None:
    if not reason.strip():
        raise UsageError(
            "a reason is needed", fact="it is recorded, and others read it", clears='--reason "…"'
        )


def _ahead(span: Span, now: datetime) -> Span:
    """The span, if it has a length and lies ahead."""
    if span.end <= span.start:
        raise UsageError("--to is not after --from", fact=f"{written(span.start)} to {written(span.end)}")
    if span.start < now:
        fact = f"it is {written(now)}, and --from says {written(span.start)}"
        raise Refused("what is over cannot be changed", fact=fact, clears="leave --from out: from now on")
    return Span(span.start.astimezone(UTC), span.end.astimezone(UTC))
