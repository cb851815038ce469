"""Verdicts as they are told: with who stands behind the gate, and what a person can type.

What it is not: a judgement. One form serves the screen, the pages, JSON and whoever else asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from relman.config import Config
from relman.gates.gate import Gate
from relman.models import Answer, Emit, Event, Price, Verdict
from relman.ops import people

URGENT = 'inv release.cut --override {id} --reason "…" --incident …'


class Told(Struct, frozen=True):
    """What one gate says, to whoever asks.

    Attributes:
        id: The gate's id.
        gate: Its name.
        answer: What it says.
        passes: Whether a candidate passes, by the answer or by what lifted it.
        fact: Why.
        lifted: What lets it pass all the same: who, until when, why.
        clears: What a person types next.
        urgent: What a person types who cannot wait; empty where nobody may lift it, or nothing refuses.
        price: What that costs.
        owner: The role that answers for it, with its holder, as the model says; empty without a model.
        lifters: Who may lift it, likewise.
        liftable: Whether anybody may.
        source: The ids of the sentences that it comes from.
        as_of: The time of its data.
        how: How that time is to be read, where it is not the instant that was asked about.
        inputs: The facts that it was judged by.
    """

    id: str
    gate: str
    answer: Answer
    passes: bool
    fact: str
    lifted: str
    clears: str
    urgent: str
    price: str
    owner: str
    lifters: str
    liftable: bool
    source: tuple[str, ...]
    as_of: datetime | None
    how: str
    inputs: dict[str, Any]


def told(gate: Gate, verdict: Verdict, config: Config, how: str = "") -> Told:
    """A gate's verdict, with the people that the model names."""
    liftable = bool(gate.lifted_by) and verdict.price is not Price.NOBODY
    lifters = _answers(config, gate.lifted_by) if liftable else ""
    urgent = not verdict.passes and verdict.price is not Price.NOBODY
    return Told(
        id=gate.id,
        gate=gate.name,
        answer=verdict.answer,
        passes=verdict.passes,
        fact=verdict.fact,
        lifted=verdict.lifted,
        clears="" if verdict.lifted or verdict.answer is Answer.GO else verdict.clears,
        urgent=_urgent(gate, verdict) if urgent else "",
        price=_price(config, lifters) if urgent else "",
        owner=_answers(config, gate.row),
        lifters=lifters,
        liftable=liftable,
        source=gate.source,
        as_of=verdict.as_of,
        how=how,
        inputs=verdict.inputs,
    )


def tell(found: Iterable[Told], emit: Emit) -> None:
    """Show each to whoever watches."""
    for one in found:
        facts = {
            "id": one.id,
            "answer": one.answer.value,
            "fact": one.fact,
            "lifted": one.lifted,
            "clears": one.clears,
            "urgent": one.urgent,
            "price": one.price,
            "owner": "" if one.passes else one.owner,
        }
        emit(Event("gate", one.gate, facts=facts))


def summed(verdicts: Iterable[Verdict | Told]) -> str:
    """``all 5 gates say go``, or ``5 gates say go, 1 lifted, 2 warn, 3 not set up``."""
    count = Counter(_word(one) for one in verdicts)
    going = count.pop("go", 0)
    others = [f"{number} {word}" for word, number in count.items()]
    say = "1 gate says go" if going == 1 else f"{'' if others else 'all '}{going} gates say go"
    return ", ".join([*([say] if going else []), *others])


def _word(verdict: Verdict | Told) -> str:
    return verdict.lifted.partition(" ")[0] if verdict.lifted else verdict.answer.value


def _urgent(gate: Gate, verdict: Verdict) -> str:
    emergency = " --emergency" if verdict.price is Price.EMERGENCY else ""
    return URGENT.format(id=gate.id) + emergency


def _price(config: Config, lifters: str) -> str:
    """Of one gate, one candidate, two hours; for a team with a second person (ruling 3)."""
    held = "it is recorded, and holds for this candidate and two hours"
    if config.profile == "solo":
        return held
    return f"two sign it, who cuts and {lifters or 'who may lift it'}, which is not there yet; {held}"


def _answers(config: Config, row: str) -> str:
    """The A of a row, as role and person; empty where the model has none."""
    role = people.accountable(config, row)
    return people.told(config, role) if role else ""
