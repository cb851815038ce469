"""The image builder: a commit becomes an OCI image without Docker, and an image becomes runnable files.

What it is not: a container runtime. An unpacked image runs as a plain process of this machine, and no
instruction of a Dockerfile but those about the start is carried out.

Two builds of one commit give one digest, from whichever clone: times are the commit's, owners are 0, modes
are 755 or 644, names are sorted.
Source: OCI Image Format Specification 1.0.2, https://github.com/opencontainers/image-spec.
"""

from __future__ import annotations

import json
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
from relman.embedded.images.repositories import parts, put_manifest, resolve
from relman.embedded.images.scratch import scratch
from relman.embedded.images.source import Commit, fetch, uploaded
from relman.embedded.images.start import Start, start_of

__all__ = ["BuildError", "Built", "ImageMissing", "Runnable", "build", "imported", "resolve", "unpack"]

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DEPENDENCIES = "/layers/dependencies"
"""Where the Python dependencies lie in an image."""

FILES, CONFIGURATION = "rootfs", "image.json"
"""What is in the folder of an unpacked image."""
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
    """Build the image of one commit, or of an archive, and store it under ``name`` (``repository[:tag]``).

    Args:
        url: The git remote: a path or an address. Without a revision the path of a tar, or nothing.
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
            commit = fetch(url, revision, room, log, folder) if revision else uploaded(url, room, log)
            start = start_of(commit.tree, entrypoint, dockerfile=dockerfile, log=log)
            layers, start = _layers(commit, start, room, log)
            digest = _push(layout, name, layers, _config(commit, start, layers))
    except (OSError, ImageMissing) as error:  # all that is written here is written below the layout
        raise BuildError(PUSH_FAILED, f"{layout} cannot be written: {error}") from error
    log(f"Stored {name} as {digest}")
    return Built(digest, commit.sha)


def unpack(layout: Path, digest: str, into: Path) -> Runnable:
    """Lay an image's files down in a folder of its own below ``into`` (once), and say how it starts.

    Raises:
        ImageMissing: The image, or a part of it, is not in the layout, or is damaged.
    """
    try:
        manifest = _for_here(layout, store.read_json(layout, digest))
        config = store.read_json(layout, manifest["config"]["digest"])
        layers, folder = parts(manifest)[1:], _folder(into, digest)
        if not folder.is_dir():
            _lay_down(layout, layers, config.get("config") or {}, folder)
        for layer in layers:  # its unpacked copy hides nothing
            if not store.blob(layout, layer).exists():
                raise ImageMissing(f"{layer} of {digest} is not in {layout}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ImageMissing(f"{digest} in {layout} is no image: {error!r}") from error
    return imported(digest, into)


def imported(digest: str, into: Path) -> Runnable:
    """The image as it was once unpacked, whatever has become of it in the layout since.

    Raises:
        ImageMissing: It never was.
    """
    folder = _folder(into, digest)
    try:
        config = json.loads((folder / CONFIGURATION).read_bytes())
        return _runnable(config, (folder / FILES).resolve())
    except OSError as error:
        raise ImageMissing(f"{digest} was never unpacked into {into}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ImageMissing(f"{digest} cannot be started: {error!r}") from error


def _folder(into: Path, digest: str) -> Path:
    return into / digest.removeprefix("sha256:")


def _for_here(layout: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest itself, or of an index the one for this machine.

    Raises:
        ImageMissing: The index has none.
    """
    if "manifests" not in manifest:
        return manifest
    wanted = ("linux", _architecture())
    for one in manifest["manifests"]:
        runs_on = one.get("platform", {})
        if (runs_on.get("os"), runs_on.get("architecture")) == wanted:
            return store.read_json(layout, one["digest"])
    raise ImageMissing(f"the index has no image for {'/'.join(wanted)}")


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
    return {
        "architecture": _architecture(),
        "os": "linux",
        "created": datetime.fromtimestamp(commit.time, UTC).isoformat().replace("+00:00", "Z"),
        "config": {
            "Entrypoint": list(start.argv),
            "Env": [f"{key}={value}" for key, value in sorted(start.env.items())],
            "WorkingDir": start.workdir,
            "Labels": {"org.opencontainers.image.revision": commit.sha} if commit.sha else {},
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
    return put_manifest(layout, store.encoded(manifest), ref)


def _architecture() -> str:
    """This machine's, as images name it."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def _lay_down(layout: Path, layers: list[str], config: dict[str, Any], folder: Path) -> None:
    """Files and configuration appear together, so that either is there only when both are whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with scratch(folder.parent, "unpacking-") as room:
        (room / "image").mkdir()
        for layer in layers:
            try:
                extract(store.read_blob(layout, layer), room / "image" / FILES, layered=True)
            except UnsafeArchive as error:
                raise ImageMissing(f"{layer} in {layout} holds {error}") from error
        store.write(room / "image" / CONFIGURATION, store.encoded(config))
        try:
            (room / "image").rename(folder)
        except OSError:
            if not folder.is_dir():  # else another one was faster, with the same content
                raise


def _runnable(config: dict[str, Any], root: Path) -> Runnable:
    env = dict(pair.split("=", 1) for pair in config.get("Env") or [])
    local = {key: ":".join(_at_home(part, root) for part in value.split(":")) for key, value in env.items()}
    cwd = root / (config.get("WorkingDir") or "/").lstrip("/")
    cwd.mkdir(parents=True, exist_ok=True)
    path = _path(local, cwd, root)
    entrypoint, arguments = config.get("Entrypoint") or [], config.get("Cmd") or []
    argv = [_at_home(word, root) for word in (*entrypoint, *arguments)]
    spare = len(arguments) if entrypoint else 0
    return Runnable(argv, _outer() | local | {"PATH": path}, cwd, root, spare)


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
