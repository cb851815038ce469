"""An image that somebody has deleted from the registry, and that can be put back.

What it is not: a way to delete of its own; the image goes as it does when a client deletes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relman.embedded.images import layout as files
from relman.embedded.images import repositories
from relman.embedded.images.image import ImageMissing


def take_away(layout: Path, image: str) -> dict[str, Any]:
    """Delete an image from its repository, all its tags with it.

    Returns:
        What is needed to put it back; JSON.

    Raises:
        ImageMissing: It is not there, or a part of an index.
    """
    name, _ = repositories.split(image)
    digest = repositories.resolve(layout, image)
    found = [one for one in repositories.entries(layout) if (one.name, one.digest) == (name, digest)]
    manifest = files.read_blob(layout, digest).read_text("utf-8")
    try:
        repositories.drop(layout, name, digest)
    except repositories.Held as held:
        raise ImageMissing(str(held)) from held
    tags = [f"{name}:{one.tag}" for one in found if one.tag]
    return {
        "digest": digest,
        "manifest": manifest,
        "refs": tags or [f"{name}@{digest}"],
        "kind": found[0].kind,
    }


def put_back(layout: Path, facts: Mapping[str, Any]) -> None:
    """Let an image be there again, under every name that it had, unless a newer one has the name."""
    digest, data = str(facts["digest"]), str(facts["manifest"]).encode()
    files.write(files.blob(layout, digest), data)
    taken = {f"{one.name}:{one.tag}" for one in repositories.entries(layout)}
    for ref in facts["refs"]:
        if ref not in taken:
            repositories.name_manifest(layout, digest, len(data), ref, str(facts["kind"]))
