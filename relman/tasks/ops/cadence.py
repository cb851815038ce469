"""``inv ops.today``, ``hold``, ``review``, ``actions`` and ``done``: the week as people use it."""

from __future__ import annotations

from datetime import datetime

from invoke import Context

from relman.tasks.declare import task
from relman.tasks.showing import placed, team


@task
def today(_context: Context, *, at: datetime | None = None, person: str = "", json: bool = False) -> None:
    """Show what today asks of whom.

    What is overdue, what the day has, what is about to come; each with whose it is and what they type.
    Reads only.

    Args:
        at: Another instant than now.
        person: Only what is asked of this person, by id.
        json: One JSON object.
    """
    from relman.render import today as pages

    with team() as operating:
        found = operating.today(at, person)
    print(pages.page_json(found) if json else placed(pages.page(found), ""))


@task
def hold(  # noqa: PLR0913  what a person can say of a meeting
    _context: Context,
    *,
    item: str = "",
    occurrence: str = "",
    attendees: tuple[str, ...] = (),
    decision: tuple[str, ...] = (),
    action: tuple[str, ...] = (),
    note: str = "",
    person: str = "",
    key: str = "",
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Hold a meeting: its pack, and the record.

    Prints the agenda pack, compiled from what is known now, as Markdown; and records who was there,
    what was decided, and who does what by when. An occurrence is recorded once. It is signed with
    your key, if you have one.

    Args:
        item: The cadence item, by id.
        occurrence: The day of an occurrence that was missed, like 2026-11-30; by default this week's.
        attendees: Who was there, by id; commas may stand between several.
        decision: What was decided.
        action: What somebody is to do, as "TEXT; OWNER; DUE" or "TEXT; OWNER; DUE; P1": a person or a
            role, and a date or days from now such as 7d.
        note: What else is to be remembered.
        person: Who records it, by id; by default the person with git's user.email.
        key: The key to sign with; by default git's user.signingKey.
        dry_run: Print the pack and judge the record; record nothing.
        json: One JSON object.
    """
    from relman.team.holding import Said

    said = Said(attendees=attendees, decisions=decision, actions=action, note=note, by=person, key=key)
    _held(item, occurrence, said, dry=dry_run, json=json)


@task
def review(  # noqa: PLR0913  as ops.hold
    _context: Context,
    *,
    attendees: tuple[str, ...] = (),
    decision: tuple[str, ...] = (),
    action: tuple[str, ...] = (),
    no_change: bool = False,
    note: str = "",
    person: str = "",
    key: str = "",
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Review the operating model itself.

    Falls due one full cycle after the first item was held, then each quarter. It ends with a change
    (relman.toml with a higher [model] version) or with "no change", and is signed.

    Args:
        attendees: Who was there, by id; commas may stand between several.
        decision: What was decided.
        action: What somebody is to do, as "TEXT; OWNER; DUE".
        no_change: The model stays as it is.
        note: What else is to be remembered.
        person: Who signs, by id; by default the person with git's user.email.
        key: The key to sign with; by default git's user.signingKey.
        dry_run: Print the pack and judge the record; record nothing.
        json: One JSON object.
    """
    from relman.config.cadence import REVIEW
    from relman.team.holding import Said

    told = {"attendees": attendees, "decisions": decision, "actions": action, "note": note}
    said = Said(**told, by=person, key=key, unchanged=no_change)  # type: ignore[arg-type]
    _held(REVIEW, "", said, dry=dry_run, json=json)


@task
def actions(_context: Context, *, overdue: bool = False, every: bool = False, json: bool = False) -> None:
    """List what was decided and is to be done.

    Args:
        overdue: Only what is overdue.
        every: What is done too.
        json: One JSON object a line.
    """
    from relman.render import today as pages

    with team() as operating:
        found, day = operating.actions(overdue=overdue, every=every), operating.day
        print(pages.actions_json(found, day) if json else pages.actions(found, day, operating.config))


@task
def done(_context: Context, *, action: str = "", note: str = "", person: str = "") -> None:
    """Record that an action is done.

    Args:
        action: Its id, as ops.actions shows it.
        note: What came of it.
        person: Who says so, by id; by default the person with git's user.email.
    """
    from relman.team import holding

    with team() as operating:
        found = holding.done(operating, action, note, person)
    print(f"done: {found.action.id}  {found.action.text}")


def _held(item: str, occurrence: str, said: object, *, dry: bool, json: bool) -> None:
    """Print the pack before anything is judged, so that a refusal costs nobody the agenda."""
    from relman.render import agenda
    from relman.team import holding

    with team() as operating:
        ready = holding.prepared(operating, item, occurrence)
        if not json:
            print(agenda.markdown(ready.pack))
        record, how = holding.hold(operating, ready, said, dry=dry)  # type: ignore[arg-type]
    if json:
        print(agenda.pack_json(ready.pack, record, how))
    elif record is None:
        print(placed(how, ""))
    else:
        print("would record" if dry else "recorded", f"{record.item} of {record.occurrence}")
        print(agenda.minutes(record, how))
