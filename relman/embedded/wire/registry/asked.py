"""What a request asks of the registry, and how the registry says no.

What it is not: the answer. Cloud Run's paths begin with ``/v2/`` too; a path is the registry's by its end:
``/manifests/X``, ``/blobs/X``, ``/blobs/uploads/…`` and ``/tags/list`` are the end of no path of Cloud Run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

from relman.embedded.wire.http import Answer, Request

SHAPES = {
    "version": re.compile(r"/v2/?"),
    "repositories": re.compile(r"/v2/_catalog"),
    "tags": re.compile(r"/v2/(.+)/tags/list"),
    "upload": re.compile(r"/v2/(.+)/blobs/uploads/([^/]*)"),
    "begin": re.compile(r"/v2/(.+)/blobs/uploads"),
    "blob": re.compile(r"/v2/(.+)/blobs/([^/]+)"),
    "manifest": re.compile(r"/v2/(.+)/manifests/([^/]+)"),
}
"""In this order: an upload's path is a blob's too."""
PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
NAME = re.compile(rf"{PART}(?:/{PART})*")
LONGEST_NAME = 255
VERSION = {"docker-distribution-api-version": "registry/2.0"}


@dataclass(frozen=True)
class Asked:
    """What a request is about.

    Attributes:
        shape: One of ``SHAPES``.
        method: In capitals.
        name: The repository, empty where there is none.
        what: A tag, a digest or an upload's id; empty where there is none.
        query: The parameters.
        headers: By lower-case name.
    """

    shape: str
    method: str
    name: str
    what: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


class Refused(Exception):
    """An error as the specification codes it.

    Args:
        status: The HTTP status.
        code: One of the specification's.
        message: The sentence for people.
        headers: What else the answer says.
    """

    def __init__(
        self, status: HTTPStatus, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Keep all of it."""
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}

    def told(self) -> Answer:
        """The answer that says it."""
        return answer(
            self.status, {"errors": [{"code": self.code, "message": str(self), "detail": None}]}, self.headers
        )


def answer(status: HTTPStatus, content: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with JSON, or with nothing."""
    body = b"" if content is None else json.dumps(content).encode()
    return Answer(status, body, headers=VERSION | dict(headers or {}))


def asked(request: Request) -> Asked | None:
    """What a request asks of the registry; None if it is not for it."""
    target = urlsplit(request.target.decode("latin-1"))
    for shape, pattern in SHAPES.items():
        match = pattern.fullmatch(target.path)
        if match:
            name, what = (*map(unquote, match.groups()), "", "")[:2]
            query = dict(parse_qsl(target.query, keep_blank_values=True))
            return Asked(shape, request.method, name, what, query, request.headers)
    return None


def check_name(name: str) -> None:
    """Refuse what cannot be a repository.

    Raises:
        Refused: NAME_INVALID.
    """
    if name and (not NAME.fullmatch(name) or len(name) > LONGEST_NAME):
        raise Refused(HTTPStatus.BAD_REQUEST, "NAME_INVALID", f"'{name}' is no name of a repository")


def absent(code: str, what: str) -> Refused:
    """404 with one of the codes for what is not there."""
    return Refused(HTTPStatus.NOT_FOUND, code, f"{what} is not in this registry")


def invalid(code: str, message: str) -> Refused:
    """400 with one of the codes for what cannot be."""
    return Refused(HTTPStatus.BAD_REQUEST, code, message)
