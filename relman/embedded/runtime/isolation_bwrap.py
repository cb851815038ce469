"""The middle rung: a sandbox by Bubblewrap, which every user may make where the kernel lets them.

What it is not: bound to the platform's life. It goes on when that is killed, and is adopted: the
process that is known is the outermost, which ends when the sandbox does, with the same exit code.

Source: bwrap(1), https://github.com/containers/bubblewrap.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from relman.embedded.runtime import isolation_room as rooms
from relman.embedded.runtime import isolation_system as system
from relman.embedded.runtime.isolation import Launch, Mount, Unusable

NAMESPACES = ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL")
DEAF = "trap '' TERM; exec {} --args 3 -- {} 3<arguments"
"""SIGTERM goes to the whole group: the sandbox itself lets it pass, the revision's process gets it."""
HEARING = ("env", "--default-signal=TERM")


class Bwrap:
    """Sandboxes for the revisions of one platform.

    Args:
        state: The platform's folder.
    """

    def __init__(self, state: Path) -> None:
        """Find the program.

        Raises:
            Unusable: It is not installed.
        """
        self._state, self._program = state, _program()

    def enclose(self, launch: Launch, room: Path) -> Launch:
        """The command in a sandbox; a revision's variables go through a file, not for all to see."""
        files = rooms.furnish(launch, room)
        options = [*_view(launch.env["PATH"], self._state), "--bind", str(files), str(launch.files)]
        options += [word for mount in launch.mounts for word in _mounted(mount)]
        options += ["--chdir", str(launch.cwd), "--clearenv"]
        for name, value in launch.env.items():
            options += ["--setenv", name, value]
        arguments = room / "arguments"
        arguments.touch(mode=0o600)
        arguments.write_text("\0".join(options))
        command = DEAF.format(shlex.quote(self._program), shlex.join([*HEARING, *launch.argv]))
        argv = rooms.entering(launch, room, command)
        return launch._replace(argv=argv, env=rooms.outside(launch.env), cwd=room)

    def check(self) -> None:
        """Make a sandbox.

        Raises:
            Unusable: The kernel does not let this user.
        """
        done = rooms.tried(self)
        if done.returncode:
            raise Unusable(f"bwrap makes no sandbox here: {done.stderr.strip() or f'exit {done.returncode}'}")


def _mounted(mount: Mount) -> list[str]:
    if mount.source:
        return ["--bind" if mount.writable else "--ro-bind", str(mount.source), str(mount.path)]
    size = ["--size", str(mount.size)] if mount.size else []
    return ["--perms", "1777", *size, "--tmpfs", str(mount.path)]


def _view(path: str, state: Path) -> list[str]:
    """Options for all that every sandbox sees; what comes later lies over what came before."""
    options = list(NAMESPACES)
    fixed = [word for one in system.FIXED for word in ("--ro-bind-try", one, one)]
    for folder in system.temporary():
        options += ["--perms", "1777", "--tmpfs", str(folder)]
    for link, leads in system.links().items():
        options += ["--symlink", leads, str(link)]
    for one in system.seen(path, state):
        options += ["--ro-bind", str(one), str(one)]
    options += ["--proc", "/proc", *fixed, "--dev", "/dev", "--tmpfs", str(state)]
    return options


def _program() -> str:
    found = shutil.which("bwrap")
    if not found:
        raise Unusable("there is no program bwrap on the PATH (Debian: apt-get install bubblewrap)")
    return found
