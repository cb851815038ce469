"""Settle one step, run a plan, resume it, heed signals.

What it is not: knowledge of any step. The loop is: look; act if nothing is there; look until
it is settled; record. The intent is recorded before the act, so a resumed run knows what may
have been sent; what was recorded as done is not looked at again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from relman.errors import (
    NotAuthenticated,
    NotPutBack,
    OtherHand,
    Paused,
    PutBack,
    Raced,
    Refused,
    RelmanError,
    Unreachable,
    UsageError,
)
from relman.interrupts import Interrupts
from relman.models import Event
from relman.plan import Plan, Steps
from relman.steps import Absent, AnyStep, Done, Failed, Pending, Seen, World

FIRST_LOOK = 0.1
LONGEST_PAUSE = 1.0
"""Seconds between two looks: quick at first, and never longer than a signal should wait."""
SHORT_PATIENCE = 3.0
"""Seconds that a step asks what does not answer, on the way back or for what can be owed: a person waits."""
RESUME = "inv release.resume"


class StepFailed(Exception):
    """A step cannot be done, or somebody wants the run to end."""

    def __init__(self, step: AnyStep | None, reason: str, clears: str = "") -> None:
        """Keep which step, why, and what mends it."""
        super().__init__(reason)
        self.step, self.reason = step, reason
        self.clears = clears or (step.hint if step else "")


class Engine:
    """Drives one run of one plan.

    Args:
        plan: What is settled, in its order.
        world: Where.
        interrupts: Ctrl-C, as the operating system tells it.
    """

    def __init__(self, plan: Plan, world: World, interrupts: Interrupts) -> None:
        """Nothing happens before :meth:`drive`."""
        self.plan, self.world, self.interrupts = plan, world, interrupts
        self.record, self._returning = world.record, False

    def drive(self) -> dict[str, Any]:
        """Settle every step; the value of the last one.

        Raises:
            Refused: A step failed before anything was changed.
            PutBack: A step failed, and what was changed is put back.
            NotPutBack: It could not be put back, or there is nothing to put back to.
            Paused: Stopped at a safe point: Ctrl-C, another hand, the platform away.
        """
        with self.interrupts:
            try:
                return self._driven()
            except (Unreachable, NotAuthenticated) as lost:  # what was recorded still holds
                clears = f"{lost.clears or 'mend it'}, then {RESUME}"
                raise Paused(lost.what, fact=lost.fact, clears=clears) from lost

    def _driven(self) -> dict[str, Any]:
        try:
            value = self._settle_all(self.plan.steps)
        except StepFailed as failure:
            raise self._after(failure) from failure
        except OtherHand:
            self.record.refresh()  # the other hand may be a rollback's, which is said in other words
            raise
        self._finish(value)
        return value

    def _settle_all(self, steps: Steps, *, returning: bool = False) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for number, step in enumerate(steps, 1):
            if not step.insists:
                self._heed(step)
            facts = {"number": number, "of": len(steps), "returning": returning}
            recorded = self._recorded(step)
            found = self._settle(step, facts) if recorded is None else recorded
            value = value if step.owes else found
        return value

    def _recorded(self, step: AnyStep) -> dict[str, Any] | None:
        """What came of the step in an earlier driver's time."""
        reason = self.record.reason(step.key)
        if reason is not None and self.record.value(step.key) is None and not step.pauses:
            raise StepFailed(step, reason)
        return self.record.value(step.key)

    def _settle(self, step: AnyStep, facts: dict[str, Any]) -> dict[str, Any]:
        """Look, act if absent, look until it is settled, record."""
        began = self.world.clock.now()
        self._tell("step.started", step, facts=facts)
        seen = self._look(step)
        if isinstance(seen, Pending):
            seen = self._until_settled(step, acted=False)
        if isinstance(seen, Absent):
            seen = self._doubted(step)
        if isinstance(seen, Absent):
            seen = self._acted(step)
        seconds = (self.world.clock.now() - began).total_seconds()
        return self._outcome(step, seen, seconds, facts)

    def _doubted(self, step: AnyStep) -> Seen:
        """What a dead driver sent may still appear: look on for a while before acting again."""
        sent = self.record.sent(step.key)
        if sent is None or step.insists:
            return Absent()
        # Never longer than doubt from now: the record may be dated by a clock that ran ahead of ours.
        end = min(sent, self.world.clock.now()) + timedelta(seconds=self.world.doubt)
        while self.world.clock.now() < end:
            pause = LONGEST_PAUSE if step.owes else FIRST_LOOK  # GitHub counts how often it is asked
            self._pause(step, Pending("what a dead driver sent may still appear"), pause)
            seen = self._look(step)
            if not isinstance(seen, Absent):
                return seen
        return Absent()

    def _acted(self, step: AnyStep) -> Seen:
        """Record the intent, act, and look until it is settled."""
        again = self.record.intended(step.key) is not None
        self.record.write("step.again" if again else "step.intent", step=step.key, line=step.line)
        said = self._send(step)
        return self._until_settled(step, said) if isinstance(said, str) else said

    def _send(self, step: AnyStep, *, again: bool = True) -> Seen | str:
        """Act. After a lost race or answer look, and act once more only if nothing has changed."""
        try:
            return step.act(self.world)
        except (UsageError, Refused, NotAuthenticated) as no:  # it cannot be done; asking again is no use
            return _refused(no)
        except (Raced, Unreachable) as lost:
            if not isinstance(self._look(step), Absent):
                return ""  # it was done, or is under way
            if not again and (step.insists or step.owes):
                return lost.fact or lost.what
            if not again:
                raise  # the run stays open: a pause, and not a failure that would be put back
        self.world.clock.sleep(self.world.doubt)
        return self._send(step, again=False) if isinstance(self._look(step), Absent) else ""

    def _until_settled(self, step: AnyStep, said: str = "", *, acted: bool = True) -> Seen:
        """Look until done or failed; an act without effect fails with what the platform said.

        Where nothing was acted, what was under way was somebody else's: then it is absent.
        """
        pause, patience = FIRST_LOOK, self.world.clock.now() + timedelta(seconds=self.world.doubt + 2)
        while True:
            seen = self._look(step)
            if isinstance(seen, Done | Failed):
                return seen
            if isinstance(seen, Absent) and not acted:
                return seen
            if isinstance(seen, Absent) and (said or self.world.clock.now() > patience):
                return Failed(said or "it was asked for, and nothing came of it")
            if not step.insists:
                self._heed(step)
            waiting = seen if isinstance(seen, Pending) else Pending("the platform takes it in")
            pause = self._pause(step, waiting, pause)

    def _look(self, step: AnyStep) -> Seen:
        """Observe; a platform that does not answer is asked again for a while.

        Raises:
            Paused: It stayed away.
        """
        patience = SHORT_PATIENCE if step.insists or step.owes else self.world.patience
        end = self.world.clock.now() + timedelta(seconds=patience)
        while True:
            try:
                return step.observe(self.world)
            except Unreachable as away:
                if self.world.clock.now() >= end and step.owes:
                    return _refused(away)
                if self.world.clock.now() >= end:
                    raise self._paused(away) from away
                self._pause(step, Pending(f"{away.what}; looking again"), LONGEST_PAUSE)
                if not step.insists:
                    self._heed(step)
            except (UsageError, Refused, NotAuthenticated) as no:
                if not step.owes:
                    raise
                return _refused(no)

    def _pause(self, step: AnyStep, waiting: Pending, seconds: float) -> float:
        """Tell what is waited for, sleep, and answer how long to sleep next."""
        left = waiting.total - (waiting.elapsed or 0) if waiting.total else seconds
        facts = {"elapsed": waiting.elapsed, "total": waiting.total}
        self._tell("step.waiting", step, text=waiting.text, facts=facts)
        self.world.clock.sleep(max(0.01, min(seconds, left)))
        return min(seconds * 1.5, LONGEST_PAUSE)

    def _outcome(self, step: AnyStep, seen: Seen, seconds: float, facts: dict[str, Any]) -> dict[str, Any]:
        if isinstance(seen, Done):
            self.record.write("step.done", step=step.key, value=seen.value, seconds=seconds)
            told = {**facts, "value": seen.value.get("text", "")}
            self._tell("step.done", step, facts=told, seconds=seconds)
            self._show_traffic(step)
            return seen.value
        failed = seen if isinstance(seen, Failed) else Failed("it did not settle")
        reason, clears = failed.reason, failed.clears
        if step.owes:
            return self._owe(step, failed, seconds, facts)
        self.record.write("step.failed", step=step.key, reason=reason, **step.stamp, **failed.facts)
        self._tell("step.failed", step, facts={**facts, "reason": reason}, seconds=seconds)
        raise StepFailed(step, reason, clears)

    def _owe(
        self, step: AnyStep, failed: Failed, seconds: float | None = None, facts: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Record that the step is owed, and go on."""
        told = {"reason": failed.reason, "clears": failed.clears or step.hint}
        self.record.write("step.owed", step=step.key, line=step.line, **told)
        self._tell("step.owed", step, facts={**(facts or {}), **told}, seconds=seconds)
        return {}

    def _heed(self, step: AnyStep) -> None:
        """Stop if somebody wants it: another driver, ``release.abort``, Ctrl-C.

        On the way back nothing stops it. What is owed comes after the end, so that nothing is aborted there.

        Raises:
            Fenced: The run is no longer ours.
            StepFailed: It is to be aborted.
            Paused: Ctrl-C.
        """
        if self._returning:
            return
        self.record.refresh()
        if (wish := self.record.wish("run.abort")) and not step.owes:
            raise StepFailed(None, f"a person wants it: {wish.detail.get('reason', '')}")
        if self.interrupts.wanted:
            raise Paused("paused at a safe point", fact="Ctrl-C", clears=RESUME)

    def _after(self, failure: StepFailed) -> RelmanError:
        """What follows a failure: a refusal, a pause, or the way back; the error that says so."""
        step, reason, self._returning = failure.step, failure.reason, True
        what = step.failed if step else "aborted"
        if step and step.pauses:
            return Paused(what, fact=reason, clears=failure.clears or RESUME)
        if not self._changed():
            self._close("refused", reason)
            return Refused(f"{what}; nothing was changed", fact=reason, clears=failure.clears)
        if not self.plan.on_failure:
            self._settle_all(self.plan.told, returning=True)
            self._close("failed", reason)
            return NotPutBack(what, fact=reason, clears=failure.clears or self.plan.hint)
        return self._put_back(what, reason)

    def _put_back(self, what: str, reason: str) -> RelmanError:
        try:
            value = self._settle_all(self.plan.on_failure, returning=True)
        except StepFailed as failure:
            for step in self.plan.told:  # a person must act first
                self._owe(step, Failed("users come first"))
            self._close("not-put-back", failure.reason)
            fact = f"{reason}; then: {failure.reason}"
            return NotPutBack(
                f"{what}, and it could not be put back", fact=fact, clears="inv release.rollback"
            )
        self._settle_all(self.plan.told, returning=True)
        closed = self.record.draft("run.closed", outcome="put-back", reason=reason)
        self.record.write_all(self.record.draft("release.put_back", **value, reason=reason), closed)
        served = f"{self.plan.subject} was not released; {self.plan.facts['prior'] or 'what served'} serves"
        return PutBack(f"{served}: {what}", fact=reason, clears=f"inv release.why --run {self.record.run.id}")

    def _changed(self) -> bool:
        """Whether a step that changes what users see was meant to act in this run, or was found done."""
        keys = [step.key for step in self.plan.steps if step.changes]
        return any(self.record.intended(key) or self.record.value(key) is not None for key in keys)

    def _finish(self, value: dict[str, Any]) -> None:
        """Record what came of it and close the run, in one transaction."""
        done = self.record.draft(self.plan.closes, **self.plan.facts, **value)
        self.record.write_all(done, self.record.draft("run.closed", outcome="done", reason=""))

    def _close(self, outcome: str, reason: str) -> None:
        self.record.write("run.closed", outcome=outcome, reason=reason)

    def _paused(self, away: RelmanError) -> Paused:
        return Paused("paused: the platform does not answer", fact=away.fact or away.what, clears=RESUME)

    def _show_traffic(self, step: AnyStep) -> None:
        if step.leaves is None:
            return
        names = dict.fromkeys([*self.plan.sides, *(name for name, _ in step.leaves.shares)])
        shares = [
            {"revision": name, "label": self.world.label(name), "percent": step.leaves.percent(name)}
            for name in names
        ]
        self.world.emit(Event("traffic", str(step.leaves), facts={"shares": shares}))

    def _tell(
        self, kind: str, step: AnyStep, *, text: str = "", facts: dict[str, Any], seconds: float | None = None
    ) -> None:
        self.world.emit(Event(kind, text or step.line, step.key, seconds, facts))


def _refused(no: RelmanError) -> Failed:
    return Failed(f"{no.what}: {no.fact}" if no.fact else no.what, no.clears)
