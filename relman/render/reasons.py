"""The page of ``release.why``: every gate, and what stands behind it. Values in, text out.

What it is not: a screen of a run. It is handed an answer and asks nothing.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from relman.gates.reasons import Why
from relman.gates.telling import Told
from relman.models import Answer
from relman.render.pages import ago, padded, printable, width

SIGNS = {Answer.GO: "✔", Answer.WARN: "!", Answer.NOT_SET_UP: "·", Answer.NO_GO: "✘", Answer.UNKNOWN: "?"}
ASCII = {Answer.GO: "+", Answer.WARN: "!", Answer.NOT_SET_UP: "-", Answer.NO_GO: "x", Answer.UNKNOWN: "?"}
FRESH = 60.0
"""Seconds; of data that is younger nobody wants to read the age."""
WIDE = 110


def why(found: Why, *, ascii_only: bool = False) -> str:
    """``release.why`` for people: what is asked, each gate, the answer.

    Args:
        found: The answer.
        ascii_only: The terminal has no other signs.
    """
    signs = ASCII if ascii_only else SIGNS
    column = max((width(one.gate) for one in found.gates), default=0) + 2
    lines = [_head(found), *_read(found), *(f"  {note}" for note in found.notes), ""]
    for one in found.gates:
        lines += _gate(one, found, signs, column)
    end = "" if found.passes else f"    exit {found.code}"
    return "\n".join([*lines, "", f"{found.verdict}{end}"])


def why_json(found: Why) -> str:
    """``release.why`` for machines: one object."""
    told = {"passes": found.passes, "verdict": found.verdict, "code": found.code}
    return json.dumps({"schema": "relman.why/1", **told, **msgspec.to_builtins(found)})


def moment(instant: datetime, zone: str) -> str:
    """``Wed 25 Nov 2026 11:04 Europe/Berlin``: in that zone, wherever it is read."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y %H:%M} {zone}"


def _head(found: Why) -> str:
    what = f"{found.key.service} {found.version or '(nothing prepared)'}"
    commit = f" ({found.commit[:7]})" if found.commit else ""
    place = f"{found.key.region}, {found.environment}, profile {found.profile}"
    utc = f" ({found.at:%H:%M:%S}Z)" if found.zone != "UTC" else ""
    return f"may {what}{commit} ship at {moment(found.at, found.zone)}{utc}?   {place}"


def _read(found: Why) -> Iterator[str]:
    """When the world was read, where that is another time than the instant that is asked about."""
    for how in dict.fromkeys(one.how for one in found.gates if one.how):
        read = max(one.as_of for one in found.gates if one.how == how and one.as_of)
        yield f"  {how}: {moment(read, found.zone)}"


def _gate(one: Told, found: Why, signs: dict[Answer, str], column: int) -> Iterator[str]:
    sign = signs[Answer.WARN] if one.lifted else signs[one.answer]
    head = f"  {sign} {padded(one.gate, column)}"
    unset = "not set up: " if one.answer is Answer.NOT_SET_UP else ""
    yield from _wrapped(head, unset + one.fact + _age(one, found))
    if one.lifted:
        yield from _wrapped("      ", one.lifted)
    if not one.passes or one.answer in {Answer.WARN, Answer.NO_GO, Answer.UNKNOWN}:
        commands = (("next", printable(one.clears)), ("urgent", one.urgent))
        yield from (f"      {padded(label, 7)} {text}" for label, text in commands if text)
        for label, text in _behind(one, found):
            yield from _wrapped(f"      {padded(label, 7)} ", text)


def _behind(one: Told, found: Why) -> Iterable[tuple[str, str]]:
    """Who stands behind a gate that does not say go, and what it comes from."""
    owner = f"owner {one.owner}" if one.owner else ""
    lifted = f"{one.lifters or 'an override'} may lift it" if one.liftable else "nobody may lift it"
    says = found.sentences.get(one.source[0], "")
    more = f", and {', '.join(one.source[1:])}" if one.source[1:] else ""
    if one.price:
        yield "price", one.price
    yield "gate", ", ".join(filter(None, (one.id, owner, lifted)))
    yield "from", f"{one.source[0]}: {says}{more}"


def _age(one: Told, found: Why) -> str:
    """How old the data is, where it is not that of the instant itself."""
    if one.as_of is None or one.answer is Answer.NOT_SET_UP:
        return ""
    if one.how:
        return f"   ({one.how})"
    old = (found.at - one.as_of.astimezone(UTC)).total_seconds()
    return f"   (data {ago(one.as_of, found.at)})" if old > FRESH else ""


def _wrapped(head: str, text: str) -> list[str]:
    """The text beside its head, broken between words below itself."""
    below = " " * width(head)
    rows = textwrap.wrap(
        printable(text), WIDE - width(head), break_long_words=False, break_on_hyphens=False
    ) or [""]
    return [(head if at == 0 else below) + row for at, row in enumerate(rows)]
