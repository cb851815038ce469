"""``inv demo.*``: the whole way of a release, and attempts to cheat it, on a platform of its own."""

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


@task
def tamper(_context: Context) -> None:
    """Try to cheat a signed go/no-go.

    The threats that it is built against, T01 to T22, tried one by one on a platform of its own: forged,
    dated back, replayed, swapped, deleted. Each attempt and its refusal is shown, and a table at the end.
    Exit 0 only if every attempt was refused as it should. Leaves nothing running.
    """
    from relman.clock import system
    from relman.demo import tamper as tampering

    tampering.tell(os.environ, system())


ns = Collection("demo", play, tamper)
