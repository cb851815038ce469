"""The page of ``ops.check``: what is wrong with a model. Values in, text out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

import msgspec

from relman.ops.checks import Finding
from relman.render.pages import printable, table


def findings(found: Sequence[Finding], what: str) -> str:
    """For people: by topic, each with its place; below those that are mended alike, how and by whom.

    Args:
        found: What was found, by topic.
        what: What was looked at.
    """
    if not found:
        return f"{what}: nothing to mend"
    parts = [_topic(topic, list(each)) for topic, each in groupby(found, lambda one: one.topic)]
    return "\n\n".join([f"{what}: {counted(found)}", *parts])


def counted(found: Sequence[Finding]) -> str:
    """``1 finding``, ``3 findings and 1 warning``, ``2 warnings``."""
    warnings = sum(one.warning for one in found)
    counts = ((len(found) - warnings, "finding"), (warnings, "warning"))
    return " and ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count)


def findings_json(found: Sequence[Finding]) -> str:
    """For machines: one JSON object a line."""
    return "\n".join(json.dumps({"schema": "relman.finding/1", **msgspec.to_builtins(one)}) for one in found)


def _topic(topic: str, found: list[Finding]) -> str:
    alike = groupby(found, lambda one: (one.rule, one.how, one.who))
    return "\n".join([topic, *(_alike(list(each)) for _, each in alike)])


def _alike(found: list[Finding]) -> str:
    rows = [[f"{one.file}:{one.line}", f"{_mark(one)}{one.what}"] for one in found]
    lines = [f"  {line}" for line in table(rows).splitlines()]
    return "\n".join([*lines, printable(f"      {found[0].who}: {found[0].how}")])


def _mark(one: Finding) -> str:
    return "warning: " if one.warning else ""
