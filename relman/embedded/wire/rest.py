"""REST as Google speaks it: JSON in and out, and one envelope for every error (rows 48, 49).

What it is not: an API. A request becomes a protobuf message, is handed on, and its answer becomes
JSON again; whatever is raised becomes an envelope, never a traceback.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote

from google.protobuf import json_format
from google.protobuf.message import Message

from relman.embedded.control.calls import Calls
from relman.embedded.resources.refusals import absent, invalid
from relman.embedded.wire.envelope import answered
from relman.embedded.wire.http import Answer, Request
from relman.embedded.wire.misreading import explain
from relman.embedded.wire.reading import json_object
from relman.embedded.wire.routes import Route

SYSTEM = {
    "$alt",
    "alt",
    "$prettyPrint",
    "prettyPrint",
    "key",
    "fields",
    "$fields",
    "quotaUser",
    "access_token",
}
"""Parameters of the system, which are no fields of a message."""


class Rest:
    """Answers every REST request of the platform.

    Args:
        routes: The rules.
        calls: Carries out what they mean.
    """

    def __init__(self, routes: list[Route], calls: Calls) -> None:
        """Nothing more."""
        self._routes = routes
        self._calls = calls

    async def answer(self, request: Request) -> Answer:
        """The answer to one request; never raises but for the end of its task."""
        path, _, query = request.target.decode("latin-1").partition("?")
        asked = parse_qsl(query, keep_blank_values=True)
        return await answered(self._answer(request, path, asked), f"{request.method} {path}")

    async def _answer(self, request: Request, path: str, asked: list[tuple[str, str]]) -> Answer:
        answer = await self._call(request, path, asked)
        return Answer(200, _spelled(answer, numbers=_wants_numbers(asked)))

    async def _call(self, request: Request, path: str, asked: list[tuple[str, str]]) -> Message | None:
        route, values = self._find(request.method, path)
        message = _parsed(route, request.body, asked, values)
        return await self._calls.carry_out(route.api, route.method, message)

    def _find(self, verb: str, path: str) -> tuple[Route, dict[str, str]]:
        for route in self._routes:
            match = route.pattern.fullmatch(path) if route.verb == verb else None
            if match:
                return route, dict(zip(route.fields, map(unquote, match.groups()), strict=True))
        raise absent(f"The requested URL {path} was not found on this server.")


def _parsed(route: Route, body: bytearray, asked: list[tuple[str, str]], values: dict[str, str]) -> Message:
    """A message from path, query and body.

    Raises:
        InvalidArgument: A field that is unknown, or whose value is no value of its type.
    """
    given: dict[str, Any] = {}
    content = json_object(body) if route.body else {}
    given.update(content if route.body == "*" else {route.body: content} if route.body else {})
    for name, text in asked:
        if name not in SYSTEM:
            _lay(given, name, text, route.request.DESCRIPTOR)
    for name, text in values.items():
        _lay(given, name, text, route.request.DESCRIPTOR)
    message = route.request()
    try:
        json_format.ParseDict(given, message)
    except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
        raise explain(given, route.request, error) from error
    return message


def _lay(given: dict[str, Any], dotted: str, text: str, descriptor: Any) -> None:  # noqa: ANN401 - a descriptor
    """Put one text of path or query where it belongs; both spellings of a field's name are known."""
    *outer, last = dotted.split(".")
    for name in outer:
        field = _field(descriptor, name)
        descriptor = field.message_type if field else None
        given = given.setdefault(field.json_name if field else name, {})
        if not isinstance(given, dict):
            raise invalid(dotted, f"Invalid value at '{dotted}'.")
    field = _field(descriptor, last)
    if field is None:
        given[last] = text
    elif field.is_repeated:
        given[field.json_name] = [*_listed(given.pop(field.name, given.get(field.json_name))), text]
    else:
        given.pop(field.name, None)
        given[field.json_name] = _valued(field, text)


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - a JSON value
    """What stands already where one more is laid; something that is no list is told when it is parsed."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _field(descriptor: Any, name: str) -> Any:  # noqa: ANN401 - descriptors
    if descriptor is None:
        return None
    by_json = {field.json_name: field for field in descriptor.fields}
    return by_json.get(name) or descriptor.fields_by_name.get(name)


def _valued(field: Any, text: str) -> Any:  # noqa: ANN401 - a descriptor and a JSON value
    """A text as the JSON value that its field wants."""
    if field.cpp_type == field.CPPTYPE_BOOL:
        return {"true": True, "false": False}.get(text.lower(), text)
    if field.message_type and field.message_type.full_name == "google.protobuf.FieldMask":
        return ",".join(_camel(path) for path in text.split(","))
    return text


def _camel(path: str) -> str:
    head, *rest = path.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def _wants_numbers(asked: list[tuple[str, str]]) -> bool:
    """Google's own clients ask for enumerations as numbers."""
    return any(name in {"$alt", "alt"} and "enum-encoding=int" in value for name, value in asked)


def _spelled(message: Message | None, *, numbers: bool) -> bytes:
    if message is None:
        return b"{}"
    return json.dumps(json_format.MessageToDict(message, use_integers_for_enums=numbers)).encode()
