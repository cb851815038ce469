"""One build under way: a builder's process, its log, its answer.

What it is not: the record of it (``builds``).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import NamedTuple

from relman.embedded.images.steps import Recipe


class Outcome(NamedTuple):
    """What came of a build.

    Attributes:
        digest: Of the image, empty when there is none.
        commit: The commit it was built from.
        kind: What failed, a name of ``FailureInfo.FailureType``; empty when nothing did.
        detail: The reason, for people.
    """

    digest: str = ""
    commit: str = ""
    kind: str = ""
    detail: str = ""


class Source(NamedTuple):
    """What is built.

    Attributes:
        url: The git remote; without a revision the path of a tar, or empty for no source at all.
        revision: A commit's SHA, a branch or a tag; empty for what was never committed.
        folder: Relative to the commit's root; empty for all of it.
    """

    url: str = ""
    revision: str = ""
    folder: str = ""


class Overtime(Exception):
    """The build took longer than it may."""


async def construct(recipe: Recipe, *, source: Source, layout: Path, log: Path, seconds: float) -> Outcome:
    """Build, and tell what came of it; cancelled or late, nothing of it is left running.

    Raises:
        Overtime: It was ended because its time was over.
    """
    job = {
        **source._asdict(),
        "layout": str(layout),
        "name": recipe.image,
        "entrypoint": recipe.entrypoint,
        "dockerfile": recipe.dockerfile,
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "relman.embedded.images.builder"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            env=os.environ | {"PYTHONPATH": _importable()},
            start_new_session=True,
        )
    return await _answer(child, json.dumps(job).encode() + b"\n", seconds)


async def _answer(child: asyncio.subprocess.Process, job: bytes, seconds: float) -> Outcome:
    """Standard input stays open: its end tells the builder that the platform has died."""
    assert child.stdin  # noqa: S101 - asked for as a pipe
    assert child.stdout  # noqa: S101 - asked for as a pipe
    try:
        async with asyncio.timeout(seconds):
            child.stdin.write(job)
            line = await child.stdout.readline()
    except TimeoutError as error:
        raise Overtime from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.stdin.close()
        await child.wait()
    if not line:
        return Outcome(
            kind="FAILURE_TYPE_UNSPECIFIED", detail="the builder ended without an answer: see its log"
        )
    return Outcome(**json.loads(line))


def _importable() -> str:
    package = str(Path(__file__).parents[3])
    return os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
