"""Rules about review and backlog: they say something that people can keep to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from relman.config.duties import Level
from relman.ops.checks.finding import Asked, Found


def no_standard(asked: Asked) -> Iterator[Found]:
    """Review and backlog have a standard (A6a, A6b)."""
    for section, said in (("review", asked.config.review), ("backlog", asked.config.backlog)):
        if asked.whole and said is None:
            yield Found(f"there is no [{section}]", f"write [{section}]; the reference has its keys")


def unread_change(asked: Asked) -> Iterator[Found]:
    """A change is read by somebody else (A6b)."""
    review = asked.config.review
    if review and review.approvals == 0:
        yield Found("a change needs no approval", "let approvals be 1 at least", ("review", "approvals"))
    elif review and review.self_approval:
        what = "authors may approve their own changes"
        yield Found(what, "let self_approval be false", ("review", "self_approval"))


def too_many_approvals(asked: Asked) -> Iterator[Found]:
    """There are enough people to approve (A6b)."""
    review, others = asked.config.review, len(asked.config.people) - 1
    if review and asked.config.people and review.approvals > max(others, 0):
        what = f"a change needs {review.approvals} approvals, and an author has {others} colleagues"
        yield Found(what, "let approvals be fewer", ("review", "approvals"))


def upside_down_backlog(asked: Asked) -> Iterator[Found]:
    """No more of a worse severity may be open than of a better one (A6a)."""
    limits = asked.config.backlog.open if asked.config.backlog else None
    said = [(level, limit) for level in Level.values if limits and (limit := limits.of(level)) is not None]
    for (worse, many), (better, few) in pairwise(said):
        if many > few:
            what = f"{many} of {worse} may be open, and only {few} of {better}"
            yield Found(what, "let the worse one have the lower limit", ("backlog", "open", worse))


RULES = (no_standard, unread_change, too_many_approvals, upside_down_backlog)
