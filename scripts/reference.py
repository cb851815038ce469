"""The parts of the documentation that are made from code: ``python -m scripts.reference``.

What it is not: a writer of pages. People write them; what is made stands between two markers,
``<!-- made by scripts/reference.py: NAME -->`` and ``<!-- made -->``. Besides, a link to a Python file
whose title quotes a line of code (``(x.py#L7 "def f(")``) gets that line's number.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec.inspect import (
    BoolType,
    CustomType,
    DateType,
    DictType,
    Field,
    FloatType,
    IntType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from relman.config import Sections, words
from relman.smoke import Suite
from relman.tasks import ns
from relman.tasks.declare import Declared, Parameter, shown

ROOT = Path(__file__).resolve().parents[1]

BLOCK = re.compile(r"(<!-- made by scripts/reference\.py: (.+) -->\n).*?(<!-- made -->)", re.DOTALL)
LINK = re.compile(r'\((?P<path>[^()\s]+\.py)#L\d+ "(?P<code>[^"]+)"\)')
ATTRIBUTES = re.compile(r"^Attributes:\n((?:[ \t]+.*\n|\n)*)", re.MULTILINE)
ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)
TOLD = re.compile(r"[;:,]? ?\b(?:default:? |absent: |(?=required, ))(.+?)\.(?=\s+[A-Z]|$)")
PLACEHOLDERS = {"service": "NAME", "env": "ENVIRONMENT"}
"""What stands for the name in ``[service.NAME]``."""


def pages() -> dict[Path, str]:
    """Every page of the documentation as it ought to be."""
    return {path: made(path) for path in sorted((ROOT / "docs").rglob("*.md"))}


def made(path: Path) -> str:
    """One page with its made parts renewed.

    Raises:
        KeyError: A marker names nothing that can be made.
        ValueError: The code that a link quotes stands on no line, or on several.
    """
    blocks = BLOCK.sub(
        lambda found: f"{found[1]}\n{BLOCKS[found[2]]()}\n\n{found[3]}", path.read_text("utf-8")
    )
    return LINK.sub(partial(anchored, path.parent), blocks)


def anchored(folder: Path, link: re.Match[str]) -> str:
    """A link with the number of the line that it quotes."""
    lines = (folder / link["path"]).read_text("utf-8").splitlines()
    found = [number for number, line in enumerate(lines, 1) if line.strip().startswith(link["code"])]
    if len(found) != 1:
        raise ValueError(f"{link['path']} has {len(found)} lines that begin with {link['code']!r}")
    return f'({link["path"]}#L{found[0]} "{link["code"]}")'


# ── the tasks ────────────────────────────────────────────────────────────────────────────────────


def tasks() -> str:
    """Every task with its flags, as the collection knows them."""
    aliases = {name: others for name, others in ns.task_names.items()}
    return "\n\n".join(task(name, ns[name], others) for name, others in aliases.items())


def task(name: str, declared: Declared, others: list[str]) -> str:
    """One task: what it does, and its flags."""
    summary, _, more = (declared.__doc__ or "").strip().partition("\n\n")
    short = f"Short: {', '.join(f'`inv {other}`' for other in others)}." if others else ""
    flags = table(["flag", "takes", "default", "what for"], map(flag, declared.parameters))
    parts = [f"## `inv {name}`", flat(summary), flat(more), short, flags if declared.parameters else ""]
    return "\n\n".join(filter(None, parts))


def flag(each: Parameter) -> list[str]:
    """A flag's row."""
    default = f"`{shown(each.default)}`" if shown(each.default) else ""
    return [f"`{each.flag}`", taken(each), default, each.about]


def taken(each: Parameter) -> str:
    """What a person types after the flag."""
    if each.item is bool:
        return "nothing"
    kinds = {str: "a text", int: "a whole number", float: "a number", Path: "a path"}
    kind = " or ".join(f"`{one}`" for one in each.choices if one) or kinds[each.item]
    return f"{kind}; may be repeated" if each.several else kind


# ── the sections of a TOML file ──────────────────────────────────────────────────────────────────


def sections(whole: type[msgspec.Struct], title: str) -> str:
    """Every section of a file, as its structs know them."""
    return "\n\n".join(walked(whole, title, ""))


def walked(kind: type[msgspec.Struct], title: str, at: str, around: type[Any] = object) -> Iterator[str]:
    """A section and those inside it; one that repeats the section around it is told in a sentence."""
    about = flat(ATTRIBUTES.sub("", doc(kind)))
    if issubclass(around, kind):
        yield f"## `{title}`\n\n{about} The keys are those of the section above, but for this one."
        return
    fields = struct(kind).fields
    meanings = attributes(kind)
    rows = table(["key", "takes", "default", "meaning"], (key(field, meanings) for field in fields))
    yield f"## {title if ' ' in title else f'`{title}`'}\n\n{about}\n\n{rows}"
    for field in fields:
        for inner, form in inside(field.type):
            name = f"{at}{field.encode_name}"
            placed = f"{name}.{PLACEHOLDERS[field.encode_name]}" if form == "[%s.%s]" else name
            heading = f"[[{placed}]]" if form == "[[%s]]" else f"[{placed}]"
            yield from walked(inner, heading, f"{placed}.", kind)


def inside(kind: Type) -> Iterator[tuple[type[msgspec.Struct], str]]:
    """The struct that a value is made of, and how TOML writes its header."""
    match kind:
        case StructType(cls=cls):
            yield cls, "[%s]"
        case DictType(value_type=StructType(cls=cls)):
            yield cls, "[%s.%s]"
        case VarTupleType(item_type=item):
            yield from ((cls, "[[%s]]") for cls, _ in inside(item))
        case UnionType(types=types):
            for one in types:
                yield from inside(one)


def key(field: Field, meanings: Mapping[str, str]) -> list[str]:
    """A key's row."""
    meaning = meanings.get(field.name) or elsewhere(field.name, meanings)
    told = TOLD.search(meaning)
    default = told[1] if told else written(field)
    rest = TOLD.sub(".", meaning).removesuffix("..").strip()
    return [f"`{field.encode_name}`", takes(field.type), default, rest]


def elsewhere(name: str, meanings: Mapping[str, str]) -> str:
    """For a key that is told about in the sentence of another: which.

    Raises:
        StopIteration: It is told about nowhere.
    """
    return next(f"See `{other}`." for other, text in meanings.items() if re.search(rf"\b{name}\b", text))


def written(field: Field) -> str:
    """The default as it would be written, ``required``, or nothing."""
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, msgspec.Struct) or value in (None, (), {}, ""):
        return ""
    return f"`{msgspec.json.encode(value).decode()}`"


def takes(kind: Type) -> str:
    """What may be written as a value."""
    match kind:
        case CustomType(cls=cls):
            return str(cls.shape)
        case StructType():
            return "a table"
        case DictType(value_type=StructType()):
            return "tables"
        case DictType(value_type=value):
            return f"a table, each value {takes(value)}"
        case VarTupleType(item_type=item):
            return f"a list, each {takes(item)}"
        case UnionType(types=types):
            return " or ".join(dict.fromkeys(filter(None, map(takes, types))))
        case IntType(ge=lowest, le=highest):
            return f"a whole number from {lowest} to {highest}"
    return {BoolType: "true or false", DateType: "a date", FloatType: "a number"}.get(type(kind), PLAIN[type(kind)])


