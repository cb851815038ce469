"""Keys come with the next policy, and go at once: for relman, for ssh-keygen and for git."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses

from relman.errors import Refused, Unreachable, UsageError
from relman.models import Event
from relman.signing import GO, POLICY, OwnKey, PublicKey, Signers, read_revoked, signed
from relman.signing.signers import Signer
from relman.signing.standing import Row
from relman.team import enrolling
from relman.team.enrolling import Wish
from tests.ruling.office import NOON, Office
from tests.signing import stock

GITHUB = "https://api.github.com/users/octocat/ssh_signing_keys"


def public(office: Office, name: str) -> PublicKey:
    """Somebody's public key."""
    return PublicKey.read((office.keys / f"{name}.pub").read_text("utf-8"))


def add(office: Office, wish: Wish, events: list[Event] | None = None) -> tuple[Signer, ...]:
    """What is new in the next list."""
    told: list[Event] = [] if events is None else events
    return office.ask(lambda team, where: enrolling.add(team, where, wish), emit=told.append)


def revoke(office: Office, key: str = "", person: str = "") -> tuple[PublicKey, ...]:
    """Which keys are taken back."""
    return office.ask(lambda team, where: enrolling.revoke(team, where, key, person))


def rows(office: Office) -> dict[str, Row]:
    """What ``signers.list`` tells, by person and state."""
    return {f"{one.person} {one.state}": one for one in office.ask(enrolling.rows)}


def test_a_key_counts_from_now_on_under_every_address(office: Office) -> None:
    """An address is listed as it is written, and in small letters; dates are in UTC and end in Z."""
    office.add("ben")
    text = (office.root / "checklists/policy/000001.allowed_signers").read_text("utf-8")
    assert text.startswith("Ben@Mervo.example,ben@mervo.example namespaces=")
    assert 'valid-after="20261125120000Z"' in text
    (line,) = Signers.read(text.encode()).lines
    assert (line.after, line.before, line.comment) == (NOON, None, "ben")
    assert {"git", GO, POLICY} <= set(line.namespaces)
    assert "ci@relman.dev" not in line.namespaces


def test_the_same_key_again_is_nothing_new(office: Office) -> None:
    """No file and no entry; another use of it takes the line's place."""
    office.add("ana")
    before = (office.root / "checklists/policy/000001.allowed_signers").read_bytes()
    office.later(days=1).add("ana")
    assert (office.root / "checklists/policy/000001.allowed_signers").read_bytes() == before
    assert len(office.told("signers.added")) == 1
    (line,) = add(office, Wish("ana", uses=("go",)))
    assert line.namespaces == (GO,)
    assert (
        len((office.root / "checklists/policy/000001.allowed_signers").read_text("utf-8").splitlines()) == 1
    )


@pytest.mark.parametrize(
    ("wish", "what"),
    [
        (Wish("eve"), "there is no such person"),
        (Wish("ben"), "whose key is it"),
        (Wish("ana", uses=("deploy",)), "there is no such use"),
        (Wish("ana", uses=("ci", "go")), "a machine's key signs for no person"),
        (Wish("eve", uses=("go",)), "there is no such person"),
    ],
)
def test_whose_key_and_what_for_is_clear(office: Office, wish: Wish, what: str) -> None:
    """Nobody's own key becomes somebody else's by leaving a flag out."""
    with pytest.raises(UsageError, match=what):
        add(office, wish)
    assert not (office.root / "checklists").exists()


def test_a_machine_signs_no_vote(office: Office) -> None:
    """T10: a key of CI is listed for ci and checkpoint alone, and a person's address is not asked."""
    key = office.new_key("robot")
    (line,) = add(office, Wish("deploy-ci", f"{key}.pub", uses=("ci", "checkpoint")))
    assert line.principals == ("deploy-ci",)
    assert not line.namespaces.count(GO)
    assert "may not be used for go@relman.dev" in line.objection(GO, NOON)


def test_one_key_is_one_persons(office: Office) -> None:
    """T07: the same key under a second name is refused."""
    office.add("ana")
    with pytest.raises(Refused, match="T07") as caught:
        add(office, Wish("cleo", str(office.keys / "ana.pub")))
    assert caught.value.fact.endswith("is the key of ana@mervo.example")


def test_the_private_half_is_not_read(office: Office) -> None:
    """Its name will do, because the public half lies beside it; itself it may be unreadable."""
    (office.keys / "cleo").write_bytes(b"\0")
    (line,) = add(office, Wish("cleo", str(office.keys / "cleo")))
    assert line.key == public(office, "cleo")
    (office.keys / "cleo.pub").write_text("ssh-dss AAAA\n", "utf-8")
    with pytest.raises(Refused, match="no public key that may sign"):
        add(office, Wish("cleo", str(office.keys / "cleo.pub")))


# ── from GitHub, once ────────────────────────────────────────────────────────────────────────────


