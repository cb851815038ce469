"""The story by Google's Node.js clients: ``node/tell.js``, with what its lock file names.

What it is not: an installation in the repository. npm puts it once into the user's cache, in a folder that
is called after the lock file's content; a run that is stopped half-way leaves none.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.embedded.clients.story import Given

HERE = Path(__file__).with_name("node")
INSTALL = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def tell(wire: str, one: Given) -> dict[str, Any]:
    """Walk the story; what was seen.

    Args:
        wire: ``grpc`` or ``rest``.
        one: What the script is told.
    """
    argv = ["node", str(HERE / "tell.js"), wire, json.dumps(asdict(one))]
    env = os.environ | {"NODE_PATH": str(installed() / "node_modules")}
    ended = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def installed() -> Path:
    """The folder with the packages."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "relman-tests"
    folder = cache / f"node-{lock[:16]}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as fresh:
            install(Path(fresh) / "node")
            try:
                (Path(fresh) / "node").rename(folder)
            except OSError:  # another run was faster
                assert folder.exists()
    return folder


def install(folder: Path) -> None:
    """Let npm install what the lock file names; none of it runs a program while it is installed."""
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    ended = subprocess.run(INSTALL, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, f"npm could not install Google's clients:\n{ended.stderr}"
