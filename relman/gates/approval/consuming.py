"""One use only: the run that a request was used by, and what records it (step 8).

What it is not: a lock. The entry stands in the very transaction that opens the run, and there is one open run
a service, so no second run can have used the same request.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from relman.errors import Refused
from relman.gates.approval import choosing, rules
from relman.gates.question import Question
from relman.ledger import Draft, Entry
from relman.ledger.record import CONSUMED
from relman.models import TEAM
from relman.signing.genesis import VARIABLE
from relman.signing.strict import sha256


def due(question: Question, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a release takes a signed go: for a team, and wherever a policy was ever in force (ruling 16).

    A commit that takes ``profile`` back to solo takes nothing from the policy, which is pinned and
    remembered out of its reach.
    """
    if question.config.profile == "team" or environ.get(VARIABLE):
        return True
    return rules.seen(question.ledger(TEAM)) is not None


def used_by(entries: Iterable[Entry], request: str) -> str:
    """The run that used a request; empty for none. A run that its gates refused has not used it."""
    by, refused = "", set()
    for one in entries:
        if one.kind == CONSUMED and one.detail.get("request") == request:
            by = one.run
        elif one.kind == "run.closed" and one.detail.get("outcome") == "refused":
            refused.add(one.run)
    return "" if by in refused else by


def need_unused(entries: Iterable[Entry], request: str, run: str) -> None:
    """Refuse a request that another run has used, or, within a run, one that this run did not take.

    Args:
        entries: What the ledger has of the service.
        request: SHA-256 of its bytes.
        run: The run that asks; empty outside of one.

    Raises:
        Refused: T04.
    """
    used = used_by(entries, request)
    if used and used != run:
        fact, again = f"run {used}", choosing.OPEN
        raise Refused("T04: this request was used already", fact=fact, clears=again)
    if run and not used:
        raise Refused(
            "T04: this run has taken another request, or none", fact=f"run {run}", clears=choosing.OPEN
        )


def drafts(question: Question, run: str) -> tuple[Draft, ...]:
    """What is recorded with the opening of a run: the request that it uses, for no other run to use.

    Where nothing was put to the vote there is nothing to use; the gate refuses that run.

    Raises:
        Refused: T04: another run has used it.
    """
    if not due(question):
        return ()
    try:
        folder = choosing.chosen(question)
        request = sha256(folder.request())
    except Refused:
        return ()
    need_unused(question.entries, request, "")
    told = {"request": request, "folder": folder.name, "run": run}
    return (Draft(CONSUMED, question.key, question.target.environment, run, detail=told),)
