"""Dotted places in JSON objects: what is found there, and what is laid there. Not a schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from relman.embedded.resources.refusals import Refusal, invalid

Json = dict[str, Any]


def find(given: Mapping[str, Any], dotted: str) -> Any:  # noqa: ANN401 - a JSON value
    """The value at a place, None where there is none."""
    found: Any = given
    for name in dotted.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def lay(given: Json, dotted: str, value: Any) -> None:  # noqa: ANN401 - a JSON value
    """Put a value at a place; the objects on the way are made."""
    *outer, last = dotted.split(".")
    for name in outer:
        given = given.setdefault(name, {})
    given[last] = value


def moved(given: Mapping[str, Any], names: Mapping[str, str]) -> Json:
    """The values at the places on the left, laid at those on the right; what is not there stays away."""
    made: Json = {}
    for old, new in names.items():
        if (value := find(given, old)) is not None:
            lay(made, new, value)
    return made


def objects(value: Any, where: str) -> list[Json]:  # noqa: ANN401 - a JSON value
    """A list of objects, or an empty one for nothing.

    Raises:
        InvalidArgument: It is neither.
    """
    found = [] if value is None else value
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise invalid(where, f"Invalid value at '{where}': expected a list of objects.")
    return found


def texts(value: Any, where: str) -> dict[str, str]:  # noqa: ANN401 - a JSON value
    """An object whose values are texts, or an empty one for nothing.

    Raises:
        InvalidArgument: It is neither.
    """
    found = {} if value is None else value
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise invalid(where, f"Invalid value at '{where}': expected an object of texts.")
    return found


def text(value: Any, where: str) -> str:  # noqa: ANN401 - a JSON value
    """A text, or an empty one for nothing.

    Raises:
        InvalidArgument: It is neither.
    """
    found = "" if value is None else value
    if not isinstance(found, str):
        raise invalid(where, f"Invalid value at '{where}': expected a text.")
    return found


def whole(value: Any, where: str) -> int:  # noqa: ANN401 - a JSON value
    """A whole number, also as a text or with nothing behind its point, as protobuf takes it.

    Raises:
        InvalidArgument: It is none.
    """
    try:
        if (
            isinstance(value, int | float | str)
            and not isinstance(value, bool)
            and int(value) == float(value)
        ):
            return int(value)
    except (ValueError, OverflowError):
        pass
    raise invalid(where, f"Invalid value at '{where}': expected a whole number.")


def known(given: Any, names: Iterable[str], where: str) -> Json:  # noqa: ANN401 - a JSON value
    """An object that has no other names than these; nothing is an empty one.

    Raises:
        InvalidArgument: It is no object, or has a name that nobody knows or that Cloud Run does not support.
    """
    found = {} if given is None else given
    if not isinstance(found, dict):
        raise invalid(where, f"Invalid value at '{where}': expected an object.")
    for name in found:
        if name not in names:
            raise unknown(where, name)
    return found


def unknown(where: str, name: str) -> Refusal:
    """The refusal of a name, in the words that Google has for JSON."""
    text = f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': Cannot find field."
    return invalid(where, text)
