"""The highest rung: an OCI container by runc, for root; it alone enforces memory and cpu.

What it is not: bound to the platform's life. ``runc run`` stays in front of its container, passes
signals on and ends with its exit code. A container whose ``runc run`` was killed is ended with the
room it lives in.

Source: OCI Runtime Specification 1.0.2, https://github.com/opencontainers/runtime-spec/blob/main/config.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

from relman.embedded.runtime import isolation_room as rooms
from relman.embedded.runtime import isolation_system as system
from relman.embedded.runtime.isolation import Launch, Mount, Unusable

PERIOD_US = 100_000
"""The time over which processors are counted out."""
FIRST = """\
"$@" & child=$!
trap 'kill -TERM $child' TERM
wait $child; code=$?
while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
exit $code"""
"""The container's first process: alone it would not hear a SIGTERM that it does not expect."""
_POWERS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")
CAPABILITIES = [f"CAP_{name}" for name in _POWERS]
NAMESPACES = ("pid", "ipc", "uts", "mount", "cgroup")
_QUIET = ["nosuid", "nodev", "noexec"]
KERNEL = [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {
        "destination": "/dev",
        "type": "tmpfs",
        "source": "tmpfs",
        "options": ["nosuid", "mode=755", "size=64k"],
    },
    {
        "destination": "/dev/pts",
        "type": "devpts",
        "source": "devpts",
        "options": ["nosuid", "noexec", "newinstance"],
    },
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": [*_QUIET, "mode=1777"]},  # noqa: S108
    {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": [*_QUIET, "ro"]},
]
HIDDEN = ["acpi", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list", "timer_stats"]


class Runc:
    """Containers for the revisions of one platform.

    Args:
        state: The platform's folder.
    """

    def __init__(self, state: Path) -> None:
        """Make sure that there is runc.

        Raises:
            Unusable: It is not installed.
        """
        if not shutil.which("runc"):
            raise Unusable("there is no program runc on the PATH (Debian: apt-get install runc)")
        self._state = state

    def enclose(self, launch: Launch, room: Path) -> Launch:
        """The command in a container, whose bundle is written into the room."""
        files = rooms.furnish(launch, room)
        _bundle(room, _configuration(launch, files, self._state, room))
        argv = rooms.entering(launch, room, f"exec {shlex.join(_run(room))}")
        return launch._replace(argv=argv, env=rooms.outside(launch.env), cwd=room)

    def check(self) -> None:
        """Run a container.

        Raises:
            Unusable: This user is not root, or the kernel does not let it.
        """
        if os.geteuid():
            raise Unusable("runc runs containers for root only, and this user is not root")
        done = rooms.tried(self, end)
        if done.returncode:
            raise Unusable(f"runc runs no container here: {done.stderr.strip() or f'exit {done.returncode}'}")


def end(room: Path) -> None:
    """End the container of a room, if there is one, and have runc forget it."""
    if (room / "bundle").is_dir() and shutil.which("runc"):
        subprocess.run([*_runc(room), "delete", "--force", _name(room)], capture_output=True, check=False)


def _run(room: Path) -> list[str]:
    return [*_runc(room), "run", "--bundle", str(room / "bundle"), _name(room)]


def _runc(room: Path) -> list[str]:
    return [shutil.which("runc") or "runc", "--root", str(room / "runc")]


def _name(room: Path) -> str:
    """Names a container for good, on this machine: also its control group goes by it."""
    return f"relman-{room.name}-{hashlib.sha256(bytes(room)).hexdigest()[:8]}"


def _bundle(room: Path, configuration: dict[str, Any]) -> None:
    """The folder that runc takes a container from; its configuration holds the variables, for root's eyes."""
    root = room / "bundle" / "rootfs"
    root.mkdir(parents=True)
    for link, leads in system.links().items():
        (root / link.relative_to("/")).symlink_to(leads)
    (room / "bundle" / "config.json").write_text(json.dumps(configuration))


def _configuration(launch: Launch, files: Path, state: Path, room: Path) -> dict[str, Any]:
    mounts = [_mounted(one) for one in launch.mounts]
    return {
        "ociVersion": "1.0.2",
        "root": {"path": "rootfs"},
        "process": _process(launch),
        "mounts": [*KERNEL, *_view(launch.env["PATH"], state), _bound(files, launch.files, "rw"), *mounts],
        "linux": {
            "namespaces": [{"type": one} for one in NAMESPACES],
            "cgroupsPath": f"/{_name(room)}",
            "resources": _limits(launch),
            "maskedPaths": [f"/proc/{one}" for one in HIDDEN],
            "readonlyPaths": system.FIXED,
        },
    }


def _process(launch: Launch) -> dict[str, Any]:
    return {
        "user": {"uid": 0, "gid": 0},
        "args": ["/bin/sh", "-c", FIRST, "sh", *launch.argv],
        "env": [f"{name}={value}" for name, value in launch.env.items()],
        "cwd": str(launch.cwd),
        "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), CAPABILITIES),
        "noNewPrivileges": True,
    }


def _limits(launch: Launch) -> dict[str, Any]:
    """The template's limits; no device but those that every container has."""
    memory = {"memory": {"limit": launch.memory}} if launch.memory else {}
    cpu = {"quota": int(launch.cpus * PERIOD_US), "period": PERIOD_US}
    return {"devices": [{"allow": False, "access": "rwm"}], "cpu": cpu, **memory}


def _view(path: str, state: Path) -> list[dict[str, Any]]:
    """All that every container sees; what comes later lies over what came before."""
    own = [_empty(folder, "1777") for folder in system.temporary()]
    return [*own, *(_bound(one, one, "ro") for one in system.seen(path, state)), _empty(state, "755")]


def _mounted(mount: Mount) -> dict[str, Any]:
    if mount.source:
        return _bound(mount.source, mount.path, "rw" if mount.writable else "ro")
    return _empty(mount.path, "1777", *([f"size={mount.size}"] if mount.size else []))


def _empty(folder: Path, mode: str, *more: str) -> dict[str, Any]:
    options = ["nosuid", "nodev", f"mode={mode}", *more]
    return {"destination": str(folder), "type": "tmpfs", "source": "tmpfs", "options": options}


def _bound(source: Path, target: Path, how: str) -> dict[str, Any]:
    options = ["rbind", "nosuid", "nodev", how]
    return {"destination": str(target), "type": "bind", "source": str(source), "options": options}
