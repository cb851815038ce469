"""The verification of a go/no-go, threat by threat. Each test fails when its check is taken out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from relman.approval.folder import EVIDENCE, VOTES, Paper, requests
from relman.approval.request import Request
from relman.errors import Refused
from relman.gates.approval import consuming
from relman.gates.approval.votes import Terms, heard
from relman.ledger import Draft
from relman.models import Answer
from relman.signing import GO
from relman.signing.statements import Sha256
from relman.signing.strict import sha256
from tests.approval.council import ANA, BEN, CLEO, ERIN, KEY, Council, World
from tests.signing import smith
from tests.signing.team import key_of, line, public

Break = Callable[[Council], object]
with_ = msgspec.structs.replace


def lines(**keys: smith.Key) -> list[str]:
    """The list of signers, with other keys than the usual ones."""
    return [line(f"{name}@mervo.example", keys.get(name)) for name in ("ana", "ben", "cleo", "erin")]


def refused(council: Council, *words: str) -> None:
    """It is not valid, and says so in these words."""
    found = council.judged()
    told = council.why(found)
    assert not found.valid
    for word in words:
        assert word in told


# ── as it should be ──────────────────────────────────────────────────────────────────────────────────


def test_two_who_may_say_go(council: Council) -> None:
    """One A and one R, with two keys, on everything as it is: valid, step by step."""
    council.agree()
    found = council.judged()
    assert council.why() == ""
    assert (found.valid, found.code) == (True, 0)
    assert [one.number for one in found.findings] == list(range(8))
    assert [(one.person, one.seat.letter) for one in found.places] == [("ana", "A"), ("ben", "R")]


def test_a_deputy_may(council: Council) -> None:
    """The A's deputy says go as well as the holder."""
    council.vote(CLEO, "eng-lead")
    council.vote(BEN, "on-call")
    assert council.judged().valid


def test_one_is_not_enough(council: Council) -> None:
    """Short of the A, and it is told who may."""
    council.vote(BEN, "on-call")
    refused(council, "short of: go of A: eng-lead (ana or cleo)", "difference-read of eng-lead")
    assert council.judged().code == 3


def test_records_that_are_committed_later_void_nothing(council: Council) -> None:
    """Votes, notes and the changelog are about a release and no part of what was built."""
    council.agree()
    (council.root / "CHANGELOG.md").write_text("# 1.4.0\n", "utf-8")
    council.commit("chore: record the votes")
    assert council.judged().valid


def test_the_policy_may_ask_for_more(council: Council) -> None:
    """Two A's, where the policy says two; and an ops-lead besides."""
    council.legislate(approvals={"A": 2, "ops-lead": 1})
    council.work("feat: by ben alone", BEN)  # so that erin may vote: see T07
    council.put(authors=())
    council.agree()
    refused(council, "go of A: eng-lead (cleo)", "go of ops-lead")


# ── the threats ──────────────────────────────────────────────────────────────────────────────────────


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


def test_t03_a_request_from_the_future_is_void(council: Council) -> None:
    """T03: it cannot have been signed yet."""
    council.agree()
    council.store.append([Draft("checklist.opened", KEY, "production", detail=opening(council))])
    council.later(hours=-0.45)
    refused(council, "comes from the future")


def opening(council: Council) -> dict[str, str]:
    """What the ledger has of the request."""
    return {"request": council.digest, "folder": council.folder.name, "version": "1.4.0"}


@pytest.mark.parametrize(
    ("bound", "name"),
    [
        ({"service": "web"}, "service"),
        ({"project": "acme-staging"}, "service"),
        ({"region": "us-central1"}, "service"),
        ({"environment": "staging"}, "environment"),
        ({"version": "1.3.9"}, "version"),
        ({"commit": "c0" * 20}, "commit"),
        ({"image": "europe-docker.pkg.dev/p/r/api:latest"}, "image"),
        ({"template": Sha256("11" * 32)}, "template"),
        ({"plan": Sha256("11" * 32)}, "plan"),
        ({"difference": Sha256("11" * 32)}, "difference"),
        ({"replaces": None}, "from"),
        ({"window": None}, "window"),
        ({"oncall": None}, "on-call"),
        ({"authors": (CLEO,)}, "authors"),
    ],
)
def test_t04_an_approval_of_something_else(council: Council, bound: dict[str, Any], name: str) -> None:
    """T04, T05: every bound fact is observed again, and one that differs is named."""
    council.put(**bound)
    council.store.append([Draft("checklist.opened", KEY, "production", detail=opening(council))])
    council.agree()
    (step,) = [one for one in council.judged().findings if one.number == 3]
    assert step.state == "refused"
    assert step.fact.startswith(f"the approval is void: {name} changed")
    assert step.clears == "inv checklist.open"


