"""What is wrong with a model's meaning: ``ops.check``. Its shape is judged when it is read.

What it is not: a reader, or a page. A small function a rule; each yields what it found, and the rest
of a finding (file, line, who can mend it) is put on here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import FunctionType

from relman.config.lines import nearest
from relman.ops.checks import calling, contacts, domains, meetings, roles, rows, severities, standards, text
from relman.ops.checks.contacts import from_environment
from relman.ops.checks.finding import Asked, Finding, Found, unknown

Rule = Callable[[Asked], Iterator[Found]]

TOPICS: Mapping[str, tuple[Rule, ...]] = {
    "roles": roles.RULES,
    "decisions": rows.RULES,
    "domains": domains.RULES,
    "severities": severities.RULES,
    "calling": calling.RULES,
    "contacts": contacts.RULES,
    "meetings": meetings.RULES,
    "standards": standards.RULES,
    "text": text.RULES,
}
"""Every rule, by what it is about."""

TOLERATED = frozenset(
    {
        *("roles.no-deputy", "roles.own-deputy", "roles.too-much-on-one"),  # A10
        *("domains.expired-runbook", "domains.unread-runbook"),  # A6d: judged with the documents
        *("standards.no-standard", "standards.unread-change"),  # A6a, A6b
        *("standards.too-many-approvals", "standards.upside-down-backlog"),
    }
)
"""Rules whose findings make work harder, and stop no release."""

__all__ = [
    "TOLERATED",
    "TOPICS",
    "Asked",
    "Finding",
    "Rule",
    "check",
    "faults",
    "from_environment",
    "name",
    "unknown",
]


def check(asked: Asked) -> tuple[Finding, ...]:
    """Everything that is wrong, by topic and in the order of the files."""
    return tuple(finding for topic, rules in TOPICS.items() for finding in _of_topic(asked, topic, rules))


def faults(findings: tuple[Finding, ...], *, strict: bool = False) -> tuple[Finding, ...]:
    """The findings that count: no warnings, unless one is strict."""
    return tuple(one for one in findings if strict or not one.warning)


def name(topic: str, rule: Rule) -> str:
    """What a rule is called: ``roles.no-deputy``."""
    function = rule.__name__ if isinstance(rule, FunctionType) else ""
    return f"{topic}.{function.replace('_', '-')}"


def _of_topic(asked: Asked, topic: str, rules: tuple[Rule, ...]) -> list[Finding]:
    found = [_finding(asked, topic, rule, one) for rule in rules for one in rule(asked)]
    return sorted(found, key=lambda one: (one.file != asked.file, one.file, one.line))


def _finding(asked: Asked, topic: str, rule: Rule, found: Found) -> Finding:
    return Finding(
        topic=topic,
        rule=name(topic, rule),
        file=found.file or asked.file,
        line=found.line or nearest(asked.lines, found.at),
        what=found.what,
        who=found.who or asked.keeper,
        how=found.how,
        warning=found.warning,
    )
