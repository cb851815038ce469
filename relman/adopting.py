"""What serves now, though relman never released it, as a release that a rollback can go to."""

from __future__ import annotations

import msgspec

from relman.cloudrun import CloudRun
from relman.driving import Driver
from relman.errors import Refused, UsageError
from relman.ledger import Draft, story
from relman.live import LiveService
from relman.models import Release, ServiceKey
from relman.version import checked


def adopted(driver: Driver, version: str) -> Release:
    """Record what serves as good, with what the service itself tells of its way back, if nothing is known."""
    key, store = driver.key, driver.store
    with store.drive(key, "traffic"):
        live = driver.cloud.service(key)
        release = adoptable(driver.cloud, key, live, version)
        good = [*(older(live, release) if live and not story.known_good(store.entries(key)) else ()), release]
        details = ({"release": msgspec.to_builtins(one)} for one in good)
        drafts = [Draft("release.adopted", key, driver.environment, detail=each) for each in details]
        store.append([*drafts, *driver.superseding(f"{release} was adopted")])
    return release


def adoptable(cloud: CloudRun, key: ServiceKey, live: LiveService | None, version: str) -> Release:
    """What serves everything now, as a release that can be adopted.

    Raises:
        Refused: The service is absent, changing, or split over several revisions.
    """
    if live is None:
        raise Refused(f"there is no service {key}", fact="nothing to adopt", clears="inv release.cut")
    if live.reconciling or len(live.split.shares) != 1:
        state = "it is reconciling" if live.reconciling else f"its traffic is {live.split}"
        raise Refused(
            "only one settled revision can be adopted",
            fact=state,
            clears="inv release.rollback, or move all traffic to the revision that is to be adopted",
        )
    found = cloud.revision(key, live.split.sole)
    if found is None or not found.ready:
        raise Refused(f"{live.split.sole} is not Ready", fact=found.reason if found else "it is gone")
    told = found.release
    if version and told.version not in {"", version}:
        raise UsageError(
            f"{told.revision} has a version already",
            fact=f"relman shipped it as {told.version}",
            clears="inv release.adopt",
        )
    return Release(checked(version) if version else told.version, told.revision, told.digest)


def older(live: LiveService, release: Release) -> list[Release]:
    """The way back that the service itself tells of, oldest first: another ledger's releases."""
    rolled = live.way_back.rolled_back
    left = {release.revision, *([rolled.leaves] if rolled else [])}
    return [one for one in reversed(live.way_back.chain) if one.revision not in left]
