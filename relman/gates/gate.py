"""What a gate is: one question before a cut, and who stands behind it.

What it is not: an answer. Each file beside this one asks one question and ends in its ``GATE``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relman.gates.question import Question
from relman.models import Answer, Verdict


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One question before a cut.

    Attributes:
        id: What a person types, as in ``--override window``. It never changes: the ledger has it.
        name: What is shown.
        row: The row of the RACI table whose A owns the gate.
        source: The sentences of the seeds that it comes from, by their ids.
        without: What it says when it cannot be asked: its data is away, or cannot be read.
        lifted_by: The row of the RACI table whose A may lift it; empty: nobody may.
        ask: The question. What it raises counts as ``without``.
        profiles: Where it is asked.
        timed: It can be asked about any instant, by ``Question.now``. The others are about the world,
            which is only as it is now.
    """

    id: str
    name: str
    row: str
    source: tuple[str, ...]
    without: Answer
    lifted_by: str
    ask: Callable[[Question], Verdict]
    profiles: tuple[str, ...] = ("team",)
    timed: bool = False
