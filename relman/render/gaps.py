"""The page of ``ops.gaps``: what a model leaves open. Values in, text out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

import msgspec

from relman.ops.gaps import Gap
from relman.render.pages import printable, table


def gaps(found: Sequence[Gap], what: str) -> str:
    """For people: each gap with its place, and below those that are mended alike, how and by whom.

    Args:
        found: The gaps, in the order of the rules.
        what: What was read.
    """
    if not found:
        return f"{what} leaves nothing open"
    parts = [_alike(list(alike)) for _, alike in groupby(found, lambda gap: (gap.rule, gap.how, gap.who))]
    return "\n".join([f"{counted(found)} in {what}", *parts])


def counted(found: Sequence[Gap]) -> str:
    """``1 gap``, ``41 gaps``."""
    return f"{len(found)} gap{'' if len(found) == 1 else 's'}"


def gaps_json(found: Sequence[Gap]) -> str:
    """For machines: one JSON object a line."""
    return "\n".join(json.dumps({"schema": "relman.gap/1", **msgspec.to_builtins(gap)}) for gap in found)


def _alike(found: list[Gap]) -> str:
    rows = table([[f"{gap.file}:{gap.line}", gap.what] for gap in found])
    return printable(f"{found[0].who}: {found[0].how}").join([f"{rows}\n    ", ""])
