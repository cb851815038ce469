"""Whatever people are told to do can be typed: the duties of a model, and the commands in its papers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relman.ops import trace
from relman.tasks import ns
from relman.tasks.names import commands
from tests.ops.tasking import typed
from tests.ops.team import TEXT, team


def told(folder: Path, text: str = TEXT) -> list[str]:
    """What does not resolve in a model."""
    return [gap.what for gap in trace.trace(folder, commands()).findings if team(folder, text)]


def test_every_duty_of_a_whole_model_can_be_typed(tmp_path: Path) -> None:
    """A13: cadence, domains, what roles own, and rows lead to commands that exist."""
    found = {(duty.kind, duty.name): duty.commands for duty in trace.duties(team(tmp_path))}
    assert list(found) == [
        ("cadence", "mon"),
        ("domain", "billing"),
        *(
            ("role", name)
            for name in ("uptime", "billing", "connectivity", "runbooks", "migrations", "launch")
        ),
        ("row", "deploy-rollback"),
        ("row", "incident-response"),
    ]
    assert found["row", "deploy-rollback"] == ("release.cut", "release.rollback")
    assert found["domain", "billing"] == ("release.history",), "it comes up where its owner is"
    assert trace.trace(tmp_path, commands()).findings == ()


def test_a_duty_without_a_command_is_found(tmp_path: Path) -> None:
    """A13: what no command carries, and no meeting, is told with its line."""
    text = TEXT.replace('attend = ["eng-lead"]', "").replace('"launch"]', '"tuning"]')
    (gap,) = trace.open_duties(team(tmp_path, text), commands())
    assert gap.what == "role tuning: no command carries it, and no meeting that Eng Lead comes to"
    assert text.splitlines()[gap.line - 1] == 'owns = ["migrations", "tuning"]'


def test_a_command_that_does_not_exist_is_found(tmp_path: Path) -> None:
    """A13: of a meeting, with what may have been meant."""
    text = TEXT.replace('"release.history"', '["release.status", "release.histroy"]')
    gaps = [
        gap for gap in trace.open_duties(team(tmp_path, text), commands()) if gap.what.startswith("cadence")
    ]
    assert [gap.what for gap in gaps] == ["cadence mon: there is no command 'release.histroy'"]
    assert gaps[0].how == "name one of inv --list, did you mean 'release.history'?"


@pytest.mark.parametrize("name", ["docs/runbooks/billing.md", "handover/night.md", "OPERATING_MODEL.md"])
def test_a_command_in_a_paper_exists(tmp_path: Path, name: str) -> None:
    """B33: the model's document and every runbook are read; a command in them that is not one is found."""
    team(tmp_path)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("Run `inv release.status`,\nthen `./inv release.mend --now`.\n", "utf-8")
    (gap,) = trace.trace(tmp_path, commands()).findings
    assert (gap.file, gap.line, gap.subject) == (name, 2, "release.mend")


def test_a_missing_runbook_is_not_the_business_of_the_trace(tmp_path: Path) -> None:
    """It is told by a check of the model; here it names no command."""
    read = team(tmp_path)
    (tmp_path / "docs/runbooks/billing.md").unlink()
    assert trace.texts(read) == {}


def test_the_task_proves_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``inv ops.trace`` shows the duties and counts the sentences; what does not resolve ends it with 3."""
    team(tmp_path)
    monkeypatch.chdir(tmp_path)
    page, code = typed(ns["ops.trace"])
    assert code == 0
    assert "row      deploy-rollback    Eng Lead  inv release.cut, inv release.rollback" in page
    assert "every duty and every sentence resolves" in page
    assert "A1a" in typed(ns["ops.trace"], all=True)[0]
    team(tmp_path, TEXT.replace('"release.history"', '"release.fly"'))
    shown, code = typed(ns["ops.trace"], json=True)
    assert code == 3
    assert json.loads(shown)["findings"][0]["subject"] == "release.fly"


def test_without_a_model_the_sentences_are_proved_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no relman.toml, relman's own table is what is left to prove."""
    monkeypatch.chdir(tmp_path)
    page, code = typed(ns["ops.trace"])
    assert code == 0
    assert page.startswith("73 sentences: ")
    assert "no duty was looked at" in page


def test_a_command_that_does_not_exist_is_told_where_it_is_written(tmp_path: Path) -> None:
    """A13: once, at its meeting; not again for each domain and role whose owner comes to it."""
    text = TEXT.replace('command = "release.history"', 'command = "release.histroy"')
    found = [gap.what for gap in trace.open_duties(team(tmp_path, text), commands())]
    assert found == ["cadence mon: there is no command 'release.histroy'"]
