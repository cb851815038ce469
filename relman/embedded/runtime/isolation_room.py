"""The room of one instance: the files that are its own, from before its start until after its end.

What it is not: memory of what runs. A room goes by the port of its instance; one whose port the
store does not know belongs to nobody, and is cleared, also after a kill -9.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from relman.embedded.runtime.isolation import Isolation, Launch

ROOMS = "instances"
TRIAL_S = 20
SHARED = ("PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION")
LAYER = """\
set -e
cd {room}
mount --bind {files} lower
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work{more} relman files 2>/dev/null ||
    cp -a lower/. files
"""
"""In a mount namespace of its own; where a layer cannot be laid (an old kernel, a state folder that is
itself in a container) the files are copied, which takes longer and comes to the same."""


def room(state: Path, port: int) -> Path:
    """Where the instance on this port has its room."""
    return state / ROOMS / str(port)


def furnish(launch: Launch, room: Path) -> Path:
    """Make the room; the folder in it that will hold the image's files, once ``entering`` has run.

    Raises:
        OSError: It cannot be made.
    """
    room.mkdir(parents=True, exist_ok=True)
    room.chmod(0o700)  # variables lie in it
    for name in ("lower", "upper", "work", "files"):
        (room / name).mkdir()
    (room / "upper").chmod(launch.files.stat().st_mode & 0o777)
    return room / "files"


def entering(launch: Launch, room: Path, command: str) -> list[str]:
    """The words that start a shell command with the image's files under a layer of the room's own.

    What an instance changes there, no other one sees, and it is gone with the room.
    """
    root = os.geteuid() == 0
    quoted = {"room": shlex.quote(str(room)), "files": shlex.quote(str(launch.files))}
    script = [LAYER.format(**quoted, more="" if root else ",userxattr"), *_links(launch), command]
    (room / "enter").write_text("\n".join(script))
    namespaces = ["--mount"] if root else ["--mount", "--user", "--map-root-user"]
    return ["unshare", *namespaces, "/bin/sh", str(room / "enter")]


def _links(launch: Launch) -> Iterable[str]:
    """Let a mount be found by the image's own way to it too.

    The image's files lie deeper than in a container: who is in its folder ``/app`` and looks for
    ``cache`` means the mount at ``/app/cache``.
    """
    for path in (mount.path for mount in launch.mounts):
        folder = launch.files / path.parent.relative_to("/")
        if folder != launch.files and folder.is_dir() and folder.resolve().is_relative_to(launch.files):
            inner = shlex.quote(f"files{path}")
            yield f"rm -rf {inner} && ln -s {shlex.quote(str(path))} {inner}"


def outside(env: dict[str, str]) -> dict[str, str]:
    """What the program that encloses is started with: by this it is found again, and nothing is let in.

    The rest of the environment is the revision's; a variable such as LD_PRELOAD has no say outside.
    """
    return {name: env[name] for name in SHARED if name in env} | {"PATH": os.environ.get("PATH", os.defpath)}


def tried(rung: Isolation, end: Callable[[Path], None] = lambda _: None) -> subprocess.CompletedProcess[str]:
    """What comes of standing on a rung for a moment.

    Args:
        rung: The rung.
        end: Ends what may still run in the room.
    """
    with tempfile.TemporaryDirectory(prefix="relman-") as folder:
        place, files = Path(folder, "room"), Path(folder, "files")
        files.mkdir()
        trial = rung.enclose(Launch(["true"], {"PATH": os.defpath}, files, files, memory=1 << 26), place)
        done = subprocess.run(
            trial.argv, env=trial.env, capture_output=True, text=True, check=False, timeout=TRIAL_S
        )
        end(place)
    return done


def abandoned(state: Path, ports: set[int]) -> list[Path]:
    """The rooms of instances that are none of these ports' any more."""
    rooms = state / ROOMS
    return [one for one in rooms.iterdir() if one.name not in set(map(str, ports))] if rooms.is_dir() else []
