"""``[documents]`` of relman.toml: where the papers stand that are made from the model, and the runbooks.

What it is not: what the papers say. That is the model itself, by templates which a team can replace.
"""

from __future__ import annotations

import posixpath
from functools import partial

from msgspec import Struct, field

from relman.config.source import NAME
from relman.config.versions import RepoPath
from relman.config.words import Duration


class FilePath(RepoPath):
    """A file or a folder below that of relman.toml."""

    __slots__ = ()
    shape = "a path below the folder of relman.toml, such as 'docs/runbooks'"
    pattern = r"(?!(?:.*/)?\.\.(?:/|\Z))[^/\\\x00-\x1f\x7f][^\\\x00-\x1f\x7f]*"


class Documents(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The papers made from the model, and the runbooks that people write. Paths are relative to relman.toml.

    Attributes:
        model: The operating model for people to read; default "OPERATING_MODEL.md".
        codeowners: Who reviews what, for the forge; default ".github/CODEOWNERS".
        calendar: Windows, meetings and shifts as an iCalendar file; default "docs/calendar.ics".
        templates: A folder of your own templates; absent: relman's. Each file in it takes the place of the
            one of that name.
        runbooks: The folders in which runbooks are looked for; default ["docs/runbooks", "handover"].
        runbook_age: How long a review of a runbook holds; default "180d". Twice as old stops a release.
    """

    model: FilePath = field(default_factory=partial(FilePath, "OPERATING_MODEL.md"))
    codeowners: FilePath = field(default_factory=partial(FilePath, ".github/CODEOWNERS"))
    calendar: FilePath = field(default_factory=partial(FilePath, "docs/calendar.ics"))
    templates: FilePath | None = None
    runbooks: tuple[FilePath, ...] = field(
        default_factory=lambda: (FilePath("docs/runbooks"), FilePath("handover"))
    )
    runbook_age: Duration = field(default_factory=partial(Duration, "180d"))

    def __post_init__(self) -> None:
        """Refuse what would write one paper over another, over relman.toml, or into git's own folder."""
        taken = {NAME: "relman.toml itself"}
        for key in ("model", "codeowners", "calendar"):
            path = posixpath.normpath(getattr(self, key)).lower()  # as a Mac's file system compares
            if path == "." or path.split("/")[0] == ".git":
                raise ValueError(f"'{key}' cannot be written to {getattr(self, key)!r}")
            if (other := taken.setdefault(path, f"'{key}'")) != f"'{key}'":
                raise ValueError(f"'{key}' would be written over {other}")
