"""Times that are closed whatever the windows say: freezes, holidays, emergency stops.

What it is not: open time (``windows``). A closure is written in relman.toml, or recorded in the
ledger by ``window.freeze``; both are the same kind of thing here. Rule numbers (W5, W6) are those
of the window rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct, field

from relman.config import lines, words
from relman.config.lines import Path
from relman.config.schedule import Holiday, Schedule
from relman.config.source import Source
from relman.config.words import LocalMoment, Zone
from relman.ledger import Entry
from relman.ops.spans import FOREVER, Span

BEGUN = {"window.frozen": "freeze", "window.stopped": "stop"}
ENDED = {"window.thawed", "window.resumed"}


class Closure(Struct, frozen=True, kw_only=True):
    """One time that is closed.

    Attributes:
        kind: ``stop``, ``freeze`` or ``holiday``.
        span: From its first instant to the one at which it is over; FOREVER: until further notice.
        written: The same as a person wrote it, in local time.
        reason: Why; a holiday's name.
        id: What ``window.thaw`` takes, for one of the ledger.
        by: Who recorded it, for one of the ledger.
        at: Where it stands in relman.toml, for one of that file.
    """

    kind: str
    span: Span
    written: str
    reason: str = ""
    id: str = ""
    by: str = ""
    at: Path = ()

    @property
    def text(self) -> str:
        """``freeze from 2026-12-18 to 2027-01-03 (year end)``."""
        noun = "emergency stop" if self.kind == "stop" else self.kind
        named = " ".join(part for part in (noun, self.id, self.written) if part)
        return f"{named} ({self.reason})" if self.reason else named

    @property
    def lasts(self) -> bool:
        """Whether it is until further notice."""
        return self.span.end >= FOREVER


def written(schedule: Schedule) -> Iterator[Closure]:
    """Every freeze and holiday of relman.toml with the span that it closes (W5, W6)."""
    zone = schedule.tz
    for number, freeze in enumerate(schedule.freezes):
        yield Closure(
            kind="freeze",
            span=_span(freeze.since, freeze.to, zone),
            written=f"from {freeze.since} {_until(freeze.to)}",
            reason=freeze.reason,
            at=("window", "freezes", number),
        )
    for number, entry in enumerate(schedule.holidays):
        holiday = entry if isinstance(entry, Holiday) else Holiday(date=entry)
        day = LocalMoment(holiday.date)
        at: Path = ("window", "holidays", number)
        yield Closure(kind="holiday", span=_span(day, day, zone), written=day, reason=holiday.name, at=at)


class Recorded(Struct, frozen=True, kw_only=True):
    """The detail of a ledger's freeze or stop.

    Attributes:
        tz: The zone in which ``since`` and ``to`` are read.
        since: Written ``from``; None: from the instant at which it was recorded.
        to: As in relman.toml: a date is included, a date-time is not; None: until further notice.
        reason: Why.
    """

    tz: Zone = Zone("UTC")
    since: LocalMoment | None = field(name="from", default=None)
    to: LocalMoment | None = None
    reason: str = ""


def recorded(entries: Sequence[Entry]) -> tuple[Closure, ...]:
    """Every freeze and stop that the ledger holds, oldest first; one that was lifted ends where it was.

    One that was lifted before it began is left out. What cannot be read closes until somebody
    lifts it: nothing is guessed to be open.
    """
    lifted = {str(one.detail.get("id")): one.at for one in reversed(entries) if one.kind in ENDED}
    found = (_recorded(entry, lifted) for entry in entries if entry.kind in BEGUN)
    return tuple(closure for closure in found if closure.span.start < closure.span.end)


def named(entry: Entry) -> str:
    """The name of a freeze or stop: ``f17``, ``s18``; the number is that of the ledger's entry."""
    return f"{BEGUN[entry.kind][0]}{entry.seq}"


def in_force(closures: Iterable[Closure], now: datetime) -> Closure | None:
    """The closure at ``now``: a stop before all others, and then the one that ends last."""
    now = now.astimezone(UTC)
    found = [one for one in closures if one.span.start <= now < one.span.end]
    return max(found, key=lambda one: (one.kind == "stop", one.span.end), default=None)


def ends(closure: Closure, source: Source) -> str:
    """What a person does to end a closure before its time."""
    if closure.id:
        return f'inv window.thaw --id {closure.id} --reason "…"'
    return f"a reviewed change of {place(closure, source)}"


def place(closure: Closure, source: Source) -> str:
    """``relman.toml:14``: where a closure of the file stands."""
    return f"{source.path.name}:{lines.nearest(lines.index(source.text), closure.at)}"


def _recorded(entry: Entry, lifted: dict[str, datetime]) -> Closure:
    name, detail = named(entry), _detail(entry)
    since = detail.since.first if detail.since else None
    begins = detail.tz.instant(since) if since else entry.at
    ends = detail.tz.instant(detail.to.last) if detail.to else FOREVER
    begun = f"from {detail.since}" if detail.since else f"since {_wall(entry.at, detail.tz)}"
    until = f"lifted {_wall(lifted[name], detail.tz)}" if name in lifted else _until(detail.to)
    return Closure(
        kind=BEGUN[entry.kind],
        span=Span(begins, min(ends, lifted.get(name, FOREVER))),
        written=f"{begun} {until}",
        reason=detail.reason,
        id=name,
        by=entry.actor,
    )


def _detail(entry: Entry) -> Recorded:
    try:
        return msgspec.convert(entry.detail, Recorded, dec_hook=words.read)
    except msgspec.ValidationError:
        return Recorded(reason="the record of it cannot be read")


def _span(since: LocalMoment, to: LocalMoment | None, zone: Zone) -> Span:
    return Span(zone.instant(since.first), zone.instant(to.last) if to else FOREVER)


def _wall(moment: datetime, zone: Zone) -> str:
    """As a person would have written it: with the year, since it may be read in another."""
    return f"{moment.astimezone(zone.info):%Y-%m-%dT%H:%M}"


def _until(to: LocalMoment | None) -> str:
    return f"to {to}" if to else "until further notice"
