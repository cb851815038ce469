"""Uploads to Cloud Storage, as far as ``gcloud builds submit`` makes them: whole, or in parts.

What it is not: Cloud Storage. Every bucket exists, nothing is listed, and only builds read what is uploaded.

Source: https://cloud.google.com/storage/docs/uploads-downloads, multipart and resumable uploads.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from relman.embedded.images.objects import Kept, Objects
from relman.embedded.resources.refusals import absent, invalid
from relman.embedded.wire.envelope import answered
from relman.embedded.wire.http import Answer, Request

BUCKETS = re.compile(r"/storage/v1/b(?:/([^/]+))?")
UPLOAD = re.compile(r"(?:/resumable)?/upload/storage/v1/b/([^/]+)/o")
BOUNDARY = re.compile(r"boundary=[\"']?([^\"';]+)")
"""gcloud quotes it with the wrong quotes, which Google forgives."""
RANGE = re.compile(r"bytes (?:([0-9]+)-[0-9]+|\*)/([0-9]+|\*)")


class Begun(NamedTuple):
    """A resumable upload under way."""

    bucket: str
    name: str
    content: bytearray


class Storage:
    """Answers for buckets and uploads.

    Args:
        objects: Where the objects are kept.
    """

    def __init__(self, objects: Objects) -> None:
        """No upload is under way; one that was when the platform ended is begun anew by its client."""
        self._objects = objects
        self._begun: dict[str, Begun] = {}

    async def answer(self, request: Request) -> Answer | None:
        """The answer to one request, None for anything else."""
        path, _, query = request.target.decode("latin-1").partition("?")
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if request.method == "GET" and (match := BUCKETS.fullmatch(path)):
            return _json(_bucket(match[1]) if match[1] else {"items": [_bucket(asked.get("prefix", ""))]})
        found = UPLOAD.fullmatch(path)
        if found is None or request.method not in {"POST", "PUT"}:
            return None
        return await answered(self._upload(request, unquote(found[1]), asked), f"upload to {found[1]}")

    async def _upload(self, request: Request, bucket: str, asked: dict[str, str]) -> Answer:
        if "upload_id" in asked:
            return self._go_on(request, asked["upload_id"])
        if asked.get("uploadType") == "resumable":
            return self._begin(request, bucket, asked.get("name", ""))
        described, content = _parts(request)
        return _told(self._objects.keep(bucket, asked.get("name") or _named(described), content))

    def _begin(self, request: Request, bucket: str, name: str) -> Answer:
        number = secrets.token_hex(8)
        self._begun[number] = Begun(bucket, name or _named(bytes(request.body)), bytearray())
        host = request.headers.get("host", "")
        where = f"http://{host}/resumable/upload/storage/v1/b/{bucket}/o?upload_id={number}"
        return Answer(200, b"", headers={"location": where})

    def _go_on(self, request: Request, number: str) -> Answer:
        """Take the next part in; 308 until the last one has come."""
        begun = self._begun.get(number)
        match = RANGE.fullmatch(request.headers.get("content-range", ""))
        if begun is None or match is None:
            raise absent(f"The upload '{number}' is not under way.")
        if match[1] is not None and int(match[1]) == len(begun.content):
            begun.content.extend(request.body)
        if match[2] == str(len(begun.content)):
            del self._begun[number]
            return _told(self._objects.keep(begun.bucket, begun.name, bytes(begun.content)))
        there = {"range": f"bytes=0-{len(begun.content) - 1}"} if begun.content else {}
        return Answer(308, b"", headers=there)


def _parts(request: Request) -> tuple[bytes, bytes]:
    """The two parts of a ``multipart/related`` body: what the object is called, and its content.

    Raises:
        InvalidArgument: It is no such body.
    """
    match = BOUNDARY.search(request.headers.get("content-type", ""))
    parts = bytes(request.body).split(b"--" + match[1].encode("latin-1")) if match else []
    if len(parts) < 3:  # noqa: PLR2004 - nothing, and the two parts
        raise invalid("uploadType", "Only multipart and resumable uploads are taken.")
    return _content(parts[1]), _content(parts[2])


def _content(part: bytes) -> bytes:
    """A part without its fields, and without the end of line before the next boundary."""
    line = b"\r\n" if part.startswith(b"\r\n") else b"\n"
    return part.partition(line + line)[2].removesuffix(line)


def _named(described: bytes) -> str:
    try:
        return str(json.loads(described or b"{}")["name"])
    except (ValueError, KeyError, TypeError) as error:
        raise invalid("name", "The object has no name.") from error


def _bucket(name: str) -> dict[str, Any]:
    return {"kind": "storage#bucket", "id": name, "name": name, "location": "US", "storageClass": "STANDARD"}


def _told(kept: Kept) -> Answer:
    made = {"kind": "storage#object", "bucket": kept.bucket, "name": kept.name}
    return _json(made | {"generation": str(kept.generation), "size": str(kept.size)})


def _json(found: dict[str, Any]) -> Answer:
    return Answer(200, json.dumps(found).encode())
