"""Which request counts: the last that was opened for what is to ship.

What it is not: a judgement. A request that was opened after another takes its place, whatever the votes on
the older one say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from relman.approval.folder import ROOT, Folder, requests
from relman.approval.request import Request
from relman.errors import Refused
from relman.gates.approval.votes import SKEW
from relman.gates.question import Question
from relman.ledger import Entry

OPENED = "checklist.opened"
OPEN = "inv checklist.open"


def chosen(question: Question, version: str = "") -> Folder:
    """The request's folder: the last that the ledger knows; where it knows none, the newest that lies there.

    Args:
        question: About the service; and about the candidate, if there is one.
        version: Of which version, instead of the candidate's; empty with no candidate: any.

    Raises:
        Refused: Nothing was put to the vote.
    """
    wanted = version or (question.proposed.version if question.proposed else "")
    checklists = question.repo().root / ROOT
    environment = question.target.environment
    known = [one for one in opened(question.entries, environment) if wanted in {"", one.detail["version"]}]
    if known:
        return Folder(checklists, str(known[-1].detail["folder"]))
    found = max(_lying(question, checklists, wanted), default=None)
    if found is None:
        fact = f"{wanted or question.key.service} in {environment}"
        raise Refused("nothing was put to the vote", fact=fact, clears=OPEN)
    return Folder(checklists, found[1])


def opened(entries: Iterable[Entry], environment: str) -> Iterator[Entry]:
    """What was put to the vote in an environment, oldest first."""
    return (one for one in entries if one.kind == OPENED and one.environment == environment and one.detail)


def _lying(question: Question, checklists: Path, version: str) -> Iterator[tuple[int, str]]:
    """Every request that lies there for this service and environment, with its time; none from the future."""
    latest = int((question.now + SKEW).timestamp())
    for folder in requests(checklists):
        try:
            request = Request.read(folder.request())
        except Refused:
            continue  # it may be about anything; step 1 says why, where the ledger or a person names it
        same = (request.key, request.environment) == (question.key, question.target.environment)
        if same and version in {"", request.version} and request.created_at <= latest:
            yield request.created_at, folder.name
