"""What an approval binds, as it is now: read the same way when it is asked for and when it is judged.

What it is not: a judgement. Each function takes the question of a cut and says one fact of the world.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from relman import line
from relman.approval.request import Occurrence, OnCallBound, Replaced
from relman.gates.question import Question
from relman.ledger import story
from relman.line import Line
from relman.notes import operations, place
from relman.ops import hours
from relman.ops.shifts import Shifts
from relman.ops.spans import FOREVER, Span
from relman.signing import canonical
from relman.signing.statements import Sha256
from relman.signing.strict import sha256

LONGEST = timedelta(days=8)
"""No approval is for longer (ruling 18)."""
YEAR = timedelta(days=366)
BACK = 5 * LONGEST
"""How far back an opening may have begun; one that began earlier is told as one without a beginning."""
SUBJECT, MOST = 120, 200
"""How many characters of a subject, and how many commits, stand in the difference."""


def replaced(question: Question) -> Replaced | None:
    """What serves now and is to be replaced; None at a first release."""
    live = question.live
    if live is None or not live.split.shares:
        return None
    revision = max(live.split.shares, key=lambda share: share[1])[0]
    version = next((one.version for one in question.chain if one.revision == revision), "")
    return Replaced(version, revision)


class Written(NamedTuple):
    """What git knows of what goes live.

    Attributes:
        line: The service's line of versions.
        since: The commit of what serves, behind which everything is live already; none where it is not known.
    """

    line: Line
    since: tuple[str, ...]


def written(question: Question) -> Written:
    """Where what goes live begins; asked once, since each look starts git."""
    found, serving = line.configured(question.config, question.candidate.key.service), replaced(question)
    shipped = story.commit_of(question.entries, serving.revision) if serving else ""
    if not shipped and serving and serving.version:
        tags = {one.name: one.commit for one in found.commits.tags(found.prefix)}
        shipped = tags.get(f"{found.prefix}{serving.version}", "")
    behind = shipped and found.commits.contains(question.candidate.commit, shipped)
    return Written(found, (shipped,) if behind else ())


def authors(question: Question, known: Written) -> tuple[str, ...]:
    """The addresses of everybody who wrote, committed or co-wrote what goes live, in small letters, sorted.

    Self-declared, as all of git's (ruling 36): who lies about an address is not found out by this.
    """
    return known.line.commits.addresses(question.candidate.commit, known.since)


def difference(question: Question, known: Written) -> bytes:
    """What goes live besides the image, as a file of evidence; values of the environment are not in it."""
    candidate, live, git = question.candidate, question.live, known.line.commits
    serving = story.frozen(question.entries, question.chain[0].revision) if question.chain else None
    told = operations.told(
        changed=git.changed("".join(known.since), candidate.commit),
        patterns=place.patterns(question.config),
        live=serving or (live.template if live else None),
        candidate=candidate.template,
        back=question.chain[0] if question.chain else None,
        target=question.target.environment,
    )
    commits = [
        {"commit": one.hash, "subject": one.message.partition("\n")[0][:SUBJECT]}
        for one, _ in zip(git.log(candidate.commit, known.since), range(MOST), strict=False)
    ]
    return canonical({"commits": commits, **msgspec.to_builtins(told)})


def occurrence(question: Question, at: datetime) -> Occurrence | None:
    """The opening of the deploy window that ``at`` is in, or the next one; None where there is no window."""
    if question.config.window is None:
        return None
    # An override has signatures of its own; were it an opening, it would void what it is to let through.
    open_ = replace(hours.of(question.config.window, (*question.team, *question.entries)), overrides=())
    around = Span(at - BACK, at + YEAR)
    found = next((span for span in open_.openings(around) if span.end > at), None)
    if found is None:
        return None
    # An edge that only this look has cut would be another one a second later.
    begins = 0 if found.start == around.start else int(found.start.timestamp())
    return Occurrence(begins, int((FOREVER if found.end == around.end else found.end).timestamp()))


def on_call(question: Question, slot: Occurrence | None, at: datetime) -> OnCallBound | None:
    """Who is on call when the release may begin, and by which rota; None where there is none, or nobody."""
    rota = question.config.oncall
    if rota is None:
        return None
    begins = max(at, datetime.fromtimestamp(slot.start, UTC)) if slot else at
    person = Shifts.of(rota, question.team).person(begins)
    told: dict[str, Any] = msgspec.to_builtins(rota, enc_hook=str)
    return OnCallBound(person, Sha256(sha256(canonical(told)))) if person else None


def expiry(slot: Occurrence | None, at: datetime) -> int:
    """From when on an approval that is asked for at ``at`` is void, in seconds since 1970."""
    longest = int((at + LONGEST).timestamp())
    return min(slot.end, longest) if slot else longest
