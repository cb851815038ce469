"""A YAML document that is read key by key, so that whatever nobody read can be refused by name.

What it is not: a YAML parser (PyYAML is one), or a schema: who reads a key says what it must be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from relman.config.near import did_you_mean
from relman.errors import ConfigError

Path = tuple[str | int, ...]
LONGEST = 200_000
MOST_VALUES = 20_000
DEEPEST = 50
SCALARS = {"str", "int", "float", "bool", "null", "timestamp"}
LARGEST = 2**31 - 1
"""The largest number that a field of the API can hold."""


class Document:
    """One YAML document, the lines of its keys, and what is to be said of it.

    Args:
        text: The whole file.
        where: The file's name, for errors.

    Raises:
        ConfigError: It is no YAML, not exactly one document, no mapping, or a key stands twice.
    """

    def __init__(self, text: str, where: str) -> None:
        """Read it; nothing is judged yet."""
        self.where = where
        self.notes: list[str] = []
        self._lines: dict[Path, int] = {}
        self._sections: list[Section] = []
        self.top = self.opened((), self._read(text))

    def error(self, path: Path, said: str) -> ConfigError:
        """What is wrong at a path, with file, line and key path."""
        place = f"{self.where}:{self.line(path)}"
        named = f"{spelled(path)}: " if path else ""
        return ConfigError("the manifest cannot be used", fact=f"{place}: {named}{said}")

    def line(self, path: Path) -> int:
        """The line of a path, or of the nearest one above it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def opened(self, path: Path, value: object) -> Section:
        """A mapping at a path, of which every key is to be read."""
        if not isinstance(value, dict):
            raise self.error(path, f"expected a mapping, got {kind(value)}")
        section = Section(self, path, value)
        self._sections.append(section)
        return section

    def finish(self) -> None:
        """Refuse every key that nobody has read.

        Raises:
            ConfigError: There is at least one; all of them are named.
        """
        left = sorted((self.line(path), spelled(path), hint) for path, hint in self._unread())
        if left:
            named = "; ".join(f"{self.where}:{line}: {path}{hint}" for line, path, hint in left)
            raise ConfigError(
                "the manifest has keys that relman does not translate",
                fact=named,
                clears="remove them, or deploy without a manifest (the live template is kept)",
            )

    def _unread(self) -> Iterator[tuple[Path, str]]:
        for section in self._sections:
            for key in section.left:
                yield (*section.path, key), did_you_mean(key, section.read)

    def _read(self, text: str) -> object:
        if len(text) > LONGEST:
            raise self.error((), f"longer than {LONGEST:,} characters")
        try:
            loader = yaml.SafeLoader(text)
            node = loader.get_single_node()
            return self._value(loader, node, ()) if node else None
        except yaml.MarkedYAMLError as error:
            raise self._broken(error) from error
        except (yaml.YAMLError, ValueError) as error:
            raise self.error((), f"no YAML: {error}") from error
        except RecursionError:
            raise self.error((), "nested too deeply") from None

    def _broken(self, error: yaml.MarkedYAMLError) -> ConfigError:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        said = " ".join(part for part in (error.context, error.problem) if part)
        return ConfigError("the manifest is no YAML", fact=f"{self.where}:{line}: {said}")

    def _value(self, loader: yaml.SafeLoader, node: yaml.Node, path: Path) -> object:
        """A node as a value. Aliases are followed, so what they amount to is counted."""
        self._lines.setdefault(path, node.start_mark.line + 1)
        if len(self._lines) > MOST_VALUES or len(path) > DEEPEST:
            raise self.error(path[:1], "too many values, or nested too deeply (aliases count in full)")
        tag = node.tag.removeprefix("tag:yaml.org,2002:")
        if isinstance(node, yaml.ScalarNode) and tag in SCALARS:
            return loader.construct_object(node)
        if isinstance(node, yaml.MappingNode) and tag == "map":
            return self._mapping(loader, node, path)
        if isinstance(node, yaml.SequenceNode) and tag == "seq":
            return [self._value(loader, inner, (*path, n)) for n, inner in enumerate(node.value)]
        raise self.error(path, f"the YAML tag {tag!r} means nothing here")

    def _mapping(self, loader: yaml.SafeLoader, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            key, line = self._key(key_node, path), key_node.start_mark.line + 1
            if key in found:
                raise self.error((*path, key), f"stands twice, again in line {line}")
            self._lines[(*path, key)] = line
            found[key] = self._value(loader, value_node, (*path, key))
        return found

    def _key(self, node: yaml.Node, path: Path) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag.rpartition(":")[2] not in {"str", "merge"}:
            shown = node.value if isinstance(node, yaml.ScalarNode) else "a list or a mapping"
            line = node.start_mark.line + 1
            raise self.error(path, f"a key must be text, got {shown} in line {line}; quote it")
        return str(node.value)


class Section:
    """One mapping; each key is taken once, as what it must be. ``null`` is the same as absent."""

    def __init__(self, document: Document, path: Path, value: Mapping[str, Any]) -> None:
        """Nothing is taken yet."""
        self.document, self.path = document, path
        self.left = dict(value)
        self.read: set[str] = set()

    def __contains__(self, key: str) -> bool:
        """Whether the key is there and not taken yet."""
        return self.left.get(key) is not None

    def error(self, key: str, said: str) -> ConfigError:
        """What is wrong with a key."""
        return self.document.error((*self.path, key), said)

    def take(self, key: str) -> Any:  # noqa: ANN401 - YAML
        """Whatever stands there, None where nothing does."""
        self.read.add(key)
        return self.left.pop(key, None)

    def ignore(self, key: str, why: str) -> None:
        """Take a key that changes nothing, and say so."""
        if key in self:
            self.document.notes.append(f"{spelled((*self.path, key))} is ignored: {why}")
        self.take(key)

    def needed(self, key: str) -> str:
        """A text that must be there."""
        found = self.text(key)
        if not found:
            raise self.error(key, "is missing")
        return found

    def text(self, key: str) -> str | None:
        """A text. A number or a word like ``on`` has to be quoted, as Kubernetes asks it too."""
        found = self.take(key)
        if found is not None and not isinstance(found, str):
            raise self.error(key, f"expected text, got {kind(found)}; quote it")
        return found

    def number(self, key: str) -> int | None:
        """A whole number, 0 or more."""
        found = self.take(key)
        if found is not None and (type(found) is not int or not 0 <= found <= LARGEST):
            raise self.error(key, f"expected a whole number from 0 to {LARGEST}, got {kind(found)}")
        return found

    def digits(self, key: str) -> int | None:
        """A whole number that stands as text, as in an annotation."""
        found = self.text(key)
        if found is not None and not re.fullmatch("[0-9]{1,9}", found):
            raise self.error(key, f"expected one to nine digits, got {found!r}")
        return None if found is None else int(found)

    def switch(self, key: str) -> bool | None:
        """``'true'`` or ``'false'`` as text, as in an annotation."""
        found: bool | None = self.choice(key, {"true": True, "false": False})
        return found

    def choice(self, key: str, words: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """What one of a few words stands for."""
        found = self.text(key)
        if found is not None and found not in words:
            expected = f"expected one of {', '.join(words)}, got {found!r}"
            raise self.error(key, f"{expected}{did_you_mean(found, words)}")
        return None if found is None else words[found]

    def quantity(self, key: str) -> str | None:
        """A Kubernetes quantity: text such as ``512Mi``, or a plain number."""
        found = self.take(key)
        if found is not None and (isinstance(found, bool) or not isinstance(found, str | int | float)):
            raise self.error(key, f"expected a quantity such as '512Mi', got {kind(found)}")
        return None if found is None else str(found)

    def texts(self, key: str) -> list[str]:
        """A list of texts; an absent one is empty."""
        found = self._list(key)
        for number, one in enumerate(found):
            if not isinstance(one, str):
                said = f"expected text, got {kind(one)}; quote it"
                raise self.document.error((*self.path, key, number), said)
        return found

    def parsed(self, key: str) -> Any:  # noqa: ANN401
        """JSON that stands as text, as in an annotation."""
        found = self.text(key)
        try:
            return None if found is None else json.loads(found)
        except (ValueError, RecursionError) as error:
            raise self.error(key, f"expected JSON: {error}") from error

    def section(self, key: str) -> Section:
        """A mapping; an absent one is empty."""
        found = self.take(key)
        return self.document.opened((*self.path, key), {} if found is None else found)

    def sections(self, key: str) -> list[Section]:
        """A list of mappings; an absent one is empty."""
        found = self._list(key)
        return [self.document.opened((*self.path, key, n), one) for n, one in enumerate(found)]

    def _list(self, key: str) -> list[Any]:
        found = self.take(key)
        if found is not None and not isinstance(found, list):
            raise self.error(key, f"expected a list, got {kind(found)}")
        return found or []


def spelled(path: Path) -> str:
    """``spec.template.spec.containers[0].image``; a key with dots or slashes stands in brackets."""
    parts = (f"[{step}]" if isinstance(step, int) else _step(step) for step in path)
    return "".join(parts).lstrip(".")


def kind(value: object) -> str:
    """What a YAML value is, in a person's words."""
    words: dict[type, str] = {dict: "a mapping", list: "a list", str: "text", type(None): "nothing"}
    return words.get(type(value), f"{value!r}".lower() if isinstance(value, bool) else f"{value}")


def _step(key: str) -> str:
    return f".{key}" if key.isidentifier() else f'["{key}"]'
