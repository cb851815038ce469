"""Which votes hold: signed over these bytes, by a key that counts now, about this request (T01 to T03).

Each test fails when its check is taken out.
"""

from __future__ import annotations

from typing import Any

import pytest

from relman.approval.folder import Paper
from relman.approval.request import Request
from relman.errors import Refused
from relman.gates.approval.votes import Terms, heard
from relman.signing import Subject
from relman.signing.strict import sha256
from tests.approval.council import ANA, BEN, CLEO, Council
from tests.approval.saying import lines, refused
from tests.signing import smith
from tests.signing.team import key_of, line, public


@pytest.mark.parametrize(
    ("flags", "pin", "fault"),
    [(0, False, "not touched"), (1, False, ""), (1, True, "without its PIN"), (5, True, "")],
)
def test_t01_a_hardware_key_was_touched(council: Council, flags: int, pin: bool, fault: str) -> None:  # noqa: FBT001
    """T01: stock OpenSSH takes a signature without touch; here it does not count."""
    key = smith.sk_ed25519_key(flags)
    council.legislate(lines=lines(ana=key), hardware=("eng-lead",), pin=pin)
    council.put()
    council.vote(ANA, "eng-lead", key=key)
    council.vote(BEN, "on-call")
    assert council.judged().valid is not bool(fault)
    assert fault in council.why()


def test_t01_the_policy_may_ask_for_hardware(council: Council) -> None:
    """T01: a key in a file is none, where the policy says so for that role."""
    council.legislate(hardware=("eng-lead",))
    council.put()
    council.agree()
    refused(council, "only a hardware key may sign this", "short of: go of A")


def test_t01_a_revoked_key_counts_no_more(council: Council) -> None:
    """T01: at once, by a line in revoked_keys; every pending request with that vote is short."""
    council.agree()
    (council.root / "checklists" / "revoked_keys").write_text(f"{public(ANA).line}\n", "utf-8")
    refused(council, "was revoked", "short of: go of A")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"key": smith.ed25519_key()}, "is in no line of the signers"),
        ({"key": key_of(BEN)}, "is the key of ben@mervo.example"),
        ({"namespace": "git"}, "made for 'git'"),
        ({"namespace": "policy@relman.dev"}, "made for something else"),
    ],
)
def test_t02_a_forged_vote(council: Council, said: dict[str, Any], why: str) -> None:
    """T02: an unknown key, somebody else's, or one that signed for something else, is reported."""
    council.vote(ANA, "eng-lead", **said)
    council.vote(BEN, "on-call")
    refused(council, why, "short of: go of A")


def terms_of(council: Council) -> Terms:
    """What votes are held against."""
    force = council.judged().force
    assert force
    return Terms.of(council.request, council.digest, force, council.now)


def test_t02_every_byte_counts(council: Council) -> None:
    """T02: one byte of a vote or of its signature flipped, each in turn: it is reported, not counted."""
    council.agree()
    papers, terms = council.folder.votes(), terms_of(council)
    assert len(heard(papers, terms, ()).casts) == 2
    first, rest = papers[0], papers[1:]
    for content in flipped(first.content):
        broken = Paper(first.name, content, first.signature)
        assert [one.name for one in heard((broken, *rest), terms, ()).casts] == [rest[0].name]
    for signature in flipped(first.signature):
        broken = Paper(first.name, first.content, signature)
        assert [one.name for one in heard((broken, *rest), terms, ()).casts] == [rest[0].name]


def test_t05_every_byte_of_the_request_counts(council: Council) -> None:
    """T05: one byte of the request flipped: no request, or one that nobody has voted on."""
    council.agree()
    papers, terms, content = council.folder.votes(), terms_of(council), council.request.content()
    for broken in flipped(content):
        try:
            request = Request.read(broken)
        except Refused:
            continue
        digest = sha256(broken)
        assert heard(papers, Terms(request, digest, *terms[2:]), ()).casts == ()
    for broken in list(flipped(content))[::401]:
        council.lay(broken)
        assert not council.judged().valid


def flipped(content: bytes) -> Any:
    """The bytes, with one bit of each flipped in turn."""
    for at in range(len(content)):
        yield content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_t03_a_key_must_be_valid_now(council: Council) -> None:
    """T03: one that ran out does not count, whatever time the vote says."""
    old = [line(ANA, before="20261124Z"), *lines()[1:]]
    council.legislate(f"{ANA} {BEN} {CLEO}", lines=[line(ANA, smith.ed25519_key()), *old])
    council.put()
    council.vote(ANA, "eng-lead", signed_at=int(council.now.timestamp()) - 30)
    council.vote(BEN, "on-call")
    refused(council, "it was valid until 2026-11-24", "short of: go of A")


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_t03_a_vote_is_of_the_requests_life(council: Council, seconds: int) -> None:
    """T03: a vote from before the request, or from the future, does not count."""
    council.vote(ANA, "eng-lead", signed_at=int(council.now.timestamp()) + seconds)
    council.vote(BEN, "on-call")
    refused(council, "T03", "short of: go of A")


def test_t02_a_vote_lies_under_its_own_name(council: Council) -> None:
    """T02: a vote that was copied under somebody else's name, or another role's, does not count."""
    name = council.vote(ANA, "eng-lead")
    council.vote(BEN, "on-call")
    path = council.folder.path / "votes" / name
    for other in ("on-call.00000000.1.json", name.replace("eng-lead", "on-call")):
        path.with_name(f"{other}.sig").write_bytes(path.with_name(f"{name}.sig").read_bytes())
        path.with_name(other).write_bytes(path.read_bytes())
    path.unlink()
    refused(council, "T02: its file has another one's name", "short of: go of A")


def test_t04_a_vote_is_about_the_image(council: Council) -> None:
    """T04: a statement about another image does not count, though it names this request."""
    council.vote(ANA, "eng-lead", subject=(Subject.of("elsewhere/api", "cd" * 32),))
    council.vote(BEN, "on-call")
    refused(council, "T04: it is about another image: elsewhere/api", "short of: go of A")
