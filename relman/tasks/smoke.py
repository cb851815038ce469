"""``inv smoke.run``: the smoke checks by hand, or from CI after any deployment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from invoke import Collection, Context
from invoke.exceptions import Exit

from relman.tasks.declare import task

if TYPE_CHECKING:
    from relman.smoke import Suite

FAILED = 1


@task(default=True)
def run(
    _context: Context,
    *,
    url: str = "",
    file: str = "",
    service: str = "",
    env: str = "",
    version: str = "",
    revision: str = "",
    junit: str = "",
) -> None:
    """Ask the smoke checks of a URL.

    Exit 0 if every check passes, 1 if one does not.

    Args:
        url: What is asked; by default the live URL of the service in relman.toml.
        file: The checks; by default those of the service in relman.toml.
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        version: What a check's ${release.version} means.
        revision: What a check's ${release.revision} means.
        junit: Write a JUnit XML report to this file.
    """
    from relman import smoke
    from relman.clock import system

    suite, base = _suite(file, service, env), url or _live(service, env)
    values = {"release.version": version, "release.revision": revision}
    report = smoke.run(
        suite, base, values={name: value for name, value in values.items() if value}, clock=system()
    )
    print(smoke.table(report))
    if junit:
        Path(junit).write_text(smoke.junit(report), encoding="utf-8")
    if not report.passed:
        print(f"smoke failed on {base}", file=sys.stderr)
        raise Exit(code=FAILED)


def _suite(file: str, service: str, env: str) -> Suite:
    from relman import config, smoke

    if file:
        return smoke.load(Path(file))
    found = config.find(Path.cwd())
    named = config.load(found).select(service, env).smoke if found else None
    return smoke.load(named) if named else smoke.default_suite()


def _live(service: str, env: str) -> str:
    from relman.errors import Refused
    from relman.tasks.showing import read

    with read(service, env) as relman:
        live = relman.status().live
    if live is None or not live.uri:
        raise Refused("the service has no URL yet", fact=str(relman.key), clears="inv smoke.run --url URL")
    return live.uri


ns = Collection("smoke", run)
