"""What the ledger has of shifts: who took one over from whom, and who accepted theirs.

What it is not: the rota. Entries in, values out; times come in as parameters. An acceptance counts for
the time that it was signed for, so who swaps a shift away and back again need not sign twice, and who
is given a longer one must.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from relman.clock import aware, instant
from relman.config.rota import Replacement, Rota
from relman.errors import RelmanError
from relman.ledger import Entry
from relman.ops import oncall
from relman.ops.spans import FOREVER, Span, clipped, merged
from relman.ops.turns import START, Turn, turns
from relman.signing import Duty, need

REPLACED, SWAPPED, ACCEPTED = "oncall.replaced", "oncall.swapped", "oncall.accepted"


class Acceptance(Struct, frozen=True):
    """One person's signed word that a shift is theirs.

    Attributes:
        person: The person's id.
        span: The time that it was signed for.
        at: When it was recorded.
        key: The fingerprint of the key that signed.
        entry: The hash of its entry.
    """

    person: str
    span: Span
    at: datetime
    key: str
    entry: str


class Shift(Struct, frozen=True):
    """A turn as it is shown: whose, from when to when, and whether it was accepted.

    Attributes:
        turn: The whole turn; of one that has no beginning or end, the calendar's.
        acceptance: The person's word for all of it; None: it is not given.
    """

    turn: Turn
    acceptance: Acceptance | None = None


class Handed(Struct, frozen=True):
    """A stretch of time that changes hands.

    Attributes:
        person: Whose it was, or whose it is; empty: nobody's.
        span: From when to when.
    """

    person: str
    span: Span


class Shifts(Struct, frozen=True):
    """A rota with what the ledger adds to it."""

    rota: Rota
    replacements: tuple[Replacement, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()

    @classmethod
    def of(cls, rota: Rota, entries: Iterable[Entry]) -> Shifts:
        """The rota and what was recorded, oldest first."""
        known = list(entries)
        return cls(rota, tuple(_replacements(known)), tuple(_acceptances(known)))

    def person(self, at: datetime) -> str | None:
        """Who is on call at an instant; None: nobody."""
        return oncall.person(self.rota, at, self.replacements)

    def standing(self, now: datetime) -> oncall.Standing:
        """Who is on call, since when, until when, and who then."""
        return oncall.answer(self.rota, now, self.replacements)

    def turns(self, within: Span) -> Iterator[Turn]:
        """Who is on call in a span, in order and without a hole."""
        return turns(self.rota, within, self.replacements)

    def running(self, now: datetime) -> Shift:
        """The whole turn that is running at an instant."""
        found = self.standing(now)
        end = found.next_handoff.at if found.next_handoff else FOREVER
        return self.shift(Turn(found.since or START, end, found.primary))

    def following(self, now: datetime) -> Shift | None:
        """The next turn of a person after the one that is running; None: there is none."""
        ahead = oncall.upcoming(self.rota, now, self.replacements)
        found = next((turn for turn in ahead if turn.person), None)
        if found is None:
            return None
        return self.shift(found._replace(end=found.end if next(ahead, None) else FOREVER))

    def shift(self, turn: Turn) -> Shift:
        """A turn with its acceptance."""
        return Shift(turn, self.accepted(turn) if turn.person else None)

    def accepted(self, turn: Turn) -> Acceptance | None:
        """The newest word by which a person accepted a turn, if their words cover all of it."""
        mine = [one for one in self.acceptances if one.person == turn.person]
        whole = merged(sorted(one.span for one in mine))
        if not any(span.start <= turn.start and turn.end <= span.end for span in whole):
            return None
        span = Span(turn.start, turn.end)
        return max((one for one in mine if any(clipped([one.span], span))), key=lambda one: one.at)


def accepting(turn: Turn) -> dict[str, Any]:
    """What a person signs of a turn: from when to when. An end that never comes is null."""
    return {"from": written(turn.start), "to": written(turn.end) if turn.end < FOREVER else None}


def replacing(user: str, span: Span) -> dict[str, Any]:
    """A replacement as an entry keeps it."""
    return {"user": user, "from": written(span.start), "to": written(span.end)}


def written(moment: datetime) -> str:
    """RFC 3339 in UTC, to the microsecond: a shift that was signed for is the shift that there is."""
    return aware(moment).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _replacements(entries: Sequence[Entry]) -> Iterator[Replacement]:
    """In the order in which they were made: of two in one entry the later in the list wins."""
    for entry in entries:
        if entry.kind not in {REPLACED, SWAPPED}:
            continue
        for one in entry.detail.get("shifts", ()):
            yield Replacement(
                user=one["user"],
                since=instant(one["from"]),
                to=instant(one["to"]),
                created=entry.at,
                reason=entry.detail.get("reason", ""),
            )


def _acceptances(entries: Sequence[Entry]) -> Iterator[Acceptance]:
    """Those whose signature holds; another one is nobody's word."""
    for entry in entries:
        if entry.kind == ACCEPTED and entry.detail:
            try:
                yield _acceptance(entry)
            except (RelmanError, msgspec.ValidationError):
                continue


def _acceptance(entry: Entry) -> Acceptance:
    statement, signature = (str(entry.detail.get(part)).encode() for part in ("statement", "signature"))
    duty, by = Duty.verified(statement, signature)
    need(duty.duty == ACCEPTED, "this is the word for another duty", duty.duty)
    told = msgspec.convert(duty.facts, _Accepted)
    return Acceptance(
        duty.person, Span(told.since, told.to or FOREVER), entry.at, by.key.fingerprint, entry.hash
    )


class _Accepted(Struct, frozen=True, forbid_unknown_fields=True):
    """What was signed of a turn."""

    since: Annotated[datetime, Meta(tz=True)] = field(name="from")
    to: Annotated[datetime, Meta(tz=True)] | None
