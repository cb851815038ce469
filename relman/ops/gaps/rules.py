"""The rules of the gap finder, in the order in which they are told. Facts in, gaps out.

What it is not: a check of what is there. A rule asks only whether something that a team needs was said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from relman.ops.gaps.facts import Facts, Gap, Item, Line, Role, Row, has

DOMAINS: Final = {
    "deployment": ("deploy", "release"),
    "billing": ("billing", "payment", "invoice"),
    "connectivity": ("connectivity", "network"),
    "launch": ("launch", "go-live", "deploy", "release"),
}
"""What a team must have an owner for (A5a), and the words that tell of it."""

ROWS: Final = {
    "SLO definitions": ("slo",),
    "incident response": ("incident",),
    "deploy and rollback": ("deploy",),
    "backups and restores": ("backup", "restore"),
    "KPI reporting": ("kpi",),
    "security drill": ("security",),
    "customer comms": ("comms", "customer communication"),
    "backlog": ("backlog",),
    "documentation": ("documentation", "docs", "runbook"),
    "the model": ("model", "operating model"),
}
"""What must have somebody accountable for it, and the words that tell of it."""

LEVELS: Final = ("P1", "P2", "P3", "P4")
DRILL: Final = ("drill", "restore test")
DRILLED: Final = re.compile(r"([a-z]+(?:(?:/|\s+and\s+)[a-z]+)*)\s+drill|(restore)\s+test")
COMMON: Final = {"review", "sync", "planning", "meeting", "weekly", "monthly", "and", "the"}
"""Words of a meeting's name that say nothing of what it is about."""

Rule = Callable[[Facts], Iterator[Gap]]


def gaps(facts: Facts) -> tuple[Gap, ...]:
    """Everything that the facts leave open, rule by rule."""
    return tuple(gap for rule in RULES.values() for gap in rule(facts))


def owners(facts: Facts) -> Iterator[Gap]:
    """A domain, and whatever a drill is held for, has somebody who owns it."""
    needed = DOMAINS | {topic: (topic,) for topic in _drilled(facts)}
    for name, words in needed.items():
        if not _owned(facts, name, words):
            why = "" if name in DOMAINS else ", though a drill is held for it"
            what, line = f"nobody owns {name}{why}", facts.mentioned(name, *words)
            yield _gap(facts, "owner", name, what, line, "let a role own it")


def _drilled(facts: Facts) -> Iterator[str]:
    """What the drills are for: ``Security/backup drill, restore test`` is security, backup, restore."""
    for item in facts.items:
        for found in DRILLED.finditer(item.what.lower()):
            yield from re.split(r"/|\s+and\s+", found[1] or found[2])


def _owned(facts: Facts, name: str, words: tuple[str, ...]) -> bool:
    rows = (row.what for row in facts.rows if row.accountable and not has(row.what, DRILL))
    return name in facts.domains or any(has(text, words) for text in (*rows, *(r.owns for r in facts.roles)))


def names(facts: Facts) -> Iterator[Gap]:
    """Every name in the matrix is a role's."""
    known = {name.lower() for role in facts.roles for name in role.names} | set(facts.builtin)
    seen: set[str] = set()
    for row in facts.rows:
        for _, name in row.names:
            if name.lower() not in known | seen:
                seen.add(name.lower())
                yield _unknown(facts, name, row.line)


def _unknown(facts: Facts, name: str, line: Line) -> Gap:
    if re.fullmatch(r"on-?call", name, re.IGNORECASE):
        what = f'the matrix says "{name}", and no list of roles says who that is'
        return _gap(facts, "name", name, what, line, "say among the roles that it is whoever the rota names")
    meant = _short_for(facts, name)
    if meant:
        what = f'the matrix says "{name}", which is no role; it may be short for {meant.name}'
        return _gap(
            facts, "name", name, what, line, "write the role's own name, or give the role this other name"
        )
    what = f'the matrix says "{name}", and no such role is defined'
    return _gap(facts, "name", name, what, line, "define it among the roles, with a holder")


def _short_for(facts: Facts, name: str) -> Role | None:
    """The role that a name is short for. Beside the role itself in one row it must be something else."""
    rows = [{one.lower() for _, one in row.names} for row in facts.rows]
    for role in facts.roles:
        beside = any({name.lower(), role.name.lower()} <= row for row in rows)
        if not beside and name.lower() in re.findall(r"\w+", role.name.lower()):
            return role
    return None


def deputies(facts: Facts) -> Iterator[Gap]:
    """Every role has a deputy; whoever is on call is relieved by the rota."""
    if not facts.roles:
        yield _gap(
            facts, "deputy", "roles", "there is no list of roles", facts.mentioned("role"), "name them"
        )
    for role in facts.roles:
        if not role.deputy and not re.fullmatch(r"on-?call", role.name, re.IGNORECASE):
            what = f"{role.name} has no deputy"
            yield _gap(facts, "deputy", role.name, what, role.line, "name one who is not the holder")


def window(facts: Facts) -> Iterator[Gap]:
    """The deploy window has hours, a zone and holidays."""
    said = facts.window
    if said is None:
        line, how = facts.mentioned("window", "deploy"), "say when shipping is allowed"
        yield _gap(facts, "window", "window", "there is no deploy window", line, how, "deploy")
        return
    for part in ("hours", "zone", "holidays"):
        if not getattr(said, part):
            what = f"the deploy window has no {part}"
            yield _gap(facts, "window", part, what, said.line, f"write its {part} down", "deploy")


