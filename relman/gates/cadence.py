"""Gate: the team keeps its cadence; what it leaves out is told before more is shipped."""

from __future__ import annotations

from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict
from relman.ops import cadence, pace
from relman.ops.pace import Kept, Pace

NAME = "cadence"
TWICE = 2


def ask(question: Question) -> Verdict:
    """A warning for an item that is older than its rhythm and a day, from the ledger's records alone.

    One that ``blocks`` refuses the cut once two of its turns in a row were not held.
    """
    if not question.config.cadence:
        return Verdict(NAME, Answer.NOT_SET_UP, "no [[cadence]] in relman.toml")
    found = pace.pace(question.config, question.team, question.now)
    old = [one for one in found.items if one.open and _days(one, found) > cadence.most_days(one.item)]
    stopping = [one for one in found.items if one.item.blocks and one.adherence.in_a_row >= TWICE]
    told = [*stopping, *(one for one in old if one not in stopping)]
    inputs = {str(one.item.id): _inputs(one) for one in found.items}
    if not told:
        return Verdict(NAME, Answer.GO, f"{len(found.items)} items, none too old", inputs=inputs)
    fact = "; ".join(_told(one, found) for one in told)
    answer = Answer.NO_GO if stopping else Answer.WARN
    return Verdict(NAME, answer, fact, pace.make_up(told[0]), inputs=inputs)


def _days(kept: Kept, found: Pace) -> int:
    """Since it was last held; since the model holds where it never was."""
    last = kept.last_held()
    return (found.today - (found.days.of(last.held) if last and last.held else found.since)).days


def _told(kept: Kept, found: Pace) -> str:
    turns = kept.adherence.in_a_row
    again = f", {turns} times in a row" if turns >= TWICE else ""
    return f"{kept.item.id} was not held for {_days(kept, found)} days{again}"


def _inputs(kept: Kept) -> dict[str, object]:
    last = kept.last_held()
    return {"not held in a row": kept.adherence.in_a_row, "last": str(last.occurrence.day) if last else None}


GATE = Gate(
    id="cadence",
    name=NAME,
    row="operating-model",
    source=("B6", "B9", "B10", "B22", "B24", "B25"),
    without=Answer.WARN,
    lifted_by="incident-response",
    ask=ask,
    timed=True,
)
