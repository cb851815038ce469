"""Gate: the candidate is what the release branch holds, and the working tree is clean.

Record paths (checklists, release notes, changelog) may differ: they are written about a
release and are no part of what was built (ruling 9).
"""

from __future__ import annotations

from msgspec.structs import replace

from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict

NAME = "working tree"
SHOWN = 3


def ask(question: Question) -> Verdict:
    """Clean outside the record paths; on the branch; nothing since but records; on the remote."""
    repo, changed = question.repo(), question.repo().changes()
    commit, branch = question.candidate.commit, str(question.config.branch)
    tip = repo.commit(branch)
    inputs = {"commit": commit, "branch": branch, "tip": tip, "changed": list(changed)}
    return replace(_judged(question, changed, tip), inputs=inputs)


def _judged(question: Question, changed: tuple[str, ...], tip: str) -> Verdict:
    repo, commit, branch = question.repo(), question.candidate.commit, question.config.branch
    if changed:
        return _no(f"not clean: {_some(changed)}", "git stash -u, or commit and inv release.prepare")
    if not repo.contains(tip, commit):
        return _no(f"{commit[:7]} is not on {branch}", f"git switch {branch} && git merge {commit[:7]}")
    if since := repo.since(commit, tip):
        return _no(f"{branch} has moved on since {commit[:7]}: {_some(since)}", "inv release.prepare")
    if not question.config.platform.loopback and not repo.on_remote(question.config.remote, commit):
        return _no(
            f"{commit[:7]} is not on {question.config.remote}", f"git push {question.config.remote} {branch}"
        )
    return Verdict(NAME, Answer.GO, f"clean, {branch} {commit[:7]}")


def _no(fact: str, clears: str) -> Verdict:
    return Verdict(NAME, Answer.NO_GO, fact, clears)


def _some(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(paths[:SHOWN]) + more


GATE = Gate(
    id="tree",
    name=NAME,
    row="deploy-rollback",
    source=("A1d",),
    without=Answer.UNKNOWN,
    lifted_by="",
    ask=ask,
    profiles=("solo", "team"),
)
