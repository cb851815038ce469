"""What is read from the registry and deleted in it. What it is not: a push (``pushing``)."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from relman.embedded.images import layout as files
from relman.embedded.images import repositories
from relman.embedded.images.image import ImageMissing
from relman.embedded.wire.http import Answer, Stretch
from relman.embedded.wire.registry.asked import VERSION, Asked, Refused, absent, answer, invalid

DIGEST = "docker-content-digest"
BINARY = "application/octet-stream"
RANGE = re.compile(r"bytes=(?:(\d+)-(\d*)|-(\d+))")


def version(_: Path, __: Asked) -> Answer:
    """That this is a registry of version 2."""
    return answer(HTTPStatus.OK, {})


def names(layout: Path, about: Asked) -> Answer:
    """The repositories, by name."""
    found = sorted({one.name for one in repositories.entries(layout)} - {""})
    return _page(about, "/v2/_catalog", found, {}, "repositories")


def tags(layout: Path, about: Asked) -> Answer:
    """The tags of a repository, by name."""
    found = [one for one in repositories.entries(layout) if one.name == about.name]
    if not found:
        raise absent("NAME_UNKNOWN", f"repository '{about.name}'")
    named = sorted({one.tag for one in found} - {""})
    return _page(about, f"/v2/{about.name}/tags/list", named, {"name": about.name}, "tags")


def manifest(layout: Path, about: Asked) -> Answer:
    """A manifest, as it was pushed."""
    found = repositories.find(layout, about.name, about.what)
    if found is None:
        raise absent("MANIFEST_UNKNOWN", f"{about.name} {about.what}")
    try:
        body = files.read_blob(layout, found.digest).read_bytes()
    except ImageMissing as error:
        raise absent("MANIFEST_UNKNOWN", str(error)) from error
    return Answer(HTTPStatus.OK, body, found.kind, VERSION | {DIGEST: found.digest})


def blob(layout: Path, about: Asked) -> Answer:
    """A blob or a part of it; sent from its file, which may be deleted meanwhile."""
    try:
        file = files.blob(layout, about.what).open("rb")
    except ImageMissing as error:
        raise invalid("DIGEST_INVALID", f"'{about.what}' is no SHA-256 digest") from error
    except OSError as error:
        raise absent("BLOB_UNKNOWN", about.what) from error
    headers = VERSION | {DIGEST: about.what, "accept-ranges": "bytes"}
    try:
        return _stretched(file, about, headers)
    except Refused:
        file.close()
        raise


def drop_manifest(layout: Path, about: Asked) -> Answer:
    """Take a tag or a manifest out of its repository."""
    if not repositories.drop(layout, about.name, about.what):
        raise absent("MANIFEST_UNKNOWN", f"{about.name} {about.what}")
    return answer(HTTPStatus.ACCEPTED)


def drop_blob(layout: Path, about: Asked) -> Answer:
    """Delete a blob that no image has."""
    try:
        found = repositories.drop_blob(layout, about.what)
    except ImageMissing as error:
        raise invalid("DIGEST_INVALID", f"'{about.what}' is no SHA-256 digest") from error
    if not found:
        raise absent("BLOB_UNKNOWN", about.what)
    return answer(HTTPStatus.ACCEPTED)


def _stretched(file: BinaryIO, about: Asked, headers: dict[str, str]) -> Answer:
    """The part that is asked for, or all of it where that cannot be told (RFC 9110, section 14.2)."""
    size = file.seek(0, 2)
    match = RANGE.fullmatch(about.headers.get("range", ""))
    if not match or about.method == "HEAD":
        return Answer(HTTPStatus.OK, Stretch(file, 0, size), BINARY, headers)
    begin = int(match[1]) if match[1] else max(size - int(match[3]), 0)
    end = min(int(match[2]), size - 1) if match[2] else size - 1
    if begin > end:
        unmet = {"content-range": f"bytes */{size}"}
        raise Refused(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "BLOB_UNKNOWN", f"it has {size} bytes", unmet
        )
    headers["content-range"] = f"bytes {begin}-{end}/{size}"
    return Answer(HTTPStatus.PARTIAL_CONTENT, Stretch(file, begin, end - begin + 1), BINARY, headers)


def _page(about: Asked, path: str, found: list[str], fields: dict[str, str], kind: str) -> Answer:
    """A list, or with ``n`` and ``last`` a part of it and where the next one is."""
    rest = [one for one in found if one > about.query.get("last", "")]
    text = about.query.get("n", "")
    if text and not text.isdecimal():
        raise invalid("UNSUPPORTED", f"n={text} is no number")
    part = rest[: int(text)] if text else rest
    more = part and len(part) < len(rest)
    link = {"link": f'<{path}?n={text}&last={part[-1]}>; rel="next"'} if more else {}
    return answer(HTTPStatus.OK, fields | {kind: part}, link)
