"""What a release that is over still owes: tried once more, or given up.

What it is not: a run that ships. The same steps are settled again, in a run of their own that touches no
traffic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relman.driving import Driver
from relman.errors import Paused
from relman.ledger import Draft, Entry, story
from relman.models import listed
from relman.plan import Plan, opening_of, plan_follow_up, stored


def settled(driver: Driver, entries: Sequence[Entry], show: Callable[[Plan], None]) -> Plan | None:
    """Try everything that is owed once more; the last plan of it, None if nothing is owed.

    Raises:
        Paused: Something still is.
    """
    plan, debts = None, story.owed(entries)
    for run in dict.fromkeys(debt.run for debt in debts):
        due = {debt.step for debt in debts if debt.run == run}
        plan = plan_follow_up(stored(opening_of(entries, run=run).detail["plan"]), run, due)
        show(plan)
        driver.begin(plan)
    if left := story.owed(driver.store.entries(driver.key)):
        facts = "; ".join(f"{debt.line}: {debt.reason}" for debt in left)
        first = left[0].clears or "inv release.resume"
        raise Paused("still owed", fact=facts, clears=f"{first}, or inv release.abort to give it up")
    return plan


def dropped(driver: Driver, entries: Sequence[Entry], reason: str) -> str:
    """Give up what is owed, and say what that was."""
    debts = story.owed(entries)
    driver.store.append(
        [
            Draft(
                "owed.dropped", driver.key, driver.environment, debt.run, debt.step, detail={"reason": reason}
            )
            for debt in debts
        ]
    )
    if not debts:
        return "nothing to abort: no run is open"
    return f"no run is open; no longer owed: {listed(debt.line for debt in debts)}"
