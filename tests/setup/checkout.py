"""A checkout that sets up in seconds: the real ``inv`` and bootstrap, with one small package locked.

The package is a wheel made here and served from a folder, so that no registry is needed; what
stands for relman tells the arguments that it was called with.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]

MAIN = """import sys, tiny
print(tiny.word, *sys.argv[1:])
"""

MISLEADING = {
    "PIP_CONSTRAINT": "/nowhere/constraints.txt",
    "PIP_TARGET": "/nowhere/target",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_USER": "1",
    "PYTHONPATH": "/nowhere",
}
"""What a developer's shell may hold; the set-up must not care."""


class Checkout(NamedTuple):
    """A folder with ``./inv`` in it.

    Attributes:
        root: The folder.
        shelf: Where its one wheel lies.
    """

    root: Path
    shelf: Path

    @property
    def stamp(self) -> Path:
        """What says that the set-up is complete."""
        return self.root / ".venv/.relman-lock"

    def environment(self, **more: str) -> dict[str, str]:
        """The caller's environment: no registry, and settings that would mislead pip."""
        own = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.shelf), "RELMAN_PYTHON": sys.executable}
        path = os.pathsep.join(each for each in os.get_exec_path() if not (Path(each) / "uv").exists())
        return {**os.environ, **MISLEADING, **own, "PATH": path, **more}

    def start(self, *arguments: str, inv: Path | None = None, cwd: Path | None = None, **more: str) -> Run:
        """Call ``./inv`` in a process group of its own."""
        return Run(
            [str(inv or self.root / "inv"), *arguments],
            cwd=cwd or self.root,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, inv: Path | None = None, cwd: Path | None = None, **more: str) -> Ended:
        """Call ``./inv`` and wait for it."""
        return self.start(*arguments, inv=inv, cwd=cwd, **more).ended()


class Ended(NamedTuple):
    """How a run ended."""

    code: int
    out: str
    err: str


class Run(subprocess.Popen[str]):
    """A run of ``./inv``."""

    def ended(self) -> Ended:
        """Wait for the end."""
        out, err = self.communicate(timeout=120)
        return Ended(self.returncode, out, err)


def lay(root: Path) -> Checkout:
    """Lay a checkout into an empty folder."""
    shelf = root / "shelf"
    (root / "checkout/relman").mkdir(parents=True)
    (root / "checkout/scripts").mkdir()
    shelf.mkdir()
    shutil.copy2(ROOT / "inv", root / "checkout/inv")
    shutil.copy2(ROOT / "scripts/bootstrap.py", root / "checkout/scripts/bootstrap.py")
    (root / "checkout/relman/__init__.py").touch()
    (root / "checkout/relman/__main__.py").write_text(MAIN)
    digest = hashlib.sha256(wheel(shelf).read_bytes()).hexdigest()
    (root / "checkout/requirements.lock").write_text(f"tiny==1.0 \\\n    --hash=sha256:{digest}\n")
    return Checkout(root / "checkout", shelf)


def wheel(shelf: Path) -> Path:
    """A wheel of one module, as small as the format allows."""
    path = shelf / "tiny-1.0-py3-none-any.whl"
    about = "tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", "word = 'ran'\n")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(
            f"{about}/RECORD", f"tiny.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n"
        )
    return path
