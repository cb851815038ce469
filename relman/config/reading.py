"""From relman.toml to values: find it, read it, and say everything that is wrong with it.

What it is not: the sections themselves (``sections``) or the choice among them (``target``).
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from functools import reduce
from typing import Any, TypeVar

import msgspec
import msgspec.inspect

from relman.config import words
from relman.config.cadence import named_twice
from relman.config.lines import Path
from relman.config.near import did_you_mean
from relman.config.people import Person, PersonId, Role, RoleId
from relman.config.sections import Sections, Service, Settings
from relman.config.source import NAME, Problem, Source
from relman.config.target import Config
from relman.config.words import EnvironmentName, ServiceName, Word

_T = TypeVar("_T", bound=msgspec.Struct)

_ERROR = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<at>.*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")

_TOML = {"object": "a table", "array": "an array", "str": "a string", "int": "an integer"}
_TOML |= {"bool": "true or false", "float": "a number", "null": "nothing", "date": "a date"}

_ROLLBACK_SECTIONS = ("platform", "ledger", "service")
_ROLLBACK_KEYS = ("project", "region", "env")


def find(start: pathlib.Path) -> pathlib.Path | None:
    """The relman.toml in ``start`` or the nearest folder above it, as Invoke looks for tasks.py."""
    folder = start.absolute()
    candidates = (parent / NAME for parent in (folder, *folder.parents))
    return next((path for path in candidates if path.is_file()), None)


def load(path: pathlib.Path) -> Config:
    """The configuration in a file.

    Raises:
        ConfigError: It is missing, no TOML, or says something that relman does not understand;
            every such thing is listed with its line.
    """
    source = Source.read(path)
    return _config(source, source.document())


def load_for_rollback(path: pathlib.Path) -> Config:
    """Only what a rollback needs of the file: where the services are, the platform, the ledger.

    A rollback is not refused because of a schedule, a phase or a section that cannot be read, so
    nothing else is looked at.

    Raises:
        ConfigError: The file is missing or no TOML, or this little cannot be read.
    """
    source = Source.read(path)
    document = {name: value for name, value in source.document().items() if name in _ROLLBACK_SECTIONS}
    if isinstance(document.get("service"), dict):
        document["service"] = {name: _bare(table) for name, table in document["service"].items()}
    return _config(source, document)


def _bare(table: Any) -> Any:  # noqa: ANN401  (whatever stood in the file)
    """A service's table, or an environment's, without what a rollback has no use for."""
    if not isinstance(table, dict):
        return table
    kept = {key: value for key, value in table.items() if key in _ROLLBACK_KEYS}
    if isinstance(kept.get("env"), dict):
        kept["env"] = {name: _bare(settings) for name, settings in kept["env"].items()}
    return kept


def _config(source: Source, document: dict[str, Any]) -> Config:
    problems: list[Problem] = []
    sections = _sections(document, problems)
    if problems or sections is None:
        raise source.error(problems)
    config = Config(**msgspec.structs.asdict(sections), source=source)
    if inconsistent := list(_inconsistent(config)):
        raise source.error(inconsistent)
    return config


def _sections(document: dict[str, Any], problems: list[Problem]) -> Sections | None:
    """The innermost tables first, because msgspec's errors do not name the keys of a dict."""
    for at, name, table in _named(document, (), "service", ServiceName, problems):
        for inner, env, settings in _named(table, at, "env", EnvironmentName, problems):
            table["env"][env] = _read(Settings, settings, inner, problems) or Settings()
        document["service"][name] = _read(Service, table, at, problems) or Service()
    _entries(document, "people", PersonId, Person, problems)
    _entries(document, "roles", RoleId, Role, problems)
    return _read(Sections, document, (), problems)


def _entries(
    document: Any,  # noqa: ANN401  (whatever stood in the file)
    key: str,
    name_kind: type[Word],
    kind: type[msgspec.Struct],
    problems: list[Problem],
) -> None:
    """Read the entries of a table of tables in place; one that cannot be read is taken out."""
    for at, name, table in _named(document, (), key, name_kind, problems):
        document[key][name] = _read(kind, table, at, problems)
        if document[key][name] is None:
            del document[key][name]


def _named(
    table: Any,  # noqa: ANN401  (whatever stood in the file)
    at: Path,
    key: str,
    kind: type[Word],
    problems: list[Problem],
) -> Iterator[tuple[Path, str, Any]]:
    """The entries of a table of tables, their names judged; what is no table is left to msgspec."""
    entries = table.get(key) if isinstance(table, dict) else None
    for name, value in list(entries.items()) if isinstance(entries, dict) else ():
        here = (*at, key, name)
        try:
            kind(name)
        except ValueError as error:
            problems.append(Problem(here, str(error)))
        yield here, name, value


