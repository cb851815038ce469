"""``inv release.*``: what people type to ship, to look, and to go back.

What it is not: logic. Each task parses, calls ``app``, and prints.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from invoke import Collection, Context

from relman.errors import UsageError
from relman.tasks.declare import task
from relman.tasks.release_notes import notes
from relman.tasks.release_why import history, why
from relman.tasks.showing import ascii_only, opened, opened_for_rollback, placed, read, same_bytes, shown

if TYPE_CHECKING:
    from relman.app import Relman
    from relman.plan import Plan


@task(default=True)
def status(_context: Context, *, service: str = "", env: str = "", json: bool = False) -> None:
    """Show what serves, and the way back.

    Reads only: what carries the traffic, what a rollback would go to, what is open and prepared.

    Args:
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: One JSON object.
    """
    from relman.render import reports

    with read(service, env) as relman:
        now = relman.status()
        page = reports.status(now, ascii_only=ascii_only())
        print(reports.status_json(now) if json else placed(page, relman.place))


@task
def prepare(
    _context: Context,
    *,
    version: str = "",
    bump: Literal["", "major", "minor", "patch"] = "",
    image: str = "",
    service: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Build the commit; freeze the candidate.

    Decides the version, builds the commit that is checked out, and freezes the full revision
    template. Nothing ships.

    Args:
        version: The version, instead of the one that the commits ask for.
        bump: major, minor or patch, instead of what the commits ask for.
        image: An image built elsewhere, as NAME@sha256:…
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: JSON lines.
    """
    with shown(json=json) as screen, opened(service, env, screen) as relman:
        candidate = relman.prepare(version=version, bump=bump, image=image)
        screen.done(
            f"{candidate.version} is prepared as {candidate.revision}",
            then=("inv release.plan", "inv release.cut"),
        )


@task(name="plan")
def look(_context: Context, *, service: str = "", env: str = "", json: bool = False) -> None:
    """Show the next cut's steps and gates.

    Every step, and every gate's verdict with the command that clears it. Changes nothing.

    Args:
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: JSON lines.
    """
    with shown(json=json) as screen, opened(service, env, screen) as relman:
        said = relman.look()
        screen.done(f"{said}; nothing was changed", then=("inv release.cut",), timed=False)


