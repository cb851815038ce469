"""A NO-GO stops a release until it is withdrawn, and does not go away (T12, T17).

Each test fails when its check is taken out.
"""

from __future__ import annotations

import pytest

from relman.approval.folder import VOTES
from relman.models import Answer
from tests.approval.council import ANA, BEN, CLEO, ERIN, Council
from tests.approval.saying import refused


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


def test_t17_no_override_and_no_advice_lifts_it(council: Council) -> None:
    """T16, T17: relman ships nothing without a valid GO; the gate is lifted by nobody, in no mode."""
    from relman import gates

    gate = next(one for one in gates.GATES if one.id == "sign-off")
    (verdict,) = gates.ask(council.question(), [gate])
    assert gate.lifted_by == ""
    assert (verdict.answer, verdict.passes, verdict.lifted) == (Answer.UNKNOWN, False, "")
