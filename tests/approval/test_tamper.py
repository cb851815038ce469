"""``inv demo.tamper``: the threats of the contract, tried live."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from relman.demo import attempts
from relman.demo.attempts import Attempt
from relman.demo.cast import Said
from relman.demo.tamper import Tried

SCENES = (*attempts.FIRST, *attempts.SECOND, *attempts.THIRD, *attempts.LAST)


def test_each_threat_is_tried_or_named_as_later() -> None:
    """T01 to T22: none is left out silently."""
    named = {one.threat for one in SCENES} | set(attempts.LATER)
    assert named == {f"T{n:02}" for n in range(1, 23)}


@pytest.mark.parametrize(("code", "text"), [(0, "T02"), (3, "a word of something else"), (1, "T02")])
def test_an_attempt_that_ends_otherwise_was_not_refused(code: int, text: str) -> None:
    """It must end with the code, and say why."""
    attempt = Attempt("T02", "…", lambda _cast: Said(0, ""), 3, "T02")
    assert Tried(attempt, Said(3, "it is not counted: T02: …")).refused
    assert not Tried(attempt, Said(code, text)).refused


@pytest.mark.needs_program("jq", "ssh-keygen")
def test_every_attempt_is_refused() -> None:
    """On a platform of its own; it leaves nothing running, and ends with 0."""
    command = [sys.executable, "-m", "relman", "demo.tamper"]
    environ = {**os.environ, "NO_COLOR": "1"}
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{len(SCENES)} of {len(SCENES)} attempts were refused" in ended.stdout
    table = ended.stdout.rpartition("What was tried")[2]
    assert sorted(set(re.findall(r"^T\d\d", table, re.MULTILINE))) == [f"T{n:02}" for n in range(1, 23)]
