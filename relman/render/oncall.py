"""The pages of ``ops.oncall``: who is on call, who comes next, how much everybody has.

What it is not: arithmetic, but for that of drawing. Values in, text out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from msgspec import to_builtins

from relman.clock import stamp
from relman.config import Replacement
from relman.config.words import Zone
from relman.models import listed
from relman.ops.escalation import Course, Loud
from relman.ops.load import Load
from relman.ops.shifts import Handed, Shift, Shifts
from relman.ops.spans import FOREVER, Span
from relman.ops.turns import START, Turn
from relman.ops.words import MONTHS, moment
from relman.render.pages import ago, lasted, table

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
UNBOUND = "a key not yet bound to a person"
NOBODY = "nobody"
WEEKS = 6
"""How much is drawn."""
ASKED = 2
"""So many shifts can be accepted: the present one and the next."""

_BLOCKS, _ASCII = "·▁▂▃▄▅▆▇█", ".----++##"
_BAR = 24

Names = Callable[[str], str]
"""From a person's id to the name."""


# ── who ──────────────────────────────────────────────────────────────────────────────────────────


def now(known: Shifts, at: datetime, names: Names) -> str:
    """``ops.oncall.now`` for people.

    Args:
        known: The rota and what the ledger adds.
        at: The instant that is asked about.
        names: From a person's id to the name.
    """
    running, following, zone = known.running(at), known.following(at), known.rota.tz
    rows = [["on call", _who(running.turn.person, names), _lasts(running.turn, at, zone)]]
    rows += [["", "", _word(running, at, zone)]] if running.turn.person else []
    rows += [["", "", f"because: {one.reason}"] for one in _holding(known, at) if one.reason]
    if following is None:
        rows.append(["next", "-", "nobody else, ever"])
    else:
        rows.append(["next", _who(following.turn.person, names), _from(following.turn, at, zone)])
        rows.append(["", "", _word(following, at, zone)])
    if known.rota.secondary:
        rows.append(["second", _who(known.standing(at).secondary, names), ""])
    return f"{moment(at, zone)} {zone}\n{_indented(table(rows))}"


def now_json(known: Shifts, at: datetime) -> str:
    """``ops.oncall.now`` for machines: one object."""
    found, following = known.standing(at), known.following(at)
    told = {
        "schema": "relman.oncall/1",
        "at": stamp(at),
        **_shift(known.running(at)),
        "secondary": found.secondary,
        "next_handoff": found.next_handoff
        and {"at": stamp(found.next_handoff.at), "to": found.next_handoff.to},
        "next": following and _shift(following),
    }
    return json.dumps(told)


def following(known: Shifts, at: datetime, names: Names, *, ascii_only: bool = False) -> str:
    """``ops.oncall.next`` for people: six weeks, drawn, and the handoffs in them."""
    zone = known.rota.tz
    rows = [
        [
            moment(one.turn.start, zone, after=at) if one.turn.start > at else "now",
            _who(one.turn.person, names),
            _length(one.turn, at),
            _word(one, at, zone) if one.turn.person and (one.acceptance or number < ASKED) else "",
        ]
        for number, one in enumerate(_ahead(known, at))
    ]
    drawn = lanes(known, at, names, ascii_only=ascii_only)
    return f"{drawn}\n\n{table(rows, ['from', 'who', 'for', 'accepted'])}"


def following_json(known: Shifts, at: datetime) -> str:
    """``ops.oncall.next`` for machines: one object a line, a line for each turn of six weeks."""
    told = ({"schema": "relman.shift/1", **_shift(one)} for one in _ahead(known, at))
    return "\n".join(json.dumps(one) for one in told)


