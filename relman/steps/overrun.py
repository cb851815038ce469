"""What a step that moves traffic forward does once the deploy window has closed (ruling 20).

What it is not: the gate. That is asked once, before anything is changed; this is asked at each shift.
"""

from __future__ import annotations

from relman.errors import Paused
from relman.steps.step import Failed, World

RESUME = "inv release.resume, or inv release.abort"


def halted(world: World) -> Failed | None:
    """None to go on, or why the rollout is to be put back.

    A freeze always holds. A closed window follows ``overrun``: ``finish`` goes on, ``hold`` waits for a
    person, ``return`` puts back.

    Raises:
        Paused: The rollout is to be held where it is.
    """
    from relman.ops import windows

    schedule = world.config.window if world.config else None
    if schedule is None or world.target is None:
        return None
    now = world.clock.now()
    if frozen := windows.frozen(schedule, now):
        raise Paused(
            "held: a freeze has begun", fact=getattr(frozen, "reason", "") or "holiday", clears=RESUME
        )
    if windows.answer(schedule, now).open or world.target.overrun == "finish":
        return None
    fact = windows.explain(schedule, now)
    if world.target.overrun == "hold":
        raise Paused("held: the deploy window has closed", fact=fact, clears=RESUME)
    return Failed(f"the deploy window has closed: {fact}")
