"""The tasks of ``ops.oncall``, and ``ops.escalate``: who is on call, who is told when nobody answers.

What it is not: logic. Each task parses, calls the library, and prints.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from invoke import Collection, Context

from relman.errors import Refused, UsageError
from relman.tasks.declare import Count, task
from relman.tasks.showing import saved, shown, team

if TYPE_CHECKING:
    from relman.team.operating import Operating


@task(default=True)
def now(_context: Context, *, at: datetime | None = None, json: bool = False) -> None:
    """Tell who is on call, and who is next.

    Since when, until when, and whether the shift was accepted. Reads only.

    Args:
        at: Another instant than now, with its offset.
        json: One JSON object.
    """
    from relman.render import oncall
    from relman.team import standby

    with team() as operating:
        known, when = standby.shifts(operating, at), _when(operating, at)
        print(oncall.now_json(known, when) if json else oncall.now(known, when, _names(operating)))


@task(name="next")
def following(_context: Context, *, at: datetime | None = None, json: bool = False) -> None:
    """Draw six weeks of shifts, with handoffs.

    Reads only.

    Args:
        at: From another instant than now on, with its offset.
        json: One JSON object a line, a line for each shift.
    """
    from relman.render import oncall
    from relman.team import standby

    with team() as operating:
        known, when = standby.shifts(operating, at), _when(operating, at)
        if json:
            print(oncall.following_json(known, when))
        else:
            print(oncall.following(known, when, _names(operating), ascii_only=_plain()))


@task
def report(
    _context: Context,
    *,
    weeks: Count = Count(12),
    from_: datetime | None = None,
    to: datetime | None = None,
    json: bool = False,
) -> None:
    """Count hours, nights, weekends, fairness.

    Of each person, over weeks that are past; by --from and --to of any time, also of one to come.
    Elapsed hours: a week in which clocks change has 167 or 169. Nights are 22:00 to 06:00, weekends
    Saturday and Sunday, in the rota's zone. Reads only.

    Args:
        weeks: How many weeks before --to.
        from_: From this instant on, with its offset, instead of so many weeks before.
        to: Up to this instant, with its offset; by default now.
        json: One JSON object.
    """
    from relman.render import oncall
    from relman.team import standby

    with team() as operating:
        found = standby.counted(operating, _when(operating, to), from_, timedelta(weeks=weeks))
        zone = standby.rota(operating).tz
        page = oncall.report(found, zone, _names(operating), ascii_only=_plain())
        print(oncall.report_json(found) if json else page)


@task
def gaps(
    _context: Context, *, days: Count = Count(365), at: datetime | None = None, json: bool = False
) -> None:
    """Find when nobody is on call, for a year.

    A year and not a week: cover around the globe has holes in some months only. Ends with 3 if there is
    a gap. Reads only.

    Args:
        days: How far to look.
        at: From another instant than now on, with its offset.
        json: One JSON object a line, a line for each gap.
    """
    from relman.render import oncall
    from relman.team import standby

    with team() as operating:
        known, when = standby.shifts(operating, at), _when(operating, at)
        found = standby.gaps(known, when, timedelta(days=days))
        print(oncall.gaps_json(found) if json else oncall.gaps(found, known.rota.tz, when))
    if found:
        raise Refused(
            "there are times at which nobody is on call", clears="inv ops.oncall.replace, or mend [oncall]"
        )


@task
def replace(
    _context: Context,
    *,
    person: str = "",
    from_: datetime | None = None,
    to: datetime | None = None,
    reason: str = "",
    json: bool = False,
) -> None:
    """Put somebody else on call for some time.

    It is recorded in the ledger, and beats the layers of relman.toml; of two that overlap the later one
    holds. Who takes over has to accept.

    Args:
        person: Who is on call then, by the id of [people].
        from_: From when on, with its offset; by default from now on.
        to: Until when, with its offset.
        reason: Why; it is recorded.
        json: JSON lines.
    """
    from relman.render import oncall
    from relman.team import handing, standby

    if not person or to is None:
        raise UsageError("who, and until when", clears="--person PERSON --to INSTANT --reason …")
    with shown(json=json) as screen, team(screen) as operating:
        left, zone = handing.replace(operating, person, to, reason, from_), standby.zone(operating)
        screen.done(
            oncall.replaced(left, zone, _names(operating), person), then=("inv ops.oncall.next",), timed=False
        )


@task
def swap(
    _context: Context,
    *,
    first: datetime | None = None,
    second: datetime | None = None,
    reason: str = "",
    json: bool = False,
) -> None:
    """Exchange two people's shifts.

    Each is named by an instant that lies in it. Of one that is running, what is left of it is swapped.
    Both have to accept what they get.

    Args:
        first: An instant in one shift, with its offset.
        second: An instant in the other, with its offset.
        reason: Why; it is recorded.
        json: JSON lines.
    """
    from relman.render import oncall
    from relman.team import handing, standby

    if first is None or second is None:
        raise UsageError("which two shifts", clears="--first INSTANT --second INSTANT --reason …")
    with shown(json=json) as screen, team(screen) as operating:
        given, zone = handing.swap(operating, first, second, reason), standby.zone(operating)
        screen.done(
            oncall.swapped(given, zone, _names(operating)), then=("inv ops.oncall.next",), timed=False
        )


@task
def accept(_context: Context, *, key: str = "", json: bool = False) -> None:
    """Sign that a shift is yours.

    The present shift, or the next one if that is yours. You are whoever has git's user.email. The
    signature lies in the ledger, in the namespace duty@relman.dev.

    Args:
        key: The file of an SSH key, instead of git's user.signingKey.
        json: JSON lines.
    """
    from relman.render import oncall
    from relman.team import handing, standby

    with shown(json=json) as screen, team(screen) as operating:
        done, zone = handing.accept(operating, key), standby.zone(operating)
        screen.done(oncall.accepted(done, zone, _names(operating)), timed=False)


@task
def ics(
    _context: Context,
    *,
    days: Count = Count(365),
    at: datetime | None = None,
    person: str = "",
    out: Path | None = None,
) -> None:
    """Write the shifts as a calendar.

    One event for each shift, in UTC. The same shifts give the same bytes.

    Args:
        days: How far to look.
        at: From another instant than now on, with its offset; the shift that is running then is whole.
        person: Only the shifts of this person, by id.
        out: The file; else it is printed.
    """
    from relman.team import standby

    with team() as operating:
        written = standby.calendar(operating, _when(operating, at), timedelta(days=days), person)
    if out:
        saved(out, written)
    else:
        sys.stdout.buffer.write(written)
        sys.stdout.flush()


@task
def escalate(
    _context: Context,
    *,
    simulate: bool = False,
    at: datetime | None = None,
    policy: str = "",
    severity: Literal["", "P1", "P2", "P3", "P4"] = "",
    domain: str = "",
    acknowledged: datetime | None = None,
    json: bool = False,
) -> None:
    """Show who is told when nobody answers.

    Step by step, with the times and the people that they would be now. Tells nobody: this version
    cannot.

    Args:
        simulate: Only show it.
        at: When it begins, with its offset; by default now.
        policy: The id of an escalation of relman.toml, where there are several.
        severity: Show too what this severity asks: who is told at once, and how.
        domain: The escalation that this domain names.
        acknowledged: When somebody acknowledges, with its offset; by default nobody does.
        json: One JSON object.
    """
    from relman.render import oncall
    from relman.team import standby

    if not simulate:
        fact = "this version of relman can only show it"
        raise Refused("nobody is told", fact=fact, clears="inv ops.escalate --simulate")
    with team() as operating:
        started = _when(operating, at)
        found = standby.escalated(operating, started, acknowledged, policy, domain)
        loud = standby.loud(operating, severity, started) if severity else None
        page = oncall.course(found, started, standby.zone(operating), _names(operating), loud)
        print(oncall.course_json(found, loud) if json else page)


def _when(operating: Operating, at: datetime | None) -> datetime:
    return operating.clock.now() if at is None else at


def _names(operating: Operating) -> partial[str]:
    from relman.ops import people

    return partial(people.name, operating.config)


def _plain() -> bool:
    """Whether the terminal has no blocks to draw with."""
    return not (sys.stdout.encoding or "").lower().startswith("utf")


ns = Collection("oncall", now, following, report, gaps, replace, swap, accept, ics)
