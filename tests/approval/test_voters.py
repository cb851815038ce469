"""Who may say go: not who wrote it, not twice, not in a role of somebody else (T07).

Each test fails when its check is taken out.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.approval.council import ANA, BEN, CLEO, ERIN, Council
from tests.approval.saying import lines, refused
from tests.signing.team import key_of, line

Break = Callable[[Council], object]


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