@task
def cut(  # noqa: PLR0913 - each is a flag
    _context: Context,
    *,
    plan: str = "",
    dry_run: bool = False,
    override: tuple[str, ...] = (),
    reason: str = "",
    incident: str = "",
    emergency: bool = False,
    service: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Ship the candidate, phase by phase.

    Asks every gate, deploys at 0 %, runs the smoke checks, shifts traffic phase by phase, and tags.
    What fails is put back. Without a candidate it prepares one first (profile solo). Against
    Google it asks for the version to be typed; without a terminal it wants --plan.

    Args:
        plan: The id that release.plan printed; refused if the plan has changed since.
        dry_run: Show the steps and the gates, and change nothing (like release.plan).
        override: A gate that is to be lifted for this candidate and two hours; it is recorded.
        reason: Why the gate is lifted; an override takes one.
        incident: The incident that the override belongs to; an override takes one.
        emergency: The override of the window pierces a freeze and a holiday too.
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: JSON lines.
    """
    from relman.tasks.confirming import confirmed, wished

    with shown(json=json) as screen, opened(service, env, screen) as relman:
        lift = wished(override, reason, incident, emergency=emergency)
        if dry_run:
            if lift:
                raise UsageError("a dry run records no override", clears="the same without --override")
            said = relman.look()
            screen.done(f"{said}; nothing was changed", then=("inv release.cut",), timed=False)
        else:
            done = relman.cut(confirmed(relman, plan, sys.stdin), prepared=bool(plan), lift=lift)
            screen.done(done.outcome, undo=_undo(done), then=_then(relman, done))


@task
def rollback(
    _context: Context,
    *,
    to: str = "",
    service: str = "",
    env: str = "",
    project: str = "",
    region: str = "",
    json: bool = False,
) -> None:
    """Put all traffic back on a good release.

    Asks no gate and no question; needs no git, no builder and no registry. With --service,
    --project and --region it needs no relman.toml either.

    Args:
        to: A version or revision; by default the newest good release that a probe finds healthy.
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        project: The Google Cloud project, where there is no relman.toml.
        region: The region, where there is no relman.toml.
        json: JSON lines.
    """
    with shown(json=json) as screen:
        with opened_for_rollback((service, env, project, region), screen) as relman:
            told = relman.rollback(to)
        screen.done(told, then=("inv release.status",), timed=False)


@task
def resume(
    _context: Context, *, plan: str = "", service: str = "", env: str = "", json: bool = False
) -> None:
    """Go on with the run that was left open.

    Runs the stored plan from the first step that the ledger does not call done. Where only the
    prepare of a cut was done, it goes on with the cut, and asks what release.cut asks. Where no run
    is open, it tries again what a release owes: the push of its tag, what GitHub is told.

    Args:
        plan: As for release.cut.
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: JSON lines.
    """
    from relman.tasks.confirming import confirmed

    with shown(json=json) as screen, opened(service, env, screen) as relman:
        done = relman.resume(confirmed(relman, plan, sys.stdin))
        if done is None:
            screen.done("nothing to resume: no run is open, and nothing is owed", timed=False)
        else:
            screen.done(done.outcome, undo=_undo(done), then=_then(relman, done))


@task
def abort(
    _context: Context,
    *,
    reason: str = "no reason given",
    service: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Stop the open run and put it back.

    A living driver is told and does it; a dead one's run is taken over. Where no run is open, what
    a release still owes is given up.

    Args:
        reason: Why; it is recorded.
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: JSON lines.
    """
    with shown(json=json) as screen, opened(service, env, screen) as relman:
        screen.done(relman.abort(reason), timed=False)


@task
def adopt(
    _context: Context, *, version: str = "", service: str = "", env: str = "", json: bool = False
) -> None:
    """Take what serves now as good.

    Records the serving revision and its image as what a rollback can go to, though relman did
    not release it. Changes nothing on the service.

    Args:
        version: Which version it is, where that is known.
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: JSON lines.
    """
    with shown(json=json) as screen, opened(service, env, screen) as relman:
        release = relman.adopt(version)
        screen.done(f"{release.revision} is adopted as the way back", then=("inv release.cut",), timed=False)


@task(name="version")
def next_version(
    _context: Context,
    *,
    rc: bool = False,
    bump: Literal["", "major", "minor", "patch"] = "",
    from_: str = "",
    commit: str = "HEAD",
    explain: str = "",
    prefix: str = "",
    service: str = "",
    json: bool = False,
) -> None:
    """Tell the next version, and why.

    Works in any git repository; a relman.toml is heeded where there is one. Reads only.

    Args:
        rc: The next pre-release instead of the final version.
        bump: major, minor or patch, instead of what the commits ask for.
        from_: Read the commits after this commit or tag, instead of those after the last release.
        commit: The commit that is to be released.
        explain: Tell of this one commit what it did, and why.
        prefix: What stands before the version in its tags, instead of v or what relman.toml says.
        service: Which service, where relman.toml has several.
        json: One JSON object.
    """
    from relman import deciding, line
    from relman.render import decisions

    sought = line.here(Path.cwd(), service, prefix or None)
    wish = deciding.Wish(tip=commit, after=from_, bump=bump or None, pre_release=rc)
    same_bytes()
    if explain:
        told = deciding.explained(sought, wish, explain)
        print(decisions.explained_json(told) if json else decisions.explained(told))
    else:
        found = deciding.decide(sought, wish)
        print(decisions.decided_json(found) if json else decisions.decided(found))


def _undo(plan: Plan) -> str:
    """What undoes a release; nothing does where there is nothing to go back to."""
    return "inv release.rollback" if plan.on_failure else ""


def _then(relman: Relman, plan: Plan) -> tuple[str, ...]:
    """What is left to do: to try again what is owed, or to push the tag where relman was not told to."""
    again = ("inv release.resume",) if relman.status().owed else ()
    config = relman.configured
    by_hand = plan.subject and not config.platform.loopback and not config.tag.push
    name = f"{config.prefix(relman.key.service)}{plan.subject}"
    return (*again, *([f"git push {config.remote} {name}"] if by_hand else []))


ns = Collection(
    "release", status, prepare, look, cut, rollback, resume, abort, adopt, history, why, next_version, notes
)
