"""A repository with one commit, a bare remote beside it, and an SSH key to sign with."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from relman.tags import Tags


@dataclass
class Place:
    """A working copy and its remote.

    Attributes:
        folder: The working copy.
        remote: The bare repository that it calls ``origin``.
        home: The user's folder, with the keys.
    """

    folder: Path
    remote: Path
    home: Path

    @property
    def tags(self) -> Tags:
        """What is tested."""
        return Tags(self.folder)

    @property
    def head(self) -> str:
        """The commit checked out."""
        return self.git("rev-parse", "HEAD")

    def git(self, *words: str, folder: Path | None = None) -> str:
        """Run git, as a person who types."""
        return subprocess.run(
            ["git", *words], cwd=folder or self.folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, subject: str) -> str:
        """An empty commit; its hash."""
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.head

    def key(self, name: str = "id", passphrase: str = "") -> Path:
        """A key pair, as ssh-keygen makes it, that git is told to sign with."""
        private = self.home / name
        words = ["-q", "-t", "ed25519", "-N", passphrase, "-C", "tester@example.invalid", "-f", str(private)]
        subprocess.run(["ssh-keygen", *words], check=True)
        self.git("config", "gpg.format", "ssh")
        self.git("config", "user.signingKey", f"{private}.pub")
        return private

    def trust(self, private: Path) -> None:
        """Whom ``git verify-tag`` believes."""
        signers = self.home / "allowed_signers"
        public = private.with_suffix(".pub").read_text("utf-8")
        signers.write_text(f'tester@example.invalid namespaces="git" {public}', "utf-8")
        self.git("config", "gpg.ssh.allowedSignersFile", str(signers))

    def refusing(self, script: str) -> None:
        """The remote asks a script whether it takes a push."""
        hook = self.remote / "hooks" / "pre-receive"
        hook.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        hook.chmod(0o755)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A working copy with one commit that was pushed; nothing of the machine's own git is seen."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    made = Place(tmp_path / "copy", tmp_path / "remote.git", home)
    made.git("init", "--quiet", "--bare", str(made.remote), folder=tmp_path)
    made.git("init", "--quiet", "--initial-branch", "main", str(made.folder), folder=tmp_path)
    made.git("config", "user.name", "A Tester")
    made.git("config", "user.email", "tester@example.invalid")
    made.git("remote", "add", "origin", str(made.remote))
    made.commit("feat: open")
    made.git("push", "--quiet", "origin", "main")
    return made
