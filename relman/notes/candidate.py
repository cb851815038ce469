"""What ``prepare`` writes of a candidate: its note, and its section of the changelog.

What it is not: a step (``steps.notes``), or the rules by which a hand's work is kept (``files``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from relman.deciding import releases
from relman.errors import Unreachable
from relman.models import Release
from relman.notes import operations
from relman.notes.files import CHANGELOG, Files, Wrote, path_of
from relman.notes.place import Place
from relman.notes.reading import Asked, notes_of
from relman.notes.values import Notes


class About(NamedTuple):
    """What is known of a candidate, besides its commits.

    Attributes:
        version: Its version.
        commit: Its full hash.
        template: Its revision template, as Cloud Run's v2 REST API spells it.
        live: That of what serves, None where nothing does.
        back: What a rollback would go to, None at a first release.
        target: The environment's name.
        stale: Versions that were prepared and never shipped.
    """

    version: str
    commit: str
    template: Mapping[str, Any]
    live: Mapping[str, Any] | None = None
    back: Release | None = None
    target: str = ""
    stale: tuple[str, ...] = ()


def write(place: Place, root: Path, about: About, aside: Path) -> Wrote:
    """Write what is told of a candidate, and take away what was told of those that never shipped.

    Args:
        place: Where it is read.
        root: The top folder of the repository.
        about: The candidate.
        aside: A folder for what a hand's work kept from being written.

    Raises:
        RelmanError: History, templates or files cannot be read, or nothing can be written.
    """
    source, files, templates = place.source, Files(root), place.templates()
    tags = releases(source.line.commits.tags(source.line.prefix), source.line.prefix)
    shipped = [source.named(one.version) for one in tags]
    name = source.named(about.version)
    if (
        name in shipped and (root / path_of(name)).exists()
    ):  # another environment has it: that note is history
        return Wrote(same=(path_of(name),))
    told = _told(place, about, files.carried(name, shipped))
    text, section = templates.notes(told), templates.section(told) if place.changelog else ""
    dropped = [files.drop(one) for one in map(source.named, about.stale) if one not in {name, *shipped}]
    wrote = files.write(told, text, section, source.links.compare(told.tag, "HEAD"))
    _keep(aside, {path_of(name): text, CHANGELOG: section}, wrote)
    return Wrote(
        wrote.written,
        wrote.same,
        (*wrote.kept, *(path for one in dropped for path in one.kept)),
        tuple(path for one in dropped for path in one.dropped),
    )


def _told(place: Place, about: About, written: str) -> Notes:
    """The candidate's notes, with operations and what was written by hand."""
    notes = notes_of(place.source, Asked(until=about.commit, version=about.version))
    section = operations.told(
        changed=place.source.line.commits.changed(notes.base, notes.commit),
        patterns=place.migrations,
        live=about.live,
        candidate=about.template,
        back=about.back,
        target=about.target,
    )
    return msgspec.structs.replace(notes, operations=section, written=written)


def _keep(aside: Path, texts: Mapping[str, str], wrote: Wrote) -> None:
    """Lay down, where nobody commits it, what would have been written over a hand's work."""
    try:
        for path in wrote.kept:
            aside.mkdir(parents=True, exist_ok=True)
            (aside / Path(path).name).write_text(texts[path], encoding="utf-8")
    except OSError as error:
        raise Unreachable(f"{aside} cannot be written", fact=error.strerror or str(error)) from error
