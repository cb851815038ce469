"""The steps that ask before anything is changed: the gates, and the proof of the way back."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from relman.models import Answer, Candidate, Release, Verdict
from relman.steps.step import Done, Failed, Knowledge, Outside, Seen, World

if TYPE_CHECKING:
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

        verdicts = gates.tell(gates.ask(self.question(world)), world.emit)
        recorded = {"verdicts": msgspec.to_builtins(verdicts)}
        refusals = [verdict for verdict in verdicts if not verdict.passes]
        if refusals:
            facts = "; ".join(f"{one.gate}: {one.fact}" for one in refusals)
            return Failed(facts, refusals[0].clears, recorded)
        if not verdicts:
            return Failed("there is no gate to ask")
        return Done({**recorded, "text": _counted(verdicts)})

    def question(self, outside: Outside) -> Question:
        """What the gates are asked, in a run or before one."""
        from relman.gates import Question

        if outside.config is None or outside.target is None:
            raise TypeError("gates are asked with a configuration")
        return Question(
            key=outside.key,
            proposed=self.candidate,
            chain=self.chain,
            first=self.first,
            config=outside.config,
            target=outside.target,
            repo=outside.repo,
            cloud=outside.cloud,
            clock=outside.clock,
            ledger=outside.ledger,
        )


def _counted(verdicts: tuple[Verdict, ...]) -> str:
    """``6 gates say go, 1 warn, 2 not set up``."""
    count = Counter(verdict.answer for verdict in verdicts)
    others = [f"{count[one]} {one}" for one in Answer if one is not Answer.GO and count[one]]
    return ", ".join([f"{count[Answer.GO]} gates say go", *others])


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