def answered(*keys: Any, status: int = 200) -> None:
    """GitHub tells these keys."""
    content = [{"id": n, "key": key, "title": "laptop"} for n, key in enumerate(keys)]
    responses.get(GITHUB, json=content, status=status)


@responses.activate
def test_published_keys_are_fetched_once(office: Office) -> None:
    """All signing keys that may sign, from now on; one that may not is told. Afterwards nobody asks again."""
    told: list[Event] = []
    answered(public(office, "cleo").line, "ssh-dss AAAAB3NzaC1kc3MAAACB", public(office, "mallory").line)
    new = add(office, Wish("cleo", github="octocat"), told)
    assert [line.key for line in new] == [public(office, "cleo"), public(office, "mallory")]
    assert [line.comment for line in new] == ["github.com/octocat"] * 2
    assert len(told) == 1
    assert "not taken" in told[0].text
    office.add("ana")
    office.add("ben")
    office.propose()
    for person in ("ana", "ben", "cleo"):
        office.sign(person)
    office.pin()
    assert office.version() == 1
    assert len(responses.calls) == 1


@responses.activate
@pytest.mark.parametrize(
    ("status", "keys", "error", "what"),
    [
        (404, (), Refused, "no such user"),
        (403, (), Unreachable, "HTTP 403"),
        (302, (), Unreachable, "HTTP 302"),
        (200, (), Refused, "no key that may sign"),
        (200, (None,), Refused, "no key that may sign"),
    ],
)
def test_what_github_does_not_tell_is_no_key(
    office: Office, status: int, keys: tuple[Any, ...], error: type[Exception], what: str
) -> None:
    """No user, no answer, another place, no key: nothing is written."""
    answered(*keys, status=status)
    with pytest.raises(error, match=what):
        add(office, Wish("cleo", github="octocat"))
    assert not (office.root / "checklists").exists()


@pytest.mark.parametrize("name", ["../octocat", "octo cat", "-x", "a" * 60, "x?per_page=1"])
def test_no_other_path_is_asked(office: Office, name: str) -> None:
    """A name that GitHub gives nobody is not sent."""
    with pytest.raises(Refused, match="nobody on GitHub is called that"):
        add(office, Wish("cleo", github=name))


# ── taken back ───────────────────────────────────────────────────────────────────────────────────


def test_a_key_is_taken_back_at_once(founded: Office) -> None:
    """T01: it counts no more in the policy that is in force, though nobody has signed anything yet."""
    key = public(founded, "ben")
    before = founded.standing().force
    assert before
    assert before.signers.principals(key, GO, NOON)
    assert revoke(founded, person="ben") == (key,)
    force = founded.standing().force
    assert force
    assert force.signers.principals(key, GO, NOON) == ()
    assert (force.policy.version, rows(founded)["ben revoked"].fingerprint) == (1, key.fingerprint)
    assert founded.told("signers.revoked")[-1].detail["keys"] == [key.fingerprint]


def test_the_file_is_only_added_to(founded: Office) -> None:
    """Lines stay, a missing end of a line is put right, and the same key again adds nothing."""
    path = founded.root / "checklists/revoked_keys"
    path.write_text(f"# lost in May\n{public(founded, 'mallory').line}", "utf-8")
    before = path.read_text("utf-8")
    revoke(founded, key=public(founded, "ben").fingerprint)
    assert path.read_text("utf-8").startswith(f"{before}\n")
    assert revoke(founded, key=str(founded.keys / "ben.pub")) == ()
    assert read_revoked(path.read_bytes()) == {public(founded, "mallory"), public(founded, "ben")}


def test_the_next_policy_carries_it_for_good(founded: Office) -> None:
    """It is in no list any more, it does not come back, and who takes the line out is found out."""
    revoke(founded, person="cleo")
    new = founded.new_key("cleo-2")
    with pytest.raises(Refused, match="revoked, for good"):
        add(founded, Wish("cleo", str(founded.keys / "cleo.pub")))
    add(founded, Wish("cleo", f"{new}.pub"))
    done = founded.propose()
    assert {one.section for one in done.changes} == {"signers", "revoked"}
    founded.sign("ana")
    founded.sign("ben")
    assert founded.version() == 2
    (founded.root / "checklists/revoked_keys").write_text("", "utf-8")
    assert "lacks a key that was revoked" in founded.standing().problem


def test_a_key_is_taken_back_though_the_next_version_is_signed(founded: Office) -> None:
    """What somebody signed stays as it is; that the key counts no more does not wait for it."""
    founded.write((founded.root / "relman.toml").read_text("utf-8").replace("16:00", "17:00"))
    founded.propose()
    founded.sign("ben")
    told: list[Event] = []
    founded.ask(lambda team, where: enrolling.revoke(team, where, person="ben"), emit=told.append)
    assert "version 2 is signed" in told[0].text
    assert [side.signed for side in founded.standing().ahead[0].sides] == [(), ()]


