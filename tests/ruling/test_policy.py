"""The next version: written from the working tree, signed by the old quorum and the new, then in force."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relman.errors import Refused, RelmanError, Tampered, UsageError
from relman.render import rules
from relman.signing import Policy
from relman.team import enrolling, ruling
from relman.team.ruling import Wish
from tests.ruling.office import MODEL, PEOPLE, Office

LOOSER = MODEL.replace('end = "16:00"', 'end = "23:00"')
ANA, BEN, CLEO = "ana@mervo.example", "Ben@Mervo.example", "cleo@mervo.example"


def refused(office: Office, *words: str) -> RelmanError:
    """Why the working tree's next version is not written."""
    with pytest.raises(RelmanError) as caught:
        office.propose(*words)
    return caught.value


def test_a_team_of_three_begins(office: Office) -> None:
    """Keys, the first version, everybody's signature, the pin: then it is in force; before that it is not."""
    assert office.standing().clears == "inv signers.add --person PERSON, then inv policy.propose"
    for person in PEOPLE:
        office.add(person)
    done = office.propose(comment="we begin")
    assert (done.version, done.written) == (1, True)
    assert {one.section for one in done.changes} >= {"admins", "quorum", "signers", "window", "roles"}
    assert office.sign("ana").wanted == (BEN, CLEO)
    assert office.sign("ben").sides[0].text == f"2 of 3 admins of the first policy signed: {BEN}, {ANA}"
    assert office.version() == 0
    assert office.sign("cleo").complete
    unpinned = office.standing()
    assert unpinned.problem.startswith("no genesis is pinned")
    office.pin()
    found = office.standing()
    assert found.force
    assert (found.force.policy.version, found.pinned, found.ahead) == (1, found.genesis, ())
    kinds = [entry.kind for entry in office.entries()]
    assert kinds == ["signers.added"] * 3 + ["policy.proposed"] + ["policy.signed"] * 3


def test_what_is_pinned_elsewhere_is_not_overwritten(founded: Office) -> None:
    """Only its owner takes a pin away; one in CI's variable counts too."""
    pinned = founded.standing().pinned
    founded.environ["RELMAN_GENESIS"] = f"sha256:{pinned}"
    assert founded.version() == 1
    founded.environ["RELMAN_GENESIS"] = f"sha256:{'0' * 64}"
    assert "two geneses are pinned" in founded.standing().problem
    with pytest.raises(Refused, match="two geneses"):
        founded.propose()


def test_a_pin_that_cannot_be_read_is_no_beginning(office: Office) -> None:
    """What pins nothing is told; a first policy is not begun beside it."""
    office.add("ana")
    office.environ["RELMAN_GENESIS"] = "sha256:abc"
    with pytest.raises(Refused, match="RELMAN_GENESIS is no digest"):
        office.propose()


def test_the_same_again_changes_nothing(office: Office) -> None:
    """A draft keeps its bytes, whenever it is proposed again; other words are written."""
    for person in PEOPLE:
        office.add(person)
    office.propose(comment="we begin")
    path = office.root / "checklists/policy/000001.json"
    before = path.read_bytes()
    done = office.later(hours=3).propose()
    assert (done.written, path.read_bytes()) == (False, before)
    assert office.propose(comment="we begin again").written
    assert Policy.read(path.read_bytes()).comment == "we begin again"


def test_nothing_to_change_is_no_version(founded: Office) -> None:
    """A proposal without a difference writes no file."""
    done = founded.propose()
    assert (done.version, done.changes, done.written) == (1, (), False)
    with pytest.raises(Refused, match="there is no policy to sign"):
        founded.sign("ana")


def test_what_somebody_signed_is_never_overwritten(founded: Office) -> None:
    """The next proposal is refused, and says how it is taken back for everybody."""
    founded.write(LOOSER)
    founded.propose()
    founded.sign("ana")
    before = (founded.root / "checklists/policy/000002.json").read_bytes()
    founded.write(MODEL.replace("16:00", "22:00"))
    why = refused(founded)
    assert why.what == "version 2 is signed, and stays as it is"
    assert "git rm checklists/policy/000002.*" in why.clears
    assert (founded.root / "checklists/policy/000002.json").read_bytes() == before
    with pytest.raises(Refused, match="version 2 is signed"):
        founded.add("ana", key=f"{founded.new_key('second')}.pub")


