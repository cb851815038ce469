"""Does every duty name a command that exists, and is every sentence of the seeds carried by something?

What it is not: a check of the model's own sense (``ops.check``). Here stands only whether what people
are told to do can be typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from relman import config as configuration
from relman.config import Config
from relman.config.documents import Documents
from relman.config.lines import Path as Key
from relman.config.lines import index, nearest
from relman.config.near import did_you_mean
from relman.ops import people, runbooks
from relman.ops.gaps.facts import Gap, has
from relman.ops.sentences import Sentence, table

COMMAND: Final = re.compile(
    r"(?<![\w-])(?:\./)?(?:inv|relman) (?:-[\w-]+ )*(?P<dotted>[a-z][a-z_-]*(?:\.[a-z][a-z_-]*)+)"
    r"|(?:`|^\s*\$ )(?:\./)?(?:inv|relman) (?:-[\w-]+ )*(?P<plain>[a-z][a-z_-]*)(?=`|\s|$)"
)
"""A command as documents and runbooks write it; one without a dot only within code."""

WORDS: Final = {
    "deploy": ("release.cut",),
    "release": ("release.cut",),
    "roll back": ("release.rollback",),
    "rollback": ("release.rollback",),
    "uptime": ("release.status",),
    "smoke": ("smoke.run",),
    "migration": ("release.notes",),
    "runbook": ("ops.check", "ops.trace"),
    "documentation": ("ops.documents",),
    "operating-model": ("ops.check", "ops.documents"),
}
"""The commands of what a role owns or a row is about, by the words that tell of it."""

LATER: Final = "docs/reference/not-yet.md"
"""The page of what is not there yet, in relman's own folder."""

_KEEPER = "whoever keeps relman.toml"


class Duty(Struct, frozen=True):
    """Something that the model asks of somebody.

    Attributes:
        kind: ``cadence``, ``domain``, ``role`` or ``row``.
        name: What it is.
        who: The role that has it.
        commands: The commands by which it is done; none: nothing that can be typed.
        line: Its line in relman.toml.
    """

    kind: str
    name: str
    who: str
    commands: tuple[str, ...]
    line: int


class Traced(NamedTuple):
    """What was looked at, and what does not resolve."""

    duties: tuple[Duty, ...]
    sentences: dict[str, Sentence]
    findings: tuple[Gap, ...]


def trace(start: Path, commands: AbstractSet[str]) -> Traced:
    """The duties of the model around a folder, if there is one, and the sentences of the seeds.

    Args:
        start: Where to look from.
        commands: The names of the commands that there are.

    Raises:
        ConfigError: There is a relman.toml, and it cannot be used.
    """
    sentences = table()
    findings = list(uncarried(sentences, commands, _project()))
    found = configuration.find(start)
    if found is None:
        return Traced((), sentences, tuple(findings))
    read = configuration.load(found)
    findings += [*open_duties(read, commands), *unknown_commands(texts(read), commands)]
    return Traced(duties(read), sentences, tuple(findings))


def texts(config: Config) -> dict[str, str]:
    """What people read of the model: its document and its runbooks; a missing one is told by a check."""
    names = [str((config.documents or Documents()).model), *runbooks.named(config)]
    found = (runbooks.runbook(config.folder, name) for name in names)
    return {one.path: one.text for one in found if one}


def duties(config: Config) -> tuple[Duty, ...]:
    """Everything that the model asks of somebody, in the order of cadence, domains, roles and rows."""
    return (*_cadence(config), *_domains(config), *_owned(config), *_rows(config))


def open_duties(config: Config, commands: AbstractSet[str]) -> Iterator[Gap]:
    """The duties that name no command, or one that does not exist.

    Args:
        config: The model.
        commands: The names of the commands that there are.
    """
    file = config.source.path.name
    for duty in duties(config):
        if not duty.commands:
            what = f"{duty.kind} {duty.name}: no command carries it, and no meeting that {duty.who} comes to"
            how = "let a [[cadence]] item have that role as its owner, or among those who attend"
            yield Gap("duty", duty.name, what, file, duty.line, _KEEPER, how)
        for command in duty.commands if duty.kind == "cadence" else ():  # where it is written
            if command not in commands:
                what = f"{duty.kind} {duty.name}: there is no command {command!r}"
                how = f"name one of inv --list{did_you_mean(command, commands)}"
                yield Gap("command", command, what, file, duty.line, _KEEPER, how)


