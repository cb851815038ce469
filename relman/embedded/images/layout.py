"""The store of images: an OCI image layout, its blobs named by their content, its index behind a file lock.

What it is not: a registry (``repositories`` gives the names). Nothing is collected; a file that is there is
whole.

Source: OCI Image Layout Specification 1.0.0, https://github.com/opencontainers/image-spec/blob/main/image-layout.md.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relman.embedded.images.image import ImageMissing

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def put_file(layout: Path, source: Path, digest: str) -> None:
    """Take the file ``source``, whose content has this digest, over into the layout."""
    target = blob(layout, digest)
    if target.exists():
        source.unlink()
        return
    _durable(source)
    source.replace(target)


def take(layout: Path, source: Path, digest: str) -> bool:
    """Take a file over into the layout if its content has this digest, else delete it.

    Returns:
        Whether it has.

    Raises:
        ImageMissing: This is no digest.
    """
    target = blob(layout, digest)
    with source.open("rb") as file:
        fits = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" == digest
    if fits:
        room(layout)
        _durable(source)
        source.replace(target)  # also over one that was damaged
    else:
        source.unlink()
    return fits


def put_json(layout: Path, content: dict[str, Any]) -> tuple[str, int]:
    """Store ``content`` as JSON; its digest and its length in bytes."""
    return put_bytes(layout, encoded(content))


def put_bytes(layout: Path, data: bytes) -> tuple[str, int]:
    """Store bytes as they are; their digest and their number."""
    digest = digest_of(data)
    write(blob(layout, digest), data)
    return digest, len(data)


def digest_of(data: bytes | bytearray) -> str:
    """What content is named by."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def room(layout: Path) -> Path:
    """The folder for files on their way into the layout, on the same file system."""
    (layout / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    return layout / "blobs"


def read_blob(layout: Path, digest: str) -> Path:
    """The path of a blob whose content is what its digest says.

    Raises:
        ImageMissing: It is not there, or not any more what it was.
    """
    path = blob(layout, digest)
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImageMissing(f"{digest} is not in {layout}") from error
    if f"sha256:{actual}" != digest:
        raise ImageMissing(f"{digest} in {layout} is damaged: its content has sha256:{actual}")
    return path


def read_json(layout: Path, digest: str) -> dict[str, Any]:
    """The content of a JSON blob.

    Raises:
        ImageMissing: It is not there, is damaged, or is no JSON object.
    """
    try:
        content = json.loads(read_blob(layout, digest).read_bytes())
    except ValueError as error:
        raise ImageMissing(f"{digest} in {layout} is no JSON") from error
    if not isinstance(content, dict):
        raise ImageMissing(f"{digest} in {layout} is no JSON object")
    return content


def encoded(content: dict[str, Any]) -> bytes:
    """The one way in which JSON is written here: equal content gives equal bytes."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def blob(layout: Path, digest: str) -> Path:
    """Where a blob is, if it is there.

    Raises:
        ImageMissing: This is no digest.
    """
    if not DIGEST.fullmatch(digest):  # also keeps `..` out of the path
        raise ImageMissing(f"not a digest: {digest!r}")
    return layout / "blobs" / "sha256" / digest.removeprefix("sha256:")


@contextmanager
def locked(layout: Path) -> Iterator[None]:
    """Alone with the index: one writer at a time, of whichever process."""
    layout.mkdir(parents=True, exist_ok=True)
    with (layout / "index.json.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write(path: Path, data: bytes) -> None:
    """Write a file in one step: who reads it sees all of the old or all of the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        whole = Path(file.name)
    try:
        whole.write_bytes(data)
        _durable(whole)
        whole.replace(path)
    except BaseException:
        whole.unlink(missing_ok=True)
        raise


def _durable(path: Path) -> None:
    path.chmod(0o644)
    with path.open("rb") as file:
        os.fsync(file.fileno())
