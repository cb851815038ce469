"""What only a signed policy changes of a team's rules, at a commit and in the working tree (ruling 17).

What it is not: a judge of the rules. A commit may say what it likes of the window, the rota or the mode; it
cannot loosen the gate that it is to pass itself (threat T08).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from relman.approval.guarding import CHECKLIST, guarded
from relman.config import NAME
from relman.errors import Refused
from relman.gates.question import Question
from relman.models import listed
from relman.signing import InForce, differences, digests


def at_commit(question: Question, commit: str, same: Mapping[str, Any]) -> dict[str, str]:
    """What a commit has, without the template, which is a record and not part of what is built.

    Args:
        question: Knows the repository.
        commit: What was built.
        same: The working tree's relman.toml as TOML, for a commit that has the very same text.

    Raises:
        Refused: The commit has no relman.toml that can be read.
    """
    repo, source = question.repo(), question.config.source
    folder = repo.folder_of(question.config.folder)
    content = repo.content(commit, f"{folder}/{NAME}".lstrip("/"))
    try:
        text = (content or b"").decode("utf-8-sig")
        document = same if text == source.text else tomllib.loads(text)
    except ValueError as error:
        raise Refused(f"{NAME} of {commit[:7]} cannot be read", fact=str(error)) from None
    return digests(document, lambda path: repo.content(commit, f"{folder}/{path}".lstrip("/")))


def need_unchanged(question: Question, force: InForce, commit: str) -> None:
    """Refuse rules that are not the ones of the policy in force, at the commit and in the working tree.

    Raises:
        Refused: What differs is named, with where, and with who can sign it.
    """
    signed, config = force.policy.sections, question.config
    document = config.source.document()
    tree = differences(signed, guarded(document, config.folder, question.repo().root))
    kept = {name: digest for name, digest in signed.items() if name != CHECKLIST}
    built = differences(kept, at_commit(question, commit, document))
    told = [
        f"{listed(names)} {where}"
        for names, where in ((built, f"in {commit[:7]}"), (tree, "in the working tree"))
        if names
    ]
    if told:
        admins = f"{force.policy.quorum} of {listed(force.policy.admins)}"
        fact = f"{listed(told)}; policy {force.policy.version} has another one, which {admins} sign"
        raise Refused("T08: the rules were changed without a signature", fact=fact)
