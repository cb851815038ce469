"""What today asks of whom, and what is overdue; each line with the command that settles it.

What it is not: a calendar. It is read at nine in the morning, on one screen: what was missed comes first,
then what the day has, then what is about to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from relman.config import Sections
from relman.config.cadence import REVIEW
from relman.ledger import Entry, story
from relman.ops import held, packs, people, review, words
from relman.ops.cadence import Standing, Turn
from relman.ops.pace import Kept, Pace
from relman.ops.shifts import Shift, Shifts

SOON = timedelta(days=7)
"""How far ahead freezes, runbooks and the model's review are told of."""


class When(StrEnum):
    """Which part of the page a line belongs to."""

    OVERDUE = "overdue"
    TODAY = "today"
    SOON = "soon"


class Ask(Struct, frozen=True):
    """One thing that is asked of somebody.

    Attributes:
        when: Overdue, today or soon.
        at: What time, or since when, in words.
        what: What is asked.
        who: Of whom, in words.
        people: Of whom, by id; none: of nobody in particular.
        command: What they type.
    """

    when: When
    at: str
    what: str
    who: str = ""
    people: tuple[str, ...] = ()
    command: str = ""


class Page(Struct, frozen=True):
    """The whole page.

    Attributes:
        title: The day, the zone and who is on call.
        asks: Its lines, in order.
        notes: What holds today and asks nothing of anybody.
    """

    title: str
    asks: tuple[Ask, ...]
    notes: tuple[str, ...]

    def of(self, person: str) -> Page:
        """Only what is asked of one person."""
        return Page(self.title, tuple(one for one in self.asks if person in one.people), self.notes)


@dataclass(frozen=True)
class Seen:
    """What the page is made from.

    Attributes:
        shifts: The rota with what the ledger adds to it; None: there is no rota.
        expiring: Runbooks and other papers whose review runs out: path, role, day.
    """

    config: Sections
    entries: tuple[Entry, ...]
    pace: Pace
    shifts: Shifts | None = None
    expiring: Iterable[tuple[str, str, date]] = ()

    def on_call(self, at: datetime) -> str:
        """Who is on call at an instant; empty for nobody."""
        return (self.shifts.person(at) if self.shifts else "") or ""

    def ask(self, when: When, at: str, what: str, role: str, command: str) -> Ask:
        """A line that is asked of a role, of a person, or of whoever is on call."""

        def on_call() -> str:
            return self.on_call(self.pace.now)

        person = people.person_of(self.config, role, on_call)
        who = people.told(self.config, role, on_call)
        return Ask(when, at, what, who, (person,) if person else (), command)


def page(seen: Seen) -> Page:
    """The page of an instant."""
    asks = [*_missed(seen), *_actions(seen), *_review(seen), *_left_open(seen), *_turns(seen)]
    asks += [*_on_call(seen), *_papers(seen), *_freezes(seen)]
    return Page(_title(seen), tuple(sorted(asks, key=_place)), tuple(_notes(seen)))


def _place(one: Ask) -> tuple[int, str]:
    """What is overdue, then the day by its hours, then what comes."""
    return list(When).index(one.when), one.at if one.when is not When.OVERDUE else ""


def _title(seen: Seen) -> str:
    now, zone = seen.pace.now, seen.pace.days.zone
    on_call = seen.on_call(now)
    whose = f"   on call: {people.name(seen.config, on_call)}" if on_call else ""
    return f"{words.moment(now, zone)} {zone}{whose}"


def _notes(seen: Seen) -> Iterator[str]:
    if allowed := packs.window(seen.config, seen.entries, seen.pace):
        yield f"window    {allowed}"
    if holiday := seen.pace.days.holidays.get(seen.pace.today):
        yield f"holiday   {holiday}"
    if not seen.config.cadence:
        yield "cadence   not set up: write a [[cadence]] for each item into relman.toml"
    yield from _mode(seen)


def _mode(seen: Seen) -> Iterator[str]:
    """Advice is for the first cycle; once the model was reviewed it is time to enforce it."""
    if seen.config.mode != "advise":
        return
    stands = _stands(seen)
    if stands.last:
        yield 'mode      "advise", and the first cycle was reviewed: write mode = "enforce" into relman.toml'
    elif stands.due:
        yield f'mode      "advise" until the first cycle is reviewed, due {stands.due}; then "enforce"'
    else:
        yield 'mode      "advise"; the first cycle begins when the first item is held'


def _missed(seen: Seen) -> Iterator[Ask]:
    """The newest turn of each item that was not held; how many there were before is said with it."""
    for kept in (one for one in seen.pace.items if one.open):
        turn, more = kept.open[-1], len(kept.open) - 1
        before = f", and {more} before" if more else ""
        what = f"{kept.item.id} ({turn.standing}{before}): {kept.item.what}"
        late = seen.pace.today - turn.occurrence.on
        yield seen.ask(When.OVERDUE, _late(late.days), what, kept.item.owner, _hold(kept, turn))


def _hold(kept: Kept, turn: Turn) -> str:
    return f"inv ops.hold --item {kept.item.id} --occurrence {turn.occurrence.day}"


def _late(days: int) -> str:
    return f"{days} day{'' if days == 1 else 's'} late"


