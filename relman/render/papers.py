"""The page of ``ops.documents``: what became of each file, and how it differs. Values in, text out."""

from __future__ import annotations

import json
from collections.abc import Sequence

from relman.models import listed
from relman.ops.papers import Mode, Standing, State
from relman.render.pages import printable, table


def papers(found: Sequence[Standing], mode: Mode, notes: Sequence[str] = ()) -> str:
    """For people: a line for each file, then the differences, if nothing was written.

    Args:
        found: The papers, with how their files were found.
        mode: What was done.
        notes: What was not made.
    """
    rows = [[one.paper.path, _told(one.state, mode)] for one in found]
    differing = [one for one in found if _shows(one, mode)]
    diffs = ["\n".join(printable(line) for line in one.diff.splitlines()) for one in differing]
    return "\n\n".join(["\n".join([table(rows), *notes]), *diffs])


def papers_json(found: Sequence[Standing], mode: Mode) -> str:
    """For machines: one JSON object a line."""
    return "\n".join(
        json.dumps(
            {
                "schema": "relman.document/1",
                "path": one.paper.path,
                "was": one.state,
                "written": mode is Mode.WRITTEN and one.state is not State.SAME,
                "diff": one.diff,
            }
        )
        for one in found
    )


def paths(found: Sequence[Standing]) -> str:
    """Their files, in a sentence."""
    return listed(one.paper.path for one in found)


def _told(state: State, mode: Mode) -> str:
    if state is State.SAME:
        return "as relman.toml says"
    if mode is Mode.WRITTEN:
        return "written"
    told = {
        State.MISSING: "missing",
        State.BEHIND: "relman.toml has changed since",
        State.EDITED: "edited by hand",
    }
    return told[state]


def _shows(one: Standing, mode: Mode) -> bool:
    """A check shows every difference; a refusal only what would be lost."""
    lost = mode is Mode.KEPT and one.state is State.EDITED
    return lost or (mode is Mode.CHECKED and one.state in {State.BEHIND, State.EDITED})
