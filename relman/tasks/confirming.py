"""What a person must say before a release goes to users.

None on loopback. Against Google: type the version; without a terminal, name the plan by its id,
and it must be the plan of now.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from relman import proposing
from relman.errors import Refused

if TYPE_CHECKING:
    from relman.app import Confirm, Relman
    from relman.overriding import Lift
    from relman.plan import Plan
    from relman.voting import Ballot

MOST = 6
"""How many differences are told."""


def confirmed(relman: Relman, wanted: str, answers: TextIO) -> Confirm:
    """What ``app.cut`` asks with the plan that it made.

    Args:
        relman: Knows the platform, and the plans that were shown.
        wanted: A plan's id, empty if none was given.
        answers: Where a person types.
    """

    def ask(plan: Plan) -> None:
        if wanted:
            _same(relman, plan, wanted)
        elif not relman.configured.platform.loopback:
            relman.must_pass(plan)  # nobody confirms blind; the run asks them again when it begins
            typed(plan, answers)

    return ask


def wished(gates: tuple[str, ...], reason: str, incident: str, *, emergency: bool) -> Lift | None:
    """What a person wants lifted, None for nothing."""
    from relman.overriding import Lift

    asked = gates or reason or incident or emergency
    return Lift(gates=gates, reason=reason, incident=incident, emergency=emergency) if asked else None


def typed(plan: Plan, answers: TextIO) -> None:
    """Ask a person to type the version.

    Raises:
        Refused: There is no terminal, or something else was typed.
    """
    version = plan.facts["release"]["version"]
    if not answers.isatty():
        raise Refused(
            "nobody is here to confirm",
            fact="there is no terminal",
            clears=f"inv release.cut --plan {plan.id}",
        )
    print(f"type {version} to ship it: ", end="", file=sys.stderr, flush=True)
    if answers.readline().strip() != version:
        raise Refused("not confirmed", fact=f"{version} was not typed", clears="inv release.cut")


def signing(ballot: Ballot, wanted: str, answers: TextIO) -> None:
    """Have a person confirm what they sign: the digest of what was shown, or the version, typed (T22).

    Raises:
        Refused: Another digest was named than the one that is shown, nobody is there, or something else
            was typed.
    """
    frozen = ballot.frozen
    if wanted:
        if wanted.removeprefix("sha256:") != frozen.digest:
            fact = f"--yes-sha256 names {wanted[:20]}…, what is to be signed is {frozen.digest}"
            raise Refused("T22: that is another request", fact=fact, clears="inv checklist.show")
        return
    if not answers.isatty():
        again = f"inv checklist.sign --yes-sha256 {frozen.digest}, once you have read inv checklist.show"
        raise Refused("T22: nobody is here to confirm", fact="there is no terminal", clears=again)
    version = frozen.request.version
    print(f"type {version} to sign {ballot.what}: ", end="", file=sys.stderr, flush=True)
    if answers.readline().strip() != version:
        raise Refused("not signed", fact=f"{version} was not typed", clears="inv checklist.show")


def _same(relman: Relman, plan: Plan, wanted: str) -> None:
    if plan.id == wanted:
        return
    before = proposing.kept(relman.root, wanted)
    found = proposing.differences(before, plan.stored) if before else ["it was never shown here"]
    changed = list({one.partition(": ")[2]: one.rpartition("].")[2] for one in found}.values())
    raise Refused(
        f"plan {wanted} is stale: the plan of now is {plan.id}",
        fact="; ".join(changed[:MOST]),
        clears="inv release.plan",
    )
