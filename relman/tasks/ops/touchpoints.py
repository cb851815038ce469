"""``inv ops.touchpoints``: whose each file of the repository is."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from invoke import Context

from relman.errors import Refused
from relman.tasks.declare import task


@task
def touchpoints(_context: Context, *, since: str = "", json: bool = False) -> None:
    """Find files that nobody owns.

    Each tracked file belongs to a domain by [[touchpoint]], and so to a role. What no pattern fits, or
    whose domain nobody owns, is listed. Reads only.

    Args:
        since: Only what changed since this version, tag or commit.
        json: One JSON object a line, a line for each file.
    """
    from relman import config
    from relman.ops import touchpoints as whose
    from relman.render import touchpoints as page
    from relman.repo import Repo

    read = config.load(config.find(Path.cwd()) or Path.cwd() / config.NAME)
    with closing(Repo(read.folder)) as repo:
        paths = repo.since(repo.commit(since), repo.head) if since else repo.files(repo.head)
        found = whose.places(read, whose.below(repo.folder_of(read.folder), paths))
    if found or not json:
        print(page.places_json(found) if json else page.places(found))
    if not found and not since:
        raise Refused("no file is tracked here", fact=str(read.folder), clears="git add, and git commit")
    if nobodys := [place for place in found if not place.mapped]:
        raise Refused(f"{len(nobodys)} of {len(found)} files are nobody's", clears="write [[touchpoint]]")
