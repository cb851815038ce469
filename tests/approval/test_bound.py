"""What an approval binds, and for how long: everything is observed again (T03, T04, T06).

Each test fails when its check is taken out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relman.errors import Refused
from relman.gates.approval import consuming
from relman.ledger import Draft
from relman.signing.statements import Sha256
from tests.approval.council import CLEO, KEY, Council, World
from tests.approval.saying import refused


def test_t03_a_request_from_the_future_is_void(council: Council) -> None:
    """T03: it cannot have been signed yet."""
    council.agree()
    council.open()
    council.later(hours=-0.45)
    refused(council, "comes from the future")


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
    council.open()
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


def test_t06_an_image_is_named_by_its_digest(council: Council) -> None:
    """T06: another image under the same name is another one, and a tag is none at all."""
    council.agree()
    council.change["image"] = "europe-docker.pkg.dev/p/r/api@sha256:" + "ac" * 32
    refused(council, "T06: image")
    council.change["image"] = "europe-docker.pkg.dev/p/r/api:1.4.0"
    refused(council, "T06: image", "T06: subject")
