"""The page of ``ops.touchpoints``: how many files are whose, and which are nobody's. Values in, text out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import msgspec

from relman.ops.touchpoints import Place
from relman.render.pages import printable, table


def places(found: Sequence[Place]) -> str:
    """For people."""
    counted = Counter((place.domain, place.owner) for place in found if place.mapped)
    rows = [[domain, owner, f"{count:>5}"] for (domain, owner), count in sorted(counted.items())]
    nobodys = [f"nobody's: {printable(place.path)}" for place in found if not place.mapped]
    parts = [table(rows, ["domain", "owner", "files"])] if rows else []
    return "\n\n".join([*parts, "\n".join(nobodys) or _all(len(found))])


def _all(count: int) -> str:
    return f"each of {count} files has an owner" if count else "no file was looked at"


def places_json(found: Sequence[Place]) -> str:
    """For machines: one JSON object a line."""
    return "\n".join(
        json.dumps({"schema": "relman.touchpoint/1", **msgspec.to_builtins(one)}) for one in found
    )
