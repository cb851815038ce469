"""``inv window.*``: when shipping is allowed, what closes it, and who closes it now.

What it is not: logic. Each task parses, calls ``operating``, and prints.
"""

from __future__ import annotations

import shutil
import sys
from datetime import datetime
from pathlib import Path

from invoke import Collection, Context

from relman.tasks.declare import Count, task
from relman.tasks.showing import saved, shown, team


@task(default=True)
def show(
    _context: Context,
    *,
    at: datetime | None = None,
    next_: Count = Count(3),
    service: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Tell whether the window is open.

    Until when, or when next; the freezes, stops, holidays and overrides that hold or come. Reads only.

    Args:
        at: Another instant than now.
        next_: How many openings.
        service: Whose own freezes count besides the team's, where relman.toml has several.
        env: In which environment, where there are several.
        json: One JSON object.
    """
    from relman.ops import ahead
    from relman.render import hours as page

    with team() as operating:
        now, here = at or operating.clock.now(), operating.hours(service, env, at)
        openings = ahead.following(here, now, next_) if here.set_up else ()
        print((page.show_json if json else page.show)(here, now, openings, operating.config.source))


@task
def preview(
    _context: Context,
    *,
    months: Count = Count(12),
    at: datetime | None = None,
    service: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Draw the months ahead.

    A calendar of openings, with holidays, freezes and the days on which clocks change. Reads only.

    Args:
        months: How many.
        at: Another instant than now, in whose month it begins.
        service: Whose own freezes count besides the team's, where relman.toml has several.
        env: In which environment, where there are several.
        json: One JSON object.
    """
    from relman.render import hours as page

    with team() as operating:
        now, here = at or operating.clock.now(), operating.hours(service, env)
        if json:
            print(page.preview_json(here, now, months, operating.config.source))
        else:
            plain = not (sys.stdout.encoding or "").lower().startswith("utf")
            columns = shutil.get_terminal_size().columns
            print(page.preview(here, now, months, columns=columns, ascii_only=plain))


@task
def freeze(
    _context: Context,
    *,
    from_: str = "",
    to: str = "",
    reason: str = "",
    stop: bool = False,
    service: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Forbid shipping, at once.

    It is recorded in the ledger, and holds for every cut from now on. With --stop it is an emergency
    stop, which no override lifts: a rollout that is under way holds at its next write. Rollback and
    abort always pass.

    Args:
        from_: A date or a local date-time in the window's zone, instead of now.
        to: A date, which is included, or a local date-time, which is not; else until further notice.
        reason: Why; it is told to everybody whom it refuses.
        stop: An emergency stop.
        service: Only this service, instead of all.
        env: In which environment of it, where there are several.
        json: JSON lines.
    """
    from relman.ops.freezing import Wish

    with shown(json=json) as screen, team(screen) as operating:
        wish = Wish(since=from_, to=to, reason=reason, stop=stop)
        made = operating.freeze(wish, service, env)
        undo = f'inv window.thaw --id {made.id} --reason "…"'
        screen.done(made.text, undo=undo, then=("inv window.show",), timed=False)


@task
def thaw(_context: Context, *, id_: str = "", reason: str = "", json: bool = False) -> None:
    """Take back a freeze or a stop.

    It is recorded who did, and why. What stands in relman.toml is taken back there.

    Args:
        id_: Its name, as window.show tells it.
        reason: Why.
        json: JSON lines.
    """
    with shown(json=json) as screen, team(screen) as operating:
        lifted = operating.thaw(id_, reason)
        resume = ("inv release.resume",) if operating.running() else ()
        screen.done(f"lifted: {lifted.text}", then=("inv window.show", *resume), timed=False)


@task
def ics(
    _context: Context,
    *,
    months: Count = Count(12),
    at: datetime | None = None,
    out: Path | None = None,
    service: str = "",
    env: str = "",
) -> None:
    """Write the openings as a calendar.

    One event for each opening, in UTC, as other programs read it (iCalendar, RFC 5545).

    Args:
        months: How many, from the present one on.
        at: Another instant than now, in whose month it begins.
        out: The file; else it is printed.
        service: Whose own freezes count besides the team's, where relman.toml has several.
        env: In which environment, where there are several.
    """
    from relman.ops import ahead
    from relman.ops import ics as calendar

    with team() as operating:
        now, here = at or operating.clock.now(), operating.hours(service, env)
        events = ahead.occasions(here, ahead.months(here, now, months))
        written = calendar.calendar("Deploy windows", events)
    if out:
        saved(out, written)
        print(f"{len(events)} openings in {out}")
    else:
        sys.stdout.buffer.write(written)


@task
def holidays(
    _context: Context, *, country: str = "", region: str = "", year: int = 0, write: bool = False
) -> None:
    """Add public holidays to relman.toml.

    Shows what would change in the file, as a diff to review. Only what the file says closes the window:
    no gate asks a library. Needs the extra relman[holidays].

    Args:
        country: Two letters, as DE (ISO 3166-1).
        region: A part of it, as BE (ISO 3166-2); else those of the whole country.
        year: Which year; else the next one.
        write: Write it.
    """
    from relman.config import holidays as adding
    from relman.ops import public_holidays

    with team() as operating:
        source = operating.config.source
        found = public_holidays.public(country.upper(), region.upper(), year or operating.next_year)
        text = source.exact()
        changed = adding.added(text, found)
        print(
            adding.diff(text, changed, source.path.name) or f"{source.path.name} has all {len(found)} of them"
        )
        if write and changed != text:
            source.replace(changed)
            print("written; commit it, and have it reviewed")
        elif changed != text:
            print("nothing was written: review it, then the same command with --write")


ns = Collection("window", show, preview, freeze, thaw, ics, holidays)
