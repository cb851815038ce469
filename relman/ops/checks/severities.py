"""Rules about severities: four, with an example for each domain, and the worst the fastest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from relman.config.duties import Level
from relman.config.near import did_you_mean
from relman.ops import people
from relman.ops.checks.finding import Asked, Found


def missing(asked: Asked) -> Iterator[Found]:
    """All four levels are there (A2b)."""
    for level in Level.values if asked.whole else ():
        if asked.config.severity.of(level) is None:
            yield Found(f"{level} is not defined", f"write [severity.{level}]", ("severity",))


def no_example(asked: Asked) -> Iterator[Found]:
    """Each domain says what each level looks like there (A2b)."""
    for number, one in enumerate(asked.config.domain):
        lacking = [level for level in Level.values if not one.severity.of(level)]
        if lacking:
            what = f"{one.id} has no example of {', '.join(lacking)}"
            how = 'write one sentence each, in severity = { P1 = "…", … }'
            yield Found(what, how, ("domain", number, "severity"), asked.owner(one.owner))


def ghost_told(asked: Asked) -> Iterator[Found]:
    """Who is told of a level exists."""
    known = [*asked.config.roles, *asked.config.people, people.ON_CALL]
    for level, each in asked.config.severity.levels.items():
        for word in each.tell:
            if word not in known and not people.is_on_call(word):
                what = f"{level} tells {word!r}, which is no role and no person{did_you_mean(word, known)}"
                yield Found(what, "name a role, a person or on-call", ("severity", level, "tell"))
        if not each.tell:
            yield Found(f"{level} tells nobody", "say who is told", ("severity", level, "tell"))


def slower_when_worse(asked: Asked) -> Iterator[Found]:
    """No level is slower than the one below it, and seen comes before worked on."""
    for (worse, one), (better, other) in pairwise(asked.config.severity.levels.items()):
        for key in ("respond", "acknowledge", "update"):
            slow, fast = getattr(one, key), getattr(other, key)
            if slow.seconds > fast.seconds:
                what = f"{worse} has {key} {slow}, and {better} is faster with {fast}"
                yield Found(what, "let the worse one be at least as fast", ("severity", worse, key))
    for level, one in asked.config.severity.levels.items():
        if one.acknowledge.seconds > one.respond.seconds:
            what = (
                f"{level} is to be acknowledged within {one.acknowledge}, and worked on within {one.respond}"
            )
            yield Found(what, "let acknowledge be no longer than respond", ("severity", level, "acknowledge"))


RULES = (missing, no_example, ghost_told, slower_when_worse)
