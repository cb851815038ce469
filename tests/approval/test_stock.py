"""``verify.sh``, the third verifier: it accepts what is good, and never what relman refuses.

It runs with nothing on the PATH but what it says that it needs. A sample of the spoiled folders by default,
all of them with ``RELMAN_FULL=1``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from relman.approval import stock
from relman.approval.folder import ROOT, RULES, VOTES
from relman.signing import canonical
from tests.approval.council import ANA, BEN, Council
from tests.approval.folders import GOOD, SPOILED, Spoil, deputy
from tests.signing.team import public

pytestmark = pytest.mark.needs_program("jq", "ssh-keygen")

FULL = bool(os.environ.get("RELMAN_FULL"))
SAMPLE = 6
"""Of the spoiled folders each so many-th runs by default."""


def asked(council: Council, bare: Path, *flags: str, genesis: str = "", shell: str = "sh") -> tuple[int, str]:
    """What the script says of a council's folder: its exit code and its lines."""
    script = council.root / ROOT / stock.NAME
    script.write_bytes(stock.script())
    at = str(int(council.now.timestamp()))
    command = [shutil.which(shell) or shell, str(script), str(council.folder.path), "--at", at, *flags]
    environ = {"PATH": str(bare), "RELMAN_GENESIS": genesis or f"sha256:{council.chain.genesis}"}
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert ended.stderr == "" or ended.returncode in {2, 69}, ended.stderr
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("good", GOOD if FULL else (GOOD[0], GOOD[3]), ids=lambda one: one.__name__)
def test_a_third_party_finds_it_good(council: Council, bare: Path, good: Spoil) -> None:
    """What relman finds valid, the script does with stock tools alone, and says what it did not check."""
    good(council)
    assert council.judged().valid, council.why()
    code, told = asked(council, bare)
    assert code == 0, told
    assert "GO: api 1.4.0" in told
    assert "Not checked here" in told


CHOSEN = [name for n, name in enumerate(SPOILED) if FULL or not n % SAMPLE]


@pytest.mark.parametrize("name", CHOSEN)
def test_what_relman_refuses_it_never_accepts(council: Council, bare: Path, name: str) -> None:
    """Both refuse, in words, and neither falls over."""
    SPOILED[name](council)
    assert not council.judged().valid
    code, told = asked(council, bare)
    assert code in {3, 7}, told
    assert "NO        step" in told
    assert "Not checked here" in told


def test_no_bit_of_a_signed_file_may_differ(council: Council, bare: Path) -> None:
    """Flipped bits of a vote and its signature: what the script takes, relman takes."""
    council.agree()
    for path in sorted((council.folder.path / VOTES).glob("eng-lead.*")):
        whole = path.read_bytes()
        for at in range(0, len(whole), 23 if FULL else 311):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert asked(council, bare)[0] in {3, 7}, (path.name, at)
        path.write_bytes(whole)


# ── how it is asked ──────────────────────────────────────────────────────────────────────────────


def test_another_genesis_makes_a_repository_worthless(council: Council, bare: Path) -> None:
    """7: the pinned policy is not there; and without a pin it does not begin."""
    council.agree()
    assert asked(council, bare, genesis="00" * 32)[0] == 7
    assert asked(council, bare, genesis="nothing")[0] == 2


def test_a_key_that_was_revoked_later_breaks_no_policy_that_is_known(council: Council, bare: Path) -> None:
    """An admin's key was taken back after version 2 was signed: who knows version 2 names it."""
    council.legislate(signed=f"{ANA} {BEN}", comment="more")
    council.put()
    deputy(council)
    council.remember(
        {"genesis": council.chain.genesis, "version": 2, "digest": council.chain.papers[-1].digest}
    )
    (council.root / ROOT / "revoked_keys").write_text(f"{public(ANA).line}\n", "utf-8")
    assert council.judged().valid, council.why()
    assert asked(council, bare)[0] == 3
    code, told = asked(council, bare, "--known", council.chain.papers[-1].digest)
    assert code == 0, told


def test_it_says_which_tool_is_missing(council: Council, tmp_path: Path) -> None:
    """69, and the tool's name."""
    code, told = asked(council, tmp_path)
    assert code == 69
    assert "there is no ssh-keygen here" in told


def test_the_script_is_laid_down_once(tmp_path: Path) -> None:
    """It is written where it is missing; one that was edited stays, and both digests are told."""
    assert stock.laid(tmp_path).startswith(f"written: {tmp_path.name}/verify.sh, sha256 ")
    assert os.access(tmp_path / stock.NAME, os.X_OK)
    assert stock.laid(tmp_path) == ""
    (tmp_path / stock.NAME).write_text("exit 0\n", "utf-8")
    assert "is left as it is, sha256 " in stock.laid(tmp_path)
    assert (tmp_path / stock.NAME).read_text("utf-8") == "exit 0\n"


def test_who_may_speak_is_what_the_policy_binds(council: Council, bare: Path) -> None:
    """7: a file that says who holds a role, and is not the one whose digest the admins signed."""
    council.agree()
    path = council.folder.path / RULES / "roles.json"
    path.write_bytes(canonical({"eng-lead": {"holder": "erin"}}))
    assert asked(council, bare)[0] == 7