def rota(facts: Facts) -> Iterator[Gap]:
    """There is an on-call rotation."""
    if not facts.rota:
        line, how = facts.mentioned("on-call", "oncall"), "write down who is on call, from when, for how long"
        yield _gap(facts, "rota", "on-call", "there is no on-call rotation", line, how, "incident")


def severities(facts: Facts) -> Iterator[Gap]:
    """P1 to P4 are defined."""
    known = {level.name for level in facts.levels}
    for level in LEVELS:
        if level not in known:
            line, how = facts.mentioned(level, "severity"), "say what it means, with an example a domain"
            yield _gap(facts, "severity", level, f"{level} is not defined", line, how, "incident")


def acknowledgements(facts: Facts) -> Iterator[Gap]:
    """Each of them says within which time it must be acknowledged."""
    known = {level.name for level in facts.levels if level.acknowledge}
    for level in LEVELS:
        if level not in known:
            line = facts.mentioned(level, "severity")
            what, how = f"{level} has no time to acknowledge", "say within how many minutes"
            yield _gap(facts, "acknowledge", level, what, line, how, "incident")


def slos(facts: Facts) -> Iterator[Gap]:
    """SLOs have targets and windows."""
    for part, said in zip(("targets", "windows"), facts.slo or (True, True), strict=True):
        if not said:
            line, how = facts.mentioned("slo"), "write it like: availability SLO 99.9 % over 30 days"
            yield _gap(facts, "slo", part, f"the SLOs have no {part}", line, how, "slo")


def rows(facts: Facts) -> Iterator[Gap]:
    """What a team decides again and again has a row in the matrix."""
    for what, words in ROWS.items():
        if not any(has(row.what, words) for row in facts.rows):
            line = facts.mentioned("raci", "ownership matrix")
            yield _gap(facts, "row", what, f"the matrix has no row for {what}", line, "add one, with one A")


def steps(facts: Facts) -> Iterator[Gap]:
    """Each step of the escalation path reaches a person."""
    for number, step in enumerate(facts.steps, 1):
        if not step.reaches:
            what = f'step {number} of the escalation path is no person: "{step.who}"'
            how = "take it out of the path: it is a role within an incident, whoever is named when it opens"
            yield _gap(facts, "step", step.who, what, step.line, how, "incident")


def days(facts: Facts) -> Iterator[Gap]:
    """A weekly meeting has a day: its own, or that of the cadence's item about the same thing."""
    daily = [item for item in facts.items if item.dated]
    for item in facts.items:
        about = _about(item)
        if item.rhythm == "weekly" and not item.dated and not any(has(one.what, about) for one in daily):
            what, how = f"{item.name} is weekly and has no day", "name its day"
            if has(item.name, ("release",)) and (wed := _window_day(facts)):
                how = f"name its day; it must come before {wed[0]}: {wed[1]} would do"
            yield _gap(facts, "day", item.name, what, item.line, how, "deploy")


def _about(item: Item) -> tuple[str, ...]:
    return tuple(word for word in re.findall(r"[a-z]+", item.name.lower()) if word not in COMMON)


def _window_day(facts: Facts) -> tuple[str, str] | None:
    """The day of the deploy window, and the working day before it."""
    names = ("Mon", "Tue", "Wed", "Thu", "Fri")
    for item in facts.items:
        if item.name[:3] in names and has(item.what, ("deploy window", "deployment window")):
            at = names.index(item.name[:3])
            return names[at], names[at - 1]
    return None


def dates(facts: Facts) -> Iterator[Gap]:
    """What is monthly says on which day of the month."""
    for item in facts.items:
        if item.rhythm == "monthly" and not item.dated:
            what, how = f"{item.name} is monthly and has no rule for its date", 'say for instance "first Tue"'
            yield _gap(facts, "date", item.name, what, item.line, how, "slo")


def placeholders(facts: Facts) -> Iterator[Gap]:
    """Nothing is a placeholder."""
    return _blemishes(facts, "placeholder", "is a placeholder", "say which it is")


def mojibake(facts: Facts) -> Iterator[Gap]:
    """No text was decoded wrongly."""
    return _blemishes(facts, "mojibake", "is UTF-8 that was decoded as Windows-1252", "write")


def todos(facts: Facts) -> Iterator[Gap]:
    """Nothing is left to do before the model can be lived by."""
    how = "do it and take the line out, or give it an owner and a date"
    return _blemishes(facts, "todo", "is still to do", how)


def _blemishes(facts: Facts, kind: str, what: str, how: str) -> Iterator[Gap]:
    for one in facts.blemishes:
        if one.kind == kind:
            mend = f'{how} "{one.meant}"' if one.meant else how
            yield _gap(facts, kind, one.text, f'"{one.text}" {what}', one.line, mend)


def _gap(facts: Facts, rule: str, subject: str, what: str, line: Line, how: str, topic: str = "model") -> Gap:  # noqa: PLR0917 - the fields of a gap
    return Gap(rule, subject, what, line.file, line.number, who=_who(facts, topic), how=how)


def _who(facts: Facts, topic: str) -> str:
    """Whoever is accountable for it, as far as the matrix says."""
    row: Row | None = next((one for one in facts.rows if has(one.what, (topic,)) and one.accountable), None)
    return f"{row.accountable}, accountable for {row.what}" if row else "whoever leads the team"


RULES: Final[dict[str, Rule]] = {
    "owner": owners,
    "name": names,
    "deputy": deputies,
    "window": window,
    "rota": rota,
    "severity": severities,
    "acknowledge": acknowledgements,
    "slo": slos,
    "row": rows,
    "step": steps,
    "day": days,
    "date": dates,
    "placeholder": placeholders,
    "mojibake": mojibake,
    "todo": todos,
}
"""Every rule by the name that its gaps carry."""
