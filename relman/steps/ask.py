"""The steps that ask before anything is changed: the gates, and the proof of the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from relman.models import Candidate, Release
from relman.steps.step import Done, Failed, Knowledge, Outside, Seen, World

if TYPE_CHECKING:
    from datetime import datetime

    from relman.gates import Question


class AskGates(Knowledge, frozen=True, tag="gates"):
    """Ask every gate and show every reason. Remembered: a resumed run does not ask again."""

    candidate: Candidate
    chain: tuple[Release, ...]
    first: bool

    @property
    def key(self) -> str:
        """``gates``."""
        return "gates"

    @property
    def line(self) -> str:
        """That the gates are asked."""
        return "ask every gate"

    @property
    def failed(self) -> str:
        """A refusal, not a failure."""
        return "REFUSED by a gate"

    def act(self, world: World) -> Seen | str:
        """Ask them all."""
        from relman import gates

        question = self.question(world)
        verdicts = gates.show(gates.ask(question), question.config, world.emit)
        told = {"profile": str(question.config.profile), "mode": str(question.config.mode)}
        recorded = {**told, "verdicts": msgspec.to_builtins(verdicts)}
        refusals = [verdict for verdict in verdicts if not verdict.passes]
        if refusals:
            facts = "; ".join(f"{one.gate}: {one.fact}" for one in refusals)
            return Failed(facts, refusals[0].clears, recorded)
        if not verdicts:
            return Failed("there is no gate to ask")
        return Done({**recorded, "text": gates.summed(verdicts)})

    def question(self, outside: Outside) -> Question:
        """What the gates are asked, in a run or before one."""
        return question(outside, self.candidate, self.chain, first=self.first)


def question(
    outside: Outside,
    candidate: Candidate | None,
    chain: tuple[Release, ...],
    *,
    first: bool,
    at: datetime | None = None,
) -> Question:
    """What the gates are asked about a candidate.

    Args:
        outside: What they may look at.
        candidate: What is to ship; None where nothing is prepared.
        chain: What a rollback could go to, newest first.
        first: No release of the service ever was good.
        at: Another instant than now, with an offset.
    """
    from relman.gates import Question

    if outside.config is None or outside.target is None:
        raise TypeError("gates are asked with a configuration")
    return Question(
        key=outside.key,
        proposed=candidate,
        chain=chain,
        first=first,
        config=outside.config,
        target=outside.target,
        repo=outside.repo,
        cloud=outside.cloud,
        clock=outside.clock,
        ledger=outside.ledger,
        at=at,
        plan=outside.plan,
        run=outside.authority.run if isinstance(outside, World) else "",
    )


class ProveWayBack(Knowledge, frozen=True, tag="prove-way-back"):
    """Record what a rollback would go to, and see that it is Ready, before anything is changed."""

    chain: tuple[Release, ...]

    @property
    def key(self) -> str:
        """``way-back``."""
        return "way-back"

    @property
    def line(self) -> str:
        """What the way back leads to."""
        return f"prove the way back to {self.chain[0]}"

    def act(self, world: World) -> Seen | str:
        """Read the target."""
        target = self.chain[0]
        found = world.cloud.revision(world.key, target.revision)
        if found is None or not found.ready:
            return Failed(f"{target.revision} is {'gone' if found is None else found.reason or 'not Ready'}")
        return Done(
            {"revision": target.revision, "digest": target.digest, "text": f"{target.revision} is Ready"}
        )
