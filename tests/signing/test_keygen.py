"""A person's own key signs, through ssh-keygen: a file, the agent, a passphrase on the terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from relman.errors import Paused, Refused, Tampered, Unreachable
from relman.models import Event
from relman.signing import DUTY, GO, OwnKey, PublicKey, signed, verified

pytestmark = pytest.mark.needs_program("ssh-keygen")

CONTENT = b'{"a":1}'


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No agent, no git configuration and no temporary folder but the test's."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


def generated(path: Path, *how: str, passphrase: str = "") -> Path:
    """A key that ssh-keygen made."""
    command = ["ssh-keygen", "-q", "-t", *(how or ("ed25519",)), "-N", passphrase, "-C", "", "-f", str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent without keys."""
    socket = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    for _ in range(200):
        if socket.exists():
            break
        time.sleep(0.01)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    yield
    process.terminate()
    process.wait()


@pytest.mark.parametrize("how", [("ed25519",), ("ecdsa", "-b", "256"), ("ecdsa", "-b", "384"), ("rsa",)])
def test_a_file_signs_by_either_half(tmp_path: Path, how: tuple[str, ...]) -> None:
    """The private file or the public one may be named; the fingerprint is what ``ssh-keygen -l`` prints."""
    path = generated(tmp_path / "key", *how)
    for place in (path, path.with_suffix(".pub")):
        made = signed(CONTENT, GO, OwnKey.chosen(str(place)))
        assert verified(made.content, made.signature.encode(), GO) == made.by
    listed = subprocess.run(["ssh-keygen", "-l", "-f", path], capture_output=True, text=True, check=True)
    assert listed.stdout.split()[1] == made.by.key.fingerprint
    assert made.by.key == PublicKey.read(path.with_suffix(".pub").read_text())
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.needs_program("ssh-agent", "ssh-add")
@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize("prefix", ["key::", ""])
def test_the_agent_signs_for_a_key_that_is_written_out(tmp_path: Path, prefix: str) -> None:
    """``key::ssh-ed25519 …`` as git has it: the other half is in the agent, and nowhere else."""
    path = generated(tmp_path / "key")
    subprocess.run(["ssh-add", "-q", path], check=True)
    path.unlink()
    public = path.with_suffix(".pub").read_text()
    assert signed(CONTENT, DUTY, OwnKey.chosen(prefix + public)).by.key == PublicKey.read(public)


@pytest.mark.needs_program("ssh-agent")
@pytest.mark.usefixtures("agent")
def test_a_key_that_the_agent_lacks_is_said(tmp_path: Path) -> None:
    """Refused, with ssh-keygen's own words."""
    public = generated(tmp_path / "key").with_suffix(".pub").read_text()
    with pytest.raises(Refused, match="does not sign: Couldn't find key in agent"):
        signed(CONTENT, GO, OwnKey.chosen(f"key::{public}"))


def test_the_key_is_the_one_named_else_git_s_own(tmp_path: Path) -> None:
    """``--key`` goes before git's user.signingKey, in which ``~`` is the home folder."""
    generated(tmp_path / "mine")
    subprocess.run(["git", "config", "--global", "user.signingKey", "~/mine.pub"], check=True)
    assert OwnKey.of(tmp_path).place == str(tmp_path / "mine.pub")
    assert OwnKey.of(tmp_path, str(tmp_path / "mine")).place == str(tmp_path / "mine")


def test_without_a_key_it_says_what_to_type(tmp_path: Path) -> None:
    """No key at all, and one that is no file."""
    with pytest.raises(Refused, match=r"user.signingKey is not set\n  next: git config user.signingKey"):
        OwnKey.of(tmp_path)
    with pytest.raises(Refused, match="'nowhere', which is no file"):
        OwnKey.of(tmp_path, "nowhere")


def test_without_ssh_keygen_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 69."""
    key = OwnKey.chosen(str(generated(tmp_path / "key")))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unreachable, match="ssh-keygen is needed") as caught:
        signed(CONTENT, GO, key)
    assert caught.value.code == 69


def test_a_short_rsa_key_is_refused_when_it_signs(tmp_path: Path) -> None:
    """A signature that nobody would count is not handed out."""
    with pytest.raises(Tampered, match="too short"):
        signed(CONTENT, GO, OwnKey.chosen(str(generated(tmp_path / "key", "rsa", "-b", "1024"))))


SIGN = """
import sys
from relman.signing import GO, OwnKey, signed
print(signed(b"x", GO, OwnKey.chosen(sys.argv[1])).by.key.fingerprint)
"""


def started(path: Path, temporary: Path) -> tuple[int, int]:
    """Sign in a process with a terminal of its own; its id, and the terminal's other end."""
    child, terminal = pty.fork()
    if not child:
        environ = os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
        os.execve(sys.executable, [sys.executable, "-c", SIGN, str(path)], environ)  # noqa: S606
    return child, terminal


def shown(terminal: int, until: bytes = b"\xff") -> bytes:
    """What the terminal shows, until these bytes or the end."""
    told = b""
    while until not in told:
        try:
            part = os.read(terminal, 1024)
        except OSError:
            break
        if not part:
            break
        told += part
    return told


def test_a_passphrase_is_asked_for_on_the_terminal(tmp_path: Path) -> None:
    """ssh-keygen asks, the person answers, and relman has no part in it."""
    path = generated(tmp_path / "key", passphrase="open sesame")
    child, terminal = started(path, tmp_path / "temporary")
    assert b"passphrase" in shown(terminal, b"passphrase").lower()
    time.sleep(0.1)  # ssh-keygen drops what was typed before it switched the echo off
    os.write(terminal, b"open sesame\n")
    assert b"SHA256:" in shown(terminal)
    assert os.waitpid(child, 0)[1] == 0
    os.close(terminal)


def test_ctrl_c_at_the_prompt_leaves_nothing_behind(tmp_path: Path) -> None:
    """Nothing was signed, and the folder with the message is gone."""
    path = generated(tmp_path / "key", passphrase="open sesame")
    child, terminal = started(path, tmp_path / "temporary")
    shown(terminal, b"passphrase")
    time.sleep(0.1)
    os.write(terminal, b"\x03")
    shown(terminal)
    assert os.waitpid(child, 0)[1] != 0
    assert list((tmp_path / "temporary").iterdir()) == []
    os.close(terminal)


def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program that stands in for ssh-keygen, where a finger or a signal is needed."""
    own = tmp_path / "bin"
    own.mkdir()
    (own / "ssh-keygen").write_text(f"#!/bin/sh\n{script}\n")
    (own / "ssh-keygen").chmod(0o755)
    monkeypatch.setenv("PATH", f"{own}{os.pathsep}{os.environ['PATH']}")


def test_a_wait_for_a_finger_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ssh-keygen says of a hardware key reaches the person while it waits."""
    key = OwnKey.chosen(str(generated(tmp_path / "key")))
    program(tmp_path, monkeypatch, "echo 'Confirm user presence for key ED25519-SK SHA256:x' >&2\nexit 255")
    told: list[Event] = []
    with pytest.raises(Refused):
        signed(CONTENT, GO, key, told.append)
    assert [event.text for event in told] == ["Confirm user presence for key ED25519-SK SHA256:x"]


def test_a_stopped_ssh_keygen_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends ssh-keygen first: nothing was signed, exit code 6."""
    key = OwnKey.chosen(str(generated(tmp_path / "key")))
    program(tmp_path, monkeypatch, f"kill -{int(signal.SIGINT)} $$")
    with pytest.raises(Paused, match="nothing was signed"):
        signed(CONTENT, GO, key)
