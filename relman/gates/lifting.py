"""What lets a candidate pass a gate that says no: an override, or a team that is only advised.

What it is not: a way to turn a gate green. The answer stays what it is, and is shown and recorded
beside what lifted it. A gate that nobody may lift is never lifted, in no mode; and a freeze, which takes
an emergency to pierce, is no advice either.
"""

from __future__ import annotations

from msgspec.structs import replace

from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Price, Verdict
from relman.ops import overrides
from relman.ops.overrides import Granted

ADVICE = 'advice only: mode = "advise"'


def lifted(gate: Gate, verdict: Verdict, question: Question) -> Verdict:
    """The verdict, with what lifts it where something does, and with its price where nothing may."""
    if verdict.passes:
        return verdict
    if not gate.lifted_by or verdict.price is Price.NOBODY:
        return replace(verdict, price=Price.NOBODY)
    found, notes = _override(gate, verdict, question)
    if found:
        inputs = {**verdict.inputs, "override": found.entry}
        return replace(verdict, lifted=_words(found), inputs=inputs)
    verdict = replace(verdict, fact="; ".join([verdict.fact, *notes]))
    advised = question.config.mode == "advise" and verdict.price is Price.OVERRIDE
    return replace(verdict, lifted=ADVICE) if advised else verdict


def _override(gate: Gate, verdict: Verdict, question: Question) -> tuple[Granted | None, tuple[str, ...]]:
    """The override that lifts it and lasts longest, and why others do not count.

    One that is no emergency pierces no freeze; a team's is signed by two, which is verified here.
    """
    if question.proposed is None:
        return None, ()
    known = [
        one
        for one in overrides.granted(question.entries, gate.id, question.proposed, question.now)
        if one.emergency or verdict.price is not Price.EMERGENCY
    ]
    why = [_objection(gate, one, question) for one in known]
    found = [one for one, objection in zip(known, why, strict=True) if not objection]
    notes = tuple(f"an override is not counted: {objection}" for objection in why if objection)
    return max(found, key=lambda one: one.expires, default=None), notes


def _objection(gate: Gate, one: Granted, question: Question) -> str:
    if question.config.profile != "team":
        return ""
    from relman.gates.approval import breakglass

    return breakglass.objection(one, gate.lifted_by, question)


def _words(found: Granted) -> str:
    kind = "emergency override" if found.emergency else "override"
    until = f"{found.expires:%Y-%m-%d %H:%MZ}"
    return f"lifted by {found.by} until {until}: {found.reason} ({kind}, {found.incident})"
