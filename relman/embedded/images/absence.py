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


def known(layout: Path, image: str) -> dict[str, Any]:
    """What is needed to put an image back when it has been taken away; JSON.

    Raises:
        ImageMissing: It is not there.
    """
    name, _ = repositories.split(image)
    digest = repositories.resolve(layout, image)
    found = [one for one in repositories.entries(layout) if (one.name, one.digest) == (name, digest)]
    manifest = files.read_blob(layout, digest).read_text("utf-8")
    tags = [f"{name}:{one.tag}" for one in found if one.tag]
    return {
        "name": name,
        "digest": digest,
        "manifest": manifest,
        "refs": tags or [f"{name}@{digest}"],
        "kind": found[0].kind,
    }


def take_away(layout: Path, facts: Mapping[str, Any]) -> None:
    """Delete an image from its repository, all its tags with it.

    Args:
        layout: The layout.
        facts: What is known of it.

    Raises:
        ImageMissing: It is a part of an index.
    """
    try:
        repositories.drop(layout, str(facts["name"]), str(facts["digest"]))
    except repositories.Held as held:
        raise ImageMissing(str(held)) from held


def put_back(layout: Path, facts: Mapping[str, Any]) -> None:
    """Let an image be there again, under every name that it had, unless a newer one has the name."""
    digest, data = str(facts["digest"]), str(facts["manifest"]).encode()
    taken = {f"{one.name}:{one.tag}" for one in repositories.entries(layout)}
    left = [ref for ref in facts["refs"] if ref not in taken]
    for ref in left or [f"{facts['name']}@{digest}"]:
        repositories.put_manifest(layout, data, ref, str(facts["kind"]))
