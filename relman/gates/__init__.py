"""The gates of a cut, one file each: may this candidate ship now?

What it is not: a short circuit. Every gate is asked and every reason is told, so that people
can mend everything at once. Unknown is no-go, and so is an empty list of gates. A rollback
asks none of them.
"""

from __future__ import annotations

from collections.abc import Callable

from relman.errors import Interrupted, RelmanError
from relman.gates import signoff, smoke, tree, version, way_back, window
from relman.gates.question import Question
from relman.models import Answer, Emit, Event, Verdict

Gate = Callable[[Question], Verdict]

GATES: dict[str, Gate] = {
    "working tree": tree.ask,
    "version": version.ask,
    "deploy window": window.ask,
    "smoke baseline": smoke.ask,
    "way back": way_back.ask,
    "sign-off": signoff.ask,
}
"""The gates in the order in which they are asked and shown."""

__all__ = ["GATES", "Gate", "Question", "ask", "tell"]


def ask(question: Question, gates: dict[str, Gate] | None = None) -> tuple[Verdict, ...]:
    """Every gate's verdict, in order.

    Args:
        question: What they are asked about.
        gates: Which ones; all of them unless said otherwise.
    """
    chosen = GATES if gates is None else gates
    return tuple(_answer(name, gate, question) for name, gate in chosen.items())


def tell(verdicts: tuple[Verdict, ...], emit: Emit) -> tuple[Verdict, ...]:
    """Show every verdict to whoever watches; the verdicts themselves."""
    for verdict in verdicts:
        facts = {"answer": verdict.answer.value, "fact": verdict.fact, "clears": verdict.clears}
        emit(Event("gate", verdict.gate, facts=facts))
    return verdicts


def _answer(name: str, gate: Gate, question: Question) -> Verdict:
    """A gate that cannot be asked says unknown, and unknown is no-go."""
    try:
        return gate(question)
    except Interrupted:
        raise
    except RelmanError as error:
        fact = f"{error.what}: {error.fact}" if error.fact else error.what
        return Verdict(name, Answer.UNKNOWN, fact, error.clears)
