"""What a policy says, which one is pinned, and how it lies in a repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from relman.errors import Refused, Tampered
from relman.signing import Papers, Policy, canonical, in_force, parsed, pin, pinned
from tests.signing import smith
from tests.signing.team import NOW, Chain, key_of, line, public, version


def test_the_highest_version_that_was_signed_is_in_force() -> None:
    """By two of three, each time; its list of signers is the one that counts."""
    chain = Chain().add().add(signed="ana ben").add(signed="ben cleo", comment="window moved")
    force = in_force(chain.all, chain.genesis, NOW)
    assert (force.policy.version, force.policy.comment, force.ahead) == (3, "window moved", ())
    assert force.digest == force.policy.digest == chain.papers[2].digest
    assert force.signers.principals(public("ana"), "go@relman.dev", NOW) == ("ana",)


def test_a_policy_is_written_and_read_as_the_same_bytes() -> None:
    """Everything that it may say."""
    policy = Policy(
        version=2,
        created_at=1795289939,
        admins=("ana", "ben", "cleo"),
        quorum=2,
        allowed_signers="ab" * 32,
        sections={"window": "cd" * 32, "smoke: smoke/api.toml": "ef" * 32},
        previous="01" * 32,
        revoked=(key_of("ana").line,),
        hardware=("eng-lead",),
        pin=True,
        comment="Prüfung",
    )
    assert Policy.read(policy.content) == policy
    assert parsed(policy.content)["type"] == "https://relman.dev/policy/v1"
    assert "allowedSigners" in parsed(policy.content)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", None),
        ("type", "https://relman.dev/policy/v2"),
        ("version", 0),
        ("version", "7"),
        ("quorum", 0),
        ("admins", []),
        ("sections", {"window": "zz"}),
        ("sections", None),
        ("previous", "ab"),
        ("force", True),
        ("createdAt", -1),
    ],
)
def test_a_policy_says_what_it_must_and_nothing_more(name: str, value: Any) -> None:
    """Missing, of another shape, unknown: a refusal."""
    said = parsed(Chain().add().papers[0].content)
    said[name] = value
    if value is None:
        del said[name]
    with pytest.raises(Refused):
        Policy.read(canonical(said))


# ── genesis ──────────────────────────────────────────────────────────────────────────────────────


def test_the_genesis_is_the_one_that_is_pinned() -> None:
    """T08: a chain of one's own, well signed, is another chain."""
    ours, theirs = Chain().add(), Chain().add("dan eve fay").add("dan eve fay")
    with pytest.raises(Tampered, match="not among the policies"):
        in_force(theirs.all, ours.genesis, NOW)
    with pytest.raises(Refused, match="there is no policy"):
        in_force(Papers(), ours.genesis, NOW)


def test_a_genesis_is_signed_by_each_admin() -> None:
    """A key that does not work is found before it is needed."""
    with pytest.raises(Tampered, match="missing: cleo"):
        version(Chain().add(signed="ana ben"))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"quorum": 1}, "one person could change the rules"),
        ({"quorum": 3}, "no admin may be lost"),
        ({"admins": "ana ana ben"}, "stands there twice"),
        ({"lines": [line("ana"), line("ben")]}, "no key for policy@relman.dev: cleo"),
        (
            {"lines": [line("ana"), line("ben"), line("cleo", namespaces="go@relman.dev")]},
            "no key for .*: cleo",
        ),
        ({"revoked": (key_of("ben").line,)}, "no key for .*: ben"),
        ({"revoked": ("ssh-ed25519 AAAA",)}, "no public key"),
        ({"allowed_signers": "ab" * 32}, "list of signers is another"),
        ({"number": 1, "version": 2}, "another number than its file"),
        ({"previous": "ab" * 32}, "no version before it"),
        ({"lines": [line("ana"), line("ben"), line("cleo"), "* x"]}, "000001.allowed_signers:4"),
    ],
)
def test_t19_rules_that_one_person_or_nobody_could_change_are_refused(said: Any, reason: str) -> None:
    """T19: two of at least three, each with a key; and what hangs together does."""
    with pytest.raises(Tampered, match=reason):
        version(Chain().add(**said))


