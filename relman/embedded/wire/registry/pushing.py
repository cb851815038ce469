"""Pushes: blobs come in through uploads, in one piece or in chunks, then a manifest names them.

What it is not: a place where half an image could be seen. A blob is there when its digest is right, a
manifest when all that it names is there; killed at any moment, the layout is whole.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

from relman.embedded.images import layout as files
from relman.embedded.images import repositories
from relman.embedded.images.image import ImageMissing
from relman.embedded.images.uploads import Appending, Uploads
from relman.embedded.wire.http import Answer, Request, Sink
from relman.embedded.wire.registry.asked import Asked, Refused, absent, answer, invalid
from relman.embedded.wire.registry.reading import DIGEST

TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
CHUNK = re.compile(r"(?:bytes )?(\d+)-(\d+)(?:/.*)?")
INDEXES = (files.INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")
KINDS = (files.MANIFEST, "application/vnd.docker.distribution.manifest.v2+json", *INDEXES)
"""Of manifests; Docker's are kept as they are, and run like OCI's."""


class Discarded:
    """Takes the body of a push that cannot be, so that its client gets to read why."""

    def __init__(self, refused: Refused) -> None:
        """Keep the reason."""
        self.refused = refused

    def write(self, data: bytes) -> None:
        """Let it go."""

    def close(self) -> None:
        """Nothing is open."""


def intake(uploads: Uploads, about: Asked) -> Sink | None:
    """Where the body of a request goes: to the end of its upload; None where it has none."""
    single = about.shape == "upload" and about.method == "POST" and _is_whole(about)
    if not single and (about.shape != "upload" or about.method not in {"PATCH", "PUT"}):
        return None
    try:
        return uploads.append(uploads.begin() if single else _at_its_end(uploads, about))
    except Refused as refused:
        return Discarded(refused)
    except OSError as error:
        return Discarded(_unwritten(error))


def begin(layout: Path, uploads: Uploads, request: Request, about: Asked) -> Answer:
    """Begin an upload, unless the blob is mounted from another repository or comes with the request."""
    if request.sink:
        return finish(layout, uploads, request, about)
    wanted = about.query.get("mount", "")
    if files.DIGEST.fullmatch(wanted) and files.blob(layout, wanted).exists():
        return _pushed(about, wanted)
    return _under_way(HTTPStatus.ACCEPTED, uploads, about, uploads.begin())


def append(_: Path, uploads: Uploads, request: Request, about: Asked) -> Answer:
    """A chunk has come."""
    return _under_way(HTTPStatus.ACCEPTED, uploads, about, _taken(request))


def state(_: Path, uploads: Uploads, __: Request, about: Asked) -> Answer:
    """How far an upload has come."""
    return _under_way(HTTPStatus.NO_CONTENT, uploads, about, about.what)


def cancel(_: Path, uploads: Uploads, __: Request, about: Asked) -> Answer:
    """Forget an upload."""
    _size(uploads, about.what)
    uploads.path(about.what).unlink(missing_ok=True)
    return answer(HTTPStatus.NO_CONTENT)


def finish(layout: Path, uploads: Uploads, request: Request, about: Asked) -> Answer:
    """The last chunk has come: a blob, if the digest is right."""
    upload, digest = _taken(request), about.query.get("digest", "")
    if not files.DIGEST.fullmatch(digest):
        raise invalid("DIGEST_INVALID", f"'{digest}' is no SHA-256 digest")
    try:
        fits = files.take(layout, uploads.path(upload), digest)
    except FileNotFoundError as error:
        raise absent("BLOB_UPLOAD_UNKNOWN", f"upload '{upload}'") from error
    if not fits:
        raise invalid("DIGEST_INVALID", f"what was uploaded has not the digest {digest}")
    return _pushed(about, digest)


def manifest(layout: Path, _: Uploads, request: Request, about: Asked) -> Answer:
    """Put a manifest into its repository, by tag or by digest."""
    kind = about.headers.get("content-type", "").partition(";")[0].strip() or files.MANIFEST
    _check(bytes(request.body), kind)
    digest = files.digest_of(request.body)
    by_digest = ":" in about.what
    if by_digest and about.what != digest:
        raise invalid("DIGEST_INVALID", f"the manifest has the digest {digest}, not {about.what}")
    if not by_digest and not TAG.fullmatch(about.what):
        raise invalid("MANIFEST_INVALID", f"'{about.what}' is no tag")
    ref = f"{about.name}{'@' if by_digest else ':'}{about.what}"
    try:
        repositories.put_manifest(layout, bytes(request.body), ref, kind)
    except ImageMissing as error:
        raise absent("MANIFEST_BLOB_UNKNOWN", str(error)) from error
    headers = {"location": f"/v2/{about.name}/manifests/{digest}", DIGEST: digest}
    return answer(HTTPStatus.CREATED, headers=headers)


def _check(body: bytes, kind: str) -> None:
    """Refuse what is no manifest of a kind that is known.

    Raises:
        Refused: MANIFEST_INVALID, with the reason.
    """
    if kind not in KINDS:
        raise invalid("MANIFEST_INVALID", f"manifests of type '{kind}' are not supported")
    try:
        content: dict[str, Any] = json.loads(body)
        stated, named = content.get("mediaType", kind), repositories.parts(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise invalid("MANIFEST_INVALID", f"this is no manifest: {error!r}") from error
    if ("manifests" in content) is not (kind in INDEXES):
        raise invalid("MANIFEST_INVALID", f"this is no '{kind}'")
    if stated != kind:
        raise invalid("MANIFEST_INVALID", f"the manifest says it is '{stated}', its content type '{kind}'")
    for digest in named:
        if not files.DIGEST.fullmatch(digest):
            raise invalid("MANIFEST_INVALID", f"'{digest}' is no SHA-256 digest")


def _is_whole(about: Asked) -> bool:
    """Whether a new upload comes with its request."""
    return "digest" in about.query and about.headers.get("content-length", "0") != "0"


def _at_its_end(uploads: Uploads, about: Asked) -> str:
    """The upload, if what comes begins where it ends.

    Raises:
        Refused: It is unknown, or the chunk is not the next one.
    """
    size = _size(uploads, about.what)
    text = about.headers.get("content-range", "")
    chunk = CHUNK.fullmatch(text)
    if text and (not chunk or int(chunk[1]) != size):
        unmet = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        message = f"{size} bytes are there, the chunk is {text}"
        raise Refused(unmet, "BLOB_UPLOAD_INVALID", message, _where(about, about.what, size))
    return about.what


def _taken(request: Request) -> str:
    """The upload that took a request's body.

    Raises:
        Refused: It could not.
    """
    sink = request.sink
    if isinstance(sink, Discarded):
        raise sink.refused
    assert isinstance(sink, Appending)  # noqa: S101 - what ``intake`` gives for each of these methods
    if sink.error:
        raise _unwritten(sink.error)
    return sink.upload


def _size(uploads: Uploads, upload: str) -> int:
    size = uploads.size(upload)
    if size is None:
        raise absent("BLOB_UPLOAD_UNKNOWN", f"upload '{upload}'")
    return size


def _under_way(status: HTTPStatus, uploads: Uploads, about: Asked, upload: str) -> Answer:
    return answer(status, headers=_where(about, upload, _size(uploads, upload)))


def _where(about: Asked, upload: str, size: int) -> dict[str, str]:
    """Where an upload goes on, and what is there; ``0-0`` is also what registries say of none."""
    location = f"/v2/{about.name}/blobs/uploads/{upload}"
    return {"location": location, "range": f"0-{max(size - 1, 0)}", "docker-upload-uuid": upload}


def _pushed(about: Asked, digest: str) -> Answer:
    headers = {"location": f"/v2/{about.name}/blobs/{digest}", DIGEST: digest}
    return answer(HTTPStatus.CREATED, headers=headers)


def _unwritten(error: OSError) -> Refused:
    return Refused(HTTPStatus.INSUFFICIENT_STORAGE, "BLOB_UPLOAD_INVALID", f"it cannot be written: {error}")