def _turns(seen: Seen) -> Iterator[Ask]:
    """What the day has, in the order of the day."""
    found = [(kept, turn) for kept in seen.pace.items if (turn := kept.today(seen.pace.today))]
    for kept, turn in sorted(found, key=lambda pair: pair[1].occurrence):
        local = turn.occurrence.start.astimezone(seen.pace.days.zone.info)
        moved = f" (moved from {turn.occurrence.day})" if turn.occurrence.because else ""
        done = " (held)" if turn.standing in {Standing.HELD, Standing.LATE} else ""
        what = f"{kept.item.id}{moved}{done}: {kept.item.what}"
        command = "" if done else ", ".join(f"inv {one}{_flag(one, kept)}" for one in kept.item.command)
        yield seen.ask(When.TODAY, f"{local:%H:%M}", what, kept.item.owner, command)


def _flag(command: str, kept: Kept) -> str:
    return f" --item {kept.item.id}" if command == "ops.hold" else ""


def _actions(seen: Seen) -> Iterator[Ask]:
    today = seen.pace.today
    for one in held.actions(seen.entries):
        if one.done is None and today >= one.action.due:
            late = one.overdue(today)
            at = _late((today - one.action.due).days) if late else "due"
            graded = f"{one.action.severity} " if one.action.severity else ""
            command = f"inv ops.done --action {one.action.id}"
            when = When.OVERDUE if late else When.TODAY
            yield seen.ask(when, at, f"{graded}{one.action.text}", one.action.owner, command)


def _review(seen: Seen) -> Iterator[Ask]:
    """The model's own review, from its day on; and a week before."""
    stands, today = _stands(seen), seen.pace.today
    if stands.due is None or not seen.config.cadence or stands.due - today > SOON:
        return
    late = stands.late(today)
    when = When.OVERDUE if late else When.TODAY if today == stands.due else When.SOON
    at = _late(late) if late else "today" if when is When.TODAY else str(stands.due)
    what = (
        f"{REVIEW}: refine the operating model after {'a quarter' if stands.last else 'its first full cycle'}"
    )
    yield seen.ask(when, at, what, _owner(seen), "inv ops.review")


def _owner(seen: Seen) -> str:
    """Who sees to the model: the A of its own row, else the one who decides on maintenance."""
    own = people.accountable(seen.config, "operating-model")
    return own or people.decider(seen.config, "maintenance")


def _stands(seen: Seen) -> review.Review:
    return review.review(seen.config, seen.entries, seen.pace.days, seen.pace.now)


def _left_open(seen: Seen) -> Iterator[Ask]:
    """Runs that are open and what is owed of those that are over: somebody was interrupted."""
    for one in packs.open_runs(seen.entries):
        since = words.moment(one.at, seen.pace.days.zone, after=seen.pace.now)
        what = f"{one.key.service}: a {one.detail['kind']} is open since {since}"
        yield seen.ask(When.TODAY, "open", what, people.ON_CALL, "inv release.resume")
    for key in sorted({one.key for one in seen.entries}):
        for debt in story.owed(one for one in seen.entries if one.key == key):
            what = f"{key.service}: {debt.line} ({debt.reason})"
            yield seen.ask(When.TODAY, "owed", what, people.ON_CALL, "inv release.resume")


def _papers(seen: Seen) -> Iterator[Ask]:
    today = seen.pace.today
    for path, role, day in seen.expiring:
        if day - today <= SOON:
            late = (today - day).days
            when = When.OVERDUE if late > 0 else When.SOON
            at = _late(late) if late > 0 else str(day)
            what = f"{path}: read it, mend it, and write today's date behind 'reviewed'"
            yield seen.ask(when, at, what, role, "")


def _on_call(seen: Seen) -> Iterator[Ask]:
    """Who takes over on call today, and whose shift is not accepted yet."""
    if seen.shifts is None:
        return
    now, following = seen.pace.now, seen.shifts.following(seen.pace.now)
    if following and seen.pace.days.of(following.turn.start) == seen.pace.today:
        at = following.turn.start.astimezone(seen.pace.days.zone.info)
        what = "takes over on call" + ("" if following.acceptance else "; the shift is not accepted yet")
        yield _shift(seen, following, When.TODAY, f"{at:%H:%M}", what)
    running = seen.shifts.running(now)
    if running.turn.person and running.acceptance is None:
        late = (now - running.turn.start).total_seconds() > seen.shifts.rota.accept_within.seconds
        when, at_text = (When.OVERDUE, "late") if late else (When.TODAY, "now")
        yield _shift(seen, running, when, at_text, "is on call; the shift is not accepted yet")


def _shift(seen: Seen, shift: Shift, when: When, at: str, what: str) -> Ask:
    command = "" if shift.acceptance else "inv ops.oncall.accept"
    return seen.ask(when, at, what, shift.turn.person or people.ON_CALL, command)


def _freezes(seen: Seen) -> Iterator[Ask]:
    """Freezes that begin within a week: what is to ship before them ships now."""
    days, now = seen.pace.days, seen.pace.now
    for freeze in days.freezes:
        if now < freeze.span.start <= now + SOON:
            role = people.accountable(seen.config, "deploy-rollback")
            yield seen.ask(When.SOON, str(days.of(freeze.span.start)), freeze.text, role, "inv window.show")
