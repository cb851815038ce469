"""relman as an object: it opens what is needed, and knows the verbs that people type.

What it is not: the way of a release (``plan``), or its settling (``engine``). Each verb reads
what is, chooses a plan, and hands it to the driver.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from relman import owing, proposing, rollback
from relman.adopting import adopted
from relman.clock import Clock
from relman.cloudbuild import CloudBuild
from relman.cloudrun import CloudRun
from relman.config import Config, Target
from relman.driving import Driver
from relman.errors import ConfigError, Fenced, NotPutBack, Paused, Refused
from relman.ledger import Entry, Run, Store, story
from relman.live import LiveService
from relman.models import TEAM, Candidate, Emit, Event, Release, ServiceKey
from relman.plan import Plan, opening_of
from relman.preparing import Wishes, planned
from relman.repo import Repo
from relman.status import Status

if TYPE_CHECKING:
    from relman.gates.reasons import Why
    from relman.overriding import Lift

STATE = ".relman"
NO_FILE = "this needs a relman.toml, and there is none here"
NONE = "nothing is prepared for the commit checked out"
Confirm = Callable[[Plan], None]


@dataclass
class Relman:
    """One service in one environment, with everything that its verbs touch.

    Made by ``opening``: from a ``relman.toml``, or from nothing but the service's name.

    Attributes:
        emit: Who watches.
        doubt: Seconds in which what a dead driver sent may still appear.
        root: The folder of ``relman.toml``.
    """

    key: ServiceKey
    environment: str
    store: Store
    cloud: CloudRun
    builds: CloudBuild
    clock: Clock
    emit: Emit
    doubt: float
    root: Path
    config: Config | None = None
    target: Target | None = None

    # ── the verbs ────────────────────────────────────────────────────────────────────────────

    def status(self) -> Status:
        """What serves, what a rollback would go to, what is open. Reads only."""
        live = self.cloud.service(self.key)
        entries = self.entries()
        return Status(
            key=self.key,
            environment=self.environment,
            now=self.clock.now(),
            live=live,
            chain=story.known_good(entries),
            labels=self.labels(),
            candidate=story.candidate(entries, self.environment),
            open_runs=tuple(run for run in self.store.runs(self.key) if run.state == "open"),
            entries=entries,
            schedule=self.config.window if self.config else None,
            team=self.store.entries(TEAM),
        )

    def prepare(self, *, version: str = "", bump: str = "", image: str = "", then: str = "") -> Candidate:
        """Decide the version, build the commit, freeze the candidate; it is recorded, nothing ships.

        Args:
            version: The version, instead of the one that the commits ask for.
            bump: ``major``, ``minor`` or ``patch``, instead of what the commits ask for.
            image: An image built elsewhere, by digest.
            then: What goes on after it, for a resume: ``cut``.
        """
        live = self.cloud.service(self.key)
        self.driver.take_in(live)
        self.driver.must_be_free("build")
        wishes = Wishes(version, bump, image, proposing.told_by(live, self.cloud, self.key))
        plan, notes = planned(self.repository, self.configured, self.targeted, self.entries(), wishes)
        self.show(plan, *notes)
        value = self.driver.begin(plan, then=then)
        candidate = msgspec.convert(value["candidate"], Candidate)
        if self.configured.profile == "team":
            from relman import approving

            approving.offered(self.driver, candidate, self.release_plan(candidate, live))
        return candidate

    def look(self) -> str:
        """Show the steps of the next cut and every gate's verdict, and what they say in one line.

        Changes nothing.

        Raises:
            Refused: A gate does not say go, or there is no candidate.
        """
        self.driver.must_be_free("traffic")
        _, plan = self.proposed()
        self.show(plan, *proposing.limits(self.configured))
        proposing.keep(self.root, plan)
        return self.must_pass(plan)

    def cut(
        self, confirm: Confirm = lambda _plan: None, *, prepared: bool = False, lift: Lift | None = None
    ) -> Plan:
        """Ship the candidate; without one, prepare it first where no signature is required.

        Args:
            confirm: Asked with the plan before anything is changed; raises to refuse.
            prepared: Only what is prepared already: a plan was named.
            lift: Which gates are to be lifted, and why; it is recorded before they are asked.
        """
        if lift:
            lift.check(self.configured)
        self.driver.take_in(self.cloud.service(self.key))
        self.driver.must_be_free("traffic")
        return self._ship(self.candidate() or self._prepared(only=prepared), confirm, lift)

    def rollback(self, to: str = "") -> str:
        """All traffic back to a good release, and what came of it in one line.

        No gate, no git, no builder, no confirmation.

        Args:
            to: A version or revision; by default the newest good one that a probe finds healthy.

        Raises:
            Refused: There is nothing to go back to, or ``to`` is not known to be good.
            NotPutBack: The traffic is not on the target, or the target is unhealthy too.
            Unreachable: The platform does not answer; nothing was changed.
        """
        began = self.clock.now()
        live = self.cloud.service(self.key)
        if live is None:
            raise Refused(f"there is no service {self.key}", fact="the platform knows none of that name")
        settled = not self.driver.superseding("")
        choice = rollback.choose(live, self.cloud, self.key, self.entries(), to=to, settled=settled)
        if not choice.targets:
            return rollback.told(live, choice.leaving, self.labels())
        plan = rollback.plan(self.key, self.environment, choice)
        self.show(plan, *choice.notes)
        decided = (self.clock.now() - began).total_seconds()
        try:
            value = self.driver.insist(plan, live)
        except Fenced:
            return rollback.by_another(self.cloud.service(self.key), choice, plan.hint)
        except Paused as lost:
            raise NotPutBack(lost.what, fact=lost.fact, clears=plan.hint) from lost
        return rollback.summary(value, self.labels(), decided, self.entries())

    def resume(self, confirm: Confirm = lambda _plan: None) -> Plan | None:
        """Go on with the run that was left open, or settle what is owed; its plan, None if there is none.

        Args:
            confirm: As for :meth:`cut`, where the run was a prepare that a cut was to follow.

        Raises:
            Fenced: A rollback that was made elsewhere has ended it.
            Paused: Something is still owed.
        """
        live = self.cloud.service(self.key)
        if self.driver.take_in(live) and live:
            what = "a rollback was made elsewhere; no run is open any more"
            raise Fenced(what, fact=f"the traffic is {live.split}", clears="inv release.status")
        run, done = self.driver.unfinished(), None
        if run and run.state == "open":
            done = plan = self.driver.plan_of(run)
            self.driver.resume(run, lambda: self.show(plan, "going on from the first step that is not done"))
            run = self.driver.unfinished()
        if run is None and done and done.kind != "follow-up":
            return done
        if run is None:
            return owing.settled(self.driver, self.entries(), self.show) or done
        self.emit(Event("note", "the candidate is prepared; going on with the cut"))
        return self._ship(self._still(run), confirm)

    def abort(self, reason: str) -> str:
        """Stop the run that is open and put back what it changed; what came of it.

        A living driver is told and does it; a dead one's run is taken over. Without one, what is owed
        is given up.
        """
        live = self.cloud.service(self.key)
        self.driver.take_in(live)
        run = next((one for one in self.store.runs(self.key) if one.state == "open"), None)
        if run is None:
            return owing.dropped(self.driver, self.entries(), reason)
        return self.driver.abort(run, reason, gone=live is None and run.lane == "traffic")

    def why(self, at: datetime | None = None) -> Why:
        """May the candidate ship now, or at another instant? Every gate, and what stands behind it.

        Works without a candidate, and in the middle of a rollout. Reads only.

        Raises:
            UsageError: ``at`` carries no offset.
        """
        from relman import asking

        return asking.why(self.driver, self.candidate(), at)

    def adopt(self, version: str = "") -> Release:
        """Take what serves now as good, though relman did not release it, and as the way back."""
        return adopted(self.driver, version)

    # ── what the verbs share ─────────────────────────────────────────────────────────────────

    @cached_property
    def repository(self) -> Repo:
        """The git repository around ``relman.toml``; git is needed from here on."""
        return Repo(self.root)

    @property
    def driver(self) -> Driver:
        """What drives this service's runs."""
        shared = ("store", "key", "environment", "cloud", "builds", "clock", "emit", "doubt")
        return Driver(
            **{name: getattr(self, name) for name in shared},
            config=self.config,
            target=self.target,
            repo=lambda: self.repository,
            labels=self.labels(),
            ledger=self.store.entries,
        )

    def entries(self) -> tuple[Entry, ...]:
        """Everything that the ledger has of the service."""
        return self.store.entries(self.key)

    def labels(self) -> dict[str, str]:
        """What people call a revision, by its name."""
        return story.labels(self.entries(), self.environment)

    def candidate(self) -> Candidate | None:
        """The prepared candidate that the commit checked out still is, None if there is none."""
        live, entries = self.cloud.service(self.key), self.entries()
        return proposing.candidate_at(self.repository, entries, self.environment, live, self.targeted)

    def proposed(self) -> tuple[Candidate, Plan]:
        """The candidate, and the plan that would ship it now.

        Raises:
            Refused: There is no candidate.
        """
        if (candidate := self.candidate()) is None:
            raise Refused("there is no candidate to plan with", fact=NONE, clears="inv release.prepare")
        return candidate, self.release_plan(candidate, self.cloud.service(self.key))

    def release_plan(self, candidate: Candidate, live: LiveService | None) -> Plan:
        """The plan that ships a candidate onto what is live now."""
        return proposing.plan_on(self.driver, candidate, live)

    def must_pass(self, plan: Plan) -> str:
        """Ask the gates of a plan that is not running; see :func:`relman.asking.must_pass`."""
        from relman import asking

        return asking.must_pass(self.driver, plan)

    def story(self, *, version: str = "", run: str = "") -> tuple[Entry, ...]:
        """Everything of one run: of that id (``last`` is the newest), of a version, or the newest one.

        Raises:
            Refused: There is none.
        """
        opening = opening_of(self.entries(), version=version, run="" if run == "last" else run)
        return self.store.entries(run=opening.run)

    def show(self, plan: Plan, *notes: str) -> None:
        """Tell whoever watches what is about to be done."""
        self.emit(plan.announced(*notes))

    @property
    def place(self) -> str:
        """The flags that name this service and environment, empty where they are the only ones."""
        if self.config:
            return self.config.flags(self.key.service, self.environment)
        return f"--service {self.key.service} --project {self.key.project} --region {self.key.region}"

    @property
    def configured(self) -> Config:
        """The configuration.

        Raises:
            ConfigError: This was opened without one.
        """
        if self.config is None:
            raise ConfigError(NO_FILE, clears="cd to the service")
        return self.config

    @property
    def targeted(self) -> Target:
        """The chosen service's settings.

        Raises:
            ConfigError: This was opened without a configuration.
        """
        if self.target is None:
            raise ConfigError(NO_FILE, clears="cd to the service")
        return self.target

    def close(self) -> None:
        """Let go of connections, files and git's helper processes."""
        self.cloud.close()
        self.builds.close()
        self.store.close()
        if "repository" in self.__dict__:
            self.repository.close()

    def _ship(self, candidate: Candidate, confirm: Confirm, lift: Lift | None = None) -> Plan:
        live = self.cloud.service(self.key)
        plan = self.release_plan(candidate, live)
        self.show(plan, *proposing.limits(self.configured))
        if lift:
            lift.grant(candidate, self.driver)
        confirm(plan)
        self.driver.begin(plan, live)
        return plan

    def _still(self, run: Run) -> Candidate:
        """The candidate that a run prepared, if the commit checked out still is that one."""
        prepared = story.candidate(self.store.entries(run=run.id), self.environment)
        return proposing.still(self.candidate(), prepared)

    def _prepared(self, *, only: bool) -> Candidate:
        if only or self.configured.profile != "solo":
            raise Refused("there is no candidate to cut", fact=NONE, clears="inv release.prepare")
        return self.prepare(then="cut")