def test_t04_production_moved_meanwhile(council: Council) -> None:
    """T04, T17: somebody released, or deployed by hand, and the approval was for another step."""
    council.agree()
    council.world = World("api-by-hand")
    refused(council, "T04: from signed api-v1-3-2-abcdef0, now api-by-hand")


def test_t04_it_expires_with_its_window(council: Council) -> None:
    """T04: at the last instant of the window it is void, and Wednesday's is void next Wednesday."""
    council.agree()
    council.later(hours=5.5, seconds=-1)
    assert council.judged().valid
    council.later(seconds=1)
    refused(council, "T04: the approval expired")
    council.later(days=7, hours=-5)
    refused(council, "T04: the approval expired")


def test_t04_none_is_for_long(council: Council) -> None:
    """T04: eight days at most."""
    council.put(expires_at=int(council.now.timestamp()) + 9 * 86400)
    council.agree()
    refused(council, "T04: the approval is for too long")


def test_t04_another_run_has_used_it(council: Council) -> None:
    """T04: one use only; the run itself goes on, and one that its gates refused has used nothing."""
    council.agree()
    council.store.append(consuming.drafts(council.question(), "first"))
    refused(council, "T04: this request was used already: run first")
    council.run = "second"
    refused(council, "T04: this request was used already")
    with pytest.raises(Refused, match="T04"):
        consuming.drafts(replace(council.question(), run=""), "second")
    council.run = "first"
    assert council.judged().valid
    closed = {"outcome": "refused", "reason": "the window is closed"}
    council.store.append([Draft("run.closed", KEY, "production", "first", detail=closed)])
    council.run = ""
    assert council.judged().valid


def test_t04_a_run_that_took_nothing_ships_nothing(council: Council) -> None:
    """T04: what is signed after the run began was not taken by it."""
    council.agree()
    council.run = "first"
    refused(council, "this run has taken another request, or none")


def test_t04_a_request_lies_in_its_own_folder(council: Council) -> None:
    """T04: copied under another name it is another one's."""
    council.agree()
    council.folder.path.rename(council.folder.path.with_name("api-1.4.0-production-00000000"))
    refused(council, "T04: the request lies in another one's folder")


def test_t05_a_request_that_was_changed_after_it_was_opened(council: Council) -> None:
    """T05: the ledger knows its digest: tampered, exit 7."""
    council.store.append([Draft("checklist.opened", KEY, "production", detail=opening(council))])
    council.agree()
    council.lay(council.request.content().replace(b'"waivable":true', b'"waivable":true,"evidence":null'))
    assert council.judged().code == 7
    refused(council, "T05: the request was changed after it was opened")


def test_t05_a_later_request_takes_the_place_of_an_earlier(council: Council) -> None:
    """T05: votes on the old one are no votes on the new one."""
    council.agree()
    council.later(seconds=1)
    council.put(nonce="4e" * 16)
    refused(council, "short of: go of A")
    assert len(requests(council.root / "checklists")) == 2


@pytest.mark.parametrize(
    ("loosened", "why"),
    [
        (lambda items: items[1:], "lacks items of the checklist: smoke"),
        (lambda items: (with_(items[0], waivable=True), *items[1:]), "asks otherwise"),
        (lambda items: (with_(items[0], owner="ops-lead"), *items[1:]), "asks otherwise"),
        (lambda items: (with_(items[0], evidence=None), *items[1:]), "asks otherwise"),
        (
            lambda items: (*items[:3], msgspec.structs.replace(items[3], state="pass"), *items[4:]),
            "asks otherwise",
        ),
        (lambda items: (*items, items[0]), "stands there twice"),
        (lambda items: (with_(items[0], state="fail"), *items[1:]), "says something else"),
    ],
)
def test_t05_a_checklist_is_the_templates(council: Council, loosened: Any, why: str) -> None:
    """T05: an item cannot be dropped, nor be given to somebody else, nor be let go where nobody may."""
    council.put(checklist=loosened(council.request.checklist))
    council.agree()
    refused(council, "T05", why)


