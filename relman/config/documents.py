"""``[documents]`` of relman.toml: where the papers stand that are made from the model, and the runbooks.

What it is not: what the papers say. That is the model itself, by templates which a team can replace.
"""

from __future__ import annotations

from functools import partial

from msgspec import Struct, field

from relman.config.versions import RepoPath
from relman.config.words import Duration


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

    model: RepoPath = field(default_factory=partial(RepoPath, "OPERATING_MODEL.md"))
    codeowners: RepoPath = field(default_factory=partial(RepoPath, ".github/CODEOWNERS"))
    calendar: RepoPath = field(default_factory=partial(RepoPath, "docs/calendar.ics"))
    templates: RepoPath | None = None
    runbooks: tuple[RepoPath, ...] = field(
        default_factory=lambda: (RepoPath("docs/runbooks"), RepoPath("handover"))
    )
    runbook_age: Duration = field(default_factory=partial(Duration, "180d"))
