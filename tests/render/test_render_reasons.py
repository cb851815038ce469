"""The page of ``release.why``: what a tired engineer reads, and what a program does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from relman.gates.reasons import Why
from relman.gates.telling import Told
from relman.models import Answer, ServiceKey
from relman.render import reasons

AT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
"""Half past two in Berlin, for the first time that night."""
BERLIN = "Sun 25 Oct 2026 02:30 Europe/Berlin"


def told(**said: Any) -> Told:
    """What a gate says."""
    facts = {"id": "window", "gate": "deploy window", "answer": Answer.GO, "passes": True, "fact": "open"}
    words = dict.fromkeys(("lifted", "clears", "urgent", "price", "owner", "lifters", "how"), "")
    return Told(**{**facts, **words, "liftable": True, "source": ("B8a",), "as_of": AT, "inputs": {}, **said})


def why(*gates: Told) -> Why:
    """The answer about version 1.8.0."""
    return Why(
        key=ServiceKey("acme", "europe-west1", "api"),
        environment="production",
        version="1.8.0",
        commit="9f31c2e8",
        revision="api-v1-8-0-9f31c2e",
        at=AT,
        now=AT,
        zone="Europe/Berlin",
        profile="team",
        mode="enforce",
        run="",
        notes=(),
        gates=gates,
        sentences={"B8a": "Wednesday: the deploy window"},
    )


REFUSING = told(
    answer=Answer.NO_GO,
    passes=False,
    fact="it is Sun",
    clears="inv window.show",
    urgent="inv release.cut --override window",
    price="two sign it",
    owner="Eng Lead (Ben Okafor)",
    lifters="Eng Lead (Ben Okafor)",
)


def test_a_refusal_says_everything_that_is_needed() -> None:
    """Next command, the way of who cannot wait and its price, who answers, where it comes from."""
    assert reasons.why(why(REFUSING)).splitlines() == [
        f"may api 1.8.0 (9f31c2e) ship at {BERLIN} (00:30:00Z)?   europe-west1, production, profile team",
        "",
        "  ✘ deploy window  it is Sun",
        "      next    inv window.show",
        "      urgent  inv release.cut --override window",
        "      price   two sign it",
        "      gate    window, owner Eng Lead (Ben Okafor), Eng Lead (Ben Okafor) may lift it",
        "      from    B8a: Wednesday: the deploy window",
        "",
        "NO-GO by deploy window    exit 3",
    ]


def test_a_gate_that_goes_takes_one_line() -> None:
    """Nobody reads who owns what is in order."""
    page = reasons.why(why(told(owner="Eng Lead (Ben Okafor)")), ascii_only=True)
    assert page.splitlines()[2:] == ["  + deploy window  open", "", "GO: 1 gate says go"]


def test_old_data_says_how_old_it_is() -> None:
    """An hour-old reading is not mistaken for the present; a world that was read now says so."""
    hour_old = told(as_of=AT.replace(hour=0, minute=0))
    assert "open   (data 30 min ago)" in reasons.why(why(hour_old))
    now = reasons.why(why(told(how="as it is now")))
    assert f"  as it is now: {BERLIN}" in now
    assert "open   (as it is now)" in now


def test_what_lifted_a_gate_is_told_below_it() -> None:
    """The answer stays, with a sign of its own; the sum says that one was lifted."""
    page = reasons.why(why(replace(REFUSING, passes=True, lifted="lifted by ana until 12:30Z: cannot pay")))
    assert "  ! deploy window  it is Sun\n      lifted by ana until 12:30Z: cannot pay" in page
    assert page.endswith("GO: 1 lifted")


@pytest.mark.parametrize(("gates", "code"), [((), 3), ((REFUSING,), 3), ((told(),), 0)])
def test_the_exit_code_is_in_the_json_too(gates: tuple[Told, ...], code: int) -> None:
    """No gate at all is no-go; whoever reads the JSON needs no exit code."""
    found = json.loads(reasons.why_json(why(*gates)))
    assert (found["schema"], found["code"], found["passes"]) == ("relman.why/1", code, code == 0)
    assert found["at"] == "2026-10-25T00:30:00Z"
