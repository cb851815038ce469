"""What the source depends on: installed by the language's own program, from the source's own lock.

What it is not: a resolver, and not a cache; pip and npm have theirs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from relman.embedded.images.image import USER_BUILD_STEP, BuildError, Log

PATIENCE = 1800.0
"""Seconds that an installation may take."""


def install_python(tree: Path, into: Path, epoch: int, log: Log) -> bool:
    """Install ``requirements.txt``, if there is one, into the folder ``into``; whether there was one.

    Raises:
        BuildError: ``USER_BUILD_STEP``, with the last lines of pip.
    """
    if not (tree / "requirements.txt").is_file():
        return False
    quiet = ["--no-input", "--no-compile", "--disable-pip-version-check", "--root-user-action=ignore"]
    words = [sys.executable, "-m", "pip", "install", *quiet, "--target", str(into), "-r", "requirements.txt"]
    _install("requirements.txt", words, tree, epoch, log)
    into.mkdir(exist_ok=True)  # an empty list of requirements leaves nothing behind
    _forget_origins(into)
    return True


def install_node(tree: Path, epoch: int, log: Log) -> None:
    """Install ``package-lock.json``, if there is one, into the source's own ``node_modules``.

    Raises:
        BuildError: ``USER_BUILD_STEP``, with the last lines of npm.
    """
    if (tree / "package-lock.json").is_file():
        words = ["npm", "ci", "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier"]
        _install("package-lock.json", words, tree, epoch, log)


def _forget_origins(packages: Path) -> None:
    """Drop pip's notes of where a local package lay: in each build's own folder, so never twice the same."""
    for note in packages.glob("*.dist-info/direct_url.json"):
        if '"file:' in note.read_text():
            note.unlink()
            record = note.with_name("RECORD")
            kept = [line for line in record.read_text().splitlines(keepends=True) if note.name not in line]
            record.write_text("".join(kept))


def _install(what: str, words: list[str], tree: Path, epoch: int, log: Log) -> None:
    log(f"Installing {what}")
    try:
        run = subprocess.run(
            words,
            cwd=tree,
            env=_environment(epoch),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(USER_BUILD_STEP, f"{what} cannot be installed: {error}") from error
    lines = run.stdout.decode(errors="replace").splitlines()
    for line in lines:
        log(line)
    if run.returncode:
        raise BuildError(USER_BUILD_STEP, f"{what} cannot be installed: {' / '.join(lines[-5:])}")


def _environment(epoch: int) -> dict[str, str]:
    """This process's environment, without what would leak its own packages or clock into the result."""
    kept = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "PYTHONHOME"}}
    return kept | {"SOURCE_DATE_EPOCH": str(epoch), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
