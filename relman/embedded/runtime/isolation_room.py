"""The room of one instance: the files that are its own, from before its start until after its end.

What it is not: memory of what runs. A room goes by the port of its instance; one whose port the
store does not know belongs to nobody, and is cleared, also after a kill -9.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from relman.embedded.runtime.isolation import Launch

ROOMS = "instances"
SHARED = ("PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION")


def room(state: Path, port: int) -> Path:
    """Where the instance on this port has its room."""
    return state / ROOMS / str(port)


def copied(launch: Launch, into: Path) -> Path:
    """Copy an image's files into a room: what an instance changes there, no other one sees.

    The file system's own copying is used where it has one; else this takes its time (``cp``).

    Raises:
        OSError: They cannot be copied; the message has what ``cp`` said.
    """
    into.mkdir(parents=True, mode=0o700, exist_ok=True)
    copy = into / "files"
    done = subprocess.run(
        ["cp", "--archive", "--reflink=auto", str(launch.files), str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OSError(f"the image's files cannot be copied: {done.stderr.strip()}")
    _link_mounts(launch, copy)
    return copy


def _link_mounts(launch: Launch, copy: Path) -> None:
    """Let a mount be found by the image's own way to it too.

    The image's files lie deeper than in a container: who is in its folder ``/app`` and looks for
    ``cache`` means the mount at ``/app/cache``.
    """
    for path in (mount.path for mount in launch.mounts):
        inner = copy / path.relative_to("/")
        if inner.parent != copy and inner.parent.is_dir() and inner.parent.resolve().is_relative_to(copy):
            if inner.is_dir() and not inner.is_symlink():
                shutil.rmtree(inner)
            inner.unlink(missing_ok=True)
            inner.symlink_to(path)


def outside(env: dict[str, str]) -> dict[str, str]:
    """What the program that encloses is started with: by this it is found again, and nothing is let in.

    The rest of the environment is the revision's; a variable such as LD_PRELOAD has no say outside.
    """
    return {name: env[name] for name in SHARED if name in env}


def abandoned(state: Path, ports: set[int]) -> list[Path]:
    """The rooms of instances that are none of these ports' any more."""
    rooms = state / ROOMS
    return [one for one in rooms.iterdir() if one.name not in set(map(str, ports))] if rooms.is_dir() else []
