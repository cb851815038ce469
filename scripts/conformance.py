"""What the conformance suite knows, as tables: read from its markers, so nothing is started for it.

What it is not: a run. That the platform does so is what the suite shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WIRES = {"grpc": "gRPC", "rest": "REST", "v1": "v1"}


def served() -> list[Sequence[str]]:
    """The methods that the platform answers over gRPC and REST, by service."""
    from relman.embedded.wire import monitoring
    from relman.embedded.wire.apis import APIS

    return [[f"`{api.service}`", ", ".join(api.requests)] for api in (*APIS.values(), monitoring.api())]


def rows() -> list[Sequence[str]]:
    """Every rule with its row, how sure it is, where it comes from, and over which wires it was tried."""
    from tests.conformance.rows import rules

    return [[rule.row, rule.says, rule.sure, rule.source, _over(rule.wires)] for rule in rules()]


def differences() -> str:
    """Where the platform does otherwise than Google."""
    from tests.conformance.rows import rules

    return _listed((rule.row, what) for rule in rules() for what in rule.differs)


def choices() -> str:
    """What nobody has verified, and what the platform chose."""
    from tests.conformance.rows import rules

    return _listed((rule.row, f"{rule.says} **Chosen:** {rule.note}.") for rule in rules() if rule.note)


def left_out() -> str:
    """What a real project is not asked, and why."""
    from tests.conformance.rows import rules

    by_reason: dict[str, list[str]] = {}
    for rule in rules():
        if rule.only_here:
            numbers = by_reason.setdefault(rule.only_here, [])
            numbers += [rule.row] if rule.row not in numbers else []
    return "\n".join(f"- {', '.join(numbers)}: {reason}." for reason, numbers in by_reason.items())


def counted() -> str:
    """How many rules there are of each degree of certainty."""
    from tests.conformance.rows import SURE, rules

    found = [rule.sure for rule in rules()]
    kinds = ", ".join(f"{found.count(sure)} {sure}" for sure in SURE)
    return f"{len(found)} rules: {kinds}."


def _over(wires: Iterable[str]) -> str:
    return ", ".join(WIRES[wire] for wire in wires) or "its parts"


def _listed(lines: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- **{number}** {what}" for number, what in lines)