def test_a_change_takes_two_of_the_three(founded: Office) -> None:
    """Who signed, who is missing and what they type is told; then the sections of the new one hold."""
    founded.write(LOOSER)
    assert founded.standing().differ == ("window",)
    done = founded.propose(comment="a later end")
    assert [(one.section, one.what) for one in done.changes] == [("window", "changed")]
    left = founded.sign("ben")
    assert [side.lacking for side in left.sides] == [1, 1]
    assert left.wanted == (ANA, CLEO)
    assert founded.version() == 1
    assert founded.sign("cleo").complete
    standing = founded.standing()
    assert standing.force
    assert (standing.force.policy.version, standing.differ) == (2, ())
    assert founded.told("policy.seen")[-1].detail["version"] == 2


def test_an_admin_leaves_with_the_others_signatures(founded: Office) -> None:
    """T19: both quorums count; the one who leaves may sign for the old side only."""
    dora = founded.new_key("dora")
    person = '[people.dora]\nname = "Dora"\nemails = ["dora@mervo.example"]\n'
    founded.write(MODEL + person)
    founded.add("dora", key=f"{dora}.pub")
    founded.propose("ana@mervo.example", BEN, "dora@mervo.example")
    left = founded.sign("cleo")
    assert [len(side.signed) for side in left.sides] == [1, 0]
    founded.sign("ana")
    assert founded.version() == 1
    founded.sign("dora")
    assert founded.version() == 2


@pytest.mark.parametrize(
    ("admins", "quorum", "what"),
    [
        ((ANA, BEN), 0, "no admin may be lost"),
        ((ANA, BEN, CLEO), 1, "one person could change the rules"),
        ((ANA, ANA, BEN), 0, "an admin stands there twice"),
        ((ANA, BEN, "eve@mervo.example"), 0, "an admin has no key"),
    ],
)
def test_unsound_rules_are_not_written(
    founded: Office, admins: tuple[str, ...], quorum: int, what: str
) -> None:
    """T08: nobody can be led to sign rules by which one person, or nobody, changes the rules."""
    with pytest.raises(Refused, match=what):
        founded.propose(*admins, quorum=quorum)
    assert not (founded.root / "checklists/policy/000002.json").exists()


def test_nobody_signs_for_another_tree_than_theirs(founded: Office) -> None:
    """What is signed is what the person has checked out, section by section."""
    founded.write(LOOSER)
    founded.propose()
    founded.write(MODEL)
    with pytest.raises(Refused, match="not for what lies here") as caught:
        founded.sign("ben")
    assert caught.value.fact == "it says otherwise of window"


def test_a_stranger_does_not_sign(founded: Office) -> None:
    """A key that is nobody's, and one whose owner is no admin, write no signature."""
    founded.write(LOOSER)
    founded.propose()
    with pytest.raises(Refused, match="an admin signs a policy") as caught:
        founded.sign("mallory")
    assert caught.value.fact.endswith("is the key of nobody")
    assert not [*founded.root.glob("checklists/policy/000002.*.sig")]


def test_who_is_listed_and_no_admin_does_not_sign(founded: Office) -> None:
    """A key for policies makes nobody an admin."""
    person = '[people.dora]\nname = "Dora"\nemails = ["dora@mervo.example"]\n'
    founded.write(MODEL + person)
    founded.add("dora", key=f"{founded.new_key('dora')}.pub")
    founded.propose()
    with pytest.raises(Refused, match="an admin signs a policy") as caught:
        founded.sign("dora")
    assert caught.value.fact.endswith("is the key of dora@mervo.example")


def test_nothing_is_signed_that_was_not_agreed_to(founded: Office) -> None:
    """T22: whoever says no leaves no signature, and no entry."""
    founded.write(LOOSER)
    founded.propose()

    def no(found: ruling.ToSign) -> None:
        shown = rules.signing(found.paper.number, found.paper.digest, "version 1", found.changes)
        assert "window" in shown
        assert found.paper.digest in shown
        raise Refused("nothing was signed")

    with pytest.raises(Refused, match="nothing was signed"):
        founded.ask(lambda team, where: ruling.sign(team, where, no))
    assert len(founded.told("policy.signed")) == 3


def test_a_draft_that_was_edited_is_told(founded: Office) -> None:
    """Its list was swapped: it cannot count, whoever signs, and nobody can."""
    founded.write(LOOSER)
    founded.propose()
    path = founded.root / "checklists/policy/000002.allowed_signers"
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[0])
    (left,) = founded.standing().ahead
    assert left.fault == "its list of signers is another one"
    with pytest.raises(Refused, match="version 2 cannot count"):
        founded.sign("ana")


