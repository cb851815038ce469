"""``inv ops.check``: what is wrong with the operating model."""

from __future__ import annotations

import os
from pathlib import Path

from invoke import Context

from relman.errors import Refused
from relman.tasks.declare import task


@task
def check(_context: Context, *, json: bool = False, strict: bool = False) -> None:
    """Find what is wrong with the operating model.

    Roles without people or deputies, rows without exactly one A, domains without runbooks, numbers in
    the file, what is left to do. Each with its file and line, who can mend it, and how. Reads only.
    Exit 0 if there is nothing to mend, 3 if there is, 2 if the file cannot be read.

    Args:
        json: One JSON object a line, a line for each finding.
        strict: Let warnings count too; for where alerts are sent from, and contacts must be set.
    """
    from relman import config
    from relman.clock import system
    from relman.ops import checks
    from relman.render import checks as page
    from relman.tasks.names import commands

    read = config.load(config.find(Path.cwd()) or Path.cwd() / config.NAME)
    resolve = checks.from_environment(os.environ)
    found = checks.check(checks.Asked(read, system().now(), commands(), resolve))
    what = read.source.path.name
    if found or not json:
        print(page.findings_json(found) if json else page.findings(found, what))
    if wrong := checks.faults(found, strict=strict):
        raise Refused(f"{page.counted(wrong)} in the model", fact=str(read.source.path))
