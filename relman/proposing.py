"""What a cut proposes: the candidate that the commit checked out still is, and the plan that ships it.

What it is not: the plan's steps (``plan``). Here the world is read to choose among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from relman.cloudrun import CloudRun
from relman.config import Config, Target
from relman.ledger import Entry, story
from relman.live import LiveService, tag_of
from relman.models import Candidate
from relman.plan import Plan, plan_first_release, plan_release
from relman.repo import Repo
from relman.steps import named

MOST_FAILURES = 10
SHOWN = 40


def candidate_at(repo: Repo, entries: Sequence[Entry], environment: str) -> Candidate | None:
    """The candidate that is still what the commit checked out builds, None if there is none."""
    found = story.candidate(entries, environment)
    if found is None or not found.commit:
        return found
    same = repo.contains(repo.head, found.commit) and not repo.since(found.commit, repo.head)
    return found if same else None


def plan_for(
    candidate: Candidate,
    live: LiveService | None,
    entries: Sequence[Entry],
    cloud: CloudRun,
    *,
    config: Config,
    target: Target,
) -> Plan:
    """The plan that ships a candidate onto what is live now."""
    fresh, chain = unspent(candidate, cloud), story.known_good(entries)
    tag = f"{config.prefix(target.service)}{fresh.version}"
    if not chain and (live is None or story.created_here(entries)):
        return plan_first_release(fresh, live.split if live else None, tag=tag)
    serving = live.latest_ready if live else ""
    return plan_release(fresh, chain, serving, phases=target.phases, bake=target.bake, tag=tag)


def unspent(candidate: Candidate, cloud: CloudRun) -> Candidate:
    """The candidate under a revision name that has not failed before (ruling 7)."""
    fresh, service = candidate, candidate.key.service
    for again in range(1, MOST_FAILURES):
        found = cloud.revision(candidate.key, fresh.revision)
        if found is None or found.ready is not False:
            return fresh
        revision = named(service, candidate.version, candidate.template_digest, again)
        fresh = msgspec.structs.replace(candidate, revision=revision, tag=tag_of(revision))
    return fresh


def keep(folder: Path, plan: Plan) -> None:
    """Keep a plan that was shown, so that of a stale one can be said what changed."""
    folder.mkdir(exist_ok=True)
    (folder / f"{plan.id}.json").write_bytes(msgspec.json.encode(plan.stored))


def kept(folder: Path, id_: str) -> dict[str, Any] | None:
    """A plan that was shown, None if none of that id was."""
    found = {path.stem: path for path in folder.glob("*.json")}.get(id_)
    return msgspec.json.decode(found.read_bytes(), type=dict[str, Any]) if found else None


def differences(before: Any, now: Any, at: str = "") -> list[str]:  # noqa: ANN401 - JSON
    """What differs between two plans, each as ``path: then -> now``."""
    if isinstance(before, dict) and isinstance(now, dict):
        keys = dict.fromkeys([*before, *now])
        inner = (differences(before.get(key), now.get(key), f"{at}.{key}".lstrip(".")) for key in keys)
        return [one for found in inner for one in found]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = enumerate(zip(before, now, strict=True))
        return [one for index, (then, later) in pairs for one in differences(then, later, f"{at}[{index}]")]
    return [] if before == now else [f"{at}: {_short(before)} -> {_short(now)}"]


def _short(value: Any) -> str:  # noqa: ANN401 - JSON
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
