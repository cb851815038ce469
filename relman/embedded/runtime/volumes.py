"""What of a template's volumes a container sees: secrets, and empty folders, in memory or shared by several.

What it is not: quiet. A volume of another kind makes its revision fail, by name, also when nothing
mounts it: an application that finds a folder empty may take that for the truth.
"""

from __future__ import annotations

from pathlib import Path

from google.protobuf.message import Message

from relman.embedded.resources.conditions import Trouble
from relman.embedded.resources.defaults import size
from relman.embedded.resources.messages import CommonReason
from relman.embedded.runtime.isolation import Mount
from relman.embedded.runtime.unready import Unready


def mounted(revision: Message, container: Message, shared: Path) -> tuple[Mount, ...]:
    """The mounts of one container.

    Args:
        revision: With all its volumes.
        container: One of its containers.
        shared: Where the folders are that several containers share, for each instance its own; those of
            secrets are there already.

    Raises:
        Unready: A volume is of a kind that the platform does not have.
    """
    known = {volume.name: volume for volume in revision.volumes}
    for volume in known.values():
        if volume.WhichOneof("volume_type") not in {"empty_dir", "secret"}:
            raise _lacking(f"{volume.WhichOneof('volume_type') or 'no'} volume", volume.name)
        if len(revision.containers) > 1:
            (shared / volume.name).mkdir(parents=True, exist_ok=True)
    several = len(revision.containers) > 1
    return tuple(_mount(known[one.name], one, shared, several=several) for one in container.volume_mounts)


def _mount(volume: Message, mount: Message, shared: Path, *, several: bool) -> Mount:
    path = Path(mount.mount_path)
    if mount.sub_path:
        raise _lacking("mount by sub_path", volume.name)
    if volume.HasField("secret") or several:
        return Mount(path, shared / volume.name, writable=not volume.HasField("secret"))
    return Mount(path, size=size(volume.empty_dir.size_limit))


def _lacking(what: str, name: str) -> Unready:
    sentence = f"Volume '{name}' cannot be mounted: the embedded platform has no {what}."
    return Unready(Trouble(sentence, CommonReason.REVISION_FAILED))
