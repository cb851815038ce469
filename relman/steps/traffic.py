"""The steps that write to Cloud Run on the way forward: create, deploy, shift.

Each reads the service, checks that it may (epoch, the traffic it may start from), and sends one
write with the etag that it read. What came of it is read from the service, never from the
answer.
"""

from __future__ import annotations

from typing import Any

from relman.errors import OtherHand
from relman.live import COMMIT, REVISION, TEMPLATE, VERSION, LiveService, WayBack, composed, marked
from relman.models import PERCENT, Candidate, Release, TrafficSplit
from relman.steps.overrun import halted
from relman.steps.step import Absent, Done, Failed, Pending, Seen, Step, World

SETTLE_SECONDS = 5.0
"""How long a write waits on the server before the engine looks, and heeds signals, again."""


def full_template(candidate: Candidate) -> dict[str, Any]:
    """The template as it is sent: named, and telling which candidate it is."""
    ours = {TEMPLATE: candidate.template_digest, VERSION: candidate.version, COMMIT: candidate.commit}
    annotations = {**candidate.template.get("annotations", {}), **ours}
    return {**candidate.template, "revision": candidate.revision, "annotations": annotations}


def read(world: World) -> LiveService:
    """The service as it is.

    Raises:
        OtherHand: It is gone.
    """
    live = world.cloud.service(world.key)
    if live is None:
        raise OtherHand(
            f"{world.key} is gone", fact="the platform knows no such service", clears="inv release.status"
        )
    return live


def other_hand(live: LiveService, expected: TrafficSplit) -> OtherHand:
    """What is said when somebody else moved the traffic."""
    rolled = live.way_back.rolled_back
    return OtherHand(
        "somebody rolled back meanwhile" if rolled else "somebody else moved the traffic",
        fact=f"it is {live.split}; relman left {expected}",
        clears="inv release.adopt to keep it as it is, or inv release.rollback",
    )


def write(world: World, live: LiveService, body: dict[str, Any], way_back: WayBack, *, step: str) -> str:
    """Send one write with the driver's mark and the way back; what the platform complained of."""
    annotations = marked(live, world.authority.mark(step), way_back)
    operation = world.cloud.update(world.key, etag=live.etag, body={**body, "annotations": annotations})
    return world.cloud.settle(operation, SETTLE_SECONDS)


class Create(Step, frozen=True, tag="create"):
    """Make the service, with all traffic on its first revision: there is no 0 % phase."""

    changes = True
    candidate: Candidate

    @property
    def key(self) -> str:
        """``create``."""
        return "create"

    @property
    def line(self) -> str:
        """Which service is made, and that all traffic is on it at once."""
        made = f"create {self.candidate.key.service} with {self.candidate.version}"
        return f"{made} at 100 % (there is no 0 % phase)"

    @property
    def leaves(self) -> TrafficSplit:
        """All on the candidate."""
        return TrafficSplit.all_to(self.candidate.revision)

    def observe(self, world: World) -> Seen:
        """Look for the service and its first revision."""
        live = world.cloud.service(world.key)
        return Absent() if live is None else deployed(world, live, self.candidate, self.leaves)

    def act(self, world: World) -> Seen | str:
        """Create it, if the window or its overrun lets it; ALREADY_EXISTS is the fence."""
        if reason := halted(world, self.candidate.release):
            return reason
        candidate = self.candidate
        split = [{"type": REVISION, "revision": candidate.revision, "percent": PERCENT}]
        tag = [{"type": REVISION, "revision": candidate.revision, "tag": candidate.tag}]
        authority, way_back = world.authority, WayBack(candidate=candidate.revision)
        empty = LiveService.empty(candidate.service_fields.get("annotations", {}))
        body = {
            **candidate.service_fields,
            "template": full_template(candidate),
            "traffic": split + tag,
            "annotations": marked(empty, authority.mark(self.key), way_back),
        }
        operation = world.cloud.create(world.key, body)
        return world.cloud.settle(operation, SETTLE_SECONDS)


