"""Where Google's Cloud Build fetches a commit from: what must hold before it is asked."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from relman import config
from relman.errors import Refused
from relman.preparing import source_of
from relman.repo import Repo

GOOGLE = """\
profile = "solo"

[service.api]
project = "acme"
region = "europe-west1"
smoke = "smoke.toml"

[window]
tz = "Europe/Berlin"
windows = [{ days = ["wed"], start = "10:00", end = "16:00" }]
"""


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    """A repository with one commit that is released to Google."""
    (tmp_path / "relman.toml").write_text(GOOGLE, "utf-8")
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "feat: open"]):
        _git(tmp_path, *words)
    opened = Repo(tmp_path)
    yield opened
    opened.close()


def _git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=li", "-c", "user.email=li@acme.example"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True)


def refusal(repo: Repo, remote: str = "") -> Refused:
    """What is said of a commit that is to be built from this remote."""
    if remote:
        _git(repo.root, "remote", "add", "origin", remote)
    with pytest.raises(Refused) as raised:
        source_of(repo, config.load(repo.root / "relman.toml"), repo.head)
    return raised.value


def test_a_credential_in_the_remotes_address_is_refused_and_not_repeated(repo: Repo) -> None:
    """It would stand in the ledger and in the build; the refusal and its command leave it out."""
    said = str(refusal(repo, "https://li:hunter2@git.example.com:8443/acme/api.git"))
    assert "holds a credential" in said
    assert "git remote set-url origin https://git.example.com:8443/acme/api.git" in said
    assert "hunter2" not in said


def test_a_remote_that_cloud_build_has_no_key_for_is_refused(repo: Repo) -> None:
    """An address of ssh works for a person, and not for Cloud Build."""
    assert "Cloud Build cannot fetch" in str(refusal(repo, "git@git.example.com:acme/api.git"))


def test_without_a_remote_there_is_nothing_to_fetch_from(repo: Repo) -> None:
    """The refusal names the command that adds one."""
    assert "git remote add origin" in str(refusal(repo))


def test_a_commit_that_was_not_pushed_is_refused(repo: Repo) -> None:
    """Cloud Build would not find it."""
    assert "git push origin main" in str(refusal(repo, "https://git.example.com/acme/api.git"))
