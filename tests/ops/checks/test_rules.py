"""Every rule finds what it is about, at its line, in a model that is right otherwise."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from relman.config.people import Contact
from relman.ops import checks
from tests.ops.checks.conftest import NOW, Team

HOLDER = 'support-lead = { holder = "dario", deputy = "emi"'
BILLING = 'runbook = "docs/runbooks/billing.md"'
REVIEWED = "reviewed: 2026-11-18"
GARBLED = "top issues \u00e2\u2020\u2019"
SPOILED: list[dict[str, Any]] = json.loads(Path(__file__).with_name("spoiled.json").read_text("utf-8"))


def test_the_seeds_team_is_clean(mervo: Team) -> None:
    """The example has no finding, not even a warning."""
    assert checks.check(mervo.asked()) == ()


@pytest.mark.parametrize("case", SPOILED, ids=lambda case: case["rule"])
def test_a_rule_finds_what_it_is_about(mervo: Team, case: dict[str, Any]) -> None:
    """One thing is spoiled, and the rule for it names it, with somebody who can mend it and how."""
    for right, wrong in case["spoiled"]:
        mervo.spoil(right, wrong)
    found = mervo.findings()
    assert case["rule"] in found, found
    told = found[case["rule"]]
    assert case["what"] in told.what
    assert all((told.how, told.who, told.line >= 1))


def test_every_rule_was_spoiled() -> None:
    """A rule that no test has seen at work is found here."""
    source = Path(__file__).read_text("utf-8")
    named = {checks.name(topic, rule) for topic, rules in checks.TOPICS.items() for rule in rules}
    assert {rule for rule in named if f'"{rule}"' not in source} <= {case["rule"] for case in SPOILED}


def test_all_four_levels_are_there(mervo: Team) -> None:
    """A severity that is not defined is missed (A2b)."""
    text = mervo.file.read_text("utf-8")
    mervo.file.write_text(text[: text.index("[severity.P4]")] + text[text.index("[[touchpoint]]") :], "utf-8")
    assert mervo.findings()["severities.missing"].what == "P4 is not defined"


def test_a_team_without_a_model_is_told_to_write_one(mervo: Team) -> None:
    """The profile says that there is one (A5b)."""
    mervo.file.write_text(
        'profile = "team"\n[service.api]\nproject = "a"\nregion = "europe-west1"\n', "utf-8"
    )
    wanted = {"roles.no-model", "roles.no-people", "domains.missing", "calling.no-rota", "meetings.none"}
    assert wanted <= set(mervo.findings())


@pytest.mark.parametrize(
    ("rule", "right", "wrong"),
    [
        ("decisions.accountable", 'A = "ops-lead", C = "eng-lead", I = "pro', 'A = [], I = "pro'),
        ("roles.own-deputy", HOLDER, HOLDER.replace("emi", "dario")),
        ("domains.no-runbook", BILLING, 'runbook = "docs/gone.md"'),
        ("text.garbled", "top issues go into", GARBLED),
    ],
)  # fmt: skip
def test_a_finding_has_the_line(mervo: Team, rule: str, right: str, wrong: str) -> None:
    """The file is relman.toml, and the line is where it was spoiled."""
    line = mervo.spoil(right, wrong)
    found = mervo.findings()[rule]
    assert (found.file, found.line) == ("relman.toml", line)


def test_who_can_mend_a_domain_is_its_owner(mervo: Team) -> None:
    """A person is named, with the role; of the model itself the A of its row."""
    mervo.spoil('severity.P4 = "a typo on an invoice"\n', "")
    mervo.spoil('id = "slo-definitions"', 'id = "slos"')
    found = mervo.findings()
    assert found["severities.no-example"].who == "Product Manager (Emi Sato)"
    assert found["decisions.row-missing"].who == "CTO (Chloe Martin)"


def test_a_model_that_nobody_can_keep_is_told_to_whoever_keeps_the_file(mervo: Team) -> None:
    """Where the A of the model's own row is nobody."""
    mervo.spoil('cto = { holder = "chloe"', 'cto = { holder = "team"')
    assert mervo.findings()["roles.not-a-person"].who == "whoever keeps relman.toml"


