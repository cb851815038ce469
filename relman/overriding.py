"""An override as a person asks for it: checked before anything else, recorded before the gates are asked.

What it is not: what it does to a gate (``gates.lifting``), how the ledger tells of it (``ops.overrides``),
or the word of the second person whom a team asks for (``lifting``).
"""

from __future__ import annotations

from dataclasses import dataclass

from relman import lifting
from relman.config import Config
from relman.driving import Driver
from relman.errors import Refused, UsageError
from relman.gates import GATES, Gate, asked
from relman.models import Candidate, Event, listed
from relman.ops import overrides

WINDOW = "window"


@dataclass(frozen=True, kw_only=True)
class Lift:
    """What a person wants lifted, and why.

    Attributes:
        gates: The ids of the gates.
        reason: Why.
        incident: The incident that it belongs to.
        emergency: A freeze or a holiday is to be pierced too.
    """

    gates: tuple[str, ...]
    reason: str = ""
    incident: str = ""
    emergency: bool = False

    def check(self, config: Config) -> None:
        """See that it can be granted, before anything is built or recorded.

        Raises:
            UsageError: A gate that there is not; no reason, or no incident; an emergency for another
                gate than the window; or words that go with nothing.
            Refused: A gate that nobody may lift.
        """
        self._complete()
        chosen = [_gate(one, config) for one in self.gates]
        if firm := [gate.name for gate in chosen if not gate.lifted_by]:
            fact = "what it says is mended, not lifted"
            raise Refused(f"nobody may lift {listed(firm)}", fact=fact, clears="inv release.why")

    def grant(self, candidate: Candidate, driver: Driver) -> None:
        """Record an override of each gate for this candidate; a team's once two people have signed it.

        Raises:
            Refused: The second signature is missing: what the other person types is told.
        """
        named = tuple(dict.fromkeys(self.gates))
        if driver.config is not None and driver.config.profile == "team":
            lifting.granted(driver, candidate, [self._asked(gate) for gate in named])
            return
        now = driver.clock.now()
        drafts = [
            overrides.draft(
                gate,
                candidate,
                now,
                reason=self.reason.strip(),
                incident=self.incident.strip(),
                emergency=self._pierces(gate),
            )
            for gate in named
        ]
        driver.store.append(drafts)
        until = f"until {now + overrides.LASTS:%Y-%m-%d %H:%MZ}"
        bound = f"for {candidate.version} ({candidate.commit[:7]}) only"
        driver.emit(Event("note", f"override of {listed(named)} recorded, {until}, {bound}"))

    def _asked(self, gate: str) -> lifting.Wish:
        return lifting.Wish(gate, self.reason.strip(), self.incident.strip(), emergency=self._pierces(gate))

    def _pierces(self, gate: str) -> bool:
        return self.emergency and gate == WINDOW

    def _complete(self) -> None:
        """That every word which an override takes is there, and goes with it."""
        if not self.gates:
            fact = "--reason, --incident and --emergency go with --override GATE"
            raise UsageError("no gate is named", fact=fact)
        if missing := [flag for flag in ("reason", "incident") if not getattr(self, flag).strip()]:
            fact = "it is recorded for good"
            raise UsageError(f"an override takes {listed(f'--{flag}' for flag in missing)}", fact=fact)
        if self.emergency and WINDOW not in self.gates:
            raise UsageError("--emergency pierces a freeze", fact=f"it goes with --override {WINDOW}")


def _gate(wanted: str, config: Config) -> Gate:
    found = next((gate for gate in asked(config.profile) if wanted in {gate.id, gate.name}), None)
    if found and found.id == wanted:
        return found
    known = [gate.id for gate in asked(config.profile) if gate.lifted_by]
    fact = f"{wanted!r}; those that can be lifted: {listed(known)}"
    clears = f"--override {found.id}" if found else ""
    if wanted in {gate.id for gate in GATES}:
        raise UsageError(f'profile = "{config.profile}" does not ask that gate', fact=fact)
    raise UsageError("there is no such gate", fact=fact, clears=clears)
