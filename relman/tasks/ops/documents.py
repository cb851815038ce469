"""``inv ops.documents``: the papers of the operating model, made and compared."""

from __future__ import annotations

from pathlib import Path

from invoke import Context

from relman.errors import Refused
from relman.tasks.declare import task


@task
def documents(_context: Context, *, check: bool = False, force: bool = False, json: bool = False) -> None:
    """Make the model's documents, or compare them.

    OPERATING_MODEL.md, CODEOWNERS and a calendar, from relman.toml. A file that was edited by hand is not
    overwritten: what would be lost is shown, and nothing is written.

    Args:
        check: Write nothing; show how the files differ from what relman.toml says.
        force: Overwrite what was edited by hand, too.
        json: One JSON object a line, a line for each file.
    """
    from relman import config
    from relman.clock import system
    from relman.ops import papers
    from relman.render import papers as page

    read = config.load(config.find(Path.cwd()) or Path.cwd() / config.NAME)
    found = papers.compared(read, system().now())
    kept = [one for one in found if one.state is papers.State.EDITED and not (force or check)]
    if not check and not kept:
        papers.write_all(found)
    shown = papers.Mode.CHECKED if check else papers.Mode.KEPT if kept else papers.Mode.WRITTEN
    print(page.papers_json(found, shown) if json else page.papers(found, shown, tuple(papers.unmade(read))))
    if kept:
        raise Refused(
            "edited by hand; nothing was written", fact=page.paths(kept), clears="inv ops.documents --force"
        )
    if check and (drifted := [one for one in found if one.state is not papers.State.SAME]):
        raise Refused("not what relman.toml says", fact=page.paths(drifted), clears="inv ops.documents")
