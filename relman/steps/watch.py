"""The steps that wait and look: a bake, and the smoke checks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from relman.models import Event, Release, TrafficSplit, spelled
from relman.steps.step import Absent, Done, Failed, Knowledge, Pending, Seen, Step, World
from relman.steps.traffic import other_hand, read

if TYPE_CHECKING:
    from relman.smoke import Suite


class Bake(Step, frozen=True, tag="bake"):
    """Wait at a phase. Its start is in the ledger, so it survives restarts.

    Attributes:
        seconds: How long, from the recorded start.
        split: The traffic that must stay while it waits.
    """

    percent: int
    seconds: float
    split: TrafficSplit

    @property
    def key(self) -> str:
        """``bake-20``."""
        return f"bake-{self.percent}"

    @property
    def line(self) -> str:
        """Where it waits, and for how long."""
        return f"bake at {self.percent} % for {spelled(self.seconds)}"

    def observe(self, world: World) -> Seen:
        """Read the recorded start; and see that nobody moved the traffic meanwhile."""
        start = world.record.intended(self.key)
        if start is None:
            return Absent()
        live = read(world)
        if live.split != self.split:
            raise other_hand(live, self.split)
        world.authority.check(live)
        elapsed = (world.clock.now() - start).total_seconds()
        if elapsed < self.seconds:
            return Pending(f"bake at {self.percent} %", elapsed, self.seconds)
        return Done({"text": "nobody moved the traffic"})

    def act(self, world: World) -> Seen | str:  # noqa: ARG002 - the recorded intent is its start
        """Nothing to do but to wait."""
        return ""


class Smoke(Knowledge, frozen=True, tag="smoke"):
    """Run the smoke checks. A failure is remembered: a resumed run goes back, and does not ask again.

    Attributes:
        at: ``tag``: on the candidate's own URL, before or while users see it; ``live``: on the
            service's URL, at the end.
        percent: What the candidate has of the traffic meanwhile.
    """

    release: Release
    commit: str
    at: Literal["tag", "live"]
    percent: int

    @property
    def key(self) -> str:
        """``smoke-tag-0``, ``smoke-live-100``."""
        return f"smoke-{self.at}-{self.percent}"

    @property
    def line(self) -> str:
        """Where the checks are asked."""
        where = "tag URL" if self.at == "tag" else "live URL"
        return f"smoke on the {where} at {self.percent} %"

    def act(self, world: World) -> Seen | str:
        """Ask every check."""
        from relman import smoke

        live = read(world)
        url = live.tag_uri(self.release.revision) if self.at == "tag" else live.uri
        if not url:
            return Failed(f"{self.release.revision} has no URL")
        values = {
            "release.version": self.release.version,
            "release.revision": self.release.revision,
            "release.digest": self.release.digest,
            "release.commit": self.commit,
        }
        report = smoke.run(suite_of(world), url, values=values, clock=world.clock)
        for result in report.failures:
            world.emit(Event("note", f"{result.name}: {result.fact}"))
        if not report.passed:
            names = ", ".join(one.name for one in report.failures) or "no check was asked"
            return Failed(f"{len(report.failures)} of {len(report.results)} checks failed: {names}")
        return Done({"text": report.summary, "url": url})


def suite_of(world: World) -> Suite:
    """The service's checks, or the default one where it names no file."""
    from relman import smoke

    path: Path | None = world.target.smoke if world.target else None
    return smoke.load(path) if path else smoke.default_suite()