def test_t05_evidence_is_what_was_signed(council: Council) -> None:
    """T05: swapped evidence is tampered with; missing evidence is refused."""
    council.agree()
    council.folder.write(council.says("smoke", "no-go"), EVIDENCE, "smoke.json")
    assert council.judged().code == 7
    refused(council, "T05: evidence was changed after it was signed: smoke.json")
    (council.folder.path / EVIDENCE / "smoke.json").unlink()
    refused(council, "smoke.json is missing")


def test_t05_what_a_machine_found_bad_is_not_signed_away(council: Council) -> None:
    """T05: an item that failed and that nobody may waive stays a no; a waiver of it counts nothing."""
    council.answer = "no-go"
    council.put()
    council.agree()
    council.waive(ANA, "eng-lead", "smoke")
    refused(
        council, "nobody may waive that item: smoke", "the checklist says no: smoke, way-back and on-call"
    )


def test_t05_an_open_item_is_its_owners(council: Council) -> None:
    """An item is answered in the vote of its owner, and nobody else's."""
    council.vote(ANA, "eng-lead", items=())
    council.vote(BEN, "on-call", items=("watching", "difference-read", "customers-told"))
    refused(council, "short of: difference-read of eng-lead and customers-told of eng-lead")


def test_a_waiver_is_its_owners(council: Council) -> None:
    """It is signed, by the item's owner, with a reason; then nobody has to answer."""
    council.vote(ANA, "eng-lead", items=("difference-read",))
    council.vote(BEN, "on-call")
    council.waive(BEN, "on-call")
    refused(council, "customers-told is waived by eng-lead alone", "short of: customers-told")
    council.waive(CLEO, "eng-lead")
    assert council.judged().valid
    assert [str(one) for one in council.judged().waived] == ["customers-told waived by cleo: nobody sees it"]


def test_t05_a_key_twice_is_no_vote(council: Council) -> None:
    """T05: two decisions in one file are read by nobody, though they are signed."""
    council.agree()
    paper = council.folder.votes()[0]
    content = paper.content.replace(b'"decision":"GO"', b'"decision":"NO-GO","decision":"GO"')
    council.lay_signed(VOTES, paper.name, content, key_of(ANA).sign(content, GO))
    refused(council, "a key stands there twice", "short of: go of A")


def test_t06_an_image_is_named_by_its_digest(council: Council) -> None:
    """T06: another image under the same name is another one, and a tag is none at all."""
    council.agree()
    council.change["image"] = "europe-docker.pkg.dev/p/r/api@sha256:" + "ac" * 32
    refused(council, "T06: image")
    council.change["image"] = "europe-docker.pkg.dev/p/r/api:1.4.0"
    refused(council, "T06: image", "T06: subject")


@pytest.mark.parametrize(
    ("message", "author"),
    [
        ("feat: mine", ANA),
        ("feat: mine", "ANA@HOME.example"),
        ("feat: ours\n\nCo-authored-by: Ana <ana@home.example>", ERIN),
    ],
)
def test_t07_nobody_approves_what_they_wrote(council: Council, message: str, author: str) -> None:
    """T07: as author or co-author, under any address of theirs; the deputy may, if they did not."""
    council.work(message, author)
    council.put()
    council.agree()
    refused(
        council, "T07: nobody approves what they wrote themselves: ana wrote as", "go of A: eng-lead (cleo)"
    )
    council.vote(CLEO, "eng-lead")
    assert council.judged().valid


def test_t07_the_policy_may_allow_it_for_a_role(council: Council) -> None:
    """T07: where a team is small it says so in its policy, signed."""
    council.work("feat: mine", ANA)
    council.legislate(self_approval=("eng-lead",))
    council.put()
    council.agree()
    assert council.judged().valid


def test_t07_an_author_whom_nobody_knows_is_named(council: Council) -> None:
    """T07: git's addresses are self-declared, so who reads it should know."""
    council.work("feat: by whom", "stranger@elsewhere.example")
    council.put()
    council.agree()
    assert "stranger@elsewhere.example wrote too, and [people] does not know who that is" in council.why()


