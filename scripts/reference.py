"""The parts of the documentation that are made from code: ``python -m scripts.reference``.

What it is not: a writer of pages. People write them; what is made stands between two markers,
``<!-- made by scripts/reference.py: NAME -->`` and ``<!-- made -->``. Besides, a link to a Python file
whose title quotes a line of code, as in ``(x.py#L7 "def f(")``, gets the number of that line.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.inspect import (
    AnyType,
    BoolType,
    CustomType,
    DateType,
    DictType,
    Field,
    FloatType,
    IntType,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from relman.config import Sections
from relman.embedded.resources.faults import KINDS, PARAMETERS, Fault
from relman.gates import GATES, Gate
from relman.models import listed
from relman.ops import sentences
from relman.smoke import Suite
from relman.tasks import ns
from relman.tasks.declare import READERS, Declared, Parameter, shown
from scripts import conformance

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

BLOCK = re.compile(r"(<!-- made by scripts/reference\.py: ([^\n]+) -->\n).*?(<!-- made -->)", re.DOTALL)
LINK = re.compile(r'\((?P<path>[^()\s]+\.py)#L\d+ "(?P<code>[^"]+)"\)')
ATTRIBUTES = re.compile(r"^Attributes:\n((?:[ \t]+.*\n|\n)*)", re.MULTILINE)
ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)
TOLD = re.compile(r'[;,]? ?\b(?:default:? |absent: |(?=required, ))(.+?)\.(?=\s+[A-Z]|$)|("\w+") \(default\)')
"""How a docstring tells a default."""
PLACEHOLDERS = {"service": "NAME", "env": "ENVIRONMENT", "people": "PERSON", "roles": "ROLE"}
"""What stands for the names in ``[service.NAME.env.ENVIRONMENT]``."""


def main() -> None:
    """Renew every page that needs it, and say which did."""
    for path, text in pages().items():
        if path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"renewed {path.relative_to(ROOT)}")


def pages() -> dict[Path, str]:
    """Every page of the documentation as it ought to be."""
    return {path: renewed(path) for path in sorted(DOCS.rglob("*.md"))}


def renewed(path: Path) -> str:
    """One page, with its made parts made anew.

    Raises:
        KeyError: A marker names nothing that can be made.
        ValueError: The code that a link quotes begins no line, or several.
    """
    text = BLOCK.sub(lambda block: f"{block[1]}\n{MADE[block[2]]()}\n\n{block[3]}", path.read_text("utf-8"))
    return LINK.sub(lambda link: numbered(path.parent, link["path"], link["code"]), text)


def numbered(folder: Path, path: str, code: str) -> str:
    """A link's target, with the number of the line that begins with ``code``."""
    lines = (folder / path).read_text("utf-8").splitlines()
    found = [number for number, line in enumerate(lines, 1) if line.strip().startswith(code)]
    if len(found) != 1:
        raise ValueError(f"{path} has {len(found)} lines that begin with {code!r}")
    return f'({path}#L{found[0]} "{code}")'


# ── tasks ────────────────────────────────────────────────────────────────────────────────────────


def tasks() -> str:
    """Every task with its flags, as the collection knows them."""
    return "\n\n".join(task(name, ns[name], short) for name, short in ns.task_names.items())


def task(name: str, declared: Declared, short: list[str]) -> str:
    """One task: what it does, its shorter name, its flags."""
    names = [f"The same as `inv {one}`." for one in short]
    rows = [flag(each) for each in declared.parameters]
    flags = [table(["flag", "takes", "default", "what it is"], rows)] if rows else []
    return "\n\n".join([f"## `inv {name}`", plain(declared.__doc__ or ""), *names, *flags])


def flag(each: Parameter) -> list[str]:
    """A flag's row."""
    return [f"`{each.flag}`", typed(each), quoted(shown(each.default)), plain(each.about)]


def typed(each: Parameter) -> str:
    """What a person types after the flag."""
    kinds = {**{item: kind for item, (_, kind) in READERS.items()}, bool: "nothing"}
    kind = " or ".join(f"`{word}`" for word in each.choices if word) or kinds[each.item]
    return f"{kind}; may be repeated" if each.several else kind