def test_a_pin_is_a_variable_or_a_person_s_own_file(tmp_path: Path) -> None:
    """Either, both if they say the same; never a file of the repository."""
    digest, root = Chain().add().genesis, tmp_path / "repository"
    root.mkdir()
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    with pytest.raises(Refused, match=r"no genesis is pinned.*\n.*RELMAN_GENESIS"):
        pinned(environ, "github.com/acme/api", root)
    assert pinned(environ | {"RELMAN_GENESIS": f"sha256:{digest}"}, "github.com/acme/api", root) == digest
    path = pin(environ, "github.com/acme/api", digest)
    assert path == pin(environ, "github.com/acme/api", digest)
    assert path == tmp_path / "config" / "relman" / "genesis" / "github.com+acme+api"
    assert pinned(environ | {"RELMAN_GENESIS": digest}, "github.com/acme/api", root) == digest
    with pytest.raises(Refused, match="two geneses"):
        pinned(environ | {"RELMAN_GENESIS": "ab" * 32}, "github.com/acme/api", root)
    with pytest.raises(Refused, match="another genesis is pinned already"):
        pin(environ, "github.com/acme/api", "ab" * 32)
    with pytest.raises(Refused, match="is no digest"):
        pinned({"RELMAN_GENESIS": "main"}, "x", root)


def test_a_repository_cannot_pin_its_own_genesis(tmp_path: Path) -> None:
    """T08: whoever proposes a change writes every file of it."""
    pin({"HOME": str(tmp_path)}, "x", "ab" * 32)
    with pytest.raises(Refused, match="cannot pin its own genesis"):
        pinned({"HOME": str(tmp_path)}, "x", tmp_path)


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def test_a_repository_has_its_policies_in_files(tmp_path: Path) -> None:
    """Written and read, the same are in force; what lies beside them is nothing."""
    chain = Chain().add().add(signed="ana ben")
    folder = chain.write(tmp_path)
    (folder / "README.md").write_text("x")
    (tmp_path / "checklists" / "revoked_keys").write_text(f"{smith.ed25519_key().line}\n")
    papers = Papers.load(tmp_path)
    assert in_force(papers, chain.genesis, NOW).seen == in_force(chain.all, chain.genesis, NOW).seen
    assert papers.unread == ()
    assert len(papers.revoked) == 1


def test_t15_a_file_that_cannot_be_taken_is_told_and_stops_nothing(tmp_path: Path) -> None:
    """T15: a link, a gigabyte, a pipe, a signature too many, a version without its list."""
    chain = Chain().add()
    folder = chain.write(tmp_path)
    (folder / "000001.link.sig").symlink_to(folder / "000001.ana.sig")
    os.mkfifo(folder / "000001.pipe.sig")
    with (folder / "000001.large.sig").open("wb") as file:
        file.truncate(2**30)
    (folder / "000002.json").write_text("{}")
    force = in_force(Papers.load(tmp_path), chain.genesis, NOW)
    assert force.policy.version == 1
    told = "\n".join(force.ahead)
    for name in ("link", "pipe", "large"):
        assert f"000001.{name}.sig is not looked at" in told
    assert "version 2 cannot be read" in told


def test_t15_signatures_without_end_are_cut_off(tmp_path: Path) -> None:
    """T15: a thousand files cost what 64 do, and that is said."""
    chain = Chain().add()
    folder = chain.write(tmp_path)
    for number in range(100):
        (folder / f"000001.x{number}.sig").write_text("x")
    assert "only 64 are looked at" in "\n".join(Papers.load(tmp_path).unread)


def test_t15_a_linked_folder_is_not_followed(tmp_path: Path) -> None:
    """T15: the policies of somebody else's folder are not this repository's."""
    Chain().add().write(tmp_path / "elsewhere")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "checklists").symlink_to(tmp_path / "elsewhere" / "checklists")
    with pytest.raises(Refused, match="cannot be read"):
        Papers.load(tmp_path / "here")


def test_revoked_keys_that_cannot_be_read_stop_everything(tmp_path: Path) -> None:
    """A key that was taken back would count again."""
    Chain().add().write(tmp_path)
    (tmp_path / "checklists" / "revoked_keys").write_text("ssh-ed25519 AAAA\n")
    with pytest.raises(Refused, match="revoked_keys:1"):
        Papers.load(tmp_path)
