"""Gate: this machine's clock agrees with the cloud's, or every window and bake would be judged by a lie.

The cloud's time is the ``Date`` of an answer that is asked for here, so no more than the way of one request
lies between the two. Whoever skews the clock of the machine that cuts would otherwise open the window.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from relman.clock import stamp
from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict
from relman.ops import words

NAME = "clock"
LIMIT = timedelta(seconds=60)
TICK = timedelta(seconds=1)
"""A ``Date`` has whole seconds: the cloud's time is up to so much later."""
MENDS = "timedatectl set-ntp true, then inv release.plan"


def ask(question: Question) -> Verdict:
    """Ask the cloud for anything, and compare the time of its answer with the times before and after."""
    before = question.clock.now()
    question.cloud.service(question.key)
    after, cloud = question.clock.now(), question.cloud.date
    inputs = {"machine": stamp(after), "cloud": stamp(cloud) if cloud else None}
    if cloud is None:
        fact = "the cloud's answer carries no Date, so nothing shows that this machine's clock is right"
        return Verdict(NAME, Answer.UNKNOWN, fact, inputs=inputs)
    skew = _skew(before, after, cloud)
    if abs(skew) <= LIMIT:
        return Verdict(NAME, Answer.GO, "agrees with the cloud's, to the minute", inputs=inputs)
    way = "ahead of" if skew > timedelta() else "behind"
    fact = (
        f"this machine's clock is {words.length(abs(skew))} {way} the cloud's ({stamp(after)} here, "
        f"{stamp(cloud)} there), so windows, freezes and bakes would be judged at the wrong time"
    )
    return Verdict(NAME, Answer.NO_GO, fact, MENDS, inputs=inputs)


def _skew(before: datetime, after: datetime, cloud: datetime) -> timedelta:
    """How far the machine is ahead at least; negative: behind. The answer was made between the two times."""
    if before > cloud + TICK:
        return before - cloud - TICK
    return min(after - cloud, timedelta())


GATE = Gate(
    id="clock",
    name=NAME,
    row="deploy-rollback",
    source=("B8a", "A2c"),
    without=Answer.UNKNOWN,
    lifted_by="",
    ask=ask,
    profiles=("solo", "team"),
)