def test_t07_one_person_has_one_seat(council: Council) -> None:
    """T07: cleo is the deputy and comes on call; she is one person all the same."""
    council.later(days=7)
    council.put()
    council.vote(CLEO, "eng-lead")
    council.vote(CLEO, "on-call")
    refused(council, "short of: go of")


def test_t07_one_key_is_one_person(council: Council) -> None:
    """T07: the same key under two names counts once."""
    council.legislate(lines=[*lines(), line(BEN, key_of(ANA))])
    council.put()
    council.vote(ANA, "eng-lead")
    council.vote(BEN, "on-call", key=key_of(ANA))
    refused(council, "T07: its key spoke for ana already", "short of: go of R")


def test_t07_a_role_is_held(council: Council) -> None:
    """T07: who does not hold a role, or is not on call at the slot, does not speak in it."""
    council.vote(BEN, "eng-lead")
    council.vote(CLEO, "on-call")
    refused(council, "ben may not speak as eng-lead", "cleo may not speak as on-call", "short of")


def test_t07_an_address_of_two_is_nobodys(council: Council) -> None:
    """T07: where [people] gives an address to two, nobody can tell who signed."""
    council.edit('emails = ["cleo@mervo.example"]', 'emails = ["cleo@mervo.example", "ana@mervo.example"]')
    council.work("chore: share")
    council.legislate()
    council.put()
    council.agree()
    refused(council, "T07: [people] gives that address to several", "short of: go of A")


@pytest.mark.parametrize(
    ("section", "old", "new"),
    [
        ("window", 'days = ["wed"]', 'days = ["wed", "thu"]'),
        ("oncall", 'participants = ["ben", "cleo"]', 'participants = ["ben", "erin"]'),
        ("mode", 'profile = "team"', 'profile = "team"\nmode = "advise"'),
        ("raci", 'A = "eng-lead"', 'A = "ops-lead"'),
        ("people", '"ben@mervo.example"', '"mallory@mervo.example"'),
        ("roles", 'deputy = "cleo"', 'deputy = "erin"'),
        ("smoke", 'smoke = "smoke.toml"\n', ""),
    ],
)
def test_t08_a_commit_does_not_loosen_its_own_gates(
    council: Council, section: str, old: str, new: str
) -> None:
    """T08, ruling 17: the section is named, and who can sign it; in the tree alone, and in the commit."""
    council.edit(old, new)
    council.put()
    council.agree()
    refused(council, "T08: the rules were changed without a signature", section, "in the working tree", ANA)
    council.work("feat: loosen")
    council.put()
    council.agree()
    refused(council, section, f"in {council.candidate.commit[:7]} and", "in the working tree")


def test_t08_a_file_that_a_section_names_is_guarded_too(council: Council) -> None:
    """T08: the smoke checks themselves, by their bytes."""
    council.agree()
    (council.root / "smoke.toml").write_text("# none\n", "utf-8")
    refused(council, "smoke: smoke.toml in the working tree")


def test_t08_the_commit_is_looked_at_too(council: Council) -> None:
    """T08: what was built with loose rules is not mended by a tree that is not what ships."""
    council.edit('days = ["wed"]', 'days = ["thu"]')
    council.work("feat: loosen")
    council.edit('days = ["thu"]', 'days = ["wed"]')
    council.put()
    council.agree()
    refused(council, f"window in {council.candidate.commit[:7]}; policy 1")


def test_t08_the_template_is_the_policys(council: Council) -> None:
    """T08, T05: a shorter checklist beside the request is not the one that the policy binds."""
    place = council.root / "checklists" / "templates" / "release.toml"
    place.parent.mkdir()
    place.write_text('[[item]]\nid = "watching"\nwhat = "I watch"\nowner = "R"\n', "utf-8")
    council.put()
    council.agree()
    refused(council, "checklists/templates/release.toml in the working tree")


def test_t08_another_policy_voids_it(council: Council) -> None:
    """T08: what was signed under the policy before is signed no more."""
    council.agree()
    council.legislate()
    refused(council, "T08: the policy is another one since: it is for policy 1, in force is 2")


