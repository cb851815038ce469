"""The way of a release, as a value. ★ Start reading here.

Each function returns a tuple of frozen steps, and does nothing else: no I/O, no clock. Printing
it is the dry run, running it is the release, resuming it is recovery, reversing it is the
rollback.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import Any

import msgspec

from relman import ending
from relman.ending import Ending
from relman.errors import Paused, Refused
from relman.ledger import Entry
from relman.ledger import chain as leaves
from relman.models import PERCENT, Candidate, Event, Release, ServiceKey, TrafficSplit
from relman.steps import (
    AnyStep,
    AskGates,
    Bake,
    Build,
    Create,
    Deploy,
    Freeze,
    ProveWayBack,
    Shift,
    ShiftBack,
    Smoke,
    VerifyBack,
    WriteNotes,
)

SCHEMA = 1
Steps = tuple[AnyStep, ...]


class Plan(msgspec.Struct, frozen=True):
    """Steps in their order, what is done when one fails, and what is recorded at the end.

    Attributes:
        kind: ``prepare``, ``release``, ``rollback`` or ``follow-up``.
        title: What it does, as one line.
        steps: What is settled, one after the other.
        on_failure: What is settled when a step fails after something was changed.
        told: What others are told once that is settled; what fails of it is owed.
        closes: The kind of the entry that the last step's value is recorded as.
        facts: What is recorded with it, besides that value.
        hint: What a person types if there is nothing to put back to.
        sides: Between which revisions traffic moves: what comes or is left, and what stays.
        schema: The version of this form; a plan of another form is not resumed.
    """

    kind: str
    key: ServiceKey
    environment: str
    title: str
    steps: Steps
    on_failure: Steps = ()
    told: Steps = ()
    closes: str = ""
    facts: dict[str, Any] = {}
    hint: str = ""
    sides: tuple[str, ...] = ()
    schema: int = SCHEMA

    @property
    def lane(self) -> str:
        """``traffic``, or another one for what touches no traffic: ``build``, ``telling``."""
        return {"prepare": "build", "follow-up": "telling"}.get(self.kind, "traffic")

    @property
    def outcome(self) -> str:
        """What has come true once every step is done."""
        return f"{self.subject} live" if self.subject else f"{self.title.split('   ')[0]}: done"

    @property
    def labels(self) -> dict[str, str]:
        """What people call the revision that it ships, by its name."""
        release = self.facts.get("release", {})
        return {release["revision"]: release["version"]} if release else {}

    @property
    def foot(self) -> str:
        """What a person who watches can do meanwhile."""
        if self.kind == "release":
            return "Ctrl-C pauses here · other terminal: inv release.rollback, inv release.abort"
        return (
            "Ctrl-C pauses here"
            if self.kind in {"prepare", "follow-up"}
            else "Ctrl-C twice leaves; the traffic may be anywhere"
        )

    @property
    def interrupted(self) -> str:
        """What the first Ctrl-C does, in words."""
        if self.kind == "rollback":
            return "a rollback goes on to its end; Ctrl-C again leaves at once"
        return "stopping at the next safe point; Ctrl-C again leaves at once"

    @property
    def subject(self) -> str:
        """The version that it ships, empty for a plan of another kind."""
        return str(self.facts.get("release", {}).get("version", ""))

    @property
    def digest(self) -> str:
        """SHA-256 of the plan's RFC 8785 form, in hex."""
        return leaves.sha256(self.stored)

    @property
    def id(self) -> str:
        """The first eight digits of the digest: what ``--plan`` takes."""
        return self.digest[:8]

    def announced(self, *notes: str) -> Event:
        """What whoever watches is told before anything is done.

        Args:
            notes: What else they must know.
        """
        lines = [
            {"key": step.key, "line": step.line, "seconds": getattr(step, "seconds", None)}
            for step in self.steps
        ]
        facts = {"id": self.id, "steps": lines, "notes": list(notes), "foot": [self.foot]}
        return Event("plan", self.title, facts=facts)

    @property
    def stored(self) -> dict[str, Any]:
        """The plan as JSON, as it is kept in the ledger."""
        return msgspec.json.decode(msgspec.json.encode(self), type=dict[str, Any])


def stored(plan: dict[str, Any]) -> Plan:
    """The plan that was stored.

    Raises:
        Paused: Another version of relman stored it, in a form that this one does not know.
    """
    if plan.get("schema") != SCHEMA:
        raise Paused(
            "this run was planned by another version of relman",
            fact=f"plan schema {plan.get('schema')}, this version knows {SCHEMA}",
            clears="the version that began it, or inv release.rollback",
        )
    return msgspec.convert(plan, Plan)


def shipped_by(opening: Entry) -> str:
    """The version that a recorded run was to prepare or to ship, empty for a rollback."""
    plan = opening.detail["plan"]
    release = plan["facts"].get("release", {})
    return str(release.get("version", "") or plan["steps"][-1].get("version", ""))


def opening_of(entries: Iterable[Entry], *, version: str = "", run: str = "") -> Entry:
    """What opened the newest run: of that id, of a version, or of all.

    Raises:
        Refused: There is none.
    """
    openings = [entry for entry in entries if entry.kind == "run.opened"]
    found = [one for one in openings if run in {"", one.run} and version in {"", shipped_by(one)}]
    if not found:
        fact = run or version or "nothing was run yet"
        raise Refused("there is no such run", fact=fact, clears="inv release.history")
    return found[-1]


