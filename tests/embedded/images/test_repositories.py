"""Repositories by themselves: several hands at one index."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relman.embedded.images import absence, repositories
from relman.embedded.images import layout as files
from relman.embedded.images.uploads import Uploads


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


def test_what_is_put_back_is_there_though_its_name_was_taken(tmp_path: Path) -> None:
    """A newer image keeps the tag; the old one is found by its digest."""
    old = repositories.put_manifest(tmp_path, manifest(tmp_path), "shop:v1")
    facts = absence.known(tmp_path, "shop:v1")
    absence.take_away(tmp_path, facts)
    assert repositories.find(tmp_path, "shop", old) is None
    new = repositories.put_manifest(tmp_path, manifest(tmp_path) + b" ", "shop:v1")
    absence.put_back(tmp_path, facts)
    assert repositories.resolve(tmp_path, "shop:v1") == new
    assert repositories.resolve(tmp_path, f"shop@{old}") == old


def test_an_upload_that_nobody_goes_on_with_is_forgotten(tmp_path: Path) -> None:
    """After a day; one that is younger is kept."""
    uploads = Uploads(tmp_path)
    upload = uploads.begin()
    uploads.forget_old(datetime.now(UTC))
    assert uploads.size(upload) == 0
    uploads.forget_old(datetime.now(UTC) + timedelta(days=1, minutes=1))
    assert uploads.size(upload) is None


def delete_until(over: threading.Event, layout: Path, digest: str) -> None:
    """Delete an image again and again."""
    while not over.is_set():
        repositories.drop(layout, "torn", digest)
