"""Repositories: which names and tags the manifests of a layout have, and what is in a repository at all.

What it is not: the wire (``wire.registry``), and no collector: what goes is what somebody deletes by name.

An image's name in a template is the name of a repository, host included, as clients of this registry spell
it after the registry's own address; a loopback address in front means this registry and is left out. So a
template's ``europe-docker.pkg.dev/p/shop/api:v1`` is pushed as that behind ``127.0.0.1:PORT/``, and what
was pushed to ``127.0.0.1:PORT/p/shop/api:v1`` is ``p/shop/api:v1``, or its whole address. (A name whose host
has a port cannot be spelled behind another one: it can be built here, not pushed.)

Every manifest of a repository has an entry in the layout's index. Its reference is ``name:tag``, or
``name@sha256:…`` while no tag names it. A manifest without an entry is in no repository, though its blob be
there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relman.embedded.images import layout as files
from relman.embedded.images.image import ImageMissing

REF_NAME = "org.opencontainers.image.ref.name"
OWN = re.compile(r"^(?:127\.0\.0\.1|localhost)(?::[0-9]+)?/")
"""The platform's own registry, whichever port it has now."""


class Held(Exception):
    """What cannot be deleted because an image has it; the message says which."""


@dataclass(frozen=True)
class Entry:
    """One entry of the index.

    Attributes:
        descriptor: As it stands there; another program may have written it.
    """

    descriptor: dict[str, Any]

    @property
    def name(self) -> str:
        """The repository; empty for what another program has put in without a name."""
        return split(self._ref)[0]

    @property
    def tag(self) -> str:
        """The tag, empty while none names it."""
        return split(self._ref)[1] if self._ref else ""

    @property
    def digest(self) -> str:
        """Of the manifest."""
        return str(self.descriptor["digest"])

    @property
    def kind(self) -> str:
        """The manifest's media type."""
        return str(self.descriptor.get("mediaType", files.MANIFEST))

    @property
    def _ref(self) -> str:
        return str(self.descriptor.get("annotations", {}).get(REF_NAME, ""))

    def under(self, ref: str) -> Entry:
        """The same manifest by another reference."""
        return Entry(self.descriptor | {"annotations": {REF_NAME: ref}})


def split(ref: str) -> tuple[str, str]:
    """Repository and tag of a reference: ``latest`` where it has none, none where it has a digest."""
    named, at, _ = OWN.sub("", ref).partition("@")
    folder, slash, last = named.rpartition("/")
    last, _, tag = last.partition(":")
    return f"{folder}{slash}{last}", "" if at else tag or "latest"


def entries(layout: Path) -> list[Entry]:
    """What is in the index, oldest first.

    Raises:
        ImageMissing: It cannot be read.
    """
    try:
        index = json.loads((layout / "index.json").read_bytes())
        return [Entry(one) for one in index["manifests"] if files.DIGEST.fullmatch(one["digest"])]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImageMissing(f"{layout / 'index.json'} cannot be read: {error}") from error


def find(layout: Path, name: str, reference: str) -> Entry | None:
    """A manifest of a repository, by its tag or its digest; None if it is not in there."""
    if not reference:
        return None
    named = (one for one in entries(layout) if one.name == name)
    return next((one for one in named if reference in {one.tag, one.digest}), None)


def resolve(layout: Path, ref: str) -> str:
    """The digest of the image that ``name:tag``, ``name`` (its ``latest``) or ``name@sha256:…`` names.

    Raises:
        ImageMissing: Nothing of this name is in the layout, or not any more what it was.
    """
    name, tag = split(ref)
    found = find(layout, name, tag or ref.rpartition("@")[2])
    if found is None:
        raise ImageMissing(f"no image {ref!r} in {layout}")
    files.read_json(layout, found.digest)
    return found.digest


