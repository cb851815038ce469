"""Gate: the rollout plan was there before the window opened, so that people could look at it."""

from __future__ import annotations

from datetime import datetime

from relman.clock import stamp
from relman.config.cadence import CadenceItem
from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict
from relman.ops import pace, windows, words

NAME = "rollout plan"


def ask(question: Question) -> Verdict:
    """The candidate was prepared before the window opened that is open now.

    A warning, or a refusal where the cadence item with "plan" in its pack ``blocks``.
    """
    item = next((one for one in question.config.cadence if "plan" in one.pack), None)
    if item is None:
        return Verdict(NAME, Answer.NOT_SET_UP, 'no [[cadence]] has "plan" in its pack')
    version, prepared, opened = question.candidate.version, _prepared(question), _opened(question)
    inputs: dict[str, object] = {"prepared": prepared and stamp(prepared), "opened": opened and stamp(opened)}
    if prepared is None:
        fact = f"the ledger does not know when {version} was prepared"
        return Verdict(NAME, GATE.without, fact, "inv release.prepare", inputs=inputs)
    told = f"{version} was prepared {_moment(question, prepared)}"
    if opened is None or prepared < opened:
        return Verdict(NAME, Answer.GO, told, inputs=inputs)
    return _late(question, item, f"{told}, after the window opened {_moment(question, opened)}", inputs)


def _late(question: Question, item: CadenceItem, fact: str, inputs: dict[str, object]) -> Verdict:
    answer = Answer.NO_GO if item.blocks else Answer.WARN
    return Verdict(NAME, answer, f"{fact}; {item.id} did not see it", _clears(question), inputs=inputs)


def _clears(question: Question) -> str:
    schedule = question.config.window
    opens = windows.answer(schedule, question.now).next_opening if schedule else None
    return f"inv release.cut, at {opens.isoformat()}" if opens else ""


def _prepared(question: Question) -> datetime | None:
    """When this very candidate was first prepared."""
    wanted = question.candidate
    found = (one for one in question.entries if one.kind == "release.prepared" and one.detail)
    same = (one for one in found if one.detail["candidate"]["revision"] == wanted.revision)
    return next((one.at for one in same), None)


def _opened(question: Question) -> datetime | None:
    """When the window opened that is open now; None: none is, so an override or another gate decides."""
    schedule = question.config.window
    found = windows.current(schedule, question.now) if schedule else None
    return found[1].start if found else None


def _moment(question: Question, moment: datetime) -> str:
    return words.moment(moment, pace.zone(question.config), after=question.now)


GATE = Gate(
    id="plan",
    name=NAME,
    row="deploy-rollback",
    source=("B7",),
    without=Answer.WARN,
    lifted_by="deploy-rollback",
    ask=ask,
    timed=True,
)