def test_t08_an_unsigned_policy_is_paper(council: Council) -> None:
    """T08: a pull request that names its own admin changes nothing, and is told of."""
    council.agree()
    council.legislate(signed="mallory@mervo.example", lines=[*lines(), line("mallory@mervo.example")])
    assert council.judged().valid
    assert "version 2 is not in force: 0 of 2 old admins" in council.why()


def test_t08_without_a_genesis_nothing_is_signed(council: Council) -> None:
    """T08: the first policy is pinned outside of the repository, or there is none."""
    council.agree()
    found = council.judged_with({"HOME": str(council.root)})
    assert [one.state.value for one in found.findings][:1] == ["refused"]
    assert not found.valid
    other = council.judged_with({"RELMAN_GENESIS": "ab" * 32, "HOME": str(council.root)})
    assert other.code == 7


def test_t08_solo_takes_nothing_away(council: Council) -> None:
    """Ruling 16: where a policy was ever in force a commit that says solo is asked all the same."""
    council.edit('profile = "team"', 'profile = "solo"')
    assert not consuming.due(council.question(), {})
    assert consuming.due(council.question(), council.environ)
    seen = {"genesis": council.chain.genesis, "version": 1, "digest": council.chain.genesis}
    council.remember(seen)
    assert consuming.due(council.question(), {})
    refused(council, "profile in the working tree")


def test_t12_a_no_go_stops_until_it_is_withdrawn(council: Council) -> None:
    """T12: by anybody of the row; the same person withdraws it by voting again."""
    council.agree()
    no = council.vote(CLEO, "eng-lead", "NO-GO", comment="the queue is long")
    refused(council, "NO-GO: cleo@mervo.example (eng-lead): the queue is long")
    council.vote(CLEO, "eng-lead", supersedes=council.digest_of(no))
    assert council.judged().valid


def test_t12_who_wrote_it_may_stop_it(council: Council) -> None:
    """T12: an author approves nothing, and may say NO-GO."""
    council.work("feat: mine", CLEO)
    council.put()
    council.agree()
    council.vote(CLEO, "eng-lead", "NO-GO")
    refused(council, "NO-GO: cleo@mervo.example")


def test_t12_nobody_takes_back_somebody_elses(council: Council) -> None:
    """T12: only the signer's own later vote takes the place of a vote."""
    no = council.vote(CLEO, "eng-lead", "NO-GO")
    council.vote(ANA, "eng-lead", supersedes=council.digest_of(no))
    council.vote(BEN, "on-call")
    refused(council, "NO-GO: cleo@mervo.example")


def test_t12_of_two_words_of_one_signer_no_wins(council: Council) -> None:
    """Ruling 19: neither takes the other's place, so NO-GO stands."""
    council.vote(ANA, "eng-lead", "NO-GO")
    council.agree()
    refused(council, "NO-GO: ana@mervo.example")


def test_t12_who_has_no_say_does_not_stop_it(council: Council) -> None:
    """T12: a NO-GO of somebody outside the row is shown and stops nobody."""
    council.agree()
    council.vote(ERIN, "ops-lead", "NO-GO")
    assert council.judged().valid


@pytest.mark.parametrize("kept", ["", ".sig", ".json"])
def test_t12_a_vote_that_was_cast_does_not_go_away(council: Council, kept: str) -> None:
    """T12: the ledger knows it; its file deleted or changed, or its signature deleted: tampered, exit 7."""
    council.agree()
    name = council.vote(CLEO, "eng-lead", "NO-GO", recorded=True)
    path = council.folder.path / VOTES / name
    if kept == ".json":
        path.write_bytes(path.read_bytes().replace(b"NO-GO", b"GO"))
    else:
        path.unlink() if kept else None
        path.with_name(f"{name}.sig").unlink()
    assert council.judged().code == 7
    refused(council, "T12: a vote that was cast is gone or was changed: the NO-GO of cleo@mervo.example")


def nested(depth: int) -> bytes:
    """JSON that deep."""
    return b'{"a":' * depth + b"1" + b"}" * depth


