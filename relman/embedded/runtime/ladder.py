"""The runtime ladder's rungs by name, and the lowest of them. What it is not: a choice between them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from relman.embedded.runtime import isolation_runc
from relman.embedded.runtime.isolation import Isolation, Launch
from relman.embedded.runtime.isolation_bwrap import Bwrap
from relman.embedded.runtime.isolation_runc import Runc

REMEDY = "start the platform (down, then up) with --runtime bwrap, or as root with --runtime runc"


class Plain:
    """No enclosure."""

    def __init__(self, state: Path) -> None:
        """Nothing of the folder is needed."""

    def enclose(self, launch: Launch, room: Path) -> Launch:  # noqa: ARG002 - the room stays empty
        """The same command.

        Raises:
            OSError: It has mounts; a process sees the folders that everybody sees.
        """
        if launch.mounts:
            raise OSError(f"'{launch.mounts[0].path}' cannot be mounted for a plain process: {REMEDY}")
        return launch

    def check(self) -> None:
        """Every system has processes."""


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
        shutil.rmtree(one, ignore_errors=True)
