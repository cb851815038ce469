"""The model in words, for the templates: everything is text, and roles have people behind them.

What it is not: Markdown. The templates lay it out; ``rendering`` shows whatever could be read as Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from relman.config import Config
from relman.config.cadence import CadenceItem
from relman.config.documents import Documents
from relman.config.rota import Escalation, Layer
from relman.config.schedule import Freeze, Holiday, Schedule, Window
from relman.ops import people

LEVELS = ("P1", "P2", "P3", "P4")


class Model(Struct, frozen=True):
    """What the templates are given, as ``model``.

    Attributes:
        version: The model's version.
        tz: Its zone.
        since: From when on the team works by it; empty for not yet.
        mode: ``advise`` or ``enforce``.
        roles: Rows of title, holder, deputy, what it owns.
        domains: Rows of id, owner, runbook, escalation.
        examples: Rows of domain and an example of each severity.
        paths: Rows of a path pattern, its domain, its owner.
        rows: Rows of what, R, A, C, I.
        decisions: Rows of a kind of decision, what it is about, who answers for it.
        cadence: Rows of when, what, how long, who sees to it, who comes, by which commands.
        levels: Rows of level, meaning, acknowledge, respond, update, who is told, by what, reviewed.
        escalations: The steps of each escalation, by its id.
        windows: When shipping is allowed, in lines.
        closed: When it is not, in lines.
        rota: The layers of the rota, in lines.
        second: Whether somebody is second on call.
        accept_within: How long the incoming person has to accept a shift.
        approvals: By how many others a change is read; None for nothing said.
        self_approval: Whether authors may approve their own.
        untriaged: How old a ticket may be that nobody has sorted; empty for nothing said.
        limits: Rows of a severity and how many of it may be open.
        papers: The ``[documents]`` section.
    """

    version: str
    tz: str
    since: str
    mode: str
    roles: tuple[tuple[str, ...], ...]
    domains: tuple[tuple[str, ...], ...]
    examples: tuple[tuple[str, ...], ...]
    paths: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[str, ...], ...]
    decisions: tuple[tuple[str, ...], ...]
    cadence: tuple[tuple[str, ...], ...]
    levels: tuple[tuple[str, ...], ...]
    escalations: dict[str, tuple[str, ...]]
    windows: tuple[str, ...]
    closed: tuple[str, ...]
    rota: tuple[str, ...]
    second: bool
    accept_within: str
    approvals: int | None
    self_approval: bool
    untriaged: str
    limits: tuple[tuple[str, ...], ...]
    papers: Documents


def model(config: Config, papers: Documents) -> Model:
    """The model in words."""
    said, rota, review, backlog = config.model, config.oncall, config.review, config.backlog
    return Model(
        version=str(said.version) if said else "",
        tz=str(said.tz) if said else "",
        since=str((said and said.since) or ""),
        mode=str(config.mode),
        roles=tuple(_roles(config)),
        domains=tuple(_domains(config)),
        examples=tuple((str(one.id), *(one.severity.of(level) for level in LEVELS)) for one in config.domain),
        paths=tuple(_paths(config)),
        rows=tuple(_rows(config)),
        decisions=tuple(_decisions(config)),
        cadence=tuple(_item(config, item) for item in config.cadence),
        levels=tuple(_levels(config)),
        escalations={str(one.id): tuple(_steps(config, one)) for one in config.escalation},
        windows=tuple(_window(config.window, one) for one in config.window.windows) if config.window else (),
        closed=tuple(_closed(config.window)) if config.window else (),
        rota=tuple(_layer(config, layer, rota.tz) for layer in rota.layers) if rota else (),
        second=bool(rota and rota.secondary),
        accept_within=str(rota.accept_within) if rota else "",
        approvals=review.approvals if review else None,
        self_approval=bool(review and review.self_approval),
        untriaged=str(backlog.untriaged) if backlog else "",
        limits=tuple(_limits(config)),
        papers=papers,
    )


def _roles(config: Config) -> Iterator[tuple[str, ...]]:
    for name, role in config.roles.items():
        deputy = people.name(config, role.deputy) if role.deputy else ""
        yield people.title(config, name), people.name(config, role.holder), deputy, ", ".join(role.owns)


def _domains(config: Config) -> Iterator[tuple[str, ...]]:
    for one in config.domain:
        yield str(one.id), people.told(config, one.owner), str(one.runbook or ""), str(one.escalation)


def _paths(config: Config) -> Iterator[tuple[str, ...]]:
    for one in config.touchpoint:
        domain = people.domain(config, one.domain)
        owner = people.told(config, domain.owner) if domain else ""
        yield from ((str(path), str(one.domain), owner) for path in one.paths)


def _rows(config: Config) -> Iterator[tuple[str, ...]]:
    for row in config.raci:
        letters = (row.responsible, row.accountable, row.consulted, row.informed)
        yield str(row.what), *(_titles(config, roles) for roles in letters)


def _decisions(config: Config) -> Iterator[tuple[str, ...]]:
    for row in config.raci:
        if row.decides:
            answers = ", ".join(people.told(config, role) for role in row.accountable)
            yield str(row.decides), str(row.what), answers


def _item(config: Config, item: CadenceItem) -> tuple[str, ...]:
    rhythm = f", every {item.every} weeks from {item.anchor}" if item.every > 1 else ""
    day, _, time = str(item.when).rpartition(" ")
    words = " ".join(word.capitalize() if word == item.when.day else word for word in day.split())
    when = f"{words} {time}{rhythm}"
    commands = " ".join(item.command)
    return (
        when,
        str(item.what),
        str(item.length),
        people.told(config, item.owner),
        _titles(config, item.attend),
        commands,
    )


def _levels(config: Config) -> Iterator[tuple[str, ...]]:
    for name, level in config.severity.levels.items():
        times = (str(level.acknowledge), str(level.respond), str(level.update))
        reviewed = "yes" if level.review else "no"
        yield name, str(level.means), *times, _titles(config, level.tell), str(level.via), reviewed


def _steps(config: Config, escalation: Escalation) -> Iterator[str]:
    for step in escalation.steps:
        names = ", ".join(people.told(config, one) for one in step.notify)
        yield f"{names}; then wait {step.wait_minutes:g} min"
    if escalation.repeat:
        yield f"again from the first step, {_counted(escalation.repeat, 'time')}"


def _window(schedule: Schedule, window: Window) -> str:
    days = ", ".join(day.capitalize() for day in window.days)
    rhythm = f", every {window.every} weeks from {window.anchor}" if window.every > 1 else ""
    return f"{days} {window.start}-{window.end} {window.tz or schedule.tz}{rhythm}"


def _closed(schedule: Schedule) -> Iterator[str]:
    for freeze in schedule.freezes:
        yield _freeze(freeze)
    for one in schedule.holidays:
        day = one if isinstance(one, Holiday) else Holiday(date=one)
        yield f"{day.date}" + (f": {day.name}" if day.name else "")


def _freeze(freeze: Freeze) -> str:
    until = f"to {freeze.to}" if freeze.to else "until further notice"
    return f"{freeze.since} {until}" + (f": {freeze.reason}" if freeze.reason else "")


def _layer(config: Config, layer: Layer, zone: str) -> str:
    names = ", ".join(people.name(config, one) for one in layer.participants)
    every = layer.every
    length = _counted(every.weeks, "week") if every.weeks else _counted(every.days or 0, "day")
    until = f" until {layer.until}" if layer.until else ""
    return f"{names}: turns of {length} from {layer.start}{until} ({layer.tz or zone})"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _limits(config: Config) -> Iterator[tuple[str, ...]]:
    for level in LEVELS if config.backlog else ():
        if config.backlog and (limit := config.backlog.open.of(level)) is not None:
            yield level, str(limit)


def _titles(config: Config, roles: Iterable[Any]) -> str:
    return ", ".join(
        config.people[one].name if one in config.people else people.title(config, one) for one in roles
    )
