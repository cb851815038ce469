"""What the ledger has of meetings that were held: one entry each, bound to one occurrence.

What it is not: a plan of them (``cadence``). Entries in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from relman.ledger import Entry
from relman.ops import overrides

KIND, REVIEWED, DONE = "cadence.held", "model.reviewed", "action.done"


class Action(Struct, frozen=True):
    """Something that somebody is to do by a day.

    Attributes:
        id: The occurrence that it comes from and its number there; it never changes.
        text: What is to be done.
        owner: Whose it is: a role or a person, by id.
        due: The last day on which it is in time.
        severity: P1 to P4 where it follows from something of that severity; else empty.
    """

    id: str
    text: str
    owner: str
    due: date
    severity: str = ""


class Pack(Struct, frozen=True):
    """The agenda pack that the people had before them.

    Attributes:
        sha256: Of its Markdown, in hex.
        as_of: When it was compiled.
        entries: How many entries the ledger had then.
    """

    sha256: str
    as_of: str
    entries: int


class Model(Struct, frozen=True):
    """The model that held then: its version, and SHA-256 over its sections, in hex."""

    version: str
    sha256: str


class Record(Struct, frozen=True):
    """What was said and decided at one occurrence: these facts are what is signed.

    Attributes:
        item: The cadence item.
        occurrence: The day that its rule names.
        attendees: Who was there, by id.
        decisions: What was decided.
        actions: What somebody is to do.
        note: What else is to be remembered.
        by: Who recorded it, by id; empty where the person is not known.
    """

    item: str
    occurrence: date
    attendees: tuple[str, ...]
    decisions: tuple[str, ...]
    actions: tuple[Action, ...]
    pack: Pack
    model: Model
    note: str = ""
    by: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """As JSON."""
        found: dict[str, Any] = msgspec.to_builtins(self, enc_hook=str)
        return found


class Meeting(Struct, frozen=True):
    """A record as the ledger has it.

    Attributes:
        at: When it was recorded.
        signature: The armoured signature; empty for none.
    """

    record: Record
    at: datetime
    statement: str = ""
    signature: str = ""


class Open(Struct, frozen=True):
    """An action, and what became of it.

    Attributes:
        since: When it was decided.
        done: When it was done; None: not yet.
        note: What was said when it was done.
    """

    action: Action
    since: datetime
    done: datetime | None = None
    note: str = ""

    def overdue(self, today: date) -> bool:
        """Whether its last day is over and it is not done."""
        return self.done is None and today > self.action.due


def meetings(entries: Iterable[Entry]) -> tuple[Meeting, ...]:
    """Every meeting that was held and every review of the model, oldest first."""
    found = (entry for entry in entries if entry.kind in {KIND, REVIEWED} and entry.detail)
    return tuple(
        Meeting(
            msgspec.convert(entry.detail["record"], Record),
            entry.at,
            entry.detail.get("statement", ""),
            entry.detail.get("signature", ""),
        )
        for entry in found
    )


def held(entries: Iterable[Entry]) -> dict[tuple[str, date], datetime]:
    """When each occurrence was held, by item and day."""
    found: dict[tuple[str, date], datetime] = {}
    for meeting in meetings(entries):
        found.setdefault((meeting.record.item, meeting.record.occurrence), meeting.at)
    return found


def actions(entries: Iterable[Entry]) -> tuple[Open, ...]:
    """Every action that ever was decided or left behind by an override, what is due first in front."""
    known = tuple(entries)
    done = {one.detail["action"]: one for one in known if one.kind == DONE and one.detail}
    decided = [(action, meeting.at) for meeting in meetings(known) for action in meeting.record.actions]
    found = [
        Open(
            action,
            at,
            done[action.id].at if action.id in done else None,
            str(done[action.id].detail.get("note", "")) if action.id in done else "",
        )
        for action, at in (*decided, *_reviews(known))
    ]
    return tuple(sorted(found, key=lambda one: (one.action.due, one.action.id)))


def _reviews(entries: Iterable[Entry]) -> Iterator[tuple[Action, datetime]]:
    """What overrides leave behind: each is looked at by the one who answers for its gate."""
    for entry in entries:
        if entry.kind == overrides.KIND and entry.detail and (review := entry.detail.get("review")):
            yield msgspec.convert(review, Action), entry.at