def test_an_old_policy_does_not_come_back(founded: Office) -> None:
    """T08: what the ledger has seen in force is not left behind."""
    founded.write(LOOSER)
    founded.propose()
    founded.sign("ana")
    founded.sign("ben")
    for path in founded.root.glob("checklists/policy/000002.*"):
        path.unlink()
    with pytest.raises(Tampered, match="the policy went back"):
        founded.propose()
    assert "the policy went back" in founded.standing().problem


def test_the_files_that_sections_name_are_guarded(founded: Office) -> None:
    """The checklist's template and a smoke file: who changes one changes the policy."""
    template = founded.root / "checklists/templates/release.toml"
    template.parent.mkdir()
    template.write_text('[[item]]\nid = "all"\nwhat = "All is well"\n', "utf-8")
    name = "checklists/templates/release.toml"
    assert founded.standing().differ == (name,)
    (founded.root / "smoke.toml").write_text("x = 1\n", "utf-8")
    founded.write(MODEL.replace('"europe-west1"', '"europe-west1"\nsmoke = "smoke.toml"'))
    done = founded.propose()
    assert [(one.section, one.what) for one in done.changes] == [
        (name, "changed"),
        ("smoke", "new"),
        ("smoke: smoke.toml", "new"),
    ]
    (founded.root / "smoke.toml").unlink()
    (founded.root / "smoke.toml").symlink_to("relman.toml")
    with pytest.raises(Refused, match="cannot be read"):
        founded.propose()


def test_what_a_policy_may_ask_besides_is_kept_and_told(founded: Office) -> None:
    """T01: hardware keys, PINs and further approvals are set, shown, and stay until a version says none."""
    wish = Wish(hardware=("eng-lead",), pin="yes", approvals=("A=2",), self_approval=("on-call",))
    done = founded.ask(lambda team, where: ruling.propose(team, where, wish))
    assert {(one.section, one.what) for one in done.changes} == {
        ("hardware keys only", "+ eng-lead"),
        ("pin", "asked for"),
        ("approvals", "+ A: 2"),
        ("own work approved by", "+ on-call"),
    }
    founded.sign("ana")
    founded.sign("ben")
    kept = founded.standing().force
    assert kept
    assert (kept.policy.hardware, kept.policy.pin, kept.policy.approvals) == (("eng-lead",), True, {"A": 2})
    assert founded.propose().changes == ()
    none = Wish(hardware=("none",), pin="no", approvals=("none",), self_approval=("none",))
    done = founded.ask(lambda team, where: ruling.propose(team, where, none))
    assert len(done.changes) == 4
    with pytest.raises(UsageError, match="--approval takes"):
        founded.ask(lambda team, where: ruling.propose(team, where, Wish(approvals=("A",))))


def test_the_page_says_what_to_do(founded: Office) -> None:
    """Who runs which command, the genesis and its line; as JSON the same."""
    founded.write(LOOSER)
    founded.propose(comment="later")
    founded.sign("ana")
    standing = founded.standing()
    page = rules.show(standing)
    assert page.startswith("policy 1 is in force, since 2026-11-25 12:00Z\n")
    assert f"{BEN} runs: inv policy.sign" in page
    assert f"export RELMAN_GENESIS=sha256:{standing.genesis}" in page
    assert page.count("version 2 is not in force") == 1
    told = json.loads(rules.show_json(standing))
    assert told["in_force"]["version"] == 1
    assert [one["who"] for one in told["ahead"][0]["missing"]] == [BEN, CLEO]
    assert told["pin"] == f"export RELMAN_GENESIS=sha256:{told['genesis']}"


def test_a_repository_cannot_pin_its_own_genesis(office: Office) -> None:
    """Ruling 17: a configuration folder within the repository pins nothing."""
    office.environ["XDG_CONFIG_HOME"] = str(office.root / "config")
    for person in PEOPLE:
        office.add(person)
    office.propose()
    for person in PEOPLE:
        office.sign(person)
    office.pin()
    assert "cannot pin its own genesis" in office.standing().problem


def test_a_proposal_without_keys_says_what_comes_first(office: Office, tmp_path: Path) -> None:
    """Without a list nobody could sign; the empty list is no list."""
    assert refused(office).what == "nobody may sign yet"
    assert not (office.root / "checklists").exists()
    with pytest.raises(Refused, match="no public key beside it"):
        office.ask(
            lambda team, where: enrolling.add(team, where, enrolling.Wish("ana", str(_bare(tmp_path))))
        )


def _bare(folder: Path) -> Path:
    """A private key that lies alone."""
    place = folder / "alone"
    place.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n", "utf-8")
    return place
