"""How an image starts: what the builder's entry point, the Procfile or the Dockerfile says.

What it is not: the start itself; the command is written into the image's configuration.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from relman.embedded.images.dockerfile import last_stage
from relman.embedded.images.image import USER_BUILD_STEP, BuildError, Log

WORKSPACE = "/workspace"
"""Where buildpacks put the source."""

WEB = re.compile(r"^web:[ \t]*(\S.*?)\s*$", re.MULTILINE)
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
# With one of these the text is more than one simple command, and `exec` would take the first of them only.
COMPOUND = frozenset(";&|()<>`\n")
WAYS = (
    "no start command: give one by GOOGLE_ENTRYPOINT (relman.toml: start), by a line `web: …` in a file "
    "Procfile, or by a Dockerfile's CMD in exec form"
)


class Start(NamedTuple):
    """The running part of an image's configuration.

    Attributes:
        argv: Entry point and arguments.
        env: Variables.
        workdir: Absolute path in the image.
        source: Absolute path in the image where the source lies.
    """

    argv: tuple[str, ...]
    env: dict[str, str]
    workdir: str
    source: str


def start_of(tree: Path, entrypoint: str | None, *, dockerfile: bool, log: Log) -> Start:
    """Find how the source in ``tree`` starts: entry point first, then Procfile or, if asked for, Dockerfile.

    Raises:
        BuildError: ``USER_BUILD_STEP``: nothing says how, or what says it cannot be used here.
    """
    if entrypoint and entrypoint.strip():
        return _in_workspace(entrypoint.strip(), log)
    if dockerfile:
        return _by_dockerfile(tree, log)
    web = WEB.search(_text(tree / "Procfile"))
    if not web:
        raise BuildError(USER_BUILD_STEP, WAYS)
    return _in_workspace(web[1], log)


def shell(command: str) -> tuple[str, ...]:
    """A command text as argv; a simple command replaces its shell, so that signals reach it."""
    if COMPOUND & set(command) or command.split(maxsplit=1)[0] in {"exec", "cd", "."}:
        return ("/bin/sh", "-c", command)
    through = "exec env" if ASSIGNMENT.match(command) else "exec"
    return ("/bin/sh", "-c", f"{through} {command}")


def _in_workspace(command: str, log: Log) -> Start:
    log(f"Starts with: {command}")
    return Start(shell(command), {"PYTHONUNBUFFERED": "TRUE"}, WORKSPACE, WORKSPACE)


def _by_dockerfile(tree: Path, log: Log) -> Start:
    if not (tree / "Dockerfile").is_file():
        raise BuildError(USER_BUILD_STEP, "no Dockerfile at the top of what is built")
    stage = last_stage(_text(tree / "Dockerfile"), log)
    argv = stage.argv()
    if not argv:
        raise BuildError(
            USER_BUILD_STEP, f"the Dockerfile's last stage has neither CMD nor ENTRYPOINT; {WAYS}"
        )
    if not stage.source:
        log(f"The Dockerfile never copies the whole context; it is put into {stage.workdir}")
    log(f"Starts with: {shlex.join(argv)}")
    return Start(argv, stage.env, stage.workdir, stage.source or stage.workdir)


def _text(path: Path) -> str:
    """The file's text; empty if it is no file of the source (a link could lead anywhere on this machine)."""
    if path.is_symlink() or not path.is_file():
        return ""
    return path.read_text(encoding="utf-8", errors="replace")
