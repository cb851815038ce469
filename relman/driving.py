"""Begin a run, take one over, and drive it: lock, epoch, record.

What it is not: the settling of steps (``engine``) or the choice of a plan (``app``).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from relman.engine import Engine
from relman.errors import Fenced, Locked, PutBack, Refused
from relman.interrupts import Interrupts
from relman.ledger import Draft, Entry, Run, RunRecord, Store, story
from relman.live import LiveService
from relman.plan import Plan, stored
from relman.steps import AskGates, Authority, Outside, World

ABORT_SECONDS = 120.0


@dataclass(kw_only=True)
class Driver(Outside):
    """Drives the runs of one service in one environment, and records them in ``store``."""

    store: Store

    def begin(self, plan: Plan, live: LiveService | None = None, *, then: str = "") -> dict[str, Any]:
        """Open a run of a plan and drive it to its end.

        Args:
            plan: What is settled.
            live: The service as it was read for the plan; unneeded for a build.
            then: What the person asked for that goes on after it: ``cut``, or nothing.

        Raises:
            Locked: Another driver is alive, or left a run open.
        """
        with self.store.drive(self.key, plan.lane):
            run = self.opened(plan, live, then=then)
            return self._drive(plan, run, live)

    def insist(self, plan: Plan, live: LiveService) -> dict[str, Any]:
        """Open a run that takes the lane from whoever has it, and drive it: a rollback waits for no lock."""
        return self._drive(plan, self.opened(plan, live, supersedes=True), live)

    def resume(self, run: Run, taken: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Take an open run over and drive its stored plan to its end.

        Args:
            run: The open run.
            taken: Called once the run is ours.

        Raises:
            Fenced: The service was written to by a driver that this ledger does not know.
            Locked: The run's driver is alive.
        """
        with self.store.drive(self.key, run.lane):
            plan = self.plan_of(run)
            live = self.cloud.service(self.key) if run.lane == "traffic" else None
            if live and self._strange(run, plan, live):
                raise _unknown_driver(live)
            ours = self._taken(run, live)
            taken()
            return self._drive(plan, ours, live)

    def opened(
        self, plan: Plan, live: LiveService | None, *, then: str = "", supersedes: bool = False
    ) -> Run:
        """A new run in the ledger, with the plan stored."""
        moment = self.clock.now()
        id_ = f"{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        epoch = self._next_epoch(live)
        detail = {
            "kind": plan.kind,
            "lane": plan.lane,
            "plan": plan.stored,
            "digest": plan.digest,
            "title": plan.title,
            "then": then,
            "found": live.run if live else "",
        }
        draft = Draft("run.opened", self.key, self.environment, id_, "", epoch, detail, supersedes)
        used = self._used(plan, id_)
        self.store.append([draft, *used])
        return Run(id_, plan.kind, plan.lane, "open", epoch, self.key, self.environment)

    def _used(self, plan: Plan, run: str) -> tuple[Draft, ...]:
        """The approval that a release uses up, recorded with its opening: for no other run (T04).

        Raises:
            Refused: Another run has used it.
        """
        step = next((one for one in plan.steps if isinstance(one, AskGates)), None)
        if step is None:
            return ()
        from relman.gates.approval import consuming

        return consuming.drafts(step.question(replace(self, plan=plan.digest)), run)

    def plan_of(self, run: Run) -> Plan:
        """The plan that was stored when the run was opened."""
        return stored(self._opening(run).detail["plan"])

    def highest(self) -> int:
        """The highest epoch that the ledger knows of the service."""
        return max((run.epoch for run in self.store.runs(self.key) if run.lane == "traffic"), default=0)

    def abort(self, run: Run, reason: str, *, gone: bool = False) -> str:
        """Leave the wish for the driver, or take a dead one's run over and fulfil it; what came of it.

        Args:
            run: The open run.
            reason: Why; it is recorded.
            gone: The service is gone, so that there is nothing to put back.
        """
        if gone and self._closed_as_gone(run, reason):
            return "the service is gone; the run is closed"
        self.store.append([Draft("run.abort", self.key, run.environment, run.id, detail={"reason": reason})])
        try:
            self.resume(run)
        except (PutBack, Refused) as ended:
            return ended.what
        except Locked:
            return self._aborted(run)
        return "it had come to its end already"

    def must_be_free(self, lane: str) -> None:
        """Refuse to begin while a run is open: its driver lives, or died and left it.

        Raises:
            Refused: One is open.
        """
        run = next(
            (one for one in self.store.runs(self.key) if (one.lane, one.state) == (lane, "open")), None
        )
        if run is None:
            return
        with self.store.drive(self.key, lane):  # a living driver is told of as such
            raise Refused(
                f"a {run.kind} of {self.key.service} was left unfinished",
                fact=f"run {run.id}; its driver is gone",
                clears="inv release.resume, or inv release.abort",
            )

    def unfinished(self) -> Run | None:
        """The run that a resume goes on with: an open one, or a prepare that was to be followed by a cut."""
        runs = self.store.runs(self.key)
        found = next((run for run in runs if run.state == "open"), runs[-1] if runs else None)
        if found is None or found.state == "open":
            return found
        opening = next(entry for entry in self.store.entries(run=found.id) if entry.kind == "run.opened")
        return found if found.state == "done" and opening.detail["then"] == "cut" else None

    def take_in(self, live: LiveService | None) -> bool:
        """Record a rollback that was made without this ledger, as the service tells it (ruling 12).

        It ends the run that was open meanwhile. A rollback or return of a run that stands here is
        recorded by that run.

        Returns:
            Whether there was one.
        """
        rolled = live.way_back.rolled_back if live else None
        known = {run.id for run in self.store.runs(self.key)}
        if not live or not rolled or live.run in known:
            return False
        if story.knows_rollback(self.store.entries(self.key), rolled.when):
            return False
        detail = {"leaves": rolled.leaves, "to": rolled.to, "when": rolled.when, "digest": rolled.digest}
        taken = Draft(
            "release.rolled_back", self.key, self.environment, detail=detail | {"source": "service"}
        )
        self.store.append([taken, *self.superseding("a rollback that was made elsewhere")])
        return True

    def superseding(self, reason: str) -> list[Draft]:
        """What closes every open run of the traffic lane."""
        return [
            Draft(
                "run.closed",
                self.key,
                run.environment,
                run.id,
                detail={"outcome": "superseded", "reason": reason},
            )
            for run in self.store.runs(self.key)
            if run.state == "open" and run.lane == "traffic"
        ]

    def _aborted(self, run: Run) -> str:
        """Wait for the living driver to do it."""
        end = self.clock.now() + timedelta(seconds=ABORT_SECONDS)
        while self.clock.now() < end:
            state = next(one.state for one in self.store.runs(self.key) if one.id == run.id)
            if state != "open":
                return f"the driver ended the run: {state}"
            self.clock.sleep(0.2)
        raise Locked("the driver was told, and has not ended the run yet", clears="inv release.status")

    def _taken(self, run: Run, live: LiveService | None) -> Run:
        epoch = self._next_epoch(live)
        self.store.append([Draft("run.resumed", self.key, run.environment, run.id, "", epoch)])
        return Run(run.id, run.kind, run.lane, "open", epoch, run.key, run.environment)

    def _strange(self, run: Run, plan: Plan, live: LiveService) -> bool:
        """Somebody has written to the service whom this ledger does not know, or after this run did."""
        opening = self._opening(run)
        known = {one.id for one in self.store.runs(self.key)} | {opening.detail.get("found", "")}
        unknown = bool(live.run) and live.run not in known
        return unknown or live.epoch > self.highest() or (self._wrote(run, plan) and live.run != run.id)

    def _wrote(self, run: Run, plan: Plan) -> bool:
        """Whether the run is known to have written to the service."""
        record = RunRecord(self.store, run)
        keys = [step.key for step in plan.steps if step.changes]
        return any(record.intended(key) and record.value(key) is not None for key in keys)

    def _closed_as_gone(self, run: Run, reason: str) -> bool:
        """Close a dead driver's run whose service was deleted; one that never made it is no such run."""
        with suppress(Locked), self.store.drive(self.key, run.lane):
            if self._wrote(run, self.plan_of(run)):
                self.store.append(self.superseding(f"the service is gone; {reason}"))
                return True
        return False

    def _opening(self, run: Run) -> Entry:
        return next(entry for entry in self.store.entries(run=run.id) if entry.kind == "run.opened")

    def _next_epoch(self, live: LiveService | None) -> int:
        return max(self.highest(), live.epoch if live else 0) + 1

    def _drive(self, plan: Plan, run: Run, live: LiveService | None) -> dict[str, Any]:
        authority = Authority(run.epoch, run.id, live.epoch if live else 0)
        outside = replace(self, plan=plan.digest)
        world = World.of(outside, authority, RunRecord(self.store, run), plan.labels)
        return Engine(plan, world, Interrupts(self.emit, plan.interrupted)).drive()


def _unknown_driver(live: LiveService) -> Fenced:
    return Fenced(
        "somebody whom this ledger does not know has written to the service",
        fact=f"it carries epoch {live.epoch}; its traffic is {live.split}",
        clears="inv release.adopt to keep it as it is, or inv release.rollback",
    )
