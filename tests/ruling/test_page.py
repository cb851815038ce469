"""The how-to, typed: three people begin, change their rules, and take a key back, by the commands shown."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.ruling.office import MODEL, Office

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "sign-a-release.md").read_text("utf-8")
LINE = re.compile(r"^(ana|ben|cleo)\$ inv (.+)$", re.MULTILINE)


def section(heading: str) -> list[tuple[str, list[str]]]:
    """Who types what below a heading."""
    text = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [(person, shlex.split(words.partition(" && ")[0])) for person, words in LINE.findall(text)]


def typed(office: Office, person: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A command as somebody types it."""
    office.as_(person)
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "GIT_CONFIG_NOSYSTEM": "1", **office.environ}
    command = [sys.executable, "-m", "relman", *words]
    return subprocess.run(
        command, cwd=office.root, env=env, capture_output=True, text=True, check=False, timeout=60
    )


def follow(office: Office, heading: str) -> str:
    """Type what stands below a heading; what is to be signed is read first, and named by its digest."""
    last = ""
    for person, words in section(heading):
        ended = typed(office, person, *words)
        if words[0] == "policy.sign":
            assert (ended.returncode, "there is no terminal" in ended.stdout) == (3, True), ended
            digest = ended.stdout.rpartition("--yes-sha256 ")[2].split()[0]
            assert f"sha256  {digest}" in ended.stderr
            ended = typed(office, person, *words, "--yes-sha256", f"sha256:{digest}")
        assert ended.returncode == 0, (words, ended.stdout, ended.stderr)
        last = ended.stdout
    return last


def test_the_how_to_begins_a_team(office: Office) -> None:
    """Keys, the first policy, the pin, a change of the rules, a lost key: each command ends with 0."""
    (office.root / "tasks.py").write_text("from relman.tasks import ns\n\n__all__ = ['ns']\n", "utf-8")
    follow(office, "Everybody gives a key")
    follow(office, "The first policy")
    shown = follow(office, "Pin it")
    assert shown.startswith("policy 1 is in force")
    office.write(MODEL.replace('end = "16:00"', 'end = "17:00"'))
    assert "differs" in typed(office, "ana", "policy.show").stdout
    shown = follow(office, "Change the rules")
    assert shown.startswith("policy 2 is in force")
    assert "ship until 17:00" in shown
    follow(office, "A key is lost")
    listed = typed(office, "ana", "signers.list", "--json").stdout.splitlines()
    states = {one["person"]: one["state"] for one in map(json.loads, listed)}
    assert states == {"ana": "in force", "ben": "revoked", "cleo": "in force"}
    told = typed(office, "ana", "signers.list").stdout
    lines = re.findall(r"^\$ (git config gpg\..+)$", PAGE, re.MULTILINE)
    assert [line.replace("000001", "000002") for line in lines] == re.findall(r"git config .+", told)
    page = json.loads(typed(office, "ana", "policy.show", "--json").stdout)
    assert (page["in_force"]["version"], page["ahead"]) == (2, [])
