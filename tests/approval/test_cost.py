"""What the verification costs, and that nothing of it goes away under ``python -O``."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import relman.approval
import relman.gates.approval
from relman import voting
from relman.gates import signoff
from relman.signing import keys
from tests.approval.council import Council

PLACES = [Path(str(one.__file__)).parent for one in (relman.approval, relman.gates.approval)]
FILES = [
    *(path for place in PLACES for path in place.glob("*.py")),
    Path(str(voting.__file__)),
    Path(signoff.__file__),
]


def test_importing_the_gate_imports_nothing_heavy() -> None:
    """A command that verifies nothing waits for no cryptography, and a gate for no cloud."""
    heavy = "cryptography rfc8785 google git requests rich"
    code = f"import sys, relman.gates; print([n for n in '{heavy}'.split() if n in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_each_signature_is_verified_once(council: Council, monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy's three and the two votes: five verifications, which is what the time goes into."""
    council.agree()
    counted = []
    before = keys.PublicKey.holds

    def holds(self: keys.PublicKey, signature: bytes, message: bytes) -> int | None:
        counted.append(self)
        return before(self, signature, message)

    monkeypatch.setattr(keys.PublicKey, "holds", holds)
    assert council.judged().valid
    assert len(counted) == 5


def test_t21_no_assert_guards_anything() -> None:
    """T21: ``python -O`` takes them out."""
    asserts = [
        f"{path.name}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assert) or (isinstance(node, ast.Name) and node.id == "__debug__")
    ]
    assert asserts == []


def test_t21_python_o_changes_nothing() -> None:
    """T21: the threats are refused under it as well (pytest makes code of their own asserts)."""
    chosen = "t02_a_forged or t04_another_run or t05_a_checklist or t07_nobody or t08_an_unsigned or t12"
    tests = Path(__file__).parent
    command = [sys.executable, "-O", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(tests)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    quiet = ["-W", "ignore::pytest.PytestConfigWarning", "-k", chosen]
    ran = subprocess.run([*command, *quiet], capture_output=True, text=True, check=False, env=environ)
    assert ran.returncode == 0, ran.stdout[-2000:]
