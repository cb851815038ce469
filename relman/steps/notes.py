"""The step of ``prepare`` that tells what a candidate is: its release notes, as files of the working tree."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from relman.errors import RelmanError
from relman.ledger import story
from relman.models import Event, ServiceKey
from relman.steps.step import Done, Failed, Knowledge, Seen, World

ASIDE = ".relman/notes"
"""Where that lies which relman would have written over what a hand has edited."""


class WriteNotes(Knowledge, frozen=True, tag="notes"):
    """Write ``release_notes/<version>.md`` and the changelog's section, for a person to read and commit.

    The same candidate gives the same bytes, so it may be done again; what a hand has edited is left alone.

    Attributes:
        version: The candidate's.
        name: What the note is called.
        changelog: Whether the changelog is kept.
    """

    key_: ServiceKey
    version: str
    name: str
    changelog: bool = True

    @property
    def key(self) -> str:
        """``notes``."""
        return "notes"

    @property
    def line(self) -> str:
        """Which files are written."""
        files = f"release_notes/{self.name}.md{' and CHANGELOG.md' if self.changelog else ''}"
        return f"write {files}, for you to commit"

    def act(self, world: World) -> Seen | str:
        """Tell of the candidate that was frozen, and hand that on: it is what ``prepare`` makes."""
        frozen: dict[str, Any] = (world.record.value("freeze") or {})["candidate"]
        try:
            told = self._written(world, frozen)
        except RelmanError as error:
            return Failed(f"{error.what}: {error.fact}" if error.fact else error.what, error.clears)
        return Done({"candidate": frozen, "text": told})

    def _written(self, world: World, frozen: dict[str, Any]) -> str:
        from relman.notes import candidate, place

        if world.config is None:
            return "no relman.toml, no notes"
        found, entries = (
            place.configured(world.config, self.key_.service),
            world.record.store.entries(self.key_),
        )
        good, live = story.known_good(entries), world.cloud.service(self.key_)
        serving = story.frozen(entries, good[0].revision) if good else None
        about = candidate.About(
            version=self.version,
            commit=frozen["commit"],
            template=frozen["template"],
            live=serving or (live.template if live else None),
            back=good[0] if good else None,
            target=world.environment,
            stale=story.unshipped(entries),
        )
        folder = world.config.folder
        wrote = candidate.write(found, world.repo().root, about, folder / ASIDE)
        for note in _notes(wrote.kept, wrote.dropped, world.repo().root, folder):
            world.emit(Event("note", note))
        return f"written: {', '.join(wrote.written)}" if wrote.written else "nothing to write"


def _notes(kept: Iterable[str], dropped: Iterable[str], root: Path, folder: Path) -> Iterable[str]:
    """What a person is told of files that were not simply written."""
    for path in kept:
        here, ours = (
            Path(os.path.relpath(one, folder)) for one in (root / path, folder / ASIDE / Path(path).name)
        )
        told = f"{path} was edited by hand and is left as it is"
        yield f"{told}: git diff --no-index {here} {ours}" if (folder / ours).exists() else told
    for path in dropped:
        yield f"{path} told of a version that was never shipped; it is taken away"
