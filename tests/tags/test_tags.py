"""Tags: the bytes, the signature, the push, and that nothing ever waits for a person."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from relman import tags
from relman.errors import Refused, Unreachable
from tests.tags.conftest import Place

AT = datetime(2026, 11, 25, 10, 0, 0, 123_000, tzinfo=UTC)
MESSAGE = "api 1.2.0\n\n# no comment\nRelman-Image: x@sha256:aa\n"


def made(place: Place, name: str = "v1.2.0", *, sign: bool = False, commit: str = "") -> None:
    """Make the tag that the tests are about."""
    place.tags.make(name, commit or place.head, MESSAGE, at=AT, sign=sign)


def test_the_same_facts_give_the_same_bytes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made again at another hour, in another zone and language: the same object, in UTC, word for word."""
    made(place)
    first = place.tags.here("v1.2.0")
    place.git("tag", "--delete", "v1.2.0")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    made(place)
    assert place.tags.here("v1.2.0") == first
    text = place.git("cat-file", "tag", "v1.2.0")
    assert "tagger A Tester <tester@example.invalid> 1795600800 +0000" in text
    assert text.endswith(MESSAGE.strip())
    assert place.tags.message("v1.2.0") == MESSAGE.strip()


def test_a_tag_is_never_moved(place: Place) -> None:
    """One of that name on another commit stays, and the refusal says that it is there."""
    made(place)
    before = place.tags.here("v1.2.0")
    with pytest.raises(Refused, match="already exists"):
        made(place, commit=place.commit("feat: more"))
    assert place.tags.here("v1.2.0") == before


@pytest.mark.needs_program("ssh-keygen")
def test_a_tag_is_signed_with_the_key_that_git_has(place: Place) -> None:
    """``git verify-tag`` believes it, and the same facts give the same signature."""
    place.trust(place.key())
    assert place.tags.signs("auto")
    made(place, sign=True)
    place.git("verify-tag", "v1.2.0")
    assert place.tags.message("v1.2.0") == MESSAGE.strip()
    first = place.tags.here("v1.2.0")
    place.git("tag", "--delete", "v1.2.0")
    made(place, sign=True)
    assert place.tags.here("v1.2.0") == first


@pytest.mark.needs_program("ssh-keygen")
def test_a_changed_tag_is_not_believed(place: Place) -> None:
    """What is bound cannot be exchanged under the signature."""
    place.trust(place.key())
    made(place, sign=True)
    forged = place.git("cat-file", "tag", "v1.2.0").replace("sha256:aa", "sha256:bb")
    object_ = subprocess.run(
        ["git", "hash-object", "-t", "tag", "-w", "--stdin"],
        cwd=place.folder,
        input=f"{forged}\n",
        text=True,
        check=True,
        capture_output=True,
    ).stdout.strip()
    place.git("update-ref", "refs/tags/v1.2.0", object_)
    with pytest.raises(subprocess.CalledProcessError):
        place.git("verify-tag", "v1.2.0")


@pytest.mark.parametrize(
    ("settings", "wanted", "answer"),
    [
        ({}, "auto", "unsigned"),
        ({"gpg.format": "ssh", "user.signingKey": "k.pub"}, "auto", "signed"),
        ({"gpg.format": "ssh", "user.signingKey": "k.pub", "tag.gpgSign": "no"}, "auto", "unsigned"),
        ({"gpg.format": "ssh", "user.signingKey": "k.pub", "tag.gpgSign": "no"}, "true", "signed"),
        ({"gpg.format": "ssh", "user.signingKey": "k.pub", "tag.gpgSign": "true"}, "false", "unsigned"),
        ({"gpg.format": "ssh", "gpg.ssh.defaultKeyCommand": "ssh-add -L"}, "auto", "signed"),
        ({"user.signingKey": "0xABCD"}, "auto", "unsigned"),
        ({"user.signingKey": "0xABCD", "tag.gpgSign": "true"}, "auto", "refused"),
        ({"gpg.format": "ssh"}, "true", "refused"),
        ({}, "true", "refused"),
        ({"tag.gpgSign": "true"}, "false", "unsigned"),
        ({"tag.forceSignAnnotated": "true"}, "auto", "refused"),
    ],
)
def test_git_decides_whether_a_tag_is_signed(
    place: Place, settings: dict[str, str], wanted: str, answer: str
) -> None:
    """As a user of git expects; where it must be signed and cannot be, that is said before a release."""
    for name, value in settings.items():
        place.git("config", name, value)
    if answer == "refused":
        with pytest.raises(Refused, match="no SSH key"):
            place.tags.signs(wanted)
    else:
        assert place.tags.signs(wanted) is (answer == "signed")


