"""What is needed to start a revision: its files, its command and the container contract (row 45).

What it is not: the process. PORT is a free port of this machine, whatever the template declares:
revisions share one network here, and an application must listen where PORT says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from google.protobuf.message import Message

from relman.embedded.images import oci
from relman.embedded.resources.conditions import Trouble
from relman.embedded.resources.defaults import cpus, serving, size
from relman.embedded.resources.messages import CommonReason
from relman.embedded.runtime import isolation_room as rooms
from relman.embedded.runtime import secrets
from relman.embedded.runtime.isolation import Launch
from relman.embedded.runtime.unready import Unready
from relman.embedded.runtime.volumes import mounted


def prepare(
    revision: Message,
    container: Message,
    state: Path,
    *,
    port: int,
    kept: bool,
    values: Mapping[str, bytes],
) -> Launch:
    """Lay the image's files down and compose command and environment.

    Args:
        revision: What is to be started.
        container: Of its containers this one.
        state: The platform's folder, with the images and where their files are laid down.
        port: Where the container that serves is to listen.
        kept: The revision serves: the copy of its image that was made for it is kept as long, whatever
            becomes of the image. https://cloud.google.com/run/docs/deploying#images
        values: Of the secrets that it refers to, by the whole names of their versions.

    Raises:
        OSError: The files of its secrets cannot be written.
        Unready: The image is not there, or the template asks for what the platform cannot give.
    """
    _refuse_unknown(container)
    runnable = _image(container.image, state / "images", state / "files", kept=kept)
    given = secrets.variables(revision, container, values)
    argv = runnable.command(container.command, container.args)
    serves = container.name == serving(revision).name
    env = runnable.env | given | contract(revision, port if serves else 0)
    limits = container.resources.limits
    _refuse_nul([*argv, *env, *env.values()])
    volumes = rooms.room(state, port) / ".volumes"
    secrets.lay(revision, values, volumes)
    return Launch(
        argv,
        env,
        runnable.cwd,
        runnable.files,
        cpus=cpus(limits["cpu"]),
        memory=size(limits["memory"]),
        mounts=mounted(revision, container, volumes),
    )


def _image(image: str, layout: Path, into: Path, *, kept: bool) -> oci.Runnable:
    if kept:
        with contextlib.suppress(oci.ImageMissing):
            return oci.imported(image.rpartition("@")[2], into)
    try:
        digest = oci.resolve(layout, image)
    except oci.ImageMissing as error:
        raise Unready(Trouble(f"Image '{image}' not found.", CommonReason.CONTAINER_MISSING)) from error
    try:
        return oci.unpack(layout, digest, into)
    except oci.ImageMissing as error:  # it is there, but not whole, or none that could be run
        sentence = f"Image '{image}' cannot be run: {error}."
        raise Unready(Trouble(sentence, CommonReason.CONTAINER_MISSING)) from error


def contract(revision: Message, port: int) -> dict[str, str]:
    """The variables that Cloud Run sets for every container of a service; a sidecar has no port (0)."""
    service = revision.service.rpartition("/")[2]
    return ({"PORT": str(port)} if port else {}) | {
        "K_SERVICE": service,
        "K_REVISION": revision.name.rpartition("/")[2],
        "K_CONFIGURATION": service,
    }


def _refuse_nul(words: list[str]) -> None:
    """What a process is given ends where a NUL is; and after it whatever follows would be taken for more."""
    if any("\0" in word for word in words):
        sentence = "The container's command or a variable of its environment holds a NUL character."
        raise Unready(Trouble(sentence, CommonReason.REVISION_FAILED))


NO_H2C = (
    "The embedded platform speaks HTTP/1.1 to containers, not HTTP/2: "
    "name the port http1, or leave the name out."
)


def _refuse_unknown(container: Message) -> None:
    """Say it rather than run something else than was asked for."""
    if container.HasField("readiness_probe"):
        raise Unready(Trouble("The embedded platform has no readiness probe.", CommonReason.REVISION_FAILED))
    if any(port.name == "h2c" for port in container.ports):
        raise Unready(Trouble(NO_H2C, CommonReason.REVISION_FAILED))
