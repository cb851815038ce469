"""Where a rollback goes: chosen from what is known to be good, ordered by probes.

What it is not: the shift (``steps.back``). Nothing here refuses a target that is known: probes
order, they never refuse (ruling 13).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from relman import probe
from relman.cloudrun import CloudRun
from relman.errors import NotPutBack, Refused, RelmanError
from relman.ledger import Entry, story
from relman.live import LiveService
from relman.models import PERCENT, Release, ServiceKey
from relman.plan import Plan, plan_rollback

GONE = 3
"""The rank of a revision that is not there any more."""
NOWHERE = "no other good release is known"


class Choice(msgspec.Struct, frozen=True):
    """What a rollback does.

    Attributes:
        targets: Where to, in the order of trying; empty if it is there already.
        chain: What stays known as the way back.
        leaving: What is left, None if nothing stands out.
        notes: What the person must know about the choice.
    """

    targets: tuple[Release, ...]
    chain: tuple[Release, ...]
    leaving: Release | None
    notes: tuple[str, ...] = ()


def choose(
    live: LiveService,
    cloud: CloudRun,
    key: ServiceKey,
    entries: Sequence[Entry],
    *,
    to: str,
    settled: bool,
) -> Choice:
    """What a rollback does, from what is known now.

    Args:
        live: The service as it is.
        cloud: Asked for the revisions.
        key: The service.
        entries: What the ledger has of the service; none without a ledger.
        to: A version or revision that a person names; obeyed if it is known.
        settled: No run is open, so that a rollback that was made was made to its end.

    Raises:
        Refused: There is nothing to go back to, or ``to`` is not known.
    """
    chain, notes = known(live, story.known_good(entries))
    everything = [*chain, *story.released(entries), *live.way_back.chain]
    wanted = named(everything, to, key) if to else None
    there = arrived(live, wanted, everything) if settled else None
    if there and (wanted or probe.ask(live.uri).healthy):
        return Choice((), chain, there, notes)
    unwell = (f"{there} has the traffic already, and is not well: going further back",) if there else ()
    again = () if settled else unfinished(live, everything)
    found = (wanted,) if wanted else again or targets(live, chain)
    ranks = ranked(live, cloud, key, list(dict.fromkeys([*chain, *found])))
    order = found if wanted else ordered(found, ranks)
    if not order:
        raise sick(there) if there else nowhere(live, key)
    left = leaving(live, cloud, key, order[0].revision)
    present = tuple(one for one in chain if ranks[one][0] < GONE)
    said = tuple(f"{one}: {ranks[one][1]}" for one in found if ranks[one][0])
    forward = went_forward(story.released(entries), order[0], chain)
    kept = (order[0], *present)[: story.CHAIN] if forward else stayed(present, order[0], left)
    return Choice(order, kept, left, (*notes, *unwell, *said))


def sick(there: Release) -> NotPutBack:
    """What has the traffic is not well, and nothing else is known."""
    return NotPutBack(f"{there} has the traffic and is not well", fact=NOWHERE, clears="inv release.history")


def arrived(live: LiveService, wanted: Release | None, known_as: Sequence[Release]) -> Release | None:
    """The release that has all of the traffic already: the one wanted, or what the last rollback went to."""
    rolled = live.way_back.rolled_back
    revision = wanted.revision if wanted else rolled.to if rolled else ""
    if not revision or not live.pinned or live.split.percent(revision) != PERCENT or _under_way(live):
        return None
    return next((one for one in known_as if one.revision == revision), Release("", revision, ""))


def unfinished(live: LiveService, known_as: Sequence[Release]) -> tuple[Release, ...]:
    """Where a rollback that moved the traffic, and died before its end, went to."""
    rolled = live.way_back.rolled_back
    if not rolled or live.split.percent(rolled.to) != PERCENT:
        return ()
    return (next((one for one in known_as if one.revision == rolled.to), Release("", rolled.to, "")),)


def nowhere(live: LiveService, key: ServiceKey) -> Refused:
    """There is no release to go back to."""
    return Refused(
        f"there is nothing to roll {key.service} back to",
        fact=f"the traffic is {live.split}; {NOWHERE}",
        clears="inv release.history",
    )


def plan(key: ServiceKey, environment: str, choice: Choice) -> Plan:
    """The plan of a choice that has targets."""
    target = choice.targets[0]
    change = f"{key.service} {choice.leaving or '(split)'} -> back to {target}"
    return Plan(
        kind="rollback",
        key=key,
        environment=environment,
        title=f"{change}   {key.region}, {environment}",
        steps=plan_rollback(choice.targets, choice.chain, choice.leaving),
        closes="release.rolled_back",
        hint=by_hand(key, target.revision),
        sides=(*([choice.leaving.revision] if choice.leaving else []), target.revision),
    )


def known(live: LiveService, recorded: Sequence[Release]) -> tuple[tuple[Release, ...], tuple[str, ...]]:
    """The chain to choose from, and what to say about it: the ledger's wins over the service's."""
    told = live.way_back.chain
    if not recorded:
        return told, ("no ledger here: the way back is read from the service",) if told else ()
    serving = _serving(live)
    ours = [release.revision for release in recorded if release.revision != serving]
    theirs = [release.revision for release in told if release.revision != serving]
    differ = bool(told) and ours[: len(theirs)] != theirs[: len(ours)]
    notes = (
        (f"the service tells another way back ({', '.join(theirs)}); the ledger's is used",) if differ else ()
    )
    return tuple(recorded), notes


def targets(live: LiveService, chain: Sequence[Release]) -> tuple[Release, ...]:
    """The releases to go back to, newest first.

    While a rollout is under way that is every good release, the stable one first; else every
    good release but the one that serves.
    """
    candidate, serving = live.way_back.candidate, _serving(live)
    gone = {candidate} if _under_way(live) else {candidate, serving}
    return tuple(release for release in chain if release.revision not in gone)


def named(chain: Sequence[Release], to: str, key: ServiceKey) -> Release:
    """The release that a person names by version or revision.

    Raises:
        Refused: It is neither in the ledger, nor adopted, nor in the chain.
    """
    found = next((one for one in chain if to in {one.version, one.revision} and to), None)
    if found is None:
        words = ", ".join(dict.fromkeys(f"{one} ({one.revision})" for one in chain)) or "none"
        raise Refused(f"{to} is no known good release of {key.service}", fact=f"known: {words}")
    return found


def leaving(live: LiveService, cloud: CloudRun, key: ServiceKey, target: str) -> Release | None:
    """The revision that is left: the rollout's candidate, else the one with most of the traffic."""
    candidate = live.way_back.candidate
    shares = sorted(live.split.shares, key=lambda share: -share[1])
    names = (
        [candidate] if candidate and candidate != target else [name for name, _ in shares if name != target]
    )
    if not names:
        return None
    try:
        found = cloud.revision(key, names[0])
    except RelmanError:
        found = None
    return found.release if found else Release("", names[0], "")