def test_what_git_is_told_does_not_sign_what_relman_does_not(place: Place) -> None:
    """``sign = false`` holds against tag.gpgSign and tag.forceSignAnnotated."""
    place.git("config", "tag.gpgSign", "true")
    place.git("config", "tag.forceSignAnnotated", "true")
    made(place)
    assert "SIGNATURE" not in place.git("cat-file", "tag", "v1.2.0")


@pytest.mark.needs_program("ssh-keygen")
@pytest.mark.parametrize("agent", [None, "no-such-socket"])
def test_a_key_that_needs_a_person_fails_and_does_not_wait(
    place: Place, monkeypatch: pytest.MonkeyPatch, agent: str | None
) -> None:
    """A passphrase, no agent or a dead one, and a display where one could be asked: an error at once."""
    place.key(passphrase="hunter2")
    asked = place.home / "asked"
    asking = place.home / "askpass"
    asking.write_text(f"#!/bin/sh\ntouch {asked}\nsleep 60\n", "utf-8")
    asking.chmod(0o755)
    for name, value in {"DISPLAY": ":99", "SSH_ASKPASS": str(asking), "SSH_ASKPASS_REQUIRE": "force"}.items():
        monkeypatch.setenv(name, value)
    if agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(place.home / agent))
    began = time.monotonic()
    with pytest.raises(Refused) as raised:
        made(place, sign=True)
    assert time.monotonic() - began < 10
    assert not asked.exists()
    assert "ssh-add" in raised.value.clears
    assert "passphrase" in raised.value.fact
    assert place.tags.here("v1.2.0") is None


