"""May it ship? The gates asked outside a run: for a plan that is shown, and for any instant.

What it is not: the gates (``gates``), or what a run does with them (``steps.ask``). One function,
:func:`why`, serves the tasks, CI and whoever else shows the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from relman import gates, proposing
from relman.clock import aware
from relman.driving import Driver
from relman.errors import Refused, RelmanError
from relman.gates import Question
from relman.gates.reasons import Why
from relman.ledger import Entry
from relman.live import LiveService
from relman.models import Candidate, Verdict, listed
from relman.plan import Plan, stored
from relman.steps import AskGates
from relman.steps.ask import question

AS_NOW = "as it is now"
AS_RECORDED = "as the run found it"


def verdicts(driver: Driver, plan: Plan) -> tuple[Verdict, ...]:
    """Ask the gates of a plan that is not running, and show what they say."""
    asked = _step(plan).question(replace(driver, plan=plan.digest))
    return gates.show(gates.ask(asked), asked.config, driver.emit)


def must_pass(driver: Driver, plan: Plan) -> str:
    """Ask the gates of a plan that is not running, and show what they say; all of it in one line.

    Raises:
        Refused: One does not let it pass; all that do not are named.
    """
    found = verdicts(driver, plan)
    refusing = [one for one in found if not one.passes]
    if refusing or not found:
        names = listed(one.gate for one in refusing) if refusing else "no gate at all"
        clears = refusing[0].clears if refusing else ""
        raise Refused(f"REFUSED by {names}; nothing was changed", clears=clears)
    return gates.summed(found)


def why(driver: Driver, candidate: Candidate | None, at: datetime | None = None) -> Why:
    """May the candidate ship now, or at another instant, and by what is that judged?

    Gates of time are judged for the instant. The world is only known as it is now, or as a run found
    it that was open at that instant. Nothing is written.

    Args:
        driver: What is looked at; it drives nothing here.
        candidate: What is prepared; None for nothing.
        at: Another instant, with an offset.

    Raises:
        UsageError: ``at`` is naive.
    """
    now = driver.clock.now()
    instant = now if at is None else aware(at)
    rollout = _rollout(driver, instant)
    asked = _asked_then(driver, rollout, at) if rollout else _question(driver, candidate, at)
    recorded = _recorded(driver.store.entries(run=rollout.run), instant) if rollout else {}
    return Why.of(
        asked,
        tuple(_told(gate, asked, recorded) for gate in gates.due(asked)),
        environment=driver.environment,
        now=now,
        run=rollout.run if rollout else "",
    )


def _told(gate: gates.Gate, asked: Question, recorded: dict[str, Verdict]) -> gates.Told:
    """A gate about that instant; one about the world as it was recorded then, or else as it is now."""
    if not gate.timed and gate.id in recorded:
        return gates.told(gate, recorded[gate.id], asked.config, AS_RECORDED)
    (verdict,) = gates.ask(asked, [gate])
    how = "" if gate.timed or asked.at is None else AS_NOW
    return gates.told(gate, verdict, asked.config, how)


def _question(driver: Driver, candidate: Candidate | None, at: datetime | None) -> Question:
    """The question as the next cut would ask it."""
    live, entries = driver.cloud.service(driver.key), driver.store.entries(driver.key)
    chain, first = proposing.standing(live, entries, driver.cloud, driver.key)
    planned = replace(driver, plan=_planned(driver, candidate, live)) if candidate else driver
    return question(planned, candidate, chain, first=first, at=at)


def _planned(driver: Driver, candidate: Candidate, live: LiveService | None) -> str:
    """The digest of the plan that the next cut would drive, empty where none can be made."""
    try:
        return proposing.plan_on(driver, candidate, live).digest
    except RelmanError:
        return ""


def _asked_then(driver: Driver, rollout: Entry, at: datetime | None) -> Question:
    """The question that the run asked."""
    plan = stored(rollout.detail["plan"])
    step, planned = _step(plan), replace(driver, plan=plan.digest)
    asked = question(planned, step.candidate, step.chain, first=step.first, at=at)
    return replace(asked, run=rollout.run)


def _step(plan: Plan) -> AskGates:
    return next(step for step in plan.steps if isinstance(step, AskGates))


def _rollout(driver: Driver, instant: datetime) -> Entry | None:
    """What opened the rollout that was under way at an instant, None if none was."""
    found: Entry | None = None
    for entry in driver.store.entries(driver.key):
        if entry.at > instant:
            break
        if entry.kind == "run.opened" and entry.detail.get("kind") == "release":
            found = entry
        elif entry.kind == "run.closed" and found and entry.run == found.run:
            found = None
    return found


def _recorded(entries: Iterable[Entry], instant: datetime) -> dict[str, Verdict]:
    """What a run's gates said, by their ids, if it had asked them by then."""
    found: dict[str, Any] = next(
        (
            entry.detail.get("value", entry.detail)
            for entry in entries
            if entry.step == "gates" and "verdicts" in entry.detail.get("value", entry.detail)
            if entry.at <= instant
        ),
        {},
    )
    said = found.get("verdicts", ())
    told = (msgspec.convert(one, Verdict) for one in said) if isinstance(said, list) else ()
    return {one.id: one for one in told if one.id}
