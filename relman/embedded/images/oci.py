"""The image builder: a commit becomes an OCI image without Docker, and an image becomes runnable files.

What it is not: a container runtime. An unpacked image runs as a plain process of this machine, and no
instruction of a Dockerfile but those about the start is carried out.

Two builds of one commit give one digest, from whichever clone: times are the commit's, owners are 0, modes
are 755 or 644, names are sorted.
Source: OCI Image Format Specification 1.0.2, https://github.com/opencontainers/image-spec.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from relman.embedded.images import layout as store
from relman.embedded.images.dependencies import install_node, install_python
from relman.embedded.images.image import PUSH_FAILED, BuildError, Built, ImageMissing, Runnable
from relman.embedded.images.layer import Packed, UnsafeArchive, extract, pack
from relman.embedded.images.layout import resolve
from relman.embedded.images.scratch import scratch
from relman.embedded.images.source import Commit, fetch
from relman.embedded.images.start import Start, start_of

__all__ = ["BuildError", "Built", "ImageMissing", "Runnable", "build", "resolve", "unpack"]

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DEPENDENCIES = "/layers/dependencies"
"""Where the Python dependencies lie in an image."""

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def build(
    *,
    url: str,
    revision: str,
    layout: Path,
    name: str,
    entrypoint: str | None,
    dockerfile: bool,
    log: Callable[[str], None],
    folder: str = "",
) -> Built:
    """Build the image of one commit and store it under ``name`` (``repository[:tag]``).

    Args:
        url: The git remote: a path or an address.
        revision: The commit's SHA, a branch or a tag.
        layout: The OCI image layout; made if need be.
        name: What the image is called there; without a tag, ``latest``.
        entrypoint: The start command (``GOOGLE_ENTRYPOINT``); goes before Procfile and Dockerfile.
        dockerfile: Read the start from the Dockerfile instead of the Procfile.
        log: Takes the build's log, line by line.
        folder: The folder of the commit that is built, relative to its root; all of it by default.

    Raises:
        BuildError: With the kind of Cloud Build's ``FailureInfo``.
    """
    try:
        with scratch(store.room(layout), "building-") as room:
            commit = fetch(url, revision, room, log, folder)
            start = start_of(commit.tree, entrypoint, dockerfile=dockerfile, log=log)
            layers, start = _layers(commit, start, room, log)
            digest = _push(layout, store.with_tag(name), layers, _config(commit, start, layers))
    except OSError as error:  # all that is written here is written below the layout
        raise BuildError(PUSH_FAILED, f"{layout} cannot be written: {error}") from error
    log(f"Stored {name} as {digest}")
    return Built(digest, commit.sha)


def unpack(layout: Path, digest: str, into: Path) -> Runnable:
    """Lay an image's files down in a folder of its own below ``into`` (once), and say how it starts.

    Raises:
        ImageMissing: The image, or a part of it, is not in the layout, or is damaged.
    """
    manifest = store.read_json(layout, digest)
    root = into / digest.removeprefix("sha256:")
    try:
        config = store.read_json(layout, manifest["config"]["digest"])["config"]
        if not root.is_dir():
            _lay_down(layout, [layer["digest"] for layer in manifest["layers"]], root)
        return _runnable(config, root.resolve())
    except (KeyError, TypeError, ValueError) as error:
        raise ImageMissing(f"{digest} in {layout} is no image: {error!r}") from error


def _layers(
    commit: Commit, start: Start, room: Path, log: Callable[[str], None]
) -> tuple[list[Packed], Start]:
    packages = room / "packages"
    layers = []
    if install_python(commit.tree, packages, commit.time, log):
        layers.append(pack(packages, DEPENDENCIES.lstrip("/"), commit.time, room / "packages.tar.gz"))
        path = ":".join(filter(None, [start.env.get("PYTHONPATH", ""), DEPENDENCIES]))
        start = start._replace(env=start.env | {"PYTHONPATH": path})
    install_node(commit.tree, commit.time, log)
    layers.append(pack(commit.tree, start.source.lstrip("/"), commit.time, room / "source.tar.gz"))
    return layers, start


def _config(commit: Commit, start: Start, layers: list[Packed]) -> dict[str, Any]:
    machine = platform.machine()
    return {
        "architecture": ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "created": datetime.fromtimestamp(commit.time, UTC).isoformat().replace("+00:00", "Z"),
        "config": {
            "Entrypoint": list(start.argv),
            "Env": [f"{key}={value}" for key, value in sorted(start.env.items())],
            "WorkingDir": start.workdir,
            "Labels": {"org.opencontainers.image.revision": commit.sha},
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
    }


def _push(layout: Path, ref: str, layers: list[Packed], config: dict[str, Any]) -> str:
    """Store blobs, then configuration, then manifest, then the name: what is named is always whole."""
    for layer in layers:
        store.put_file(layout, layer.path, layer.digest)
    digest, size = store.put_json(layout, config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": store.MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest, "size": size},
        "layers": [{"mediaType": LAYER, "digest": layer.digest, "size": layer.size} for layer in layers],
    }
    digest, size = store.put_json(layout, manifest)
    store.name_manifest(layout, digest, size, ref)
    return digest


def _lay_down(layout: Path, layers: list[str], root: Path) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    with scratch(root.parent, "unpacking-") as room:
        files = room / "files"
        for layer in layers:
            try:
                extract(store.read_blob(layout, layer), files)
            except UnsafeArchive as error:
                raise ImageMissing(f"{layer} in {layout} holds {error}") from error
        try:
            files.rename(root)
        except OSError:
            if not root.is_dir():  # else another one was faster, with the same content
                raise


def _runnable(config: dict[str, Any], root: Path) -> Runnable:
    env = dict(pair.split("=", 1) for pair in config["Env"])
    local = {key: ":".join(_at_home(part, root) for part in value.split(":")) for key, value in env.items()}
    cwd = root / config["WorkingDir"].lstrip("/")
    cwd.mkdir(parents=True, exist_ok=True)
    path = _path(local, cwd, root)
    return Runnable(
        [_at_home(word, root) for word in config["Entrypoint"]], _outer() | local | {"PATH": path}, cwd
    )


def _at_home(text: str, root: Path) -> str:
    """An absolute path that the image holds, as the path where it lies now; any other text as it is."""
    inner = root / text.lstrip("/")
    if not text.startswith("/") or inner == root:
        return text
    try:
        held = inner.exists() and inner.resolve().is_relative_to(root)
    except OSError:  # longer than a path may be
        return text
    return str(inner) if held else text


def _path(env: dict[str, str], cwd: Path, root: Path) -> str:
    """The interpreter that runs the platform is the one that runs a bare ``python``."""
    own = [
        Path(sys.executable).parent,
        root / DEPENDENCIES.lstrip("/") / "bin",
        cwd / "node_modules" / ".bin",
    ]
    return ":".join(
        [*map(str, own), *filter(None, [env.get("PATH", ""), os.environ.get("PATH", os.defpath)])]
    )


def _outer() -> dict[str, str]:
    return {"HOME": tempfile.gettempdir(), "LANG": "C.UTF-8"}
