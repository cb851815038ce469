"""``inv ops.gaps``: what an operating model, or documents about one, leave open."""

from __future__ import annotations

from pathlib import Path

from invoke import Context

from relman.errors import Refused
from relman.tasks.declare import task


@task
def gaps(_context: Context, *, document: tuple[Path, ...] = (), json: bool = False) -> None:
    """Find what the operating model leaves open.

    Owners, names, deputies, hours, rotation, severities, meetings without a day, placeholders, and
    what was left to do. Each gap with its file and line, who can mend it, and how. Reads only.

    Args:
        document: A document as people wrote it, to be read instead of relman.toml.
        json: One JSON object a line, a line for each gap.
    """
    from relman import config
    from relman.ops import gaps as finder
    from relman.render import gaps as page

    if document:
        what, facts = " and ".join(str(path) for path in document), finder.opened(document)
    else:
        read = config.load(config.find(Path.cwd()) or Path.cwd() / config.NAME)
        what, facts = read.source.path.name, finder.facts(read)
    found = finder.gaps(facts)
    print(page.gaps_json(found) if json else page.gaps(found, what))
    if found:
        raise Refused(f"{page.counted(found)} in the model", fact=what)
