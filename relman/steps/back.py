"""The way back: put all traffic on a good release, and prove it.

These steps insist. They ask no gate and heed no epoch but raise it; with ``befores`` they act
for a failed rollout, and stop where somebody else has moved the traffic since.
"""

from __future__ import annotations

from relman import probe
from relman.clock import stamp
from relman.errors import Raced, Rejected
from relman.live import LiveService, RolledBack, WayBack, composed
from relman.models import Event, Release, TrafficSplit
from relman.steps.step import Absent, Done, Failed, Knowledge, Pending, Seen, Step, World
from relman.steps.traffic import other_hand, read, write

TRIES = 5
ANSWERS = 5
"""How many answers in a row must come from the target."""
ASKING_SECONDS = 20.0
MOVING_SECONDS = 60.0
COMPLAINED_SECONDS = 3.0
AGAIN = 0.2


class ShiftBack(Step, frozen=True, tag="shift-back"):
    """All traffic to the first of the targets that takes it.

    Attributes:
        targets: Ordered by probes; a shift that fails goes on to the next.
        chain: What stays known as the way back.
        leaving: The revision that loses its traffic and its tag; empty if none stands out.
        bad_digest: Its image.
        befores: The traffic that the failed rollout may have left; empty insists.
    """

    changes = True
    insists = True
    targets: tuple[Release, ...]
    chain: tuple[Release, ...]
    leaving: str = ""
    bad_digest: str = ""
    befores: tuple[TrafficSplit, ...] = ()

    @property
    def key(self) -> str:
        """``shift-back``."""
        return "shift-back"

    @property
    def line(self) -> str:
        """Where the traffic goes."""
        return f"all traffic back to {self.targets[0]}"

    @property
    def leaves(self) -> TrafficSplit:
        """All on the first target, if it takes it."""
        return TrafficSplit.all_to(self.targets[0].revision)

    def observe(self, world: World) -> Seen:
        """Look whether a target has all the traffic, written by this run (a driver of it may have died)."""
        live = read(world)
        reached = self.reached(world, live)
        if reached:  # also while the service reconciles: that may be a candidate which never starts
            return Done({"to": reached.revision, "text": f"100 % on {reached.revision}"})
        mine = live.run == world.authority.run
        return Pending("Cloud Run reconciles") if live.reconciling and mine else Absent()

    def reached(self, world: World, live: LiveService) -> Release | None:
        """The target that has all of the traffic by a write of this run, None if none has."""
        if live.run != world.authority.run or not live.pinned or self._still_tagged(live):
            return None
        whole = (TrafficSplit.all_to(release.revision) for release in self.targets)
        split = next((one for one in whole if one == live.split == live.served_split), None)
        return next((one for one in self.targets if split and one.revision == split.sole), None)

    def _still_tagged(self, live: LiveService) -> bool:
        """What is left has a tag of relman's, though it is no part of the way back any more."""
        kept = {release.revision for release in self.chain}
        return self.leaving not in kept and live.tagged(self.leaving)

    def act(self, world: World) -> Seen | str:
        """Try the targets in their order until one takes the traffic; what is left standing is the best."""
        complaints = []
        for target in self.targets:
            complaint = self._try(world, target)
            if not complaint:
                return ""
            complaints.append(f"{target.revision}: {complaint}")
        if len(self.targets) > 1:
            self._try(world, self.targets[0])
        return "; ".join(complaints)

    def _try(self, world: World, target: Release) -> str:
        """One target: write, and wait until it has the traffic. Empty when it has; else why not."""
        complaint = "the service kept changing under our hands"
        for _ in range(TRIES):
            live = read(world)
            if self.befores and live.split not in (*self.befores, TrafficSplit.all_to(target.revision)):
                raise other_hand(live, self.befores[-1])
            try:
                said = self._write(world, live, target)
            except Raced:
                world.clock.sleep(AGAIN)
                continue
            except Rejected as no:
                return no.fact or no.what
            moved = self._moved(world, target, said)
            if moved is None:
                continue  # somebody wrote over it: insist
            return moved
        return complaint

    def _moved(self, world: World, target: Release, said: str) -> str | None:
        """Look until the target has the traffic: empty; why it has not; None if it was overwritten.

        What the operation complained of (``said``) may be about another revision, so it only
        shortens the wait, once nothing is under way any more.
        """
        began = settled = world.clock.now().timestamp()
        while True:
            live, now = read(world), world.clock.now().timestamp()
            if self.reached(world, live) == target:
                return ""
            if live.run != world.authority.run:
                return None
            settled = now if live.reconciling else settled
            if now - began >= MOVING_SECONDS or (said and now - settled >= COMPLAINED_SECONDS):
                return said or "the traffic did not move"
            world.clock.sleep(AGAIN)

    def _write(self, world: World, live: LiveService, target: Release) -> str:
        whole = TrafficSplit.all_to(target.revision)
        traffic = composed(live, whole, [release.revision for release in self.chain])
        # A rollout that failed before any traffic moved leaves no rollback behind: no user saw it.
        moved = not self.befores or live.split != whole
        rolled = RolledBack(self.leaving, target.revision, stamp(world.clock.now()), self.bad_digest)
        way_back = WayBack(self.chain, rolled if moved else None)
        return write(world, live, {"traffic": traffic}, way_back, step=self.key)


