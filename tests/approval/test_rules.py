"""No commit loosens the rules that it is judged by (T08).

Each test fails when its check is taken out.
"""

from __future__ import annotations

import pytest

from relman.gates.approval import consuming
from tests.approval.council import ANA, Council
from tests.approval.saying import lines, refused
from tests.signing.team import line


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
