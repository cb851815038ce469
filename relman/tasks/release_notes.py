"""``inv release.notes``: what is told of a release, from any git repository.

What it is not: a writer of files. ``release.prepare`` writes them; here they are printed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from invoke import Context

from relman.errors import UsageError
from relman.tasks.declare import task
from relman.tasks.showing import same_bytes


@task
def notes(
    _context: Context,
    *,
    from_: str = "",
    to: str = "",
    version: str = "",
    all: bool = False,  # noqa: A002 - what people type
    prefix: str = "",
    service: str = "",
    json: bool = False,
) -> None:
    """Print the notes of a release, or of all.

    Works in any git repository; a relman.toml is heeded where there is one. By default the commits since
    the last release. Reads only, and asks no network.

    Args:
        from_: The commits after this version, tag or commit, instead of those after the last release.
        to: The commits up to this version, tag or commit, instead of the one that is checked out.
        version: What the notes are called; a version that is tagged already means the notes of that release.
        all: The notes of every final release, the highest first.
        prefix: What stands before the version in its tags, instead of v or what relman.toml says.
        service: Which service, where relman.toml has several.
        json: One JSON object a line, a line for each release.
    """
    if all and (from_ or to or version):
        raise UsageError("--all goes without a range", clears="inv release.notes --all")
    from relman.notes import flow, place, reading, values
    from relman.version import checked

    here = place.here(Path.cwd(), service, prefix or None)
    asked = reading.Asked(from_, to, checked(version) if version else "")
    found = flow.every(here.source) if all else iter([reading.notes_of(here.source, asked)])
    same_bytes()
    if json:
        for one in found:
            sys.stdout.write(values.encode(one).decode())
        return
    templates = here.templates()
    for number, one in enumerate(found):
        sys.stdout.write(("\n" if number else "") + templates.notes(one))