@pytest.mark.parametrize(("key", "person"), [("", ""), ("SHA256:x", "ben")])
def test_one_of_key_and_person(founded: Office, key: str, person: str) -> None:
    """Neither, or both, is no order."""
    with pytest.raises(UsageError, match="one of --key and --person"):
        revoke(founded, key, person)


@pytest.mark.parametrize(("key", "person"), [("SHA256:x", ""), ("", "eve"), ("nowhere.pub", "")])
def test_nobodys_key_is_told(founded: Office, key: str, person: str) -> None:
    """A name in no list takes nothing back."""
    with pytest.raises(Refused, match="there is no such key"):
        revoke(founded, key, person)
    assert not (founded.root / "checklists/revoked_keys").exists()


def test_the_list_tells_every_state(founded: Office) -> None:
    """In force, proposed, leaving: of each whose it is, for what, from when."""
    add(founded, Wish("cleo", f"{founded.new_key('cleo-2')}.pub", uses=("go",)))
    founded.add("ana", uses=("git", "go"))
    found = rows(founded)
    assert set(found) == {"ana leaves", "ana proposed", "ben in force", "cleo in force", "cleo proposed"}
    assert found["cleo proposed"].uses == (GO,)
    assert found["ben in force"].after == NOON


# ── git, and ssh-keygen ──────────────────────────────────────────────────────────────────────────


def told_git(office: Office) -> None:
    """Type the very lines that ``signers.list`` shows."""
    for line in office.ask(enrolling.git_lines):
        office.git(*line.split()[1:])


def tagged(office: Office, name: str, key: str, at: datetime) -> None:
    """A tag that says of itself when it was made."""
    office.git("config", "user.signingKey", str(office.keys / f"{key}.pub"))
    office.git("commit", "--quiet", "--allow-empty", "-m", name, at=at)
    office.git("tag", "-s", "-m", name, name, at=at)


def test_git_refuses_a_revoked_keys_tag(founded: Office) -> None:
    """By the lines that are shown, git judges by the same list and the same revoked keys as relman."""
    told_git(founded)
    tagged(founded, "v1", "ben", NOON + timedelta(hours=1))
    assert founded.git("verify-tag", "v1").returncode == 0
    revoke(founded, person="ben")
    assert founded.git("verify-tag", "v1", check=False).returncode != 0
    founded.git("config", "--unset", "gpg.ssh.revocationFile")
    assert founded.git("verify-tag", "v1").returncode == 0


def test_git_believes_a_date_that_relman_does_not(founded: Office, tmp_path: Path) -> None:
    """T03: a back-dated tag of an expired key satisfies git, until the key is revoked; relman judges now."""
    told_git(founded)
    key, now = public(founded, "mallory"), datetime.now(UTC)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    expired = Signer(("mallory@mervo.example",), ("git", GO), start, datetime(2026, 2, 1, tzinfo=UTC), key)
    path = founded.root / "checklists/policy/000001.allowed_signers"
    path.write_text(path.read_text("utf-8") + f"{expired.line}\n", "utf-8")
    tagged(founded, "v0", "mallory", datetime(2026, 1, 15, tzinfo=UTC))
    assert founded.git("verify-tag", "v0").returncode == 0
    assert Signers((expired,)).principals(key, GO, now) == ()
    vote = signed(b"go", GO, OwnKey.chosen(str(founded.keys / "mallory")))
    armoured, who = vote.signature.encode(), "mallory@mervo.example"
    then = "20260115000000Z"
    assert stock.accepts(tmp_path, b"go", armoured, GO, f"{expired.line}\n", who=who, at=then)
    with pytest.raises(Refused, match="may not sign with this key") as caught:
        Signers((expired,)).entitled(who, vote.by, now)
    assert "was valid until 2026-02-01" in caught.value.fact
    with (founded.root / "checklists/revoked_keys").open("a", encoding="utf-8") as file:
        file.write(f"{key.line}\n")
    assert founded.git("verify-tag", "v0", check=False).returncode != 0


def test_ssh_keygen_reads_the_same_file(founded: Office) -> None:
    """``-r checklists/revoked_keys`` refuses what relman refuses, in one breath."""
    vote = signed(b"go", GO, OwnKey.chosen(str(founded.keys / "ben")))
    revoke(founded, person="ben")
    sig = founded.root / "vote.sig"
    sig.write_text(vote.signature, "utf-8")
    signers = founded.root / "checklists/policy/000001.allowed_signers"
    command = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", "ben@mervo.example", "-n", GO]
    command += ["-s", str(sig), "-Overify-time=20261125130000Z"]
    revoked = ["-r", str(founded.root / "checklists/revoked_keys")]
    codes = [
        subprocess.run([*command, *more], input=b"go", capture_output=True, check=False).returncode
        for more in ([], revoked)
    ]
    assert codes[0] == 0
    assert codes[1] != 0
