"""A test is left out in one way only, and never unnoticed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards import tree

WAYS_OUT = {"skip", "skipif", "xfail", "importorskip", "skipTest", "SkipTest"}

SOURCE = """
import pytest

@pytest.mark.needs_program("sh")
def test_there():
    pass

@pytest.mark.needs_program("no-such-program")
def test_missing():
    raise AssertionError("it must not run")
"""
WANTED = SOURCE.replace("needs_program", "wants_program")
FORBIDDEN = SOURCE.replace('"no-such-program"', '"sh", works=["false"]')


def test_no_test_is_left_out_in_another_way() -> None:
    """Only the markers of tests/conftest.py leave a test out; nothing is expected to fail."""
    found = [
        f"{tree.named(path)}:{node.lineno} {node.attr}"
        for path in tree.below("tests")
        if tree.named(path) != "tests/conftest.py"
        for node in ast.walk(tree.parsed(path))
        if isinstance(node, ast.Attribute) and node.attr in WAYS_OUT
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "full", "code"),
    [(SOURCE, "0", 0), (SOURCE, "1", 1), (WANTED, "0", 0), (WANTED, "1", 0), (FORBIDDEN, "1", 0)],
)
def test_what_is_left_out_is_counted_and_forbidden_in_full(
    tmp_path: Path, source: str, full: str, code: int
) -> None:
    """The closing lines name the missing program; with RELMAN_FULL=1 a test that needs it fails instead.

    What the system has and forbids is left out there too: it is nothing that could be installed.
    """
    (tmp_path / "test_it.py").write_text(source)
    (tmp_path / "conftest.py").write_text((tree.ROOT / "tests/conftest.py").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "RELMAN_FULL": full},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    absent = "kernel that lets sh work" if source == FORBIDDEN else "no-such-program"
    told = "left out: nothing" if code else f"left out: 1 tests, for want of {absent} (1)"
    assert told in done.stdout