def test_a_runbook_says_whose_it_is_and_when_it_was_read(mervo: Team) -> None:
    """Front matter with a role and a date that has been (A6d)."""
    path = "docs/runbooks/billing.md"
    mervo.spoil("owner: product-manager", "owner: product", path)
    mervo.spoil(REVIEWED, "reviewed: 2027-01-01", path)
    found = [one for one in checks.check(mervo.asked()) if one.rule == "domains.unread-runbook"]
    assert [(one.file, one.line) for one in found] == [(path, 2), (path, 3)]
    (mervo.folder / path).write_text("# no front matter\n", "utf-8")
    found = [one for one in checks.check(mervo.asked()) if one.rule == "domains.unread-runbook"]
    assert [one.what for one in found] == [
        "the runbook has no owner",
        "the runbook does not say when it was reviewed",
    ]


def test_a_runbook_expires(mervo: Team) -> None:
    """At the limit it holds, a day later it does not; in days of the model's zone (A6d)."""
    reviewed = NOW.replace(month=11, day=20)
    early = {one.file for one in checks.check(mervo.asked(reviewed + timedelta(days=180)))}
    found = checks.check(mervo.asked(reviewed + timedelta(days=181)))
    late = {one.file for one in found if one.rule == "domains.expired-runbook"}
    assert "docs/runbooks/deployment.md" not in early
    assert "docs/runbooks/deployment.md" in late
    assert "handover/connectivity.md" in early


@pytest.mark.parametrize("file", ["relman.toml", "handover/connectivity.md"])
@pytest.mark.parametrize(
    "number",
    ["+49 30 1234567", "+4915112345678", "+1 (555) 123-4567", "030 1234567", "0171/1234567", "555-123-4567"],
)
def test_a_number_is_found_wherever_it_stands_and_never_told(mervo: Team, file: str, number: str) -> None:
    """In a comment of the file or in a runbook (B36)."""
    path = mervo.folder / file
    path.write_text(f"{path.read_text('utf-8')}\n# call {number}\n", "utf-8")
    found = mervo.findings()["contacts.number-in-file"]
    assert (found.file, found.line) == (file, len(path.read_text("utf-8").splitlines()))
    assert number not in str(found)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-12-18T09:00:00+01:00", "24-12-2026", "127.0.0.1:8085", "1.2.3+20261201", "v1.10.100-2345"),
        *("0.25", "sha256:0123456789012345", "10:00-16:00", "00:00:30", "2026-12-01", "git@github.com:a/b"),
    ],
)
def test_what_is_no_number_and_no_address_is_none(mervo: Team, text: str) -> None:
    """Dates, times, versions, digests and machines are left alone."""
    path = mervo.file
    path.write_text(f"{path.read_text('utf-8')}\n# {text}\n", "utf-8")
    assert checks.check(mervo.asked()) == ()


def test_a_number_at_a_contact_is_told_once_and_not_repeated(mervo: Team) -> None:
    """The page of the check is no place for it either."""
    mervo.spoil('"env:ANA_PHONE"', '"+49 30 1234567"')
    found = checks.check(mervo.asked())
    assert [one.rule for one in found] == ["contacts.no-reference"]
    assert "1234567" not in str(found)


def test_a_reference_is_looked_up_and_judged_without_being_told(mervo: Team) -> None:
    """Set and E.164, or it is told by its name; unset is a warning, because here may not be there (B36)."""
    values = {"env:ANA_PHONE": "+49301234567", "env:BEN_PHONE": "030 1234567"}

    def resolve(contact: Contact) -> str | None:
        return values.get(contact, "" if contact == "env:EMI_PHONE" else None)

    found = checks.check(mervo.asked(resolve=resolve))
    assert [one.rule for one in found] == ["contacts.wrong-number", "contacts.unset"]
    assert [one.warning for one in found] == [False, True]
    assert "Ben Okafor: env:BEN_PHONE" in found[0].what
    assert "1234567" not in str(found)
    assert len(checks.faults(found)) == 1
    assert len(checks.faults(found, strict=True)) == 2


def test_a_long_file_is_a_warning(mervo: Team) -> None:
    """Nobody reads more than 400 lines (A9)."""
    mervo.file.write_text(mervo.file.read_text("utf-8") + "\n" * 400, "utf-8")
    assert mervo.findings()["text.too-long"].warning


