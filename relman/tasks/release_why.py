"""``inv release.why`` and ``release.history``: may it ship, and what became of what did.

What it is not: logic. Each task parses, calls ``app``, and prints.
"""

from __future__ import annotations

from datetime import datetime

from invoke import Context
from invoke.exceptions import Exit

from relman.errors import UsageError
from relman.tasks.declare import task
from relman.tasks.showing import ascii_only, placed, read


@task
def history(_context: Context, *, service: str = "", env: str = "", json: bool = False) -> None:
    """List releases, rollbacks, adoptions.

    Args:
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: One JSON object a line, oldest first.
    """
    from relman.render import reports

    with read(service, env) as relman:
        entries = relman.entries()
        print(reports.history_json(entries) if json else reports.history(entries, relman.labels()))


@task
def why(
    _context: Context,
    *,
    at: datetime | None = None,
    version: str = "",
    run: str = "",
    service: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Tell whether it may ship, and why.

    Every gate with its reason, the age of its data, who answers for it, and what clears it; exit 3
    where one refuses. Reads only, also without a candidate and in the middle of a rollout. With --run
    or --version it tells how that run went: what its gates said, every step with its seconds.

    Args:
        at: Another instant than now, with its offset, such as 2026-12-02T10:00+01:00.
        version: How the newest run of that version went.
        run: How the run of that id went, as release.history shows it; "last" is the newest.
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: One JSON object; of a run, one a line.
    """
    from relman.render import reasons, reports

    if at and (run or version):
        raise UsageError("--at asks the gates, --run and --version tell of a run", fact="one or the other")
    with read(service, env) as relman:
        if run or version:
            told = relman.story(version=version, run=run)
            print(reports.entries_json(told) if json else placed(reports.story_of(told), relman.place))
            return
        found = relman.why(at)
        page = placed(reasons.why(found, ascii_only=ascii_only()), relman.place)
        print(reasons.why_json(found) if json else page)
        if not found.passes:
            raise Exit(code=found.code)
