"""A release of a team from its preparation on, and somebody who has no more than a clone of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.approval.crew import ERIN, Crew
from tests.release.shop import Shop


@pytest.mark.needs_program("jq", "ssh-keygen")
def test_a_clone_openssh_jq_and_coreutils_are_enough(open_shop: Shop, bare: Path, tmp_path: Path) -> None:
    """Two sign by hand, a third party verifies it in a clone, it ships; and once only."""
    crew = Crew.formed(open_shop)
    crew.prepare()
    crew.agree()
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(open_shop.folder), str(clone)], check=True)
    environ = {"PATH": str(bare), "RELMAN_GENESIS": open_shop.environ["RELMAN_GENESIS"]}
    command = [shutil.which("sh") or "sh", "checklists/verify.sh", f"checklists/{crew.folder.name}"]
    found = subprocess.run(command, cwd=clone, env=environ, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, ""), found.stdout
    assert crew.cut().code == 0
    again = crew.types(ERIN, "checklist.verify", "--release", "0.2.0")
    assert (again.code, "T04: this request was used already" in again.out) == (3, True)
