"""The checklist is the template's, its evidence is what was signed, and each item is its owner's (T05).

Each test fails when its check is taken out.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from relman.approval.folder import EVIDENCE, VOTES, requests
from relman.signing import GO
from tests.approval.council import ANA, BEN, CLEO, Council
from tests.approval.saying import refused, with_
from tests.signing.team import key_of


def test_t05_a_request_that_was_changed_after_it_was_opened(council: Council) -> None:
    """T05: the ledger knows its digest: tampered, exit 7."""
    council.open()
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
