"""The verification of a go/no-go, threat by threat. Each test fails when its check is taken out."""

from __future__ import annotations

from tests.approval.council import Council


def test_two_who_may_say_go(council: Council) -> None:
    """One A and one R, with two keys, on everything as it is: valid, step by step."""
    council.agree()
    found = council.judged()
    assert council.why() == ""
    assert found.valid
    assert found.code == 0
    assert [one.number for one in found.findings] == list(range(8))
    assert [(one.person, one.seat.letter) for one in found.places] == [("ana", "A"), ("ben", "R")]