class VerifyBack(Knowledge, frozen=True, tag="verify-back"):
    """Prove it: read the service again, ask the live URL until only the target answers, and watch.

    Attributes:
        shift: What is sent again if the traffic falls back (ruling 11).
    """

    insists = True
    shift: ShiftBack

    @property
    def key(self) -> str:
        """``verify-back``."""
        return "verify-back"

    @property
    def hint(self) -> str:
        """The next release to go back to: the traffic moved, and what it moved to is not well."""
        older = [release for release in self.shift.chain if release not in self.shift.targets[:1]]
        return f"inv release.rollback --to {older[0]}" if older else "inv release.history"

    @property
    def line(self) -> str:
        """What is proven."""
        return "verify: read back, and ask the live URL"

    def act(self, world: World) -> Seen | str:
        """Read back, ask, watch for ``doubt`` seconds."""
        live = read(world)
        reached = self.shift.reached(world, live)
        if reached is None:
            return Failed(f"the traffic is {live.split}")
        answered = ask_until(world, live, reached.revision)
        if isinstance(answered, Failed):
            return answered
        if not self._holds(world):
            return Failed(f"the traffic does not stay; it is {read(world).split}")
        facts = {"leaves": self.shift.leaving, "to": reached.revision, "digest": self.shift.bad_digest}
        when = read(world).way_back.rolled_back
        return Done({**facts, **answered.value, "when": when.when if when else ""})

    def _holds(self, world: World) -> bool:
        """Watch, and write again if epoch or traffic fell back."""
        end = world.clock.now().timestamp() + world.doubt
        for _ in range(TRIES):
            while self.shift.reached(world, read(world)):
                left = end - world.clock.now().timestamp()
                if left <= 0:
                    return True
                world.clock.sleep(min(left, 0.25))
            world.emit(Event("note", "the traffic fell back; writing it again"))
            self.shift.act(world)
        return False


def ask_until(world: World, live: LiveService, revision: str) -> Done | Failed:
    """Ask the live URL until only ``revision`` answers, and healthily."""
    known = {target.revision for target in live.asked} | {live.latest_ready, revision}
    end = world.clock.now().timestamp() + ASKING_SECONDS
    good: list[probe.Reply] = []
    reply = probe.Reply(healthy=False, fact="not asked")
    while len(good) < ANSWERS and world.clock.now().timestamp() < end:
        reply = probe.ask(live.uri, known)
        right = reply.healthy and reply.revision in {"", revision}
        good = [*good, reply] if right else []
        if not right:
            world.clock.sleep(0.2)
    if len(good) < ANSWERS:
        return Failed(
            f"{revision} has the traffic, but the live URL says: {reply.fact} {reply.revision}".strip()
        )
    named = all(one.revision for one in good)
    text = (
        f"{ANSWERS} answers, all from {revision}"
        if named
        else f"{ANSWERS} answers, {reply.fact}; they name no revision"
    )
    return Done({"text": text, "url": live.uri})
