"""Gate: the signed go/no-go. It is verified here, at every cut, from the bytes that people signed.

Nobody may lift it. Wherever a policy was ever in force it is asked, whatever the profile says (ruling 16).
"""

from __future__ import annotations

from typing import Any

from relman.errors import Tampered
from relman.gates.approval import choosing, verifying
from relman.gates.approval.verifying import Judged
from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict, listed

NAME = "sign-off"


def ask(question: Question) -> Verdict:
    """Steps 0 to 7; step 8, the use, stands in the record with the run's opening."""
    found = verifying.judged(question)
    if found.valid and found.frozen:
        who = listed(f"{one.person} ({one.vote.vote.role})" for one in found.places if one.vote)
        return Verdict(NAME, Answer.GO, f"GO by {who}", inputs=_inputs(found))
    failed = found.failed[0]
    without_policy = failed.number == 0 and found.code != Tampered.code
    answer = Answer.UNKNOWN if without_policy else Answer.NO_GO
    told = "; ".join(one.fact for one in found.failed)
    return Verdict(NAME, answer, told, failed.clears or choosing.OPEN, inputs=_inputs(found))


def _inputs(found: Judged) -> dict[str, Any]:
    """What it was judged by, to be judged again."""
    steps = {str(one.number): f"{one.state.value}: {one.fact}" for one in found.findings}
    votes = {one.name: one.digest for one in found.casts}
    request = found.frozen.digest if found.frozen else ""
    policy = {"version": found.force.policy.version, "digest": found.force.digest} if found.force else {}
    return {"request": request, "policy": policy, "votes": votes, "steps": steps}


GATE = Gate(
    id="sign-off",
    name=NAME,
    row="deploy-rollback",
    source=("B23", "B28"),
    without=Answer.UNKNOWN,
    lifted_by="",
    ask=ask,
)
