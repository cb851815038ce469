"""Begin a run, take one over, and drive it: lock, epoch, record.

What it is not: the settling of steps (``engine``) or the choice of a plan (``app``).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relman.clock import Clock
from relman.cloudbuild import CloudBuild
from relman.cloudrun import CloudRun, LiveService
from relman.config import Config, Target
from relman.engine import Engine
from relman.errors import Fenced
from relman.interrupts import Interrupts
from relman.ledger import Draft, Run, RunRecord, Store, story
from relman.models import Emit, ServiceKey
from relman.plan import Plan, stored
from relman.repo import Repo
from relman.steps import Authority, World


@dataclass
class Driver:
    """Drives the runs of one service in one environment.

    Attributes:
        doubt: Seconds in which what a dead driver sent may still appear.
        labels: What people call a revision, by its name.
    """

    store: Store
    key: ServiceKey
    environment: str
    cloud: CloudRun
    builds: CloudBuild
    repo: Callable[[], Repo]
    clock: Clock
    emit: Emit
    doubt: float
    config: Config | None = None
    target: Target | None = None
    root: Path = field(default_factory=Path)
    labels: dict[str, str] = field(default_factory=dict)

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

    def resume(self, run: Run) -> dict[str, Any]:
        """Take an open run over and drive its stored plan to its end.

        Raises:
            Fenced: The service was written to by a driver that this ledger does not know.
            Locked: The run's driver is alive.
        """
        with self.store.drive(self.key, run.lane):
            plan = self.plan_of(run)
            live = self.cloud.service(self.key) if run.lane == "traffic" else None
            if live and live.epoch > self.highest():
                raise _unknown_driver(live)
            return self._drive(plan, self._taken(run, live), live)

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
        }
        draft = Draft("run.opened", self.key, self.environment, id_, "", epoch, detail, supersedes)
        self.store.append([draft])
        return Run(id_, plan.kind, plan.lane, "open", epoch, self.key, self.environment)

    def plan_of(self, run: Run) -> Plan:
        """The plan that was stored when the run was opened."""
        opening = next(entry for entry in self.store.entries(run=run.id) if entry.kind == "run.opened")
        return stored(opening.detail["plan"])

    def highest(self) -> int:
        """The highest epoch that the ledger knows of the service."""
        return max((run.epoch for run in self.store.runs(self.key)), default=0)

    def take_in(self, live: LiveService | None) -> None:
        """Record a rollback that was made without this ledger, as the service tells it (ruling 12)."""
        rolled = live.way_back.rolled_back if live else None
        entries = self.store.entries(self.key)
        if not rolled or story.knows_rollback(entries, rolled.when):
            return
        detail = {"leaves": rolled.leaves, "to": rolled.to, "when": rolled.when, "digest": rolled.digest}
        taken = Draft(
            "release.rolled_back", self.key, self.environment, detail=detail | {"source": "service"}
        )
        self.store.append([taken, *self.superseding("a rollback that was made elsewhere")])

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

    def _taken(self, run: Run, live: LiveService | None) -> Run:
        epoch = self._next_epoch(live)
        self.store.append([Draft("run.resumed", self.key, run.environment, run.id, "", epoch)])
        return Run(run.id, run.kind, run.lane, "open", epoch, run.key, run.environment)

    def _next_epoch(self, live: LiveService | None) -> int:
        return max(self.highest(), live.epoch if live else 0) + 1

    def _drive(self, plan: Plan, run: Run, live: LiveService | None) -> dict[str, Any]:
        world = World(
            key=self.key,
            environment=run.environment,
            cloud=self.cloud,
            builds=self.builds,
            repo=self.repo,
            clock=self.clock,
            emit=self.emit,
            authority=Authority(run.epoch, live.epoch if live else 0),
            record=RunRecord(self.store, run),
            doubt=self.doubt,
            config=self.config,
            target=self.target,
            root=self.root,
            labels=self.labels,
        )
        return Engine(plan, world, Interrupts(self.emit)).drive()


def _unknown_driver(live: LiveService) -> Fenced:
    return Fenced(
        "somebody whom this ledger does not know has written to the service",
        fact=f"it carries epoch {live.epoch}; its traffic is {live.split}",
        clears="inv release.adopt to keep it as it is, or inv release.rollback",
    )
