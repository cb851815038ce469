"""One case of the case door, and what the formats of schedules have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from relman.errors import ConfigError

_NULL_SPEAKS = {"user"}
_FOR_PEOPLE = {"about", "comment", "id", "name", "note", "title", "why"}


class Case(NamedTuple):
    """A name, and the check that asserts what the case expects."""

    name: str
    check: Callable[[], None]


def named(known: dict[str, Any] | None, told: Any) -> Any:
    """What a case calls by its name, or spells out."""
    return known[told] if known and isinstance(told, str) and told in known else told


def bare(value: Any) -> Any:
    """What a file says to a machine: null is as if nothing was said, but a user who is null is nobody."""
    if isinstance(value, list):
        return [bare(each) for each in value]
    if not isinstance(value, dict):
        return value
    said = {key: each for key, each in value.items() if each is not None or key in _NULL_SPEAKS}
    return {key: bare(each) for key, each in said.items() if key not in _FOR_PEOPLE}


def parted(document: Any, key: str) -> tuple[Any, list[Any]]:
    """A schedule, and what only case files keep beside it (ruling 17)."""
    document = bare(document)
    if not isinstance(document, dict):
        return document, []
    return {name: each for name, each in document.items() if name != key}, document.get(key, [])


def unknown(document: dict[str, Any], known: set[str]) -> list[str]:
    """The parts of a document that could hold cases and are none of its format's."""
    return sorted(key for key, value in document.items() if isinstance(value, list) and key not in known)


def refused(read: Callable[[], object]) -> None:
    """It is refused, with the reason."""
    with pytest.raises(ConfigError) as told:
        read()
    assert told.value.fact, "refused without a reason"
