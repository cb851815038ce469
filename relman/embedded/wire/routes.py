"""The REST routes: derived from the official clients' own rules, so that no path can drift from them.

What it is not: an API. It finds which method of which API a request means and which fields of its
message the path carries.

Source: the ``http`` options that ship in each client's REST base transport (private names; a test
pins them) and https://cloud.google.com/endpoints/docs/grpc/transcoding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from relman.embedded.wire.apis import APIS

VARIABLE = re.compile(r"\{([\w.]+)(?:=([^}]+))?\}")
BUILD_OPERATIONS = {
    "GetOperation": [
        {"method": "get", "uri": "/v1/{name=operations/**}"},
        {"method": "get", "uri": "/v1/{name=projects/*/locations/*/operations/*}"},
    ],
    "CancelOperation": [
        {"method": "post", "uri": "/v1/{name=operations/**}:cancel", "body": "*"},
        {"method": "post", "uri": "/v1/{name=projects/*/locations/*/operations/*}:cancel", "body": "*"},
    ],
}
"""The rules that stand in no base class: the build client makes them inside a property."""
ALSO_IN_V1 = "policies"
"""Policies are read and written alike in v1 of Cloud Run, which has no client to derive rules from."""


@dataclass(frozen=True)
class Route:
    """One rule.

    Attributes:
        verb: The HTTP method.
        pattern: Matches the path; its groups are the fields in order.
        fields: The fields that the path carries, dotted.
        body: The field that the body is, ``*`` for the message itself, empty for none.
        request: The protobuf class.
        api: Whose method it is, by the names in ``APIS``.
        method: The method's name.
    """

    verb: str
    pattern: re.Pattern[str]
    fields: tuple[str, ...]
    body: str
    request: Any
    api: str
    method: str


def table() -> list[Route]:
    """Every route of every API."""
    routes = [
        route(rule, request, name, method)
        for name, api in APIS.items()
        if api.rules
        for method, request in api.requests.items()
        for rule in _rules(api.rules, method)
    ]
    routes += [_as_v1(route) for route in routes if route.api == ALSO_IN_V1]
    known = APIS["operations"].requests
    return routes + [
        route(rule, known[method], "operations", method)
        for method, rules in BUILD_OPERATIONS.items()
        for rule in rules
    ]


def _rules(source: Any, method: str) -> list[dict[str, str]]:  # noqa: ANN401 - a private class of a client
    """A method's own rules; none where the client has it over gRPC alone."""
    base = getattr(source, f"_Base{method}", None)
    rules: list[dict[str, str]] = base._get_http_options() if base else []  # noqa: SLF001 - the one source
    return rules


def route(rule: dict[str, str], request: Any, api: str, method: str) -> Route:  # noqa: ANN401 - a protobuf class
    """The route of one of Google's ``http`` rules."""
    fields = tuple(match[1] for match in VARIABLE.finditer(rule["uri"]))
    pattern = re.compile(_pattern(rule["uri"]))
    return Route(rule["method"].upper(), pattern, fields, rule.get("body", ""), request, api, method)


def _as_v1(route: Route) -> Route:
    return replace(route, pattern=re.compile(route.pattern.pattern.replace("/v2/", "/v1/", 1)))


def _pattern(uri: str) -> str:
    """A URI template as a regular expression; ``*`` is one segment, ``**`` is any number."""
    parts, end = [], 0
    for match in VARIABLE.finditer(uri):
        inner = re.escape(match[2] or "*").replace(r"\*\*", ".+").replace(r"\*", "[^/:]+")
        parts += [re.escape(uri[end : match.start()]), f"({inner})"]
        end = match.end()
    return "".join([*parts, re.escape(uri[end:])])
