"""What an enclosed process sees of this machine: programs and libraries, read-only.

What it is not: an image. Images of the platform carry no system of their own, because they are
built without Docker; so they run on this machine's, as they do on the lowest rung.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from pathlib import Path

TOP = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
ETC = (
    *("alternatives", "ca-certificates*", "crypto-policies", "fonts", "gai.conf", "group", "host.conf"),
    *("hosts", "java-*", "ld.so.*", "localtime", "mime.types", "nsswitch.conf", "passwd", "pki"),
    *("protocols", "resolv.conf", "services", "ssl", "timezone"),
)
"""Of ``/etc`` what libraries read; passwords and keys are not among it."""

FIXED = [f"/proc/{one}" for one in ("bus", "fs", "irq", "sys", "sysrq-trigger")]
"""What of the kernel could be changed through its files, by root even without any capability."""


def links() -> dict[Path, str]:
    """The links at the top, such as ``/bin``, and where they lead."""
    return {path: str(path.readlink()) for path in map(Path, TOP) if path.is_symlink()}


def seen(path: str, state: Path) -> list[Path]:
    """Every folder and file that is seen.

    Args:
        path: The ``PATH`` of the process that is to be enclosed.
        state: The platform's folder, of which nothing is seen.
    """
    top = [one for one in map(Path, TOP) if one.is_dir() and not one.is_symlink()]
    etc = itertools.chain.from_iterable(sorted(Path("/etc").glob(pattern)) for pattern in ETC)
    return [*top, *_programs(path, state), *(one for one in etc if one.exists())]


def temporary() -> list[Path]:
    """The folders for temporary files, of which each enclosed process has its own."""
    return sorted({Path("/tmp"), Path("/var/tmp"), Path(tempfile.gettempdir())})  # noqa: S108 - as they are called


def _programs(path: str, state: Path) -> list[Path]:
    """The interpreter that runs this, wherever it is installed, and what else is on the PATH."""
    folders = [Path(one) for one in (sys.base_prefix, sys.prefix, *path.split(os.pathsep)) if one]
    return sorted(folder for folder in set(folders) if _is_shown(folder, state))


def _is_shown(folder: Path, state: Path) -> bool:
    """Not what is seen already, nor what is the platform's, nor a folder that somebody's home is in."""
    usual = any(folder.is_relative_to(one) for one in TOP)
    private = folder.is_relative_to(state) or Path.home().is_relative_to(folder)
    return folder.is_absolute() and folder.is_dir() and not usual and not private
