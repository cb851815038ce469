"""The next version as a person reads it, and as a program does.

What it is not: the decision (``deciding``). The JSON is ASCII, so that a decision is the same bytes
whatever the locale.
"""

from __future__ import annotations

import json

import msgspec

from relman.deciding import Decision
from relman.version import Judged, shown

SHORT = 7


def decided(one: Decision) -> str:
    """The version on a line of its own, then what it follows from."""
    after = f"after {one.last.version}" if one.last else "the first release"
    where = f" ({one.last.tag} on {one.last.commit[:SHORT]})" if one.last and one.last.commit else ""
    first = one.version or "no version: nothing asks for a release"
    lines = [first, f"  {after}{where}", f"  {one.account}"]
    lines += (f"  {each}" for each in one.possible)
    return "\n".join(lines)


def decided_json(one: Decision) -> str:
    """One object; its keys are those of :class:`relman.deciding.Decision`."""
    return _json(one)


def explained(one: Judged | str) -> str:
    """What became of a commit, on one line or two."""
    if isinstance(one, str):
        return f"not read: {one}"
    return f"{one.commit.hash[:SHORT]} {shown(one.message.subject)}\n  {one.place}: {one.why}"


def explained_json(one: Judged | str) -> str:
    """One object: the commit, where it is counted, what it asks for, and why."""
    if isinstance(one, str):
        return _json({"place": "not read", "bump": None, "why": one})
    facts = {"commit": one.commit.hash, "subject": one.message.subject, "type": one.message.type}
    return _json({**facts, "place": one.place, "bump": one.bump, "why": one.why})


def _json(value: object) -> str:
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=True)
