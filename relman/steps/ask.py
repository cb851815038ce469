"""The steps that ask before anything is changed: the gates, and the proof of the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relman.models import Answer, Candidate, Release
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
        refusals = [verdict for verdict in verdicts if not verdict.passes]
        if refusals:
            facts = "; ".join(f"{one.gate}: {one.fact}" for one in refusals)
            return Failed(facts, refusals[0].clears)
        if not verdicts:
            return Failed("there is no gate to ask")
        answers = {verdict.gate: verdict.fact for verdict in verdicts}
        going = sum(verdict.answer is Answer.GO for verdict in verdicts)
        unset = f", {len(verdicts) - going} not set up" if going < len(verdicts) else ""
        return Done({"verdicts": answers, "text": f"{going} gates say go{unset}"})

    def question(self, outside: Outside) -> Question:
        """What the gates are asked, in a run or before one."""
        from relman.gates import Question

        if outside.config is None or outside.target is None:
            raise TypeError("gates are asked with a configuration")
        return Question(
            candidate=self.candidate,
            chain=self.chain,
            first=self.first,
            config=outside.config,
            target=outside.target,
            repo=outside.repo,
            cloud=outside.cloud,
            clock=outside.clock,
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