def unknown_commands(texts: Mapping[str, str], commands: AbstractSet[str]) -> Iterator[Gap]:
    """The commands that documents and runbooks name and that do not exist.

    Args:
        texts: What people read, by file.
        commands: The names of the commands that there are.
    """
    for file, text in texts.items():
        for number, line in enumerate(text.split("\n"), 1):
            for task in typed(line):
                if task not in commands:
                    what, how = f"there is no command {task!r}", f"mend it{did_you_mean(task, commands)}"
                    yield Gap("command", task, what, file, number, "whoever keeps the file", how)


def typed(line: str) -> Iterator[str]:
    """The commands that a line of a document names."""
    return (found["dotted"] or found["plain"] for found in COMMAND.finditer(line))


def uncarried(
    table: Mapping[str, Sentence], commands: AbstractSet[str], project: Path | None = None
) -> Iterator[Gap]:
    """The sentences that nothing carries, or that name a command, a test or a page's part which is not there.

    Args:
        table: The sentences by id.
        commands: The names of the commands that there are.
        project: relman's own folder, for the tests and the page; None where only the package is at hand.
    """
    for name, sentence in table.items():
        wrong = [f"there is no command {one!r}" for one in sentence.commands if one not in commands]
        if not sentence.carriers:
            wrong.append("nothing carries it")
        if project:
            wrong += [f"there is no test {one}" for one in sentence.tests if not _test(project, one)]
            told = _documented(project, sentence.later)
            wrong += [] if told else [f"{LATER} says nothing of {sentence.later!r}"]
        for what in wrong:
            where = f"sentences/{name[0].lower()}.toml"
            yield Gap("sentence", name, f"{name}: {what}", where, 1, "relman's maintainers", "mend the table")


def _cadence(config: Config) -> Iterator[Duty]:
    for number, item in enumerate(config.cadence):
        commands, at = tuple(map(str, item.command)), ("cadence", number, "command")
        yield Duty("cadence", str(item.id), people.title(config, item.owner), commands, _line(config, at))


def _domains(config: Config) -> Iterator[Duty]:
    """A domain is dealt with by what its words say, and in the meetings of its owner."""
    for number, one in enumerate(config.domain):
        yield _duty(config, "domain", one.id, one.owner, ("domain", number))


def _owned(config: Config) -> Iterator[Duty]:
    for name, role in config.roles.items():
        for number, owned in enumerate(role.owns):
            yield _duty(config, "role", str(owned), name, ("roles", name, "owns", number))


def _rows(config: Config) -> Iterator[Duty]:
    for number, row in enumerate(config.raci):
        who = row.accountable[0] if row.accountable else ""
        told = f"{row.id} {row.what}"
        yield _duty(config, "row", row.id, who, ("raci", number), told)


def _duty(config: Config, kind: str, name: str, who: str, at: Key, told: str = "") -> Duty:  # noqa: PLR0917
    by_word = [command for word, known in WORDS.items() if has(told or name, (word,)) for command in known]
    commands = tuple(dict.fromkeys(by_word)) or _met(config, who)
    return Duty(kind, str(name), people.title(config, who), commands, _line(config, at))


def _met(config: Config, role: str) -> tuple[str, ...]:
    """The commands of the meetings that a role calls or comes to."""
    items = [item for item in config.cadence if role in (item.owner, *item.attend)]
    return tuple(dict.fromkeys(str(command) for item in items for command in item.command))


def _line(config: Config, at: Key) -> int:
    return nearest(_index(config.source.text), at)


@lru_cache(maxsize=4)
def _index(text: str) -> dict[Key, int]:
    return index(text)


def _project() -> Path | None:
    """Relman's own folder, if the package lies in it."""
    folder = Path(__file__).resolve().parents[2]
    return folder if (folder / LATER).is_file() else None


def _test(project: Path, name: str) -> bool:
    """Whether there is such a test file, and such a function in it."""
    file, _, function = name.partition("::")
    path = project / file
    if not path.is_file():
        return False
    defined = rf"^def {re.escape(function)}\("
    return not function or re.search(defined, path.read_text("utf-8"), re.MULTILINE) is not None


def _documented(project: Path, subject: str) -> bool:
    """Whether the page of what is not there yet has a point of that name."""
    return not subject or f"- **{subject}.**" in (project / LATER).read_text("utf-8")
