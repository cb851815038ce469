"""``inv ops.check`` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relman.errors import ConfigError, Refused
from relman.ops import checks
from relman.render import checks as page
from relman.tasks.ops.check import check
from tests.ops.checks.conftest import Team
from tests.ops.tasking import typed


@pytest.fixture(autouse=True)
def _here(mervo: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the team's folder, without its variables."""
    monkeypatch.chdir(mervo.folder)
    for person in ("ANA", "BEN", "CHLOE", "DARIO", "EMI", "FARID"):
        for method in ("PHONE", "PAGER"):
            monkeypatch.delenv(f"{person}_{method}", raising=False)


def test_a_clean_model_ends_with_0() -> None:
    """On a machine that calls nobody, only that is told; strictly, it counts."""
    told, code = typed(check)
    assert code == 0
    assert told.startswith("relman.toml: 1 warning\n\ncontacts\n  relman.toml:")
    assert "none of the 12 contacts is set here" in told
    assert typed(check, strict=True)[1] == Refused.code


def test_findings_end_with_3_and_are_told_together(mervo: Team) -> None:
    """By topic, each with file and line; what is mended alike has one line that says how and by whom."""
    at = [mervo.spoil(', deputy = "emi", owns', ", owns"), mervo.spoil(', deputy = "ana"', "")]
    told, code = typed(check)
    assert code == Refused.code
    assert told.startswith("relman.toml: 2 findings and 1 warning\n\nroles\n")
    assert all(f"relman.toml:{line}  " in told for line in at)
    assert "      Support Lead (Dario Conti): write deputy" in told


def test_for_machines_it_is_a_line_each(mervo: Team) -> None:
    """The same facts, as JSON."""
    line = mervo.spoil("approvals = 1", "approvals = 0")
    told, code = typed(check, json=True)
    found = [json.loads(one) for one in told.splitlines()]
    assert code == Refused.code
    assert [one["rule"] for one in found] == ["contacts.unset", "standards.unread-change"]
    assert (found[1]["schema"], found[1]["line"]) == ("relman.finding/1", line)


def test_a_file_that_cannot_be_read_ends_with_2(mervo: Team) -> None:
    """Its shape is judged first."""
    mervo.spoil("approvals = 1", 'approvals = "one"')
    with pytest.raises(ConfigError, match=r"review\.approvals"):
        typed_raw()
    assert typed(check)[1] == ConfigError.code


def typed_raw() -> None:
    """The task, its error not caught."""
    from invoke.context import Context

    check(Context())


def test_a_strangers_words_cannot_drive_the_terminal(mervo: Team) -> None:
    """What stands in the file is quoted without its control characters."""
    mervo.spoil('I = "cto" }', 'I = "c\\u001b[31mto" }')
    told = page.findings(checks.check(mervo.asked()), "relman.toml")
    assert "names" in told
    assert "\x1b" not in told


def test_nothing_to_mend_is_said() -> None:
    """An empty page would leave it open."""
    assert page.findings((), "relman.toml") == "relman.toml: nothing to mend"


def test_it_is_a_file_of_under_250_lines(mervo: Team) -> None:
    """The seeds' own team stays readable, in a file that people read."""
    assert len(Path(mervo.file).read_text("utf-8").splitlines()) < 250


def test_every_name_that_can_be_typed_is_a_command(mervo: Team) -> None:
    """The short name of a default task, a task without a dot; not one that nobody has."""
    path = mervo.folder / "docs/runbooks/deployment.md"
    text = path.read_text("utf-8")
    path.write_text(
        f"{text}\n`inv ops.oncall`, `inv status`; relman tells\n\n    $ inv doc --fast\n", "utf-8"
    )
    page, code = typed(check, json=True)
    found = [json.loads(line) for line in page.splitlines()]
    assert code == 3
    assert [one["what"] for one in found if one["rule"] == "text.no-such-command"] == [
        "there is no command 'doc'"
    ]