HOSTILE = {
    "deep": nested(10_000),
    "bom": b"\xef\xbb\xbf{}",
    "crlf": b"{}\r\n",
    "nan": b'{"a":NaN}',
    "1e400": b'{"a":1e400}',
    "2^53": b'{"a":9007199254740993}',
    "nothing": b"",
    "list": b"[]",
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_t15_a_hostile_vote_stops_nobody(council: Council, name: str) -> None:
    """T15: signed by somebody whose key counts, and not read; the others' votes are."""
    council.agree()
    content = HOSTILE[name]
    council.lay_signed(VOTES, f"eng-lead.{'0' * 8}.1.json", content, key_of(ANA).sign(content, GO))
    assert council.judged().valid
    assert "eng-lead.00000000.1.json is not counted" in council.why()


@pytest.mark.parametrize("name", HOSTILE)
def test_t15_a_hostile_request_is_refused(council: Council, name: str) -> None:
    """T15: with a clear word, and never a traceback."""
    council.store.append([Draft("checklist.opened", KEY, "production", detail=opening(council))])
    council.lay(HOSTILE[name])
    refused(council, "1 tampered: T05")


def test_t15_files_that_are_none(council: Council) -> None:
    """T15: a link, a pipe, a gigabyte, a name with dots, a folder: reported, and nobody is stopped."""
    council.agree()
    folder = council.folder.path / VOTES
    secret = council.root.parent / "id_ed25519"
    secret.write_text("CANARY-PRIVATE-KEY", "utf-8")
    (folder / "eng-lead.00000001.1.json").symlink_to(secret)
    os.mkfifo(folder / "eng-lead.00000002.1.json")
    with (folder / "eng-lead.00000003.1.json").open("wb") as huge:
        huge.truncate(1 << 30)
    (folder / "eng-lead...json").write_text("{}", "utf-8")
    (folder / "eng-lead.00000004.1.json").mkdir()
    assert council.judged().valid
    told = council.why()
    assert told.count("is not counted") == 5
    assert "CANARY" not in told


def test_t15_a_folder_that_is_a_link_is_not_followed(council: Council) -> None:
    """T15: votes that lie elsewhere are not looked at."""
    council.agree()
    folder = council.folder.path / VOTES
    folder.rename(council.root.parent / "votes")
    folder.symlink_to(council.root.parent / "votes")
    refused(council, "short of: go of A")


def test_t17_no_override_and_no_advice_lifts_it(council: Council) -> None:
    """T16, T17: relman ships nothing without a valid GO; the gate is lifted by nobody, in no mode."""
    from relman import gates

    gate = next(one for one in gates.GATES if one.id == "sign-off")
    (verdict,) = gates.ask(council.question(), [gate])
    assert gate.lifted_by == ""
    assert (verdict.answer, verdict.passes, verdict.lifted) == (Answer.UNKNOWN, False, "")


@pytest.mark.parametrize(
    "break_",
    [
        lambda council: council.edit('A = "eng-lead"', 'A = ["eng-lead", "ops-lead"]'),
        lambda council: council.edit('R = "on-call"\n', ""),
        lambda council: council.edit("[[raci]]", "[[raci]]\nI = []"),
    ],
)
def test_a_model_that_does_not_say_who_is_refused(council: Council, break_: Break) -> None:
    """Without exactly one A, or without an R, nobody may approve; it says so and is no traceback."""
    council.agree()
    break_(council)
    assert not council.judged().valid


def test_what_it_was_judged_by_is_recorded(council: Council, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate's inputs name the request, the policy, every vote and each step, for a later look."""
    from relman.gates import signoff

    monkeypatch.setenv("RELMAN_GENESIS", council.chain.genesis)
    council.agree()
    found = signoff.ask(council.question())
    assert (found.answer, found.fact) == (Answer.GO, "GO by ana (eng-lead) and ben (on-call)")
    assert found.inputs["request"] == council.digest
    assert len(found.inputs["votes"]) == 2
    assert json.loads(json.dumps(found.inputs)) == found.inputs


@pytest.mark.parametrize("lost", ["request.json", "votes", "evidence"])
def test_what_is_not_there_is_told(council: Council, lost: str) -> None:
    """T15: without a request, votes or evidence it is refused, in words."""
    council.agree()
    (council.folder.path / lost).rename(council.folder.path / "away")
    found = council.judged()
    assert found.code == 3
    assert found.failed[0].fact
