"""Repositories by themselves: several hands at one index."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from relman.embedded.images import layout as files
from relman.embedded.images import repositories


def manifest(layout: Path) -> bytes:
    """The manifest of an image whose blobs are there."""
    config = {"mediaType": "x", "digest": files.put_bytes(layout, b"{}")[0], "size": 2}
    return json.dumps({"schemaVersion": 2, "config": config, "layers": []}).encode()


def test_what_is_named_is_there_whoever_deletes_it_meanwhile(tmp_path: Path) -> None:
    """A push and a delete of the same image: one comes after the other, whole."""
    data, over = manifest(tmp_path), threading.Event()
    digest = files.digest_of(data)
    deleter = threading.Thread(target=delete_until, args=(over, tmp_path, digest))
    deleter.start()
    try:
        for _ in range(100):
            assert repositories.put_manifest(tmp_path, data, "torn:v1") == digest
            with files.locked(tmp_path):
                assert all(files.read_blob(tmp_path, one.digest) for one in repositories.entries(tmp_path))
    finally:
        over.set()
        deleter.join()


def delete_until(over: threading.Event, layout: Path, digest: str) -> None:
    """Delete an image again and again."""
    while not over.is_set():
        repositories.drop(layout, "torn", digest)