def test_a_rota_that_is_written_for_later_is_no_gap_before(mervo: Team) -> None:
    """The model's first day counts, in its zone: before it, nobody has to be on call."""
    mervo.spoil("since = 2026-12-01", "since = 2026-12-08")
    mervo.spoil('start = "2026-11-30T09:00"', 'start = "2026-12-07T09:00"')
    assert mervo.findings() == {}


def test_the_deputy_is_not_who_a_step_notifies(mervo: Team) -> None:
    """Two roles of one holder are one person for an escalation, whoever stands in."""
    mervo.spoil('cto = { holder = "chloe", deputy = "ben"', 'cto = { holder = "ben", deputy = "chloe"')
    assert list(mervo.findings()) == ["calling.told-already"]


def test_a_file_without_a_model_is_asked_for_none(mervo: Team) -> None:
    """For profile solo nothing is missing; what stands there is looked at all the same."""
    mervo.file.write_text('[service.api]\nproject = "acme"\nregion = "europe-west1"\n# TODO\n', "utf-8")
    assert list(mervo.findings()) == ["text.left-to-do"]


def test_commands_are_not_judged_where_nobody_knows_them(mervo: Team) -> None:
    """A gate does not know the tasks."""
    mervo.spoil("[review]", "# inv release.reveiw\n[review]")
    unasked = checks.Asked(mervo.asked().config, NOW)
    assert checks.check(unasked) == ()


@pytest.mark.parametrize(
    "front",
    [
        "owner: eng-lead\nreviewed: 2026-13-45",
        "owner: eng-lead\nreviewed: 0000-01-01",
        "owner: eng-lead\nreviewed: 1" + "0" * 5000,
        "owner: &a [*a]\nreviewed: '2026-11-20'",
        "a: " + "[" * 5000,
    ],
    ids=["no month", "no year", "no number", "a circle", "too deep"],
)
def test_what_no_runbook_can_mean_is_found_and_ends_nothing(mervo: Team, front: str) -> None:
    """A slip in the first lines of a runbook is a finding; the gate that reads them must not fall."""
    (mervo.folder / "docs/runbooks/deployment.md").write_text(f"---\n{front}\n---\n# x\n", "utf-8")
    found = mervo.findings()["domains.unread-runbook"]
    assert found.file == "docs/runbooks/deployment.md"
    assert len(found.what) < 100


def test_a_pipe_in_the_folder_of_runbooks_is_not_waited_for(mervo: Team) -> None:
    """What is no file, or no text, is told as such, with its name."""
    os.mkfifo(mervo.folder / "docs/runbooks/pipe.md")
    (mervo.folder / "handover/old.md").write_bytes(b"\xff\xfe")
    found = [one for one in checks.check(mervo.asked()) if one.rule == "domains.unread-runbook"]
    assert [(one.file, one.what) for one in found] == [
        ("docs/runbooks/pipe.md", "this cannot be read as text"),
        ("handover/old.md", "this cannot be read as text"),
    ]


def test_lines_are_counted_as_an_editor_does(mervo: Team) -> None:
    """A separator that no editor counts moves no finding."""
    path = mervo.folder / "docs/runbooks/deployment.md"
    text = path.read_text("utf-8") + "a\u2028b\x0cc\nTODO: call +49 30 1234567\n"
    path.write_text(text, "utf-8")
    found = mervo.findings()
    assert found["text.left-to-do"].line == found["contacts.number-in-file"].line == text.count("\n")


def test_the_day_of_a_review_is_the_same_on_every_machine(
    mervo: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a model's zone the day is that of UTC, whatever zone the machine is in."""
    mervo.spoil('[model]\nversion = "1.0"\ntz = "Europe/Berlin"\nsince = 2026-12-01\n', "")
    mervo.spoil("reviewed: ", "reviewed: 2026-12-03\nwas: ", "docs/runbooks/billing.md")
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        found = mervo.findings(datetime(2026, 12, 2, 23, 59, tzinfo=UTC))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found["domains.unread-runbook"].what == "the runbook was reviewed in the future"