class Deploy(Step, frozen=True, tag="deploy"):
    """Make the candidate's revision; traffic is pinned to what serves, in the same request.

    Attributes:
        percent: 0; or 100 where no release of the service ever was good.
        before: The traffic it may start from.
        chain: The way back, newest first; each keeps a tag while it is in it.
    """

    changes = True
    candidate: Candidate
    before: TrafficSplit
    chain: tuple[Release, ...]
    percent: int = 0

    @property
    def key(self) -> str:
        """``deploy``."""
        return "deploy"

    @property
    def line(self) -> str:
        """Which version is deployed, and at what percentage."""
        return f"deploy {self.candidate.version} at {self.percent} %, tag {self.candidate.tag}"

    @property
    def leaves(self) -> TrafficSplit:
        """What serves stays, pinned by name; or all on the candidate."""
        return TrafficSplit.all_to(self.candidate.revision) if self.percent else self.before

    def observe(self, world: World) -> Seen:
        """Look for the revision, its content, its tag and the pinned traffic."""
        return deployed(world, read(world), self.candidate, self.leaves)

    def act(self, world: World) -> Seen | str:
        """Write template, traffic and annotations in one request, if the window or its overrun lets it."""
        if reason := halted(world, self.candidate.release):
            return reason
        live = read(world)
        world.authority.check(live)
        if live.split not in (self.before, self.leaves):
            raise other_hand(live, self.before)
        tagged = [self.candidate.revision, *(release.revision for release in self.chain)]
        body: dict[str, Any] = {"traffic": composed(live, self.leaves, tagged)}
        if world.cloud.revision(world.key, self.candidate.revision) is None:
            body["template"] = full_template(self.candidate)
        way_back = WayBack(self.chain, candidate=self.candidate.revision)
        return write(world, live, body, way_back, step=self.key)


class Shift(Step, frozen=True, tag="shift"):
    """Move traffic to the candidate, from exactly the traffic that the step before left."""

    changes = True
    release: Release
    before: TrafficSplit
    to: TrafficSplit
    chain: tuple[Release, ...]

    @property
    def percent(self) -> int:
        """What the candidate gets."""
        return self.to.percent(self.release.revision)

    @property
    def key(self) -> str:
        """``shift-20``."""
        return f"shift-{self.percent}"

    @property
    def line(self) -> str:
        """How much traffic goes to which version."""
        return f"shift {self.percent} % to {self.release.version}"

    @property
    def leaves(self) -> TrafficSplit:
        """The split that it makes."""
        return self.to

    def observe(self, world: World) -> Seen:
        """Compare the traffic, as asked and as served, with the split."""
        return shifted(world, read(world), self)

    def act(self, world: World) -> Seen | str:
        """Write traffic and annotations, if the window or its overrun lets it."""
        if reason := halted(world, self.release):
            return reason
        live = read(world)
        world.authority.check(live)
        if live.split != self.before:
            raise other_hand(live, self.before)
        tagged = [self.release.revision, *(release.revision for release in self.chain)]
        way_back = WayBack(self.chain, candidate=self.release.revision)
        return write(world, live, {"traffic": composed(live, self.to, tagged)}, way_back, step=self.key)


def shifted(world: World, live: LiveService, shift: Shift) -> Seen:
    """How far a shift is.

    Raises:
        OtherHand: The traffic is neither what it was nor what it shall be; or it is what it was, and
            the service carries the mark of this very step: it was made so, and then undone.
    """
    if live.reconciling:
        return Pending("Cloud Run reconciles")
    if live.split == shift.to and live.pinned:
        return _served(world, live, shift.to)
    undone = (live.run, live.step) == (world.authority.run, shift.key)
    if live.split == shift.before and not undone:
        return Absent()
    raise other_hand(live, shift.to if undone else shift.before)


def _served(world: World, live: LiveService, to: TrafficSplit) -> Seen:
    """Whether what was asked for is served. A settled service that serves something else has failed."""
    if live.served_split == to:
        return Done({"text": ", ".join(f"{world.label(name)} {percent} %" for name, percent in to.shares)})
    return Failed(live.complaint) if live.complaint else Pending("the traffic moves")


def deployed(world: World, live: LiveService, candidate: Candidate, split: TrafficSplit) -> Seen:
    """How far the deploy of a candidate is."""
    found = world.cloud.revision(world.key, candidate.revision)
    if found is None:
        return Pending("Cloud Run makes the revision") if live.reconciling else Absent()
    if found.annotations.get(TEMPLATE) != candidate.template_digest:
        return Failed(f"{candidate.revision} exists with other content")
    if found.ready is False:
        return Failed(found.reason or live.complaint or "the revision does not start")
    if found.ready is None or live.reconciling:
        return Pending("the revision starts")
    if live.tagged(candidate.revision) and live.pinned and live.split == live.served_split == split:
        return Done({"text": candidate.revision, "url": live.tag_uri(candidate.revision)})
    return Absent()
