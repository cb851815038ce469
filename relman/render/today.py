"""``ops.today`` and ``ops.actions`` as text and as JSON. Values in, text out.

What it is not: a reader of the ledger: it is handed what it shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from relman.config import Sections
from relman.ops import people
from relman.ops.held import Open
from relman.ops.today import Ask, Page, When
from relman.render.pages import GAP, clipped, printable, table, width

TODAY, ACTION = "relman.today/1", "relman.action/1"
WIDEST = 72
"""How many columns of a line are for what is asked."""


def page(found: Page) -> str:
    """The page for people: a line for each thing, and below it what they type."""
    lines = [printable(found.title)]
    for when in When:
        asks = [one for one in found.asks if one.when is when]
        if asks:
            lines += ["", when.upper() if when is When.OVERDUE else when.value, *_rows(asks)]
    if not found.asks:
        lines += ["", "nothing is asked today"]
    if found.notes:
        lines += ["", *(printable(note) for note in found.notes)]
    return "\n".join(lines)


def _rows(asks: Sequence[Ask]) -> Iterator[str]:
    told = table([[one.at, one.who, clipped(one.what, WIDEST)] for one in asks]).splitlines()
    inner = max(width(one.at) for one in asks) + len(GAP)
    for one, line in zip(asks, told, strict=True):
        yield f"{GAP}{line}"
        if one.command:
            yield f"{GAP}{' ' * inner}{one.command}"


def page_json(found: Page) -> str:
    """The page for machines: one object."""
    return json.dumps({"schema": TODAY, **msgspec.to_builtins(found, enc_hook=str)})


def actions(found: Sequence[Open], today: date, config: Sections) -> str:
    """The actions for people: what is overdue says so."""
    if not found:
        return "no action is open"
    rows = [
        [
            one.action.id,
            one.action.severity,
            one.action.text,
            people.told(config, one.action.owner),
            str(one.action.due),
            "OVERDUE" if one.overdue(today) else f"done {one.done:%Y-%m-%d}" if one.done else "",
        ]
        for one in found
    ]
    return table(rows, ["action", "", "what", "whose", "due", ""])


def actions_json(found: Sequence[Open], today: date) -> str:
    """The actions for machines: one object a line."""
    return "\n".join(
        json.dumps(
            {"schema": ACTION, **msgspec.to_builtins(one, enc_hook=str), "overdue": one.overdue(today)}
        )
        for one in found
    )
