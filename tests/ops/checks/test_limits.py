"""Where a rule ends: exactly at its limit, and beside what it is about, it finds nothing."""

from __future__ import annotations

import pytest

from relman import config
from relman.config.people import Contact
from relman.ops import checks
from tests.ops.checks.conftest import Team

BILLING, DEPLOYMENT = "docs/runbooks/billing.md", "docs/runbooks/deployment.md"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('attend = ["eng-lead", "on-call"]', 'attend = ["eng-lead", "oncall"]'),
        ("open = { P1 = 0, P2 = 3, P3 = 15 }", "open = { P1 = 3, P2 = 3, P3 = 3 }"),
        ('notify = ["cto"]', 'notify = ["oncall", "eng-lead"]'),
        ('acknowledge = "5m"\nrespond = "15m"', 'acknowledge = "15m"\nrespond = "15m"'),
        ("[severity.P1]", "[severity.P1] # as bad as it gets: 555 times, on 24-12-2026, v1.2.3-4567890"),
    ],
    ids=["the case format's on-call", "equal limits", "the rota may turn", "seen and worked on", "no number"],
)
def test_what_is_just_right_is_no_finding(mervo: Team, right: str, wrong: str) -> None:
    """A limit that is reached is not passed, and a word of the case format is a word."""
    mervo.spoil(right, wrong)
    assert checks.check(mervo.asked()) == ()


@pytest.mark.parametrize(("age", "found"), [("15d", False), ("14d", False), ("13d", True)])
def test_a_runbook_holds_for_as_long_as_it_says(mervo: Team, age: str, found: bool) -> None:  # noqa: FBT001
    """Reviewed fourteen days ago, by the day on the wall."""
    mervo.spoil("documents = {}", f'documents = {{ runbook_age = "{age}" }}')
    for path in (
        BILLING,
        "docs/runbooks/launch.md",
        "docs/runbooks/deployment.md",
        "handover/connectivity.md",
    ):
        text = (mervo.folder / path).read_text("utf-8")
        day = text.partition("reviewed: ")[2][:10]
        mervo.spoil(day, "2026-11-18", path)
    assert ("domains.expired-runbook" in mervo.findings()) == found


def test_a_runbook_reviewed_today_is_reviewed(mervo: Team) -> None:
    """Today is not the future, even where the day has begun in the model's zone only."""
    day = (mervo.folder / BILLING).read_text("utf-8").partition("reviewed: ")[2][:10]
    mervo.spoil(day, "2026-12-02", BILLING)
    assert checks.check(mervo.asked()) == ()


def test_a_runbook_that_a_domain_names_is_told_once(mervo: Team) -> None:
    """What cannot be read is the domain's finding, with the line of relman.toml."""
    (mervo.folder / BILLING).write_bytes(b"\xff")
    (found,) = checks.check(mervo.asked())
    assert (found.rule, found.file) == ("domains.no-runbook", config.NAME)


def test_four_hundred_lines_are_read(mervo: Team) -> None:
    """It is the line after them that is too much (A9)."""
    text = mervo.file.read_text("utf-8")
    mervo.file.write_text(text + "\n" * (400 - text.count("\n")), "utf-8")
    assert checks.check(mervo.asked()) == ()
    mervo.file.write_text(text + "\n" * (401 - text.count("\n")), "utf-8")
    assert mervo.findings()["text.too-long"].line == 401


@pytest.mark.parametrize(("limit", "found"), [(40, False), (39, True)])
def test_a_share_that_is_reached_is_not_passed(mervo: Team, limit: int, found: bool) -> None:  # noqa: FBT001
    """Ana answers for four of ten rows (A10)."""
    text = mervo.file.read_text("utf-8")
    (comms,) = [line for line in text.splitlines(keepends=True) if '"customer-comms"' in line]
    mervo.spoil(comms, "")
    mervo.spoil("since = 2026-12-01", f"since = 2026-12-01\nmax_share = {limit}")
    assert ("roles.too-much-on-one" in mervo.findings()) == found


def test_the_second_of_two_is_the_one_to_rename(mervo: Team) -> None:
    """Of two escalations with one name the later one is told."""
    steps = '\n[[escalation]]\nid = "default"\nsteps = [{ notify = ["cto"], wait_minutes = 5 }]\n'
    line = mervo.file.read_text("utf-8").count("\n") + 3
    mervo.file.write_text(mervo.file.read_text("utf-8") + steps, "utf-8")
    found = [one for one in checks.check(mervo.asked()) if one.rule == "calling.named-twice"]
    assert [one.line for one in found] == [line]


def test_who_is_never_paged_need_not_be_reached_twice(mervo: Team) -> None:
    """Two ways are for whom an escalation, the rota or a pager may call (B36)."""
    mervo.spoil('tell = ["on-call", "support-lead"]\nvia = "pager"', 'tell = "on-call"\nvia = "pager"')
    mervo.spoil(', pager = "env:EMI_PAGER"', "")
    assert checks.check(mervo.asked()) == ()
    mervo.spoil('via = "email"', 'via = "pager"')
    assert "Emi Sato" in mervo.findings()["contacts.hard-to-reach"].what


@pytest.mark.parametrize("value", ["+49301234567 ext. 5", "+4930123456789012", "+0301234567", "49301234567"])
def test_a_number_is_e164_to_its_end(mervo: Team, value: str) -> None:
    """What a provider would cut or refuse is found here first (B36)."""
    found = checks.check(mervo.asked(resolve=lambda _: value))
    assert {one.rule for one in found} == {"contacts.wrong-number"}


def test_a_secret_cannot_be_looked_up_from_here() -> None:
    """Nothing is said of it, neither that it is set nor that it is not."""
    look = checks.from_environment({"ANA_PHONE": "+49301234567"})
    assert look(Contact("env:ANA_PHONE")) == "+49301234567"
    assert look(Contact("env:BEN_PHONE")) == ""
    assert look(Contact("secret:ANA_PHONE")) is None
