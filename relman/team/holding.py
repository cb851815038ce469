"""Holding a meeting: its pack, what was decided there, and the one entry that says that it was held.

What it is not: arithmetic (``ops``) or printing (``render``). The verbs take the team's side of relman,
:class:`relman.team.operating.Operating`, and change nothing but the ledger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from msgspec.structs import replace

from relman.clock import stamp
from relman.config.cadence import REVIEW
from relman.errors import Refused, UsageError
from relman.ledger import Draft
from relman.models import TEAM
from relman.ops import checks, held, minutes, pace, packs, people, review, words
from relman.ops.cadence import Turn
from relman.ops.held import Record
from relman.ops.pace import Kept, Pace
from relman.ops.packs import AgendaPack, Known
from relman.ops.shifts import Shifts
from relman.render import agenda
from relman.signing import OwnKey
from relman.signing.statements import Duty
from relman.team.operating import Operating

UNBOUND = "its key is not yet bound to a person"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a person says of a meeting.

    Attributes:
        attendees: Who was there, by id.
        actions: Each as ``TEXT; OWNER; DUE``.
        by: Who says so, by id; empty: whoever git says is typing.
        key: The key to sign with; empty: git's own, if there is one.
        unchanged: Of the model's review: nothing is to change.
    """

    attendees: Sequence[str] = ()
    decisions: Sequence[str] = ()
    actions: Sequence[str] = ()
    note: str = ""
    by: str = ""
    key: str = ""
    unchanged: bool = False


class Prepared(NamedTuple):
    """A meeting that is about to be recorded.

    Attributes:
        item: The cadence item, or ``model-review``.
        day: The day that its rule names.
        expected: The roles that were to come.
    """

    item: str
    day: date
    pack: AgendaPack
    found: Pace
    expected: tuple[str, ...]

    @property
    def repeated(self) -> str:
        """The command that is about this very occurrence."""
        named = "" if self.item == REVIEW else f" --item {self.item} --occurrence {self.day}"
        return f"inv ops.{'review' if self.item == REVIEW else 'hold'}{named}"


# ── the pack ─────────────────────────────────────────────────────────────────────────────────────


def prepared(team: Operating, item: str, occurrence: str = "") -> Prepared:
    """The meeting that is to be held, with its pack.

    Args:
        team: The team's side of relman.
        item: The cadence item, or ``model-review``.
        occurrence: A day, for one that was missed.

    Raises:
        Refused: It was held already, or it is not its turn.
        UsageError: There is no such item or day.
    """
    found = pace.pace(team.config, team.entries(), team.clock.now())
    if item == REVIEW:
        return _review(team, found)
    kept = found.of(item)
    turn = pace.chosen(kept, found, minutes.day(occurrence) if occurrence else None)
    known = _known(team, found, _last(kept, found))
    heading = f"{kept.item.what}: {item}, {words.moment(turn.occurrence.start, found.days.zone)}"
    sections = packs.sections(kept.item.pack, known)
    pack = AgendaPack(str(item), heading, tuple(_facts(kept, turn, known)), sections)
    return Prepared(str(item), turn.occurrence.day, pack, found, (kept.item.owner, *kept.item.attend))


def _review(team: Operating, found: Pace) -> Prepared:
    """The review of the model: not before the first full cycle is over."""
    stands = review.review(team.config, team.entries(), found.days, found.now)
    if stands.due is None:
        clears = "hold the first item: inv ops.today"
        raise Refused("no cycle has begun", fact="nothing was held yet", clears=clears)
    if stands.last is None and found.today < stands.due:
        fact = f"it ends, and the review falls due, on {stands.due}"
        raise Refused("the first full cycle is not over", fact=fact)
    known = _known(team, found, stands.last.at if stands.last else stands.first or found.now)
    heading = f"Review of the operating model, due {stands.due}"
    sections = packs.sections(packs.REVIEW_TOPICS, known)
    pack = AgendaPack(REVIEW, heading, packs.reviewed(known), sections)
    return Prepared(REVIEW, stands.due, pack, found, ())


def _known(team: Operating, found: Pace, since: datetime) -> Known:
    def gaps() -> list[str]:
        every = checks.check(checks.Asked(team.config, found.now))
        return [f"{one.file}:{one.line} {one.what}" for one in every]

    rota, entries = team.config.oncall, team.entries()
    replaced = Shifts.of(rota, entries).replacements if rota else ()
    return Known(team.config, entries, found, since, team.on_call, replaced, gaps)


def _last(kept: Kept, found: Pace) -> datetime:
    last = kept.last_held()
    return last.held if last and last.held else found.days.begins(found.since)


def _facts(kept: Kept, turn: Turn, known: Known) -> Iterator[str]:
    yield f"expected: {packs.expected(kept.item, known)}"
    if turn.occurrence.because:
        yield f"moved from {turn.occurrence.day}: {turn.occurrence.because}"
    yield f"since {known.day(known.since)}"


