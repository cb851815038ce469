"""A relman.toml, read into the same facts as documents are.

What it is not: a check of what the file says (``ops.check``). Where relman has no section for something
yet, as for SLOs, nobody is asked for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from relman.config import Config
from relman.config.lines import index, nearest
from relman.ops import people
from relman.ops.gaps.facts import Facts, Item, Level, Line, Role, Row, Step, Window
from relman.ops.gaps.written import blemishes


class Model:
    """A configuration with the line of each of its keys."""

    def __init__(self, config: Config) -> None:
        """Find the lines."""
        self.config = config
        self._file, self._index = config.source.path.name, index(config.source.text)
        self._texts = config.source.text.replace("\r\n", "\n").split("\n")

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line of the file."""
        return tuple(Line(self._file, number, text) for number, text in enumerate(self._texts, 1))

    def at(self, *path: str | int) -> Line:
        """The line of a key."""
        number = nearest(self._index, path)
        return Line(self._file, number, self._texts[number - 1])


def facts(config: Config) -> Facts:
    """What a relman.toml says of a team's operation."""
    model = Model(config)
    return Facts(
        lines=model.lines,
        roles=tuple(_roles(model)),
        domains=tuple(str(one.id) for one in config.domain if one.owner in config.roles),
        rows=tuple(_rows(model)),
        items=tuple(_items(model)),
        window=_window(model),
        rota=config.oncall is not None,
        levels=tuple(_levels(model)),
        slo=None,
        steps=tuple(_steps(model)),
        blemishes=tuple(blemishes(model.lines)),
        builtin=(people.ON_CALL, "oncall"),
    )


def _roles(model: Model) -> Iterator[Role]:
    for name, role in model.config.roles.items():
        title = people.title(model.config, name)
        yield Role(title, model.at("roles", name), (name,), str(role.deputy or ""), ", ".join(role.owns))


def _rows(model: Model) -> Iterator[Row]:
    for number, row in enumerate(model.config.raci):
        names = tuple((letter, _called(model, role)) for letter, role in people.named_roles(row))
        yield Row(f"{row.id}: {row.what}", model.at("raci", number), names)


def _called(model: Model, role: str) -> str:
    """A role by its title, so that whoever is asked to mend something is named as people name them."""
    return people.title(model.config, role) if role in model.config.roles else role


def _items(model: Model) -> Iterator[Item]:
    for number, item in enumerate(model.config.cadence):
        rhythm = "monthly" if item.when.week is not None else "biweekly" if item.every > 1 else "weekly"
        yield Item(str(item.id), str(item.what), model.at("cadence", number), rhythm, dated=True)


def _window(model: Model) -> Window | None:
    schedule = model.config.window
    if schedule is None:
        return None
    return Window(model.at("window"), hours=True, zone=True, holidays=bool(schedule.holidays))


def _levels(model: Model) -> Iterator[Level]:
    for name in model.config.severity.levels:
        yield Level(name, model.at("severity", name), acknowledge=True)


def _steps(model: Model) -> Iterator[Step]:
    """A step reaches somebody if one of those it tells is a role, a person, or whoever is on call."""
    config = model.config
    known = {*config.roles, *config.people, people.ON_CALL, "oncall", "secondary"}
    for number, escalation in enumerate(config.escalation):
        for place, step in enumerate(escalation.steps):
            line = model.at("escalation", number, "steps", place)
            yield Step(", ".join(step.notify), line, reaches=any(one in known for one in step.notify))