@contextmanager
def agent(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An ssh-agent of the test's own."""
    socket = place.home / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        wait_for(socket.exists)
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.mark.needs_program("ssh-keygen", "ssh-agent")
def test_an_agent_signs_for_a_key_with_a_passphrase(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The passphrase was given to the agent before; the key is found there."""
    private = place.key()
    place.trust(private)
    with agent(place, monkeypatch):
        subprocess.run(["ssh-add", "-q", str(private)], check=True, stderr=subprocess.DEVNULL)
        words = ["-q", "-p", "-P", "", "-N", "hunter2", "-f", str(private)]
        subprocess.run(["ssh-keygen", *words], check=True, stdout=subprocess.DEVNULL)
        made(place, sign=True)
    place.git("verify-tag", "v1.2.0")


@pytest.mark.needs_program("ssh-keygen", "ssh-agent")
@pytest.mark.parametrize("form", ["key::{}", "{}", "command"])
def test_a_key_that_is_written_out_is_found_at_the_agent(
    place: Place, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """user.signingKey may be the public key itself, or a command may print it: only an agent has the rest."""
    private = place.key()
    public = private.with_suffix(".pub").read_text("utf-8").strip()
    place.trust(private)
    if form == "command":
        place.git("config", "--unset", "user.signingKey")
        place.git("config", "gpg.ssh.defaultKeyCommand", "ssh-add -L")
    else:
        place.git("config", "user.signingKey", form.format(public))
    with agent(place, monkeypatch):
        subprocess.run(["ssh-add", "-q", str(private)], check=True, stderr=subprocess.DEVNULL)
        private.unlink()
        made(place, sign=True)
    place.git("verify-tag", "v1.2.0")


def test_nobody_known_is_said_before_a_release(place: Place) -> None:
    """Without a name and an address git makes no tag; the command that tells it is named."""
    place.git("config", "user.useConfigOnly", "true")
    assert place.tags.tagger(AT).startswith("A Tester <")
    place.git("config", "--unset", "user.email")
    with pytest.raises(Refused) as raised:
        place.tags.tagger(AT)
    assert "git config user.email" in raised.value.clears


# ── the remote ───────────────────────────────────────────────────────────────────────────────────


def test_a_tag_is_pushed_alone(place: Place) -> None:
    """The tag is there with its commit, and neither another tag nor a branch went along."""
    place.git("config", "push.followTags", "true")
    commit = place.commit("feat: more")
    made(place)
    made(place, "v1.3.0")
    place.tags.push("origin", "v1.2.0")
    assert place.tags.there("origin", "v1.2.0") == place.tags.here("v1.2.0")
    assert place.tags.there("origin", "v1.3.0") is None
    assert place.git("rev-parse", "main", folder=place.remote) != commit


def test_a_tag_on_the_remote_is_never_overwritten(place: Place) -> None:
    """Another tag of that name stays where it is."""
    made(place)
    place.tags.push("origin", "v1.2.0")
    before = place.tags.there("origin", "v1.2.0")
    place.git("tag", "--delete", "v1.2.0")
    made(place, commit=place.commit("feat: more"))
    with pytest.raises(Refused, match="already exists"):
        place.tags.push("origin", "v1.2.0")
    assert place.tags.there("origin", "v1.2.0") == before


def test_a_lightweight_tag_leads_to_its_commit(place: Place) -> None:
    """Here and there: it is its own object."""
    place.git("tag", "v1.2.0")
    place.git("push", "--quiet", "origin", "v1.2.0")
    assert place.tags.here("v1.2.0") == place.tags.there("origin", "v1.2.0") == (place.head, place.head)


def test_a_refused_push_repeats_what_the_remote_says(place: Place) -> None:
    """The words of its hook, and the command to try by hand."""
    made(place)
    place.refusing("echo tags are protected >&2; exit 1")
    with pytest.raises(Refused, match="tags are protected") as raised:
        place.tags.push("origin", "v1.2.0")
    assert raised.value.clears == "git push origin v1.2.0"


def test_a_remote_that_is_away_is_unreachable_and_its_secret_not_repeated(place: Place) -> None:
    """A password in the address stands in no message."""
    place.git("remote", "set-url", "origin", "http://li:hunter2@127.0.0.1:9/api.git")
    with pytest.raises(Unreachable) as raised:
        place.tags.there("origin", "v1.2.0")
    assert "hunter2" not in str(raised.value)
    assert "127.0.0.1" in raised.value.fact


def test_a_remote_that_never_answers_is_left_with_all_that_was_started(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No release waits for a hanging ssh; nothing of it is left running."""
    started = place.home / "ssh.pid"
    stuck = place.home / "ssh"
    stuck.write_text(f"#!/bin/sh\necho $$ > {started}\nsleep 600\n", "utf-8")
    stuck.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(stuck))
    place.git("remote", "set-url", "origin", "git@example.invalid:acme/api.git")
    monkeypatch.setattr(tags, "REMOTE_SECONDS", 1.0)
    with pytest.raises(Unreachable, match="no end after 1 s"):
        place.tags.there("origin", "v1.2.0")
    pid = int(started.read_text("utf-8"))
    wait_for(lambda: not _alive(pid))


def test_ssh_asks_nobody(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody said how ssh is called, it is called in batch mode; else as it was said."""
    seen = place.home / "seen"
    ssh = place.home / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\necho "$@" > {seen}\nexit 255\n', "utf-8")
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}{os.pathsep}{os.environ['PATH']}")
    place.git("remote", "set-url", "origin", "git@example.invalid:acme/api.git")
    with pytest.raises(Unreachable):
        place.tags.there("origin", "v1.2.0")
    assert "BatchMode=yes" in seen.read_text("utf-8")
    place.git("config", "core.sshCommand", f"{ssh} -i mine")
    with pytest.raises(Unreachable):
        place.tags.there("origin", "v1.2.0")
    assert "-i mine" in seen.read_text("utf-8")


def test_an_address_is_read_as_git_rewrites_it(place: Place) -> None:
    """Short names that a user configured are spelled out; an unknown remote has none."""
    place.git("config", "url.https://github.com/.insteadOf", "gh:")
    place.git("remote", "set-url", "origin", "gh:acme/api")
    assert place.tags.address("origin") == "https://github.com/acme/api"
    assert place.tags.address("upstream") == ""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Look until it is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
