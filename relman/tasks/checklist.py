"""``inv checklist.*``: the signed go/no-go, from the request to its verification.

What it is not: logic. Each task parses, calls the library, and prints.
"""

from __future__ import annotations

from invoke import Context

from relman.tasks.declare import task
from relman.tasks.showing import opened, shown


@task(name="open")
def open_(_context: Context, *, service: str = "", env: str = "", json: bool = False) -> None:
    """Put the candidate to the vote.

    Freezes a request with its evidence in a folder below checklists/, for you to commit. An earlier
    request for the same candidate stays where it is; votes on it are not votes on this one.

    Args:
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: JSON lines.
    """
    from relman import approving

    with shown(json=json) as screen, opened(service, env, screen) as relman:
        folder = approving.opened(relman.driver, *relman.proposed())
        screen.done(f"put to the vote: checklists/{folder.name}, for you to commit", timed=False)
