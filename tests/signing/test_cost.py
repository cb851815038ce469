"""What verifying costs, and that nothing of it goes away under ``python -O``."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import relman.signing
from relman.signing import GO, Signers, Subject, Vote
from tests.signing import smith

PACKAGE, TESTS = Path(relman.signing.__file__).parent, Path(__file__).parent
NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
FLOOR = 0.001
"""What a vote may cost besides the one verification that it needs, in seconds of CPU."""


def cost(call: Callable[[], object]) -> float:
    """The CPU seconds of a call: of the best of several rounds, since others use the machine too."""
    call()
    rounds = []
    for _ in range(7):
        began = time.process_time()
        for _ in range(20):
            call()
        rounds.append((time.process_time() - began) / 20)
    return min(rounds)


def test_a_vote_costs_less_than_a_millisecond_besides_its_verification() -> None:
    """Signature, canonical statement, and whose key it is; the key itself verifying is the peer."""
    key = smith.ed25519_key()
    content = Vote("GO", "eng-lead", "ana", 1795289939, "cd" * 32).statement((Subject.of("api", "ab" * 32),))
    signature = key.sign(content, GO)
    signers = Signers.read(f'ana namespaces="{GO}",valid-after="20260101Z" {key.line}\n'.encode())
    secret = Ed25519PrivateKey.generate()
    bare, public = secret.sign(content), secret.public_key()

    def verify() -> object:
        _, vote, by = Vote.verified(content, signature)
        return signers.entitled(vote.signer, by, NOW)

    assert cost(verify) < cost(lambda: public.verify(bare, content)) + FLOOR


def test_importing_it_imports_nothing_heavy() -> None:
    """A command that signs nothing does not wait for cryptography."""
    heavy = "cryptography rfc8785 google git requests rich"
    code = f"import sys, relman.signing; print([n for n in '{heavy}'.split() if n in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_t21_no_assert_guards_anything() -> None:
    """T21: ``python -O`` takes them out."""
    asserts = [
        f"{path.name}:{node.lineno}"
        for path in PACKAGE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assert | ast.Name)
        and (isinstance(node, ast.Assert) or node.id == "__debug__")
    ]
    assert asserts == []


def test_t21_python_o_changes_nothing() -> None:
    """T21: the tests of this package pass under it as well (pytest makes code of their own asserts)."""
    tests = [path for path in TESTS.glob("test_*.py") if path.name not in {"test_cost.py", "test_keygen.py"}]
    command = [sys.executable, "-O", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *map(str, tests)]
    environ = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "RELMAN_FUZZ": "200"}
    environ = {name: value for name, value in environ.items() if not name.startswith("PYTEST_")}
    quiet = ["-W", "ignore::pytest.PytestConfigWarning"]
    ran = subprocess.run([*command, *quiet], capture_output=True, text=True, check=False, env=environ)
    assert ran.returncode == 0, ran.stdout[-2000:]