def lanes(known: Shifts, at: datetime, names: Names, *, ascii_only: bool = False) -> str:
    """Six weeks from the Monday before: a lane for each person, a column for each day.

    A block is as high as the part of the day that the person has. A day begins at midnight in the
    rota's zone; hours without anybody have a lane of their own.
    """
    edges, today = _midnights(known.rota.tz, at)
    held = _daily(known, edges)
    blocks = _ASCII if ascii_only else _BLOCKS
    mondays = [edge.astimezone(known.rota.tz.info) for edge in edges[:-1:7]]
    rows = [["", "".join(f"{f'{day.day} {MONTHS[day.month - 1]}':<8}" for day in mondays)]]
    for person, parts in held.items():
        drawn = "".join(blocks[math.ceil(round(part * 8, 6))] for part in parts)
        rows.append([_who(person, names), " ".join(drawn[n : n + 7] for n in range(0, len(drawn), 7))])
    rows.append(["", " " * (today + today // 7) + "^ today"])
    return table(rows)


def replaced(left: Sequence[Handed], zone: Zone, names: Names, person: str) -> str:
    """What ``ops.oncall.replace`` did, in one line."""
    parts = [f"{_stretch(one.span, zone)} instead of {_who(one.person, names)}" for one in left]
    return f"{names(person)} is on call {listed(parts)}, and has to accept"


def swapped(given: Sequence[Handed], zone: Zone, names: Names) -> str:
    """What ``ops.oncall.swap`` did, in one line."""
    parts = [f"{names(one.person)} has {_stretch(one.span, zone)}" for one in given]
    return f"{listed(parts)}; both have to accept"


def accepted(shift: Shift, zone: Zone, names: Names) -> str:
    """What ``ops.oncall.accept`` did, in one line."""
    end = f" to {moment(shift.turn.end, zone, after=shift.turn.start)}" if shift.turn.end < FOREVER else ""
    key = f", with {shift.acceptance.key}, {UNBOUND}" if shift.acceptance else ""
    return (
        f"{_who(shift.turn.person, names)} accepts the shift from {moment(shift.turn.start, zone)}{end}{key}"
    )


# ── how much ─────────────────────────────────────────────────────────────────────────────────────


def report(found: Load, zone: Zone, names: Names, *, ascii_only: bool = False) -> str:
    """``ops.oncall.report`` for people."""
    most = max((one.hours for one in found.people), default=0) or 1
    full = "#" if ascii_only else "█"
    rows = [
        [
            _who(one.person, names),
            f"{one.hours:.4g}",
            f"{one.nights:.4g}",
            f"{one.weekends:.4g}",
            f"{one.weeks_in_a_row:.2g}",
            f"{one.fairness:+.0f} %",
            full * round(_BAR * one.hours / most),
        ]
        for one in found.people
    ]
    headers = ["who", "hours", "nights", "weekends", "weeks in a row", "to the mean", ""]
    over = [f"over the limit: {_who(one.person, names)}, {what}" for one in found.people for what in one.over]
    gap = f"nobody on call for {_hours(found.gap_hours)}: inv ops.oncall.gaps" if found.gaps else "no gap"
    head = (
        f"{moment(found.span.start, zone)} to {moment(found.span.end, zone, after=found.span.start)} {zone}"
    )
    return "\n".join([head, _indented(table(rows, headers)), *over, gap])


def report_json(found: Load) -> str:
    """``ops.oncall.report`` for machines: one object."""
    return json.dumps({"schema": "relman.oncall.load/1", **to_builtins(found)})


def gaps(found: Sequence[Span], zone: Zone, after: datetime) -> str:
    """``ops.oncall.gaps`` for people."""
    if not found:
        return "somebody is on call at every instant"
    rows = [
        [
            moment(gap.start, zone, after=after),
            moment(gap.end, zone, after=after),
            _hours((gap.end - gap.start) / HOUR),
        ]
        for gap in found
    ]
    total = sum((gap.end - gap.start for gap in found), timedelta()) / HOUR
    count = f"{len(found)} gap{'' if len(found) == 1 else 's'}"
    return f"{table(rows, ['from', 'to', 'for'])}\n{count}, {_hours(total)} in all"


def gaps_json(found: Sequence[Span]) -> str:
    """``ops.oncall.gaps`` for machines: one object a line."""
    told = (
        {"schema": "relman.oncall.gap/1", "from": stamp(one.start), "to": stamp(one.end)} for one in found
    )
    return "\n".join(json.dumps(one) for one in told)


# ── who is told ──────────────────────────────────────────────────────────────────────────────────


def course(found: Course, started: datetime, zone: Zone, names: Names, loud: Loud | None = None) -> str:
    """``ops.escalate --simulate`` for people."""
    head = [_loud(loud, names)] if loud else []
    rows = [
        [f"+{(one.at - started) / MINUTE:g} min", moment(one.at, zone, after=started), _who(one.user, names)]
        for one in found.notified
    ]
    if found.exhausted_at is None:
        rows.append(["", "", "acknowledged"])
    else:
        after = f"+{(found.exhausted_at - started) / MINUTE:g} min"
        rows.append(
            [after, moment(found.exhausted_at, zone, after=started), "nobody is left: it is exhausted"]
        )
    return "\n".join([*head, table(rows), "nobody was told: this is a simulation"])


def course_json(found: Course, loud: Loud | None = None) -> str:
    """``ops.escalate --simulate`` for machines: one object."""
    told = [{"at": stamp(one.at), "user": one.user} for one in found.notified]
    over = stamp(found.exhausted_at) if found.exhausted_at else None
    course = {"notified": told, "exhausted_at": over, "severity": to_builtins(loud)}
    return json.dumps({"schema": "relman.escalation/1", **course})


def _loud(loud: Loud, names: Names) -> str:
    told = listed(names(one) for one in loud.tell) if loud.tell else NOBODY
    return (
        f"{loud.severity}: by {loud.via}, to be acknowledged within {loud.acknowledge}; told at once: {told}"
    )


def _ahead(known: Shifts, at: datetime) -> list[Shift]:
    """The turn that is running, whole, and those that begin within six weeks."""
    first = known.running(at)
    end = min(at + WEEKS * WEEK, FOREVER)
    later = [turn for turn in known.turns(Span(at, end)) if turn.start >= first.turn.end]
    return [first, *(known.running(turn.start) for turn in later)]


def _who(person: str | None, names: Names) -> str:
    return names(person) if person else NOBODY


def _stretch(span: Span, zone: Zone) -> str:
    return f"{moment(span.start, zone)} to {moment(span.end, zone, after=span.start)}"


def _length(turn: Turn, at: datetime) -> str:
    """The whole of it; what is left of a turn that has no beginning."""
    if turn.end >= FOREVER:
        return "for ever"
    return lasted((turn.end - (turn.start if turn.start > START else at)).total_seconds())


def _lasts(turn: Turn, at: datetime, zone: Zone) -> str:
    since = f"since {moment(turn.start, zone, after=at)}, " if turn.start > START else ""
    if turn.end >= FOREVER:
        return f"{since}for ever"
    return f"{since}until {moment(turn.end, zone, after=at)} ({lasted((turn.end - at).total_seconds())} left)"


def _from(turn: Turn, at: datetime, zone: Zone) -> str:
    return f"from {moment(turn.start, zone, after=at)} ({ago(turn.start, at)})"


def _word(shift: Shift, at: datetime, zone: Zone) -> str:
    """Whether the person has said that the shift is theirs."""
    found = shift.acceptance
    if found is None:
        return "not accepted yet    inv ops.oncall.accept"
    return f"accepted {moment(found.at, zone, after=at)} with {found.key[:15]}…, {UNBOUND}"


def _holding(known: Shifts, at: datetime) -> Iterator[Replacement]:
    """The replacement that is in force."""
    found = [one for one in known.replacements if one.since <= at < one.to]
    yield from found[-1:]


def _shift(shift: Shift) -> dict[str, Any]:
    turn, word = shift.turn, shift.acceptance
    return {
        "person": turn.person,
        "since": stamp(turn.start) if turn.start > START else None,
        "until": stamp(turn.end) if turn.end < FOREVER else None,
        "accepted": word and {"at": stamp(word.at), "key": word.key},
    }


def _midnights(zone: Zone, at: datetime) -> tuple[list[datetime], int]:
    """The midnights of six weeks from a Monday on, and which of the days ``at`` is."""
    today = at.astimezone(zone.info).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    monday = today - today.weekday() * DAY
    return [zone.instant(monday + n * DAY) for n in range(7 * WEEKS + 1)], today.weekday()


def _daily(known: Shifts, edges: Sequence[datetime]) -> dict[str | None, list[float]]:
    """For each person the part of each day, in the order of the file; nobody last, and only if so."""
    days = list(pairwise(edges))
    held: dict[str | None, list[float]] = {}
    for person in dict.fromkeys(one for layer in known.rota.layers for one in layer.participants):
        held[person] = [0.0] * len(days)
    for n, (start, end) in enumerate(days):
        for turn in known.turns(Span(start, end)):
            parts = held.setdefault(turn.person, [0.0] * len(days))
            parts[n] += (turn.end - turn.start) / (end - start)
    nobody = held.pop(None, None)
    return held if nobody is None else {**held, None: nobody}


def _hours(count: float) -> str:
    return f"{count:,.4g} h"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
