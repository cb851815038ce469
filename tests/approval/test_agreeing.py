"""A go that is valid, and what it is short of where it is not.

Each test fails when its check is taken out.
"""

from __future__ import annotations

import json

import pytest

from relman.models import Answer
from tests.approval.council import BEN, CLEO, Council
from tests.approval.saying import refused


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
