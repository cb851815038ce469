"""What a v1 request asks: which kind, of which project and region, which one, with which parameters.

What it is not: an answer. Both forms of a path mean the same: ``/apis/serving.knative.dev/v1/namespaces/P``,
whose region stands in the host's name, and ``/v1/projects/P/locations/L``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from relman.embedded.resources.refusals import invalid
from relman.embedded.wire.http import Request
from relman.embedded.wire.reading import json_object
from relman.embedded.wire.v1.places import Json

KIND = r"(?P<kind>services|revisions|configurations|routes)(?:/(?P<name>[^/:]+))?"
FORMS = (
    re.compile(rf"/apis/serving\.knative\.dev/v1/namespaces/(?P<project>[^/]+)/{KIND}"),
    re.compile(rf"/v1/projects/(?P<project>[^/]+)/locations/(?P<region>[^/]+)/{KIND}"),
)
HOST = re.compile(r"([a-z]+-[a-z]+[0-9]+)-run\..*", re.IGNORECASE)
EVERYWHERE = "-"


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes:
        verb: The HTTP method.
        project: As the client calls it.
        region: ``-`` where the request tells none.
        kind: ``services``, ``revisions``, ``configurations`` or ``routes``.
        name: Of one object, empty for all.
        query: The parameters.
        content: The body.
    """

    verb: str
    project: str
    region: str
    kind: str
    name: str
    query: dict[str, str]
    content: bytes

    @property
    def place(self) -> str:
        """Project and region, as v2 names them."""
        return f"projects/{self.project}/locations/{self.region}"

    @property
    def dry(self) -> bool:
        """Nothing is to be kept.

        Raises:
            InvalidArgument: ``dryRun`` has a value that nobody knows.
        """
        if self.query.get("dryRun", "") not in {"", "all"}:
            raise invalid("dryRun", "dryRun: the only value that is supported is 'all'.")
        return bool(self.query.get("dryRun"))

    def body(self) -> Json:
        """The body as JSON.

        Raises:
            InvalidArgument: It is no object.
        """
        return json_object(self.content)

    def number(self, name: str) -> int:
        """A parameter that is a number, 0 when it is not there.

        Raises:
            InvalidArgument: It is none.
        """
        text = self.query.get(name, "") or "0"
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise invalid(name, f"{name}: '{text}' is not a whole number.")
        return int(text)


def asked(request: Request) -> Asked | None:
    """What a request asks, None when it is not for v1's objects."""
    path, _, query = request.target.decode("latin-1").partition("?")
    match = next((found for form in FORMS if (found := form.fullmatch(path))), None)
    if match is None:
        return None
    parts = {name: unquote(value or "") for name, value in match.groupdict().items()}
    host = HOST.fullmatch(request.headers.get("host", ""))
    return Asked(
        request.method,
        parts["project"],
        parts.get("region") or (host[1].lower() if host else EVERYWHERE),
        parts["kind"],
        parts["name"],
        dict(parse_qsl(query, keep_blank_values=True)),
        bytes(request.body),
    )
