"""The policy that is in force for a question: from the pinned genesis on, never behind what the ledger knows.

What it is not: the walk itself (``signing.chain``). Here it is said where the pin, the papers and the
ledger's memory of them are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import msgspec

from relman.gates.question import Question
from relman.ledger import Draft, Entry
from relman.models import TEAM
from relman.remote import Remote
from relman.signing import InForce, Papers, in_force, pinned
from relman.signing.chain import Seen

SEEN = "policy.seen"


def of(question: Question, environ: Mapping[str, str] = os.environ) -> InForce:
    """The policy in force at the instant of the question (signing.md, step 0).

    Raises:
        Refused: No genesis is pinned, or there is no policy.
        Tampered: The chain does not hold, or goes back behind what was in force.
    """
    repo = question.repo()
    genesis = pinned(environ, repository(question), repo.root)
    return in_force(Papers.load(repo.root), genesis, question.now, seen(question.team))


def repository(question: Question) -> str:
    """What the repository is called where its genesis is pinned: ``github.com/acme/api``, or the project."""
    remote = Remote.read(question.repo().remote_url(question.config.remote))
    return remote.name if remote else question.key.project


def seen(team: Iterable[Entry]) -> Seen | None:
    """The last policy that the ledger knows to have been in force."""
    found = [entry.detail for entry in team if entry.kind == SEEN]
    return msgspec.convert(found[-1], Seen) if found else None


def remembered(force: InForce, team: Iterable[Entry]) -> tuple[Draft, ...]:
    """What the ledger is to remember of a policy, if it does not yet."""
    if seen(team) == force.seen:
        return ()
    return (Draft(SEEN, TEAM, "", detail=msgspec.to_builtins(force.seen)),)
