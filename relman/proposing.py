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
from relman.ending import Ending, Hub
from relman.errors import ConfigError, Refused
from relman.ledger import Entry, story
from relman.live import LiveService, tag_of, template_digest
from relman.models import Candidate, Release, ServiceKey, listed
from relman.notes import place as noted
from relman.notes.files import path_of
from relman.notify import github
from relman.plan import Plan, plan_first_release, plan_release
from relman.remote import Remote
from relman.repo import Repo
from relman.steps import Outside, named, with_image
from relman.tags import Tags

MOST_FAILURES = 10
SHOWN = 40
SHOWN_PLANS = ".relman/plans"
ADVISED = 'mode = "advise": what somebody may lift refuses nothing yet'
LIVE = {"production", "prod"}
"""The environments that users use, by their names."""


def candidate_at(
    repo: Repo, entries: Sequence[Entry], environment: str, live: LiveService | None, target: Target
) -> Candidate | None:
    """The candidate that is still what would be prepared now, None if there is none.

    The commit checked out must be the candidate's, but for records; and where the template was taken
    from the live service, that must not have been changed since.
    """
    found = story.candidate(entries, environment)
    if found is None:
        return None
    same = repo.contains(repo.head, found.commit) and not repo.since(found.commit, repo.head)
    # What the first release was made of is filled up by the platform, and nobody else has touched it yet.
    first = story.created_here(entries) and not story.known_good(entries)
    if same and live and target.manifest is None and not first:
        same = template_digest(with_image(live.template, found.image)) == found.template_digest
    return found if same else None


def still(found: Candidate | None, prepared: Candidate | None) -> Candidate:
    """The candidate of now, if it is the one that a run prepared.

    Raises:
        Refused: It is another, or none.
    """
    if found is None or prepared is None or found.commit != prepared.commit:
        fact = f"{prepared.version if prepared else 'it'} was prepared for another commit or template"
        raise Refused("what was prepared is not what would ship now", fact=fact, clears="inv release.cut")
    return found


def plan_for(
    candidate: Candidate,
    live: LiveService | None,
    entries: Sequence[Entry],
    cloud: CloudRun,
    *,
    target: Target,
    ending: Ending,
) -> Plan:
    """The plan that ships a candidate onto what is live now."""
    fresh, (chain, first) = unspent(candidate, cloud), standing(live, entries, cloud, target.key)
    if first or live is None:
        return plan_first_release(fresh, live.split if live else None, ending=ending)
    serving = (
        max(live.split.shares, key=lambda share: share[1])[0] if live.split.shares else live.latest_ready
    )
    return plan_release(fresh, chain, serving, phases=target.phases, bake=target.bake, ending=ending)


def plan_on(outside: Outside, candidate: Candidate, live: LiveService | None) -> Plan:
    """The plan that ships a candidate onto what is live now, as a driver sees the world.

    Raises:
        Refused: relman.toml asks for what git's configuration cannot give.
        ConfigError: There is no relman.toml.
    """
    if outside.config is None or outside.target is None:
        raise ConfigError("a plan is made with a relman.toml", clears="cd to the service")
    target, entries = outside.target, outside.ledger(outside.key)
    ending = ending_of(outside.repo(), outside.config, target, candidate)
    return plan_for(candidate, live, entries, outside.cloud, target=target, ending=ending)


def ending_of(repo: Repo, config: Config, target: Target, candidate: Candidate) -> Ending:
    """What a release of a candidate leaves behind: decided before it begins, and shown with its plan.

    Raises:
        Refused: relman.toml asks for what git's configuration cannot give.
    """
    tags, name = Tags(repo.root), f"{config.prefix(target.service)}{candidate.version}"
    address = tags.address(config.remote)
    if config.tag.push and not address:
        fact = "relman.toml asks that the tag be pushed to it"
        clears = f"git remote add {config.remote} URL"
        raise Refused(f"there is no remote {config.remote}", fact=fact, clears=clears)
    remote = Remote.read(address)
    return Ending(
        tag=name,
        signed=tags.signs(config.tag.sign),
        origin=f"relman.dev/{remote.path if remote else f'{target.project}/{target.service}'}",
        push=str(config.remote) if config.tag.push else "",
        hub=_hub(config, target, remote, candidate.version) if config.github.wanted else None,
    )


def _hub(config: Config, target: Target, remote: Remote | None, version: str) -> Hub:
    asked, several = config.github, len(config.service) > 1
    place = github.place(remote, api=str(asked.api or ""), repository=str(asked.repository or ""))
    if place is None:
        raise Refused(
            "relman.toml asks to tell GitHub, and no repository on GitHub is known",
            fact=f"{config.remote} is on none" if remote else f"{config.remote} has no address on a network",
            clears='under [github]: repository = "OWNER/NAME" and api = "https://api.github.com"',
        )
    return Hub(
        place=place,
        environment=f"{target.service}-{target.environment}" if several else target.environment,
        production=target.environment in LIVE,
        release=asked.release,
        deployments=asked.deployments,
        notes=path_of(noted.named(config, target.service, version)),
        remote=str(config.remote),
    )


def limits(config: Config) -> tuple[str, ...]:
    """What a reader of the plan must know: what is not set up, what is not asked, what only advises."""
    words = {"pushing the tag": config.tag.push, "GitHub": config.github.wanted}
    missing = [word for word, wanted in words.items() if not wanted]
    unasked = config.profile == "solo" and config.model is not None
    return (
        *([f"not set up: {listed(missing)}"] if missing else []),
        *(['profile = "solo": the gates of the operating model are not asked'] if unasked else []),
        *([ADVISED] if config.mode == "advise" else []),
    )


def standing(
    live: LiveService | None, entries: Sequence[Entry], cloud: CloudRun, key: ServiceKey
) -> tuple[tuple[Release, ...], bool]:
    """What a rollback could go to, newest first, and whether the next release is the first (ruling 8)."""
    chain = present(story.known_good(entries), cloud, key)
    return chain, live is None or (not chain and story.created_here(entries))


def present(chain: tuple[Release, ...], cloud: CloudRun, key: ServiceKey) -> tuple[Release, ...]:
    """The chain without what was deleted meanwhile: a tag on a missing revision would fail every write.

    Its first stays in any case: whether that is there is a gate's question.
    """
    return chain[:1] + tuple(one for one in chain[1:] if cloud.revision(key, one.revision))


def told_by(live: LiveService | None, cloud: CloudRun, key: ServiceKey) -> tuple[str, ...]:
    """The versions that the service itself tells of: what serves, and its way back."""
    if live is None:
        return ()
    serving = [cloud.revision(key, name) for name, _ in live.split.shares]
    releases = [*live.way_back.chain, *(one.release for one in serving if one)]
    return tuple(release.version for release in releases if release.version)


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


def keep(root: Path, plan: Plan) -> None:
    """Keep a plan that was shown, so that of a stale one can be said what changed."""
    folder = root / SHOWN_PLANS
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{plan.id}.json").write_bytes(msgspec.json.encode(plan.stored))


def kept(root: Path, id_: str) -> dict[str, Any] | None:
    """A plan that was shown, None if none of that id was."""
    found = {path.stem: path for path in (root / SHOWN_PLANS).glob("*.json")}.get(id_)
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
    if before == now:
        return []
    # What stands in an environment may be a secret: that it differs is said, not what it is.
    return [at] if ".env" in at else [f"{at}: {_short(before)} -> {_short(now)}"]


def _short(value: Any) -> str:  # noqa: ANN401 - JSON
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN else "…" + text[1 - SHOWN :]
