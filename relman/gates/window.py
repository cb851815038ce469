"""Gate: the deploy window is open at this instant, and long enough for what is to ship.

An override does not turn it green: the window stays closed, and what lifted it stands beside
(``gates.lifting``). An emergency stop is lifted by nobody but the one who ends it.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from relman.clock import stamp
from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import PERCENT, Answer, Price, Verdict, listed
from relman.ops import closures, hours, last_call, words
from relman.ops.closures import Closure
from relman.ops.hours import Hours
from relman.ops.last_call import Expected

NAME = "deploy window"


def ask(question: Question) -> Verdict:
    """Open by the rules of ``ops.windows``, and open until a cut is over (ruling 21)."""
    now, cut = question.now, expected(question)
    here = replace(hours.of(question.config.window, (*question.team, *question.entries)), overrides=())
    answer = here.answer(now)
    inputs = {"now": stamp(now), "expected_seconds": cut.seconds, "tz": str(here.zone)}
    inputs |= {"closes_at": _stamped(answer.closes_at), "next_opening": _stamped(answer.next_opening)}
    closure = here.frozen(now)
    if not answer.open:
        found = _closed(here, now, closure, question)
    elif not here.set_up and answer.closes_at is None:
        found = Verdict(NAME, Answer.NOT_SET_UP, "no [window] in relman.toml")
    else:
        found = _open(here, now, cut)
    return replace(found, inputs={**inputs, "closure": closure.text if closure else ""})


def expected(question: Question) -> Expected:
    """How long the cut takes. The first release of a service has no phases to wait at."""
    target = question.target
    return last_call.expected(
        question.entries,
        phases=(PERCENT,) if question.first else target.phases,
        bake=target.bake,
        finishes=target.finishes,
    )


def _open(here: Hours, now: datetime, cut: Expected) -> Verdict:
    answer, fact = here.answer(now), here.explain(now)
    left = (answer.closes_at - now).total_seconds() if answer.closes_at else None
    if left is None or left > cut.seconds:
        return Verdict(NAME, Answer.GO, fact)
    ways = last_call.fitting(cut, left)
    fact += f"; too late for this cut, which takes {cut.text}; {_next(here, answer.next_opening, now)}"
    fits = f"; what fits now, in relman.toml: {listed(ways)}" if ways else ""
    return Verdict(NAME, Answer.NO_GO, f"{fact}{fits}", _again(here, answer.next_opening, now))


def _closed(here: Hours, now: datetime, closure: Closure | None, question: Question) -> Verdict:
    clears, price = _again(here, here.answer(now).next_opening, now), Price.OVERRIDE
    if closure:
        price = Price.NOBODY if closure.kind == "stop" else Price.EMERGENCY
        ends = closures.ends(closure, question.config.source)
        clears = f"{clears}, or {ends}" if clears else ends
    return Verdict(NAME, Answer.NO_GO, here.explain(now), clears, price=price)


def _next(here: Hours, opening: datetime | None, now: datetime) -> str:
    if opening is None:
        return "it does not open again"
    return f"next {words.moment(opening, here.zone, after=now)} (in {words.length(opening - now)})"


def _again(here: Hours, opening: datetime | None, now: datetime) -> str:
    """When to type it again; without an opening nothing helps but to mend the windows."""
    if opening:
        return f"inv release.cut, from {words.moment(opening, here.zone, after=now)} on"
    return "" if here.frozen(now) else "mend [window] in relman.toml"


def _stamped(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None


GATE = Gate(
    id=hours.GATE,
    name=NAME,
    row="deploy-rollback",
    source=("B8a", "A2c"),
    without=Answer.UNKNOWN,
    lifted_by="deploy-rollback",
    ask=ask,
    profiles=("solo", "team"),
    timed=True,
)
