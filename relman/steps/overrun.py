"""What a step that goes forward does once it may no longer ship (ruling 20).

What it is not: the gate. That is asked once, before anything is changed; this is asked at each write.
Nothing that goes back asks it.
"""

from __future__ import annotations

from relman.errors import Paused
from relman.models import TEAM, Release
from relman.steps.step import Failed, World

RESUME = "inv release.resume, or inv release.abort"


def halted(world: World, release: Release) -> Failed | None:
    """None to go on, or why the rollout is to be put back.

    An emergency stop always holds. A freeze or a holiday does, unless an emergency override is active. A
    closed window follows ``overrun``: ``finish`` goes on, ``hold`` waits for a person, ``return`` puts back.
    Who is only advised by the gates goes on when a window closes, and never inside a freeze.

    Args:
        world: As the run sees it.
        release: What ships; an override opens for what it was granted for.

    Raises:
        Paused: The rollout is to be held where it is.
    """
    from relman.ops import hours

    if world.config is None or world.target is None:
        return None
    now = world.clock.now()
    told = (*world.ledger(TEAM), *world.ledger(world.key))
    here = hours.of(world.config.window, told, release=release)
    if here.answer(now).open:
        return None
    if closure := here.frozen(now):
        what = "an emergency stop is in force" if closure.kind == "stop" else f"a {closure.kind} has begun"
        lift = f"inv window.thaw --id {closure.id}, then " if closure.id else ""
        raise Paused(f"held: {what}", fact=closure.text, clears=f"{lift}{RESUME}")
    if world.target.overrun == "finish" or world.config.mode == "advise":
        return None
    if world.target.overrun == "hold":
        raise Paused("held: the deploy window has closed", fact=here.explain(now), clears=RESUME)
    return Failed(f"the deploy window has closed: {here.explain(now)}")
