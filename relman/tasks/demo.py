"""``inv demo``: the whole way of a release, on a platform of its own."""

from __future__ import annotations

import os

from invoke import Collection, Context

from relman.tasks.declare import task


@task(default=True)
def play(_context: Context) -> None:
    """Watch real releases and a rollback.

    In a temporary git repository and on a platform of its own: a first release, a second one
    through its phases, a broken one that is put back, and a rollback. Leaves nothing running.
    """
    from relman import demo
    from relman.clock import system

    demo.tell(os.environ, system())


ns = Collection("demo", play)
