"""What a candidate changes, as git knows it: the paths, and the domains that they belong to."""

from __future__ import annotations

from relman.gates.question import Question
from relman.ops import touchpoints
from relman.ops.touchpoints import Place


def places(question: Question) -> tuple[Place, ...]:
    """What differs from the version before, each with its owner; without such a version, every file.

    Records, such as release notes, are left out.

    Raises:
        Refused: Nothing is prepared, or the commit is not here.
    """
    repo, candidate = question.repo(), question.candidate
    before = repo.tags().get(f"{question.config.prefix(candidate.key.service)}{candidate.prior}")
    paths = (
        repo.since(before, candidate.commit) if before and candidate.prior else repo.files(candidate.commit)
    )
    folder = repo.folder_of(question.config.folder)
    return touchpoints.places(question.config, touchpoints.below(folder, paths))