# ── sections of a TOML file ──────────────────────────────────────────────────────────────────────


def sections(whole: type[msgspec.Struct]) -> Callable[[], str]:
    """Every section of a file, as its structs know them."""
    return lambda: "\n\n".join(walked(whole, "", "Before the first section"))


def walked(
    kind: type[msgspec.Struct], at: str, title: str, around: type[msgspec.Struct] | None = None
) -> Iterator[str]:
    """A section and those inside it; one that says what the one around it says is told in a sentence."""
    about = plain(ATTRIBUTES.sub("", docstring(kind)))
    if around and issubclass(around, kind):
        own = listed(f"`{key.encode_name}`" for key in set_apart(around, kind))
        told = f"Every key of the section above but {own} goes here too, and wins over it."
        yield f"## {title}\n\n{about} {told}"
        return
    fields, meanings = fields_of(kind), attributes(kind)
    rows = [key(field, meanings) for field in fields]
    yield f"## {title}\n\n{about}\n\n" + table(["key", "takes", "default", "meaning"], rows)
    seen: set[type[msgspec.Struct]] = set()
    for field in fields:
        for inner, header in headed(field.type, at + field.encode_name):
            if inner not in seen:  # [severity.P2] takes what [severity.P1] takes
                yield from walked(inner, f"{header.strip('[]')}.", f"`{header}`", kind)
            seen.add(inner)


def set_apart(around: type[msgspec.Struct], kind: type[msgspec.Struct]) -> Iterator[Field]:
    """The keys that only the outer of two sections has."""
    inner = {field.name for field in fields_of(kind)}
    return (field for field in fields_of(around) if field.name not in inner)


def headed(kind: Type, path: str) -> Iterator[tuple[type[msgspec.Struct], str]]:
    """The struct that a value is made of, if it is, and the header that TOML has for it."""
    match kind:
        case StructType(cls=cls):
            yield cls, f"[{path}]"
        case DictType(value_type=StructType(cls=cls)):
            yield cls, f"[{path}.{PLACEHOLDERS[path.rpartition('.')[2]]}]"
        case VarTupleType(item_type=item):
            yield from ((cls, f"[{header}]") for cls, header in headed(item, path))
        case UnionType(types=types):
            yield from (found for one in types for found in headed(one, path))


def key(field: Field, meanings: Mapping[str, str]) -> list[str]:
    """A key's row: its default is what the docstring tells, else what the struct has."""
    meaning = meanings.get(field.name) or elsewhere(field.name, meanings)
    told = TOLD.search(meaning)
    default = plain(told[1] or told[2]) if told else written(field)
    kept = meaning if not told or told[2] else f"{meaning[: told.start()]}.{meaning[told.end() :]}"
    return [f"`{field.encode_name}`", takes(field.type), default, plain(kept)]


def elsewhere(name: str, meanings: Mapping[str, str]) -> str:
    """For a key that is told of in the sentence of another: which.

    Raises:
        StopIteration: It is told of nowhere.
    """
    return next(f"See `{other}`." for other, text in meanings.items() if re.search(rf"\b{name}\b", text))


def written(field: Field) -> str:
    """The default as TOML has it, ``required``, or nothing."""
    if field.required:
        return "required"
    value = default_of(field)
    if isinstance(value, msgspec.Struct) or value in (None, (), {}, ""):
        return ""
    return quoted(msgspec.json.encode(value, enc_hook=str).decode())


def default_of(field: Field) -> Any:  # noqa: ANN401 - whatever the struct has
    """What a key is when it is not said."""
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def takes(kind: Type) -> str:
    """What may be written."""
    match kind:
        case CustomType(cls=cls):
            return str(cls.shape)  # type: ignore[attr-defined]  # a word of relman.config.words
        case VarTupleType(item_type=item):
            return f"a list, each {takes(item)}"
        case UnionType(types=types):
            return " or ".join(takes(one) for one in types if not isinstance(one, NoneType))
        case IntType(ge=lowest, le=highest):
            return f"a whole number from {lowest} to {highest}"
        case DictType(value_type=value):
            return f"a table, each value {takes(value)}"
    plainly = {
        StrType: "a text",
        FloatType: "a number",
        BoolType: "true or false",
        DateType: "a date",
        StructType: "a table",
    }
    return {**plainly, AnyType: "anything"}[type(kind)]