def plan_prepare(freeze: Freeze, build: Build | None, notes: WriteNotes) -> Plan:
    """A commit (or an image that was given) becomes a candidate, and it is told what is in it."""
    return Plan(
        kind="prepare",
        key=freeze.key_,
        environment=freeze.environment,
        title=f"prepare {freeze.key_.service} {freeze.version}",
        steps=(*([build] if build else []), freeze, notes),
        closes="release.prepared",
    )


def plan_release(
    candidate: Candidate,
    good: tuple[Release, ...],
    serving: str,
    *,
    phases: tuple[int, ...],
    bake: float,
    ending: Ending,
) -> Plan:
    """A candidate goes into traffic, phase by phase, from the release that serves everything.

    Args:
        candidate: What ships.
        good: The way back, newest first; its first serves everything now. Without any, a gate
            refuses, and the plan shows what would be done once the service was adopted.
        serving: The revision that serves, for that case.
        phases: Rising percentages, the last is 100.
        bake: Seconds at each phase before the next.
        ending: What is left behind, and who is told.
    """
    chain = good or (Release("", serving, ""),)
    stable = TrafficSplit.all_to(chain[0].revision)
    splits = [TrafficSplit.between(candidate.revision, stable, percent) for percent in phases]
    return _release(
        candidate,
        chain[0].version,
        ending,
        steps=(
            AskGates(candidate, good, first=False),
            ProveWayBack(chain),
            Deploy(candidate, before=stable, chain=chain),
            Smoke(candidate.release, candidate.commit, at="tag", percent=0),
            *_phases(candidate, chain, [stable, *splits], bake),
            Smoke(candidate.release, candidate.commit, at="live", percent=PERCENT),
        ),
        on_failure=plan_rollback(chain[:1], chain, candidate.release, befores=(*splits, stable)),
        stable=(chain[0].revision,),
    )


def plan_first_release(candidate: Candidate, before: TrafficSplit | None, *, ending: Ending) -> Plan:
    """The first release of a service: nothing to go back to, and no 0 % phase (ruling 8).

    Args:
        candidate: What ships.
        before: The traffic of a service that an earlier first release made, None if there is none.
        ending: What is left behind, and who is told.
    """
    make = Deploy(candidate, before, (), PERCENT) if before is not None else Create(candidate)
    return _release(
        candidate,
        "",
        ending,
        steps=(
            AskGates(candidate, (), first=True),
            make,
            Smoke(candidate.release, candidate.commit, at="live", percent=PERCENT),
        ),
    )


def plan_rollback(
    targets: tuple[Release, ...],
    chain: tuple[Release, ...],
    leaving: Release | None,
    befores: tuple[TrafficSplit, ...] = (),
) -> Steps:
    """All traffic back to the first of the targets that takes it, and the proof.

    Args:
        targets: Where to, in the order in which they are tried.
        chain: What stays known as the way back.
        leaving: What is left, None if nothing stands out.
        befores: For a rollout that failed: the traffic it may have left. Empty insists.
    """
    left, digest = (leaving.revision, leaving.digest) if leaving else ("", "")
    shift = ShiftBack(targets, chain, left, digest, befores)
    return (shift, VerifyBack(shift))


def plan_follow_up(first: Plan, run: str, due: Collection[str]) -> Plan:
    """What a run that is over still owes: the same steps, once more.

    Args:
        first: The plan of that run.
        run: Its id.
        due: The keys of the steps that it owes.
    """
    what = f"settle what {first.key.service} {first.subject} owes"
    return Plan(
        kind="follow-up",
        key=first.key,
        environment=first.environment,
        title=f"{what}   {first.key.region}, {first.environment}",
        steps=tuple(step for step in (*first.steps, *first.told) if step.key in due),
        closes="release.followed_up",
        facts={"owed_by": run},
    )


def _phases(
    candidate: Candidate, chain: tuple[Release, ...], splits: list[TrafficSplit], bake: float
) -> list[AnyStep]:
    """Shift, bake and smoke for every phase below 100 %, then the shift to 100 %."""
    steps: list[AnyStep] = []
    for before, split in pairwise(splits):
        percent = split.percent(candidate.revision)
        steps.append(Shift(candidate.release, before=before, to=split, chain=chain))
        if percent < PERCENT:
            smoke = Smoke(candidate.release, candidate.commit, at="tag", percent=percent)
            steps += [Bake(percent, bake, split), smoke]
    return steps


def _release(
    candidate: Candidate,
    prior: str,
    end: Ending,
    *,
    steps: Steps,
    on_failure: Steps = (),
    stable: tuple[str, ...] = (),
) -> Plan:
    key = candidate.key
    change = f"{key.service} {prior or '(none)'} -> {candidate.version}"
    return Plan(
        kind="release",
        key=key,
        environment=candidate.environment,
        title=f"{change}   {key.region}, {candidate.environment}",
        steps=(*steps, *ending.shipped(candidate, end)),
        on_failure=on_failure,
        told=ending.otherwise(candidate, end),
        closes="release.shipped",
        facts={"release": msgspec.to_builtins(candidate.release), "prior": prior, "commit": candidate.commit},
        sides=(candidate.revision, *stable),
        hint=(
            "mend it and inv release.cut again, or delete the service:"
            f" gcloud run services delete {key.service} --region {key.region} --project {key.project}"
        ),
    )
