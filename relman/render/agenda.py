"""The agenda pack and the record of a meeting, as Markdown and as JSON. Values in, text out.

What it is not: a reader of the ledger: it is handed what it shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from relman.ops.held import Action, Record
from relman.ops.packs import AgendaPack, Section
from relman.render.pages import printable

PACK, RECORD = "relman.pack/1", "relman.meeting/1"


def markdown(pack: AgendaPack) -> str:
    """The pack as Markdown; its SHA-256 is that of these bytes in UTF-8."""
    head = [f"# {printable(pack.heading)}", "", *(f"- {printable(fact)}" for fact in pack.facts)]
    return "\n".join([*head, *(line for one in pack.sections for line in _section(one))]) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield from ("", f"## {section.title}", "")
    yield from (f"- {printable(line)}" for line in section.lines)


def minutes(record: Record, how: str) -> str:
    """What was recorded, for people."""
    lines = [f"attended: {', '.join(record.attendees)}"]
    lines += [f"decided: {text}" for text in record.decisions]
    lines += [f"action {one.id}: {'; '.join(_action(one))}" for one in record.actions]
    lines += [f"note: {record.note}"] if record.note else []
    by = f"by {record.by}, " if record.by else ""
    return "\n".join(
        f"  {printable(line)}" for line in [*lines, f"{by}{how}; pack {record.pack.sha256[:12]}"]
    )


def _action(one: Action) -> Iterator[str]:
    yield from (one.text, one.owner, f"due {one.due}")
    if one.severity:
        yield one.severity


def pack_json(pack: AgendaPack, record: Record | None, how: str) -> str:
    """Pack and record for machines: one object; ``record`` is null where nothing is recorded."""
    told = {
        "schema": RECORD if record else PACK,
        "pack": msgspec.to_builtins(pack, enc_hook=str),
        "record": record.facts if record else None,
        "signed": how,
    }
    return json.dumps(told)