def _read(kind: type[_T], table: Any, at: Path, problems: list[Problem]) -> _T | None:  # noqa: ANN401
    """The table as ``kind``, or None and its problems.

    msgspec stops at the first error. What it names is noted and taken out, and it is asked again,
    so that a person sees all of them at once. A required key that was taken out takes its table
    with it.
    """
    removed: set[Path] = set()
    while True:
        try:
            return msgspec.convert(table, kind, dec_hook=words.read)
        except msgspec.ValidationError as error:
            problem = _problem(kind, str(error))
        wrong = problem.at not in removed
        if wrong:
            problems.append(Problem(at + problem.at, problem.what))
        gone = _taken_out(table, problem.at if wrong else problem.at[:-1])
        if not gone:
            return None
        removed.add(gone)


def _problem(kind: type[msgspec.Struct], message: str) -> Problem:
    parts = _ERROR.fullmatch(message)
    what, at = (parts["what"], _path(parts["at"] or "")) if parts else (message, ())
    if unknown := _UNKNOWN.fullmatch(what):
        return Problem((*at, unknown[1]), f"unknown key{_meant(kind, at, unknown[1])}")
    if required := _MISSING.fullmatch(what):
        return Problem((*at, required[1]), "missing, and required")
    return Problem(at, _in_toml(what))


def _path(text: str) -> Path:
    """``.windows[0].start`` as a path."""
    return tuple(
        int(part[1:-1]) if part[0] == "[" else part for part in re.findall(r"\[\d+\]|[^.\[\]]+", text)
    )


def _in_toml(what: str) -> str:
    """A sentence of msgspec in the words of TOML: ``expected an integer, got a string``."""
    told = re.sub(r"`([a-z| ]+)`", lambda m: " or ".join(_TOML.get(t, t) for t in m[1].split(" | ")), what)
    told = told.replace("Invalid RFC3339 encoded date", "expected a date such as '2026-12-25'")
    return told.replace(" or nothing", "").replace("Expected", "expected")


def _taken_out(table: Any, at: Path) -> Path:  # noqa: ANN401  (whatever stood in the file)
    """Take out what stands at a path, or else the nearest key around it; which one it was."""
    while at:
        inner = reduce(lambda value, step: value[step], at[:-1], table)
        if isinstance(inner, dict) and at[-1] in inner:
            del inner[at[-1]]
            return at
        at = at[:-1]
    return ()


def _meant(kind: type[msgspec.Struct], at: Path, key: str) -> str:
    if key == "overrides":
        return "; an override is a signed entry of the ledger, a file cannot grant it"
    if key == "hours" and at[-1:] == ("every",):
        return "; a shift lasts days or weeks: there are no hourly rotations"
    if at == () and kind is not Sections and key in Sections.__struct_fields__:
        return f"; {key!r} belongs at the top of the file, before the first [section]"
    return did_you_mean(key, _keys(msgspec.inspect.type_info(kind), at))


def _keys(info: msgspec.inspect.Type, at: Path) -> list[str]:
    """The keys that a type knows at a path."""
    match info:
        case msgspec.inspect.UnionType(types=types):
            return [key for inner in types for key in _keys(inner, at)]
        case msgspec.inspect.VarTupleType(item_type=item) if at:
            return _keys(item, at[1:])
        case msgspec.inspect.StructType(fields=fields) if at:
            return [
                key for field in fields if field.encode_name == at[0] for key in _keys(field.type, at[1:])
            ]
        case msgspec.inspect.StructType(fields=fields):
            return [field.encode_name for field in fields]
    return []


def _inconsistent(config: Config) -> Iterator[Problem]:
    """What no single key shows: an environment without a place, two that are the same service or line."""
    yield from named_twice(config.cadence)
    lines: dict[str, str] = {}
    for name in config.service:
        if (other := lines.setdefault(config.prefix(name), name)) != name:
            yield Problem(("service", name, "tag_prefix"), f"the tags of {other} have the same prefix")
    for name, service in config.service.items():
        seen: dict[tuple[str, str], str] = {}
        for env, settings in service.environments.items():
            at = ("service", name, "env", env)
            lacking = [key for key in ("project", "region") if getattr(settings, key) is None]
            for key in lacking:
                yield Problem((*at, key), "missing, and required, here or in the service's own table")
            place = (str(settings.project), str(settings.region))
            if not lacking and seen.setdefault(place, env) != env:
                yield Problem(at, f"same project and region as {seen[place]}, so it is the same service")
