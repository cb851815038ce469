"""The runtime ladder: how far a revision's process is kept from everything else on this machine.

``plain``: a process like any other. It may do whatever the platform's user may: read and change the
files of other revisions (those of one image share the unpacked ones), the platform's state, its
logs, and kill its processes. No limit of the template is enforced, and nothing can be mounted.
``bwrap``: a sandbox of Bubblewrap's, for every user. It sees a read-only system, a copy of its
image's files that is its own, a ``/tmp`` of its own and no other process. No limit is enforced.
``runc``: an OCI container, for root. It sees the same, and has its template's memory and cpu.

What it is not: a network of its own on any rung. Revisions listen on this machine's loopback, where
the data plane finds them; from there they reach each other's ports, and the platform's APIs.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol


class Unusable(Exception):
    """A rung of the ladder that this machine or this user does not have; the message says why."""


class Mount(NamedTuple):
    """A folder that is put among a container's files.

    Attributes:
        path: Where, from the container's root.
        source: The folder that is seen there; None for an empty one in memory.
        size: The bytes that an empty one holds at most; 0 for no limit of its own.
        writable: The folder may be written to.
    """

    path: Path
    source: Path | None = None
    size: int = 0
    writable: bool = False


class Launch(NamedTuple):
    """A command with all that it is started with.

    Attributes:
        argv: The command; its first word is looked up on ``env["PATH"]``.
        env: The whole environment.
        cwd: The working directory.
        files: The folder that holds the image's unpacked files, which all its instances share.
        cpus: The processors that it may use at most.
        memory: The bytes that it may use at most; 0 where the template's text cannot be read.
        mounts: What is put among its files.
    """

    argv: list[str]
    env: dict[str, str]
    cwd: Path
    files: Path
    cpus: float = 1.0
    memory: int = 0
    mounts: tuple[Mount, ...] = ()


class Isolation(Protocol):
    """One rung."""

    def enclose(self, launch: Launch, room: Path) -> Launch:
        """The command that starts this one enclosed, with what it needs laid down in its room.

        Args:
            launch: What would be started on the lowest rung.
            room: A folder for this instance alone, which is cleared after its end.

        Raises:
            OSError: The room cannot be furnished.
        """

    def check(self) -> None:
        """Make sure that this rung can be stood on, by standing on it for a moment.

        Raises:
            Unusable: It cannot.
        """