def ranked(
    live: LiveService, cloud: CloudRun, key: ServiceKey, releases: Sequence[Release]
) -> dict[Release, tuple[int, str]]:
    """What probes say of each release, in parallel: see :func:`_rank`."""
    from concurrent.futures import ThreadPoolExecutor

    if not releases:
        return {}
    with ThreadPoolExecutor(len(releases)) as pool:
        return dict(zip(releases, pool.map(lambda one: _rank(live, cloud, key, one), releases), strict=True))


def ordered(found: Sequence[Release], ranks: Mapping[Release, tuple[int, str]]) -> tuple[Release, ...]:
    """The targets by what probes say, the newest first among equals; what is gone can be no target."""
    here = [release for release in found if ranks.get(release, (0, ""))[0] < GONE]
    return tuple(sorted(here, key=lambda release: ranks.get(release, (0, ""))[0]))


def went_forward(released: Sequence[Release], target: Release, chain: Sequence[Release]) -> bool:
    """A person goes to a release that was left before, and is newer than every good one.

    Then what is left now is still good, and the one to come back to.
    """
    if target in chain or target not in released or not chain or chain[0] not in released:
        return False
    return released.index(target) < released.index(chain[0])


def stayed(chain: Sequence[Release], target: Release, left: Release | None) -> tuple[Release, ...]:
    """The chain that stays known: the target, and what is older."""
    if target not in chain:
        return (target,)
    return tuple(one for one in chain if left is None or one.revision != left.revision)


def by_hand(key: ServiceKey, revision: str) -> str:
    """The command that does it without relman."""
    place = f"--project {key.project} --region {key.region}"
    return f"gcloud run services update-traffic {key.service} {place} --to-revisions {revision}=100"


def told(live: LiveService, there: Release | None, labels: Mapping[str, str]) -> str:
    """One line about a rollback that is made already."""
    rolled, name = live.way_back.rolled_back, str(there)
    if rolled and there and rolled.to == there.revision and rolled.leaves:
        name += (
            f" serves already: rolled back from {labels.get(rolled.leaves, rolled.leaves)} at {rolled.when}"
        )
        return f"{name}; to go further back: --to VERSION"
    return f"{name} serves already"


def by_another(live: LiveService | None, choice: Choice, hint: str) -> str:
    """One line about a rollback that another one overtook, if that went where this one was to go.

    Raises:
        NotPutBack: It did not.
    """
    there = next(
        (one for one in choice.targets if live and live.served_split.percent(one.revision) == PERCENT), None
    )
    if there is None:
        fact = f"the traffic is {live.served_split}" if live else "the service is gone"
        raise NotPutBack("another driver has taken over", fact=fact, clears=hint)
    return f"{there} serves again: another rollback put it back meanwhile"


def summary(
    value: dict[str, Any], labels: Mapping[str, str], decided: float, entries: Sequence[Entry]
) -> str:
    """One line about a rollback that was just made, with the seconds of its three parts."""
    took = {entry.step: entry.detail["seconds"] for entry in entries if entry.kind == "step.done"}
    parts = {"decide": decided, "shift": took["shift-back"], "verify": took["verify-back"]}
    seconds = ", ".join(f"{name} {lasted:.1f} s" for name, lasted in parts.items())
    return f"{labels.get(value['to'], value['to'])} serves again: {value['text']} ({seconds})"


def _rank(live: LiveService, cloud: CloudRun, key: ServiceKey, release: Release) -> tuple[int, str]:
    """0: Ready and healthy · 1: Ready, but not known healthy · 2: not Ready, or nobody knows · 3: gone."""
    try:
        found = cloud.revision(key, release.revision)
    except RelmanError as error:
        return 2, f"it could not be read: {error.fact or error.what}"
    if found is None:
        return GONE, "the revision is gone"
    if not found.ready:
        return 2, found.reason or "the revision is not Ready"
    url = live.tag_uri(release.revision)
    if not url:
        return 1, "it has no tag, so it was not probed"
    reply = probe.ask(url)
    return (0, "") if reply.healthy else (1, f"its own URL says {reply.fact}")


def _under_way(live: LiveService) -> bool:
    """A rollout has begun, and its candidate does not have all of the traffic."""
    candidate = live.way_back.candidate
    return bool(candidate) and _serving(live) != candidate


def _serving(live: LiveService) -> str:
    """The revision that has all of the traffic, empty if it is split."""
    shares = live.split.shares
    return shares[0][0] if len(shares) == 1 else ""