# ── the record ───────────────────────────────────────────────────────────────────────────────────


def hold(team: Operating, ready: Prepared, said: Said, *, dry: bool = False) -> tuple[Record | None, str]:
    """Record that a meeting was held: one entry, all of it or nothing.

    Args:
        team: The team's side of relman.
        ready: The meeting with its pack.
        said: What is recorded.
        dry: Only judge it; sign and record nothing.

    Returns:
        The record, None where a dry run was told nothing; and how it was signed, or what to type.

    Raises:
        Refused: Nobody attended, somebody is not in the model, an action has no owner or day, the
            meeting was recorded meanwhile, or a review has no result or no signature.
        Locked: Somebody else records this item at this moment.
    """
    if dry and not said.attendees:
        return None, f"nothing is recorded; after the meeting: {_again(team, ready)}"
    record = _record(team, ready, said)
    if dry:
        return record, "not signed: a dry run"
    with team.store.drive(TEAM, f"hold-{record.item}"):
        if (record.item, record.occurrence) in held.held(team.entries()):
            raise Refused(f"{record.item} of {record.occurrence} was held already", clears="inv ops.today")
        statement, signature, how = _signed(team, record, said)
        kind = held.REVIEWED if record.item == REVIEW else held.KIND
        detail = {"record": record.facts, "statement": statement, "signature": signature}
        team.record_all([Draft(kind, TEAM, "", detail=detail)])
    return record, how


def _record(team: Operating, ready: Prepared, said: Said) -> Record:
    there = minutes.attendees(team.config, said.attendees)
    if not there:
        raise Refused("nothing is recorded: who was there", fact="no --attendees", clears=_again(team, ready))
    today, prefix = ready.found.today, f"{ready.item}-{ready.day}"
    model, decisions = review.model(team.config), tuple(_texts(said.decisions))
    if ready.item == REVIEW:
        result = review.ended(review.before(team.entries()), model, unchanged=said.unchanged)
        decisions = (result, *decisions)
    text = agenda.markdown(ready.pack)
    return Record(
        item=ready.item,
        occurrence=ready.day,
        attendees=there,
        decisions=decisions,
        actions=minutes.actions(team.config, said.actions, prefix, today, _now(team, ready)),
        pack=held.Pack(
            hashlib.sha256(text.encode()).hexdigest(), stamp(ready.found.now), len(team.entries())
        ),
        model=model,
        note=said.note,
        by=team.person(said.by),
    )


def _texts(said: Sequence[str]) -> Iterator[str]:
    for text in said:
        if not text.strip():
            raise Refused("a decision says nothing", fact=repr(text), clears='--decision "TEXT"')
        yield text.strip()


def _again(team: Operating, ready: Prepared) -> str:
    """The command with those who were to come."""
    found = (people.person_of(team.config, word, _now(team, ready)) for word in ready.expected)
    there = ",".join(dict.fromkeys(person for person in found if person)) or "PERSON"
    return f"{ready.repeated} --attendees {there}"


def _now(team: Operating, ready: Prepared) -> people.OnCall:
    return lambda: team.on_call(ready.found.now)


def _signed(team: Operating, record: Record, said: Said) -> tuple[str, str, str]:
    """Statement, signature, and how it was signed, in words; only a review cannot go without."""
    kind = held.REVIEWED if record.item == REVIEW else held.KIND
    try:
        key = _key(team, record, said)
    except Refused as without:
        if record.item == REVIEW or said.key:
            raise
        return "", "", f"not signed: {without.what}"
    duty = Duty.taken(kind, record.by, team.clock.now(), record.facts)
    done = duty.signed(key, team.emit)
    return (
        done.content.decode(),
        done.signature,
        f"signed by {record.by} with {done.by.key.fingerprint}; {UNBOUND}",
    )


def _key(team: Operating, record: Record, said: Said) -> OwnKey:
    if not record.by:
        fact = "git's user.email is nobody's in the model"
        raise Refused("nobody is known to sign", fact=fact, clears="--person PERSON")
    return OwnKey.of(team.root, said.key)


# ── actions ──────────────────────────────────────────────────────────────────────────────────────


def done(team: Operating, action: str, note: str = "", by: str = "") -> held.Open:
    """Record that an action is done.

    Raises:
        UsageError: There is no such action.
        Refused: It is done already.
    """
    with team.store.drive(TEAM, "actions"):
        found = {one.action.id: one for one in held.actions(team.entries())}
        if action not in found:
            known = [one for one, each in found.items() if each.done is None]
            fact = f"{action!r}; open are {', '.join(known) or 'none'}"
            raise UsageError("there is no such action", fact=fact, clears="inv ops.actions")
        if (when := found[action].done) is not None:
            raise Refused(f"{action} is done already", fact=stamp(when))
        person = team.person(by)
        team.record(held.DONE, action=action, note=note, by=person)
    return replace(found[action], done=team.clock.now(), note=note)
