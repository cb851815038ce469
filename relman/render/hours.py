"""The pages of the deploy window: what holds now, and the calendar of what is ahead.

What it is not: arithmetic. It is handed what it shows, and the width that it may take.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from relman.clock import stamp
from relman.config.schedule import Override
from relman.config.source import Source
from relman.ops import ahead, closures
from relman.ops.ahead import DayAhead, Mark
from relman.ops.closures import Closure
from relman.ops.hours import Hours
from relman.ops.spans import FOREVER, Span
from relman.ops.words import MONTHS, length, moment, windows
from relman.render.pages import printable, table

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
CELL, WEEK, BETWEEN = 5, 35, "   "
SHOWN = 12
DRAWN = {Mark.OPEN: "■", Mark.PARTLY: "◧", Mark.LOST: "□", Mark.HOLIDAY: "h", Mark.FROZEN: "-"}
TYPED = {Mark.OPEN: "#", Mark.PARTLY: "%", Mark.LOST: "x", Mark.HOLIDAY: "h", Mark.FROZEN: "-"}
MEANING = {
    Mark.OPEN: "opens",
    Mark.PARTLY: "opens for less",
    Mark.LOST: "does not open",
    Mark.HOLIDAY: "holiday",
    Mark.FROZEN: "frozen",
}
CHANGE = "~"


def show(hours: Hours, now: datetime, openings: Sequence[Span], source: Source) -> str:
    """``window.show``: the answer, the next openings, and everything that closes or opens besides."""
    zone = hours.zone
    if hours.set_up or hours.frozen(now):
        state = f"{'open' if hours.answer(now).open else 'closed'}   {hours.explain(now)}"
    else:
        state = "not set up: no [window] in relman.toml, and nothing is frozen"
    rows = [["next", f"{_span(one, hours)}   (in {length(one.start - now)})"] for one in openings]
    ahead_ = [one for one in hours.closed() if one.span.end > now]
    rows += [["closes", *_closure(one, source)] for one in ahead_[:SHOWN]]
    rows += [["", f"and {len(ahead_) - SHOWN} more: inv window.preview"]] if len(ahead_) > SHOWN else []
    rows += [["lifts", _override(one, hours)] for one in hours.overrides if one.expires > now]
    return "\n".join(
        [printable(state), *(f"  {line}" for line in table(rows).splitlines() if line), f"  zone  {zone}"]
    )


def show_json(hours: Hours, now: datetime, openings: Sequence[Span], source: Source) -> str:
    """``window.show`` for machines: one object."""
    found = hours.answer(now)
    told: dict[str, Any] = {
        "schema": "relman.window/1",
        "at": stamp(now),
        "tz": str(hours.zone),
        "set_up": hours.set_up,
        "open": found.open,
        "closes_at": _stamped(found.closes_at),
        "next_opening": _stamped(found.next_opening),
        "text": hours.explain(now) if hours.set_up or hours.frozen(now) else "",
        "openings": [{"from": stamp(one.start), "to": stamp(one.end)} for one in openings],
        "closures": [_told(one, source) for one in hours.closed() if one.span.end > now],
        "overrides": [
            {"from": stamp(one.since), "expires": stamp(one.expires), "reason": one.reason}
            for one in hours.overrides
            if one.expires > now
        ],
    }
    return json.dumps(told)


def preview(hours: Hours, now: datetime, count: int, *, columns: int = 80, ascii_only: bool = False) -> str:
    """``window.preview``: months as a calendar on the wall, and below it what to know of them.

    Args:
        hours: By the file and the ledger.
        now: The day that is marked, and where it begins.
        count: How many months.
        columns: How wide the terminal is.
        ascii_only: It has no symbols to draw with.
    """
    within = ahead.months(hours, now, count)
    days = ahead.days(hours, within)
    today = now.astimezone(hours.zone.info).date()
    glyphs = TYPED if ascii_only else DRAWN
    drawn = [
        _month(list(group), glyphs, today)
        for _, group in groupby(days, key=lambda one: one.date.replace(day=1))
    ]
    side = max(1, (columns + len(BETWEEN)) // (WEEK + len(BETWEEN)))
    bands = [_beside(drawn[at : at + side]) for at in range(0, len(drawn), side)]
    opened = sum(one.mark in {Mark.OPEN, Mark.PARTLY} for one in days)
    lost = sum(one.mark is Mark.LOST for one in days)
    what = f"{windows(hours.schedule)} {hours.zone}" if hours.set_up else "no [window] is set up"
    head = f"{what}; {_several(opened, 'day')} with an opening in {_several(count, 'month')}"
    head += f", {lost} lost" if lost else ""
    legend = "  ".join(f"{glyphs[mark]} {words}" for mark, words in MEANING.items())
    return "\n\n".join(
        [head, *bands, f"{legend}  {CHANGE} clocks change  [ ] today", *_notes(hours, days, within, now)]
    )


def preview_json(hours: Hours, now: datetime, count: int, source: Source) -> str:
    """``window.preview`` for machines: one object."""
    within = ahead.months(hours, now, count)
    days = ahead.days(hours, within)
    told: dict[str, Any] = {
        "schema": "relman.window-preview/1",
        "from": stamp(within.start),
        "to": stamp(within.end),
        "tz": str(hours.zone),
        "openings": [
            {"from": stamp(one.start), "to": stamp(one.end)}
            for one in (hours.openings(within) if hours.set_up else ())
        ],
        "days": [{"date": one.date.isoformat(), "mark": one.mark.value} for one in days if one.mark],
        "clock_changes": [
            {"date": one.date.isoformat(), "seconds": int(one.shift.total_seconds())}
            for one in days
            if one.shift
        ],
        "closures": [_told(one, source) for one in ahead.closures(hours, within)],
    }
    return json.dumps(told)


def _month(days: list[DayAhead], glyphs: dict[Mark, str], today: date) -> list[str]:
    """One month: its name, the days of the week, and six weeks at most."""
    first = days[0].date
    title = f"{MONTHS[first.month - 1]} {first.year}".center(WEEK)
    cells = [" " * CELL] * first.weekday() + [_cell(one, glyphs, today) for one in days]
    cells += [" " * CELL] * (-len(cells) % 7)
    weeks = ["".join(cells[at : at + 7]) for at in range(0, len(cells), 7)]
    return [title, "".join(f" {name}  " for name in DAYS), *weeks]


def _cell(day: DayAhead, glyphs: dict[Mark, str], today: date) -> str:
    left, right = ("[", "]") if day.date == today else (" ", " ")
    change = CHANGE if day.shift else right
    return f"{left}{day.date.day:2}{glyphs.get(day.mark, ' ')}{change}"


def _beside(months: list[list[str]]) -> str:
    tallest = max(len(month) for month in months)
    filled = [month + [" " * WEEK] * (tallest - len(month)) for month in months]
    return "\n".join(BETWEEN.join(line).rstrip() for line in zip(*filled, strict=True))


def _notes(hours: Hours, days: Sequence[DayAhead], within: Span, now: datetime) -> list[str]:
    """What to know of these months, in the order of the dates; what is over is known."""
    rows = [(one.date, _change(one, hours)) for one in days if one.shift]
    rows += [
        (max(one.span.start, within.start).astimezone(hours.zone.info).date(), one.text)
        for one in ahead.closures(hours, within)
        if one.span.end > now
    ]
    lost = {one.date for one in days if one.mark is Mark.LOST}
    told = [[f"{day:%a} {day.day} {MONTHS[day.month - 1]} {day.year}", text] for day, text in sorted(rows)]
    notes = [table(told)] if told else []
    named = ", ".join(f"{day:%a} {day.day} {MONTHS[day.month - 1]}" for day in sorted(lost)[:SHOWN])
    more = f", and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
    return notes + ([f"does not open: {named}{more}"] if lost else [])


def _several(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _change(day: DayAhead, hours: Hours) -> str:
    """What a change of clocks does to who counts in UTC."""
    way = "forward" if day.shift > timedelta() else "back"
    hour = length(abs(day.shift)).removesuffix(" 0 min")
    return f"clocks in {hours.zone} go {way} by {hour}"


def _closure(one: Closure, source: Source) -> list[str]:
    if one.at:
        return [one.text, closures.place(one, source)]
    return [one.text, f"by {one.by}: {closures.ends(one, source)}"]


def _override(one: Override, hours: Hours) -> str:
    kind = "emergency override" if one.emergency else "override"
    until = moment(one.expires, hours.zone)
    return f"{kind} until {until} ({one.reason}, {one.incident})"


def _told(one: Closure, source: Source) -> dict[str, Any]:
    end = None if one.span.end >= FOREVER else stamp(one.span.end)
    said = {"kind": one.kind, "id": one.id, "from": stamp(one.span.start), "to": end, "written": one.written}
    return {
        **said,
        "reason": one.reason,
        "by": one.by,
        "place": closures.place(one, source) if one.at else "",
    }


def _span(span: Span, hours: Hours) -> str:
    begins, ends = (at.astimezone(hours.zone.info) for at in span)
    over = f"{ends:%H:%M}" if ends.date() == begins.date() else moment(span.end, hours.zone)
    year = f" {begins.year}"
    return f"{begins:%a} {begins.day} {MONTHS[begins.month - 1]}{year} {begins:%H:%M}-{over}"


def _stamped(at: datetime | None) -> str | None:
    return stamp(at) if at else None
