"""``inv ops.trace``: whatever people are told to do, can it be typed?"""

from __future__ import annotations

from pathlib import Path

from invoke import Context

from relman.errors import Refused
from relman.tasks.declare import task


@task
def trace(_context: Context, *, all: bool = False, json: bool = False) -> None:  # noqa: A002 - what people type
    """Prove that each duty names a real command.

    Of relman.toml: cadence, domains, what roles own, and the rows of the matrix; of the documents and
    runbooks that it names: each command. Of relman itself: every sentence of the seeds is carried by a
    command, a test, or what is documented as coming later. Reads only.

    Args:
        all: List every sentence too, with what carries it.
        json: One JSON object.
    """
    from relman.ops import trace as tracing
    from relman.render import trace as page
    from relman.tasks.names import commands

    found = tracing.trace(Path.cwd(), commands())
    print(page.trace_json(*found) if json else page.trace(*found, every=all))
    if found.findings:
        raise Refused(f"{len(found.findings)} do not resolve", clears="inv ops.trace, once they are mended")
