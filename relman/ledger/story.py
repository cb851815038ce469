"""What the ledger tells of a service: good releases, candidates, attempts.

What it is not: the present. It reads entries, oldest first, and knows nothing of Cloud Run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from relman.ledger.entries import Entry
from relman.models import Candidate, Release

CHAIN = 3
"""How many releases a rollback can choose from."""
GOOD = {"release.shipped", "release.adopted"}
BACK = {"release.rolled_back", "release.put_back"}


def known_good(entries: Iterable[Entry]) -> tuple[Release, ...]:
    """The releases a rollback can go to, newest first.

    A release is good once it was shipped (100 %, smoke passed) or adopted. A rollback takes
    every release off that is newer than the one it went to; a person may go to one that was left
    before, and then that one is good again.
    """
    good: list[Release] = []
    ever: dict[str, Release] = {}
    for entry in entries:
        if entry.kind in GOOD:
            release = msgspec.convert(entry.detail["release"], Release)
            ever[release.revision] = release
            good = [release, *(one for one in good if one.revision != release.revision)]
        elif reached := _reached(entry):
            good = _from(good, reached, ever)
    return tuple(good[:CHAIN])


def released(entries: Iterable[Entry]) -> tuple[Release, ...]:
    """Every release that ever was shipped or adopted, newest first."""
    found = [msgspec.convert(entry.detail["release"], Release) for entry in entries if entry.kind in GOOD]
    return tuple(found[::-1])


def candidate(entries: Sequence[Entry], environment: str) -> Candidate | None:
    """The newest candidate of an environment that was not shipped yet, None if there is none."""
    shipped = {entry.detail["release"]["revision"] for entry in entries if entry.kind in GOOD}
    for entry in reversed(entries):
        if entry.kind == "release.prepared" and entry.environment == environment:
            found = msgspec.convert(entry.detail["candidate"], Candidate)
            return None if found.revision in shipped else found
    return None


def labels(entries: Sequence[Entry], environment: str) -> dict[str, str]:
    """What people call a revision, by its name: every release, and what is prepared in an environment."""
    found = candidate(entries, environment)
    named = [*released(entries), *([found.release] if found else [])]
    return {release.revision: release.version for release in named if release.version}


def frozen(entries: Iterable[Entry], revision: str) -> dict[str, Any] | None:
    """The revision template that a candidate was frozen with, None if this ledger froze none of that name."""
    found = (entry.detail["candidate"] for entry in entries if entry.kind == "release.prepared")
    return next((dict(one["template"]) for one in found if one["revision"] == revision), None)


def commit_of(entries: Iterable[Entry], revision: str) -> str:
    """The commit that a revision was built from, empty if this ledger prepared none of that name."""
    found = (entry.detail["candidate"] for entry in entries if entry.kind == "release.prepared")
    return next((str(one["commit"]) for one in found if one["revision"] == revision), "")


def unshipped(entries: Sequence[Entry]) -> tuple[str, ...]:
    """The versions that were prepared and not shipped, in the order in which they were prepared."""
    gone = {release.version for release in released(entries)}
    found = (entry.detail["candidate"]["version"] for entry in entries if entry.kind == "release.prepared")
    return tuple(dict.fromkeys(version for version in found if version not in gone))


def shipped(entries: Iterable[Entry], version: str) -> Entry | None:
    """The entry of a version's release, None if it was never shipped."""
    return next(
        (entry for entry in entries if entry.kind in GOOD and entry.detail["release"]["version"] == version),
        None,
    )


def failed_builds(entries: Iterable[Entry], commit: str) -> int:
    """How many builds of a commit have failed: the next attempt's number follows from it."""
    return sum(
        entry.kind == "step.failed" and entry.step == "build" and entry.detail.get("commit") == commit
        for entry in entries
    )


def created_here(entries: Iterable[Entry]) -> bool:
    """Whether relman itself made the service."""
    return any(entry.kind == "step.intent" and entry.step == "create" for entry in entries)


class Debt(msgspec.Struct, frozen=True):
    """What a run that is over owes.

    Attributes:
        run: The run that was to do it.
        step: The step's key.
        line: What it is, for people.
        reason: Why it was not done, the last time.
        clears: What a person types, empty for nothing but to try again.
    """

    run: str
    step: str
    line: str
    reason: str
    clears: str = ""


def owed(entries: Iterable[Entry]) -> tuple[Debt, ...]:
    """What was to be done after a release and is not yet, oldest first.

    A later run settles it, whose plan names the run that it follows up; or a person gives it up.
    """
    follows: dict[str, str] = {}
    debts: dict[tuple[str, str], Debt] = {}
    for entry in entries:
        if entry.kind == "run.opened":
            facts = entry.detail.get("plan", {}).get("facts", {})
            follows[entry.run] = str(facts.get("owed_by", entry.run))
        at = (follows.get(entry.run, entry.run), entry.step)
        if entry.kind == "step.owed":
            told = {name: str(entry.detail.get(name, "")) for name in ("line", "reason", "clears")}
            debts[at] = Debt(*at, **told)
        elif entry.kind in {"step.done", "owed.dropped"}:
            debts.pop(at, None)
    return tuple(debts.values())


def knows_rollback(entries: Iterable[Entry], when: str) -> bool:
    """Whether the rollback of that time stands here already."""
    return any(entry.kind in BACK and entry.detail.get("when") == when for entry in entries)


def _reached(entry: Entry) -> str:
    """The revision that a rollback or a return put all traffic on, empty for another entry.

    The traffic moved when the shift was done, whether or not it was proven then.
    """
    if (entry.kind, entry.step) == ("step.done", "shift-back"):
        return str(entry.detail["value"]["to"])
    return str(entry.detail["to"]) if entry.kind in BACK else ""


def _from(good: list[Release], revision: str, ever: dict[str, Release]) -> list[Release]:
    names = [release.revision for release in good]
    if revision in names:
        return good[names.index(revision) :]
    return [ever[revision], *good] if revision in ever else good
