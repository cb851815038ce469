"""Gate: the papers of the model are what the model says."""

from __future__ import annotations

from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict, listed
from relman.ops import papers

NAME = "documents"


def ask(question: Question) -> Verdict:
    """Compared byte for byte; whoever reads one of them must be able to rely on it."""
    config = question.config
    if config.documents is None:
        return Verdict(NAME, Answer.NOT_SET_UP, "no [documents] in relman.toml")
    found = papers.compared(config, question.now)
    inputs: dict[str, object] = {one.paper.path: one.state.value for one in found}
    drifted = [one for one in found if one.state is not papers.State.SAME]
    if not drifted:
        return Verdict(NAME, Answer.GO, f"{len(found)} as relman.toml says", inputs=inputs)
    told = listed(f"{one.paper.path} ({one.state})" for one in drifted)
    return Verdict(
        NAME, Answer.NO_GO, f"not what relman.toml says: {told}", "inv ops.documents", inputs=inputs
    )


GATE = Gate(
    id="documents",
    name=NAME,
    row="operating-model",
    source=("A4a", "A12", "A14a"),
    without=Answer.NO_GO,
    lifted_by="",
    ask=ask,
)
