"""The team's side of relman as an object: the operating model, and what the ledger has of its use.

What it is not: a release (``app``). No service is chosen here and no cloud is asked. The verbs open
and record; what they tell is worked out in ``ops``, by pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from relman.clock import Clock, aware
from relman.config import Config, Service
from relman.errors import RelmanError, UsageError
from relman.ledger import Draft, Entry, Run, Store
from relman.models import TEAM, Emit, Event, ServiceKey
from relman.ops import closures, freezing, held, hours, pace, people, runbooks, today
from relman.ops.closures import Closure
from relman.ops.freezing import Wish
from relman.ops.held import Open
from relman.ops.hours import Hours
from relman.ops.shifts import Shifts
from relman.ops.today import Page
from relman.repo import Repo


@dataclass
class Operating:
    """A team's operating model and its record. Made by ``opening.team``.

    Attributes:
        config: The whole of relman.toml.
        store: The ledger.
        clock: Where time comes from.
        emit: Who watches.
        root: The folder of ``relman.toml``.
    """

    config: Config
    store: Store
    clock: Clock
    emit: Emit
    root: Path

    def entries(self) -> tuple[Entry, ...]:
        """Everything that the ledger has, of the team and of every service."""
        return self.store.entries()

    def record(self, kind: str, **detail: Any) -> Entry:  # noqa: ANN401 - JSON
        """Record one thing that the whole team is concerned with.

        Args:
            kind: What happened, such as ``window.frozen``.
            detail: JSON only.
        """
        return self.record_all([Draft(kind, TEAM, "", detail=detail)])[0]

    def record_all(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Record several things, all or none."""
        return self.store.append(drafts)

    # ── the week ─────────────────────────────────────────────────────────────────────────────────

    @property
    def day(self) -> date:
        """Today, in the model's zone."""
        return pace.days_of(self.config).of(self.clock.now())

    def person(self, named: str = "") -> str:
        """Who types: the one who was named, else whoever has git's user.email; empty: nobody known.

        Raises:
            UsageError: Somebody was named who is not in the model.
        """
        if named and named not in self.config.people:
            known = ", ".join(self.config.people) or "nobody yet"
            raise UsageError("there is no such person", fact=f"{named!r}; the model has {known}")
        return named or people.by_email(self.config, self._email())

    def on_call(self, at: datetime) -> str:
        """Who is on call at an instant, by id; empty where nobody is."""
        rota = self.config.oncall
        return (Shifts.of(rota, self.store.entries(TEAM)).person(at) if rota else "") or ""

    def today(self, at: datetime | None = None, person: str = "") -> Page:
        """What a day asks of whom, and what is overdue.

        Args:
            at: Another instant than now; what was recorded later is not known then.
            person: Only what is asked of this person.
        """
        now = self.clock.now() if at is None else aware(at)
        entries = tuple(one for one in self.entries() if one.at <= now)
        found = pace.pace(self.config, entries, now)
        shifts = Shifts.of(self.config.oncall, entries) if self.config.oncall else None
        asked = today.Seen(self.config, entries, found, shifts, runbooks.expiring(self.config))
        page = today.page(asked)
        return page.of(self.person(person)) if person else page

    def actions(self, *, overdue: bool = False, every: bool = False) -> tuple[Open, ...]:
        """What was decided and is to be done.

        Args:
            overdue: Only what is overdue.
            every: What is done too.
        """
        found, day = held.actions(self.entries()), self.day
        return tuple(
            one for one in found if (every or one.done is None) and (not overdue or one.overdue(day))
        )

    def _email(self) -> str:
        """Git's user.email; without git nobody is known by it."""
        try:
            repository = Repo(self.root)
        except RelmanError:
            return ""
        with closing(repository):
            return repository.email

    # ── the deploy window ────────────────────────────────────────────────────────────────────────

    def hours(self, service: str = "", env: str = "", at: datetime | None = None) -> Hours:
        """When shipping is allowed, by relman.toml and the ledger.

        Args:
            service: Whose freezes count besides the team's; the only service, or else none.
            env: In which environment of it.
            at: What was recorded later than that is not known yet; None: everything is.
        """
        key, zone = self._service(service, env), self.config.model.tz if self.config.model else None
        told = (entry for entry in self.entries() if entry.key in {TEAM, key})
        known = [entry for entry in told if at is None or entry.at <= at]
        return hours.of(self.config.window, known, zone=zone)

    @property
    def next_year(self) -> int:
        """The year to come, in the window's zone."""
        return self.clock.now().astimezone(self.hours().zone.info).year + 1

    def freeze(self, wish: Wish, service: str = "", env: str = "") -> Closure:
        """Freeze or stop at once, everything or one service.

        Raises:
            UsageError: What is asked for cannot be read or closes nothing.
        """
        if env and not service:
            fact = "without a service everything is frozen, in every environment"
            raise UsageError("--env goes with --service", fact=fact, clears=f"--service SERVICE --env {env}")
        key = self.config.key(service, env) if service else TEAM
        zone = self.hours().zone
        draft = freezing.begin(wish, key, env if service else "", zone=zone, now=self.clock.now())
        (entry,) = self.record_all([draft])
        for run in self.running():
            told = f"{run.key.service} has a rollout under way (run {run.id}): it holds before its next write"
            self.emit(Event("note", told))
        return closures.recorded([entry])[0]

    def thaw(self, name: str, reason: str) -> Closure:
        """Take back a freeze or a stop of the ledger.

        Raises:
            UsageError: There is no name or no reason.
            Refused: It stands in relman.toml; or there is no such one, or it is over.
        """
        entries = self.entries()
        now = self.clock.now()
        self.record_all([freezing.lift(entries, name, reason, config=self.config, now=now)])
        return next(one for one in closures.recorded(entries) if one.id == name)

    def running(self) -> tuple[Run, ...]:
        """The open runs that move traffic, of every service and environment."""
        keys = {key for name, service in self.config.service.items() for key in self._keys(name, service)}
        runs = [run for key in sorted(keys) for run in self.store.runs(key)]
        return tuple(run for run in runs if (run.state, run.lane) == ("open", "traffic"))

    def _service(self, service: str, env: str) -> ServiceKey:
        """The chosen service, or the only one; TEAM where there are several and none is chosen."""
        several = len([env for one in self.config.service.values() for env in one.environments]) > 1
        return TEAM if several and not service else self.config.key(service or None, env or None)

    def _keys(self, name: str, service: Service) -> list[ServiceKey]:
        return [self.config.key(name, env) for env in service.environments]

    def close(self) -> None:
        """Let go of the ledger."""
        self.store.close()