def put_manifest(layout: Path, data: bytes, ref: str, kind: str = files.MANIFEST) -> str:
    """Put a manifest, whose parts are there, into a repository; a tag names no other any more.

    It is written and named in one, so that nobody who deletes the same one comes between.

    Args:
        layout: The layout; made if need be.
        data: The manifest.
        ref: ``name:tag``, or ``name@sha256:…`` to give it no tag.
        kind: Its media type.

    Returns:
        Its digest.

    Raises:
        ImageMissing: A part is not there.
    """
    files.room(layout)
    name, tag = split(ref)
    digest = files.digest_of(data)
    plain = Entry({"mediaType": kind, "digest": digest, "size": len(data)})
    with files.locked(layout):
        standing = entries(layout)
        _check_parts(layout, json.loads(data), {one.digest for one in standing if one.name == name})
        files.put_bytes(layout, data)
        others = [one for one in standing if (one.name, one.tag) != (name, tag) or not tag]
        others = [one for one in others if (one.name, one.tag, one.digest) != (name, "", digest)]
        if tag:
            others.append(plain.under(f"{name}:{tag}"))
        _write(layout, [*others, *_left([*standing, plain.under(f"{name}@{digest}")], others)])
    return digest


def drop(layout: Path, name: str, reference: str) -> bool:
    """Take a tag, or a manifest with all its tags, out of a repository.

    A manifest that is in no repository any more is gone; what only it named stays.

    Returns:
        Whether it was there.

    Raises:
        Held: An index of this repository has the manifest.
    """
    with files.locked(layout):
        standing = entries(layout)
        found = [one for one in standing if one.name == name and reference in {one.tag, one.digest}]
        others = [one for one in standing if one not in found]
        if any(one.digest == reference for one in found):
            _refuse_held(layout, reference, [one for one in others if one.name == name])
            _write(layout, others)
            if reference not in {one.digest for one in others}:
                files.blob(layout, reference).unlink(missing_ok=True)
        elif found:
            _write(layout, [*others, *_left(found, others)])
    return bool(found)


def drop_blob(layout: Path, digest: str) -> bool:
    """Delete a blob that no image has.

    Returns:
        Whether it was there.

    Raises:
        Held: An image has it.
        ImageMissing: This is no digest.
    """
    target = files.blob(layout, digest)
    with files.locked(layout):
        _refuse_held(layout, digest, entries(layout))
        found = target.exists()
        target.unlink(missing_ok=True)
    return found


def parts(manifest: dict[str, Any]) -> list[str]:
    """The digests that a manifest or an index names, configuration first.

    Raises:
        KeyError: It is no manifest.
        TypeError: Likewise.
    """
    named = manifest["manifests"] if "manifests" in manifest else [manifest["config"], *manifest["layers"]]
    if not isinstance(named, list) or not isinstance(manifest.get("layers", []), list):
        raise TypeError("what it names is no list")
    return [str(one["digest"]) for one in named]


def _check_parts(layout: Path, manifest: dict[str, Any], own: set[str]) -> None:
    """Refuse a manifest without its blobs, and an index without its images in the same repository.

    From another one they could be deleted, and out of this one nobody could read them.

    Raises:
        ImageMissing: Names the part.
    """
    for part in parts(manifest):
        if not files.blob(layout, part).exists() or ("manifests" in manifest and part not in own):
            raise ImageMissing(f"{part} is not there")


def _left(standing: Iterable[Entry], others: list[Entry]) -> list[Entry]:
    """The standing entries whose manifest none of the others puts into its repository, without their tags."""
    known = {(one.name, one.digest) for one in others}
    left = {(one.name, one.digest): one for one in standing if (one.name, one.digest) not in known}
    return [one.under(f"{name}@{digest}") for (name, digest), one in left.items() if name]


def _refuse_held(layout: Path, digest: str, holders: list[Entry]) -> None:
    for one in holders:
        if digest == one.digest or digest in _parts_of(layout, one.digest):
            raise Held(f"{digest} is a part of {one.name}@{one.digest}: delete that first")


def _parts_of(layout: Path, digest: str) -> list[str]:
    try:
        return parts(files.read_json(layout, digest))
    except (ImageMissing, KeyError, TypeError):  # damaged: it holds nobody up
        return []


def _write(layout: Path, manifests: list[Entry]) -> None:
    files.write(layout / "oci-layout", files.encoded({"imageLayoutVersion": "1.0.0"}))
    described = [one.descriptor for one in manifests]
    index = {"schemaVersion": 2, "mediaType": files.INDEX, "manifests": described}
    files.write(layout / "index.json", files.encoded(index))
