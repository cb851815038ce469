"""Gate: somebody is on call, and has accepted, from now until the rollout is expected to be done.

What it is not: something that can be waived. It is cleared by putting somebody on call, or by the
person's own word. A handoff within the rollout counts: who comes must have accepted beforehand, because
afterwards the rollout would be in the hands of somebody who may not know of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from relman.clock import stamp
from relman.config import Rota
from relman.config.words import Zone
from relman.gates import window
from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict
from relman.ops import people, words
from relman.ops.shifts import Shifts, written
from relman.ops.spans import FOREVER, Span
from relman.ops.turns import START, Turn

NAME = "on-call"
_ORDER = (Answer.GO, Answer.WARN, Answer.NO_GO)


class Watch(Struct, frozen=True):
    """One turn within the rollout.

    Attributes:
        turn: What of it lies within the rollout.
        since: When the person's turn began.
        accepted: Whether the person has said so, for what lies within.
    """

    turn: Turn
    since: datetime
    accepted: bool


def ask(question: Question) -> Verdict:
    """Present and accepted, until the bakes and the usual rest of a cut are over."""
    rota, now = question.config.oncall, question.now
    if rota is None:
        return Verdict(NAME, Answer.NOT_SET_UP, "no [oncall] in relman.toml")
    cut = window.expected(question)
    length = timedelta(seconds=cut.bakes + cut.rest) or timedelta.resolution
    watches = watched(Shifts.of(rota, question.team), Span(now, min(now + length, FOREVER)))
    found = [_judged(one, question, rota) for one in watches]
    worst = max(found, key=lambda one: _ORDER.index(one.answer))
    fact = "; ".join(one.fact for one in found if one.answer is worst.answer)
    inputs = {"until": stamp(now + length), "turns": [_inputs(one) for one in watches]}
    return Verdict(NAME, worst.answer, fact, worst.clears, inputs)


def watched(known: Shifts, within: Span) -> list[Watch]:
    """Every turn of a span, with the person's word for it."""
    return [
        Watch(turn, known.standing(turn.start).since or START, known.accepted(turn) is not None)
        for turn in known.turns(within)
    ]


def _judged(one: Watch, question: Question, rota: Rota) -> Verdict:
    """What one turn says; who comes later has no time left to accept in."""
    if one.turn.person is None:
        return _nobody(one.turn, question.now, rota.tz)
    name = people.name(question.config, one.turn.person)
    when = words.moment(one.since, rota.tz, after=question.now)
    if one.accepted:
        return Verdict(NAME, Answer.GO, f"{name} since {when}, accepted")
    clears = f"inv ops.oncall.accept, typed by {name}"
    if one.turn.start > question.now:
        return Verdict(NAME, Answer.NO_GO, f"{name} takes over at {when}, and has not accepted", clears)
    late = (question.now - one.since).total_seconds() > rota.accept_within.seconds
    fact = f"{name} is on call since {when}, and has not accepted"
    return Verdict(NAME, Answer.NO_GO if late else Answer.WARN, fact, clears)


def _nobody(turn: Turn, now: datetime, zone: Zone) -> Verdict:
    start, end = (words.moment(edge, zone, after=now) for edge in (turn.start, turn.end))
    span = f"--from {written(turn.start)} --to {written(turn.end)}"
    clears = f"inv ops.oncall.replace --person PERSON {span} --reason …"
    return Verdict(NAME, Answer.NO_GO, f"nobody is on call from {start} to {end}", clears)


def _inputs(one: Watch) -> dict[str, object]:
    start, end, person = one.turn
    return {"person": person, "from": stamp(start), "to": stamp(end), "accepted": one.accepted}


GATE = Gate(
    id="on-call",
    name=NAME,
    row="incident-response",
    source=("A2a", "B18"),
    without=Answer.NO_GO,
    lifted_by="",
    ask=ask,
    timed=True,
)
