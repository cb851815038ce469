"""The runtime ladder's rungs by name, and the lowest of them. What it is not: a choice between them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from relman.embedded.runtime import isolation_runc
from relman.embedded.runtime.isolation import Isolation, Launch, Mount
from relman.embedded.runtime.isolation_bwrap import Bwrap
from relman.embedded.runtime.isolation_runc import Runc

REMEDY = "start the platform (down, then up) with --runtime bwrap, or as root with --runtime runc"


class Plain:
    """No enclosure."""

    def __init__(self, state: Path) -> None:
        """Nothing of the folder is needed."""

    def enclose(self, launch: Launch, room: Path) -> Launch:  # noqa: ARG002 - it stays where it is
        """The same command, told where what would be mounted lies instead.

        Raises:
            OSError: It is told of a mount by no variable and no argument, or is to have an empty one; a
                process sees the folders that everybody sees.
        """
        for mount in launch.mounts:
            told = _told(launch, mount)
            if told == launch:
                raise OSError(_unmounted(mount))
            launch = told
        return launch

    def check(self) -> None:
        """Every system has processes."""


def _told(launch: Launch, mount: Mount) -> Launch:
    """The launch with the mount's source for its path, in arguments and variables, as in lists of paths."""
    if mount.source is None:
        return launch
    argv = [_moved(word, mount) for word in launch.argv]
    env = {
        name: ":".join(_moved(part, mount) for part in value.split(":")) for name, value in launch.env.items()
    }
    return launch._replace(argv=argv, env=env)


def _moved(text: str, mount: Mount) -> str:
    inside = text == str(mount.path) or text.startswith(f"{mount.path}/")
    return f"{mount.source}{text.removeprefix(str(mount.path))}" if inside else text


def _unmounted(mount: Mount) -> str:
    also = "" if mount.source is None else ", and no variable and no argument tells it of that path"
    return f"'{mount.path}' cannot be mounted for a plain process{also}: {REMEDY}"


LADDER: dict[str, Callable[[Path], Isolation]] = {"plain": Plain, "bwrap": Bwrap, "runc": Runc}


def rung(name: str, state: Path) -> Isolation:
    """The rung of this name, for the platform of this folder.

    Raises:
        Unusable: A program that it needs is not installed.
    """
    return LADDER[name](state)


def clear(rooms: Iterable[Path]) -> None:
    """Remove rooms, and end the containers that still run in them, whichever rung made them."""
    for one in rooms:
        for inner in [one, *one.glob("*/")]:  # several containers have a room each in that of their instance
            isolation_runc.end(inner)
        subprocess.run(["rm", "-rf", str(one)], check=False)  # many files take their time: not this process's
