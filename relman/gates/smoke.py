"""Gate: the live service passes the smoke checks now, so that a later red is the candidate's."""

from __future__ import annotations

from relman import smoke
from relman.gates.gate import Gate
from relman.gates.question import Question
from relman.models import Answer, Verdict

NAME = "smoke baseline"


def ask(question: Question) -> Verdict:
    """Ask the checks on the live URL, as what serves now."""
    if question.first:
        return Verdict(NAME, Answer.GO, "first release: nothing good is live yet")
    live = question.live
    if live is None or not live.uri:
        return Verdict(NAME, Answer.UNKNOWN, "the service has no URL", "inv release.status")
    suite = smoke.load(question.target.smoke) if question.target.smoke else smoke.default_suite()
    report = smoke.run(suite, live.uri, values=_values(question), clock=question.clock)
    inputs = {**_values(question), "url": live.uri, "failed": [one.name for one in report.failures]}
    if report.passed:
        return Verdict(NAME, Answer.GO, report.summary, inputs=inputs)
    reasons = "; ".join(f"{one.name}: {one.fact}" for one in report.failures)
    clears = f"inv smoke.run --url {live.uri}"
    return Verdict(NAME, Answer.NO_GO, reasons or "no check was asked", clears, inputs=inputs)


def _values(question: Question) -> dict[str, str]:
    stable = question.chain[0] if question.chain else None
    if stable is None:
        return {}
    told = {"revision": stable.revision, "version": stable.version, "digest": stable.digest}
    return {f"release.{name}": value for name, value in told.items() if value}


GATE = Gate(
    id="smoke",
    name=NAME,
    row="deploy-rollback",
    source=("B8b", "A1c"),
    without=Answer.UNKNOWN,
    lifted_by="",
    ask=ask,
    profiles=("solo", "team"),
)