def fields_of(kind: type[msgspec.Struct]) -> tuple[Field, ...]:
    """The keys of a struct."""
    info = type_info(kind)
    return info.fields if isinstance(info, StructType) else ()


def attributes(kind: type[msgspec.Struct]) -> dict[str, str]:
    """What the docstrings of a struct, and of those that it extends, say of each key."""
    texts = [docstring(one) for one in reversed(kind.__mro__) if issubclass(one, msgspec.Struct)]
    found = [
        match for text in texts for part in ATTRIBUTES.findall(text) for match in ATTRIBUTE.findall(part)
    ]
    return {name: " ".join(text.split()) for name, text in found}


def docstring(kind: type) -> str:
    """A class's own docstring, without its indentation."""
    return f"{inspect.cleandoc(kind.__dict__.get('__doc__') or '')}\n"


# ── gates ────────────────────────────────────────────────────────────────────────────────────────


def gates() -> str:
    """Every gate with those who stand behind it, and the sentences that the gates come from."""
    head = ["gate", "id", "asked by", "about", "without data", "answers", "lifts", "from"]
    said = sentences.table()
    used = dict.fromkeys(one for gate in GATES for one in gate.source)
    return f"{table(head, map(stands, GATES))}\n\n" + table(
        ["sentence", "says"], [[one, said[one].says] for one in used]
    )


def stands(gate: Gate) -> list[str]:
    """A gate's row."""
    name = f"[{gate.name}](#{gate.name.replace(' ', '-')})"
    about = "any instant" if gate.timed else "the world now"
    lifts = f"A of `{gate.lifted_by}`" if gate.lifted_by else "nobody"
    asked = ", ".join(f"`{one}`" for one in gate.profiles)
    row = f"A of `{gate.row}`"
    return [name, f"`{gate.id}`", asked, about, gate.without.value, row, lifts, ", ".join(gate.source)]


# ── the embedded platform ────────────────────────────────────────────────────────────────────────


def served() -> str:
    """The methods that the platform answers over gRPC and REST, by service."""
    return table(["service", "methods"], conformance.served())


def rules() -> str:
    """Every row of the conformance suite."""
    head = ["row", "what holds", "how sure", "source", "tried over"]
    return f"{conformance.counted()}\n\n{table(head, conformance.rows())}"


# ── Markdown ─────────────────────────────────────────────────────────────────────────────────────


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(text: str) -> str:
    """A docstring's text as Markdown: one line a paragraph, single backticks."""
    paragraphs = re.split(r"\n\s*\n", text.strip().replace("``", "`"))
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def quoted(word: str) -> str:
    """A word as code; nothing stays nothing."""
    return f"`{word}`" if word else ""


def faults() -> str:
    """The kinds of faults, with the flags of each, and what the flags mean."""
    known = attributes(Fault)
    kinds = [
        [f"`{name}`", kind.about, " ".join(f"`--{flag}`" for flag in kind.takes)]
        for name, kind in KINDS.items()
    ]
    flags = [[f"`--{name}`", plain(known[name])] for name in ("name", *PARAMETERS)]
    tables = (table(["kind", "what happens", "flags"], kinds), table(["flag", "what it is"], flags))
    return "\n\n".join(tables)


MADE: dict[str, Callable[[], str]] = {
    "tasks": tasks,
    "relman.toml": sections(Sections),
    "gates": gates,
    "smoke": sections(Suite),
    "platform": served,
    "faults": faults,
    "platform: rows": rules,
    "platform: differences": conformance.differences,
    "platform: choices": conformance.choices,
    "platform: left out": conformance.left_out,
}
"""What a marker may name."""

if __name__ == "__main__":
    main()
