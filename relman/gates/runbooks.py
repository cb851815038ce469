"""Gate: the runbooks of what a release changes were read not too long ago."""

from __future__ import annotations

from datetime import UTC, date

from relman.gates import difference
from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict
from relman.ops import runbooks

NAME = "runbooks"
CLEARS = "read it, mend it, set reviewed in its first lines, and commit that"

_DAY = 86_400
_TWICE = 2


def ask(question: Question) -> Verdict:
    """A warning for each that is older than ``[documents] runbook_age``, or was never reviewed.

    One that is twice as old refuses a release that changes something of its domain.
    """
    config = question.config
    if config.documents is None:
        return Verdict(NAME, Answer.NOT_SET_UP, "no [documents] in relman.toml")
    limit = config.documents.runbook_age.seconds / _DAY
    ages = _ages(question)
    old = {path: age for path, age in ages.items() if age is None or age > limit}
    older = [path for path, age in old.items() if age is not None and age > limit * _TWICE]
    stopping = sorted(set(older) & _affected(question)) if older else []
    inputs: dict[str, object] = {**ages}
    if not old:
        return Verdict(NAME, Answer.GO, f"{len(ages)}, none older than {limit:g} days", inputs=inputs)
    fact = "; ".join(_told(path, old[path]) for path in stopping or old)
    answer = Answer.NO_GO if stopping else Answer.WARN
    return Verdict(NAME, answer, fact, CLEARS, inputs=inputs)


def _ages(question: Question) -> dict[str, int | None]:
    """How many days ago each was reviewed; None: it does not say. What is missing is the model's gate's."""
    config = question.config
    today = question.now.astimezone(config.model.tz.info if config.model else UTC).date()
    found = (runbooks.runbook(config.folder, path) for path in runbooks.named(config))
    return {one.path: _age(one.reviewed, today) for one in found if one}


def _age(reviewed: date | None, today: date) -> int | None:
    return (today - reviewed).days if reviewed else None


def _affected(question: Question) -> set[str]:
    """The runbooks of the domains that the candidate changes; of all, where nothing tells which those are."""
    config = question.config
    owned = {str(one.runbook): one.id for one in config.domain if one.runbook}
    if question.proposed is None or not config.touchpoint:
        return set(owned)
    changed = {place.domain for place in difference.places(question)}
    return {path for path, domain in owned.items() if domain in changed}


def _told(path: str, age: int | None) -> str:
    return f"{path} says nothing of a review" if age is None else f"{path} was reviewed {age} days ago"


GATE = Gate(
    id="runbooks",
    name=NAME,
    row="incident-response",
    source=("A6d", "B33"),
    without=Answer.WARN,
    lifted_by="incident-response",
    ask=ask,
    timed=True,
)
