"""Why a JSON request is no message, in Google's words: which field, which type, which value (row 48).

What it is not: the parser. It is asked only when that has failed, and looks for the first bad place.
"""

from __future__ import annotations

import json
from typing import Any

from google.protobuf import json_format

from relman.embedded.resources.refusals import Refusal, invalid, unreadable


def explain(given: dict[str, Any], kind: Any, error: Exception) -> Refusal:  # noqa: ANN401 - a protobuf class
    """The refusal for what could not be parsed."""
    found = _first(given, kind.DESCRIPTOR, "")
    if found:
        path, sentence = found
        return invalid(path, sentence)
    return unreadable(str(error))


def _first(given: dict[str, Any], descriptor: Any, path: str) -> tuple[str, str] | None:  # noqa: ANN401 - a descriptor
    known = {field.json_name: field for field in descriptor.fields} | dict(descriptor.fields_by_name)
    for name, value in given.items():
        if name not in known:
            return (
                path,
                f"Invalid JSON payload received. Unknown name \"{name}\" at '{path}': Cannot find field.",
            )
        if not _readable(descriptor, name, value):
            return _inside(known[name], value, f"{path}.{name}".lstrip("."))
    return None


def _inside(field: Any, value: Any, path: str) -> tuple[str, str]:  # noqa: ANN401 - a descriptor and a JSON value
    """The place within a field's value, or the field itself when its shape is wrong."""
    if field.message_type and not field.message_type.GetOptions().map_entry:
        parts = value if field.is_repeated and isinstance(value, list) else [value]
        for number, part in enumerate(parts):
            place = f"{path}[{number}]" if field.is_repeated else path
            found = _first(part, field.message_type, place) if isinstance(part, dict) else None
            if found:
                return found
    return path, f"Invalid value at '{path}' ({_kind(field)}), {json.dumps(value)}"


def _readable(descriptor: Any, name: str, value: Any) -> bool:  # noqa: ANN401 - a descriptor and a JSON value
    from google.protobuf.message_factory import GetMessageClass

    try:
        json_format.ParseDict({name: value}, GetMessageClass(descriptor)())
    except (json_format.ParseError, ValueError, TypeError, AttributeError):
        return False
    return True


def _kind(field: Any) -> str:  # noqa: ANN401 - a descriptor
    if field.message_type:
        return f"type.googleapis.com/{field.message_type.full_name}"
    if field.enum_type:
        return f"type.googleapis.com/{field.enum_type.full_name}"
    names = {
        value: key.removeprefix("TYPE_")
        for key, value in vars(type(field)).items()
        if key.startswith("TYPE_")
    }
    return f"TYPE_{names.get(field.type, 'UNKNOWN')}"
