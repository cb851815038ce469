"""The gates of a cut, one file each: may this candidate ship now?

What it is not: a short circuit. Every gate is asked and every reason is told, so that people
can mend everything at once. Unknown is no-go, and so is an empty list of gates. A rollback
asks none of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from relman.config import Config
from relman.errors import Interrupted, RelmanError
from relman.gates import (
    actions,
    cadence,
    clock,
    documents,
    model,
    model_review,
    on_call,
    rollout_plan,
    runbooks,
    signoff,
    smoke,
    touchpoints,
    tree,
    version,
    way_back,
    window,
)
from relman.gates.gate import Gate
from relman.gates.lifting import lifted
from relman.gates.question import Question
from relman.gates.telling import Told, summed, tell, told
from relman.models import Emit, Verdict

GATES: tuple[Gate, ...] = (
    tree.GATE,
    version.GATE,
    model.GATE,
    documents.GATE,
    runbooks.GATE,
    touchpoints.GATE,
    window.GATE,
    clock.GATE,
    on_call.GATE,
    cadence.GATE,
    rollout_plan.GATE,
    model_review.GATE,
    actions.GATE,
    smoke.GATE,
    way_back.GATE,
    signoff.GATE,
)
"""The gates in the order in which they are asked and shown."""

__all__ = ["GATES", "Gate", "Question", "Told", "ask", "asked", "due", "show", "summed", "told"]


def asked(profile: str) -> tuple[Gate, ...]:
    """The gates that a profile asks."""
    return tuple(gate for gate in GATES if profile in gate.profiles)


def due(question: Question) -> tuple[Gate, ...]:
    """The gates that are asked: the profile's, and the signed go wherever a policy was ever in force.

    A commit that says ``profile = "solo"`` takes away what a policy stands for no more than any other.
    """
    from relman.gates.approval import consuming

    found = asked(question.config.profile)
    more = () if signoff.GATE in found or not consuming.due(question) else (signoff.GATE,)
    return (*found, *more)


def ask(question: Question, gates: Iterable[Gate] | None = None) -> tuple[Verdict, ...]:
    """Every gate's verdict, in order.

    Args:
        question: What they are asked about.
        gates: Which ones; those of the profile unless said otherwise.
    """
    chosen = due(question) if gates is None else gates
    return tuple(_answer(gate, question) for gate in chosen)


def show(verdicts: tuple[Verdict, ...], config: Config, emit: Emit) -> tuple[Verdict, ...]:
    """Show every verdict to whoever watches; the verdicts themselves."""
    known = {gate.id: gate for gate in GATES}
    tell((told(known[one.id], one, config) for one in verdicts), emit)
    return verdicts


def _answer(gate: Gate, question: Question) -> Verdict:
    """A gate that cannot be asked says what it says without data, which is no-go for most."""
    try:
        verdict = gate.ask(question)
    except Interrupted:
        raise
    except RelmanError as error:
        fact = f"{error.what}: {error.fact}" if error.fact else error.what
        verdict = Verdict(gate.name, gate.without, fact, error.clears)
    if verdict.as_of is None:
        verdict = replace(verdict, as_of=question.now if gate.timed else question.clock.now())
    # A word of relman.toml is a text of its own kind; what is recorded is JSON.
    inputs = msgspec.to_builtins(verdict.inputs, enc_hook=str)
    return lifted(gate, replace(verdict, gate=gate.name, id=gate.id, inputs=inputs), question)
