"""The gap finder on a relman.toml: the same rules, over what the sections say."""

from __future__ import annotations

from pathlib import Path

import pytest

from relman import config
from relman.ops import gaps
from relman.tasks import ns
from tests.ops.tasking import typed
from tests.ops.team import TEXT, team

MERVO = Path(__file__).parents[2] / "examples/mervo"
OPEN = [
    ("severity", "P2"),
    ("severity", "P3"),
    ("severity", "P4"),
    ("acknowledge", "P2"),
    ("acknowledge", "P3"),
    ("acknowledge", "P4"),
    *(
        ("row", name)
        for name in ("SLO definitions", "backups and restores", "KPI reporting", "security drill")
    ),
    *(("row", name) for name in ("customer comms", "backlog", "documentation", "the model")),
]
"""What the small team of the tests leaves open."""


def found(folder: Path, text: str = TEXT) -> list[tuple[str, str]]:
    """Rule and subject of everything that a model leaves open."""
    return [(gap.rule, gap.subject) for gap in gaps.gaps(gaps.facts(team(folder, text)))]


def test_a_model_leaves_open_what_it_does_not_say(tmp_path: Path) -> None:
    """A11: deployment is owned by the row that is about it; what no section says is told."""
    assert found(tmp_path) == OPEN


@pytest.mark.parametrize(
    ("old", "new", "opened"),
    [
        ('deputy = "ben"', "", ("deputy", "Ops Lead")),
        ('A = "eng-lead"', 'A = "boss"', ("name", "boss")),
        ('owns = ["migrations", "launch"]', 'owns = ["TODO: roadmap"]', ("todo", 'roadmap"]')),
        ('holidays = [{ date = "2026-12-25", name = "Christmas" }]', "", ("window", "holidays")),
        (
            "[oncall]",
            "[oncall]\n# who is the placeholder here?",
            ("placeholder", "# who is the placeholder here?"),
        ),
        ('notify = ["eng-lead"]', 'notify = ["commander"]', ("step", "commander")),
        ('"billing", "connectivity"', '"billing"', ("owner", "connectivity")),
        ("Ben Okoro", "Bj\u00c3\u00b6rn", ("mojibake", 'name = "Bj\u00c3\u00b6rn"')),
        ("last week's incidents", "the security drill", ("owner", "security")),
    ],
)
def test_what_is_taken_out_is_open(tmp_path: Path, old: str, new: str, opened: tuple[str, str]) -> None:
    """A11: each rule sees a model too; one thing less, one gap more."""
    assert old in TEXT
    assert sorted(found(tmp_path, TEXT.replace(old, new, 1))) == sorted([*OPEN, opened])


def test_a_model_without_sections_leaves_everything_open(tmp_path: Path) -> None:
    """Nothing is set up, and each rule that relman can serve says so."""
    rules = {rule for rule, _ in found(tmp_path, TEXT.partition("[window]")[0])}
    assert rules == {"owner", "deputy", "window", "rota", "severity", "acknowledge", "row"}


def test_a_gap_of_a_model_has_its_line(tmp_path: Path) -> None:
    """Where the key stands."""
    text = TEXT.replace('deputy = "ben"', "")
    (gap,) = (gap for gap in gaps.gaps(gaps.facts(team(tmp_path, text))) if gap.rule == "deputy")
    assert text.splitlines()[gap.line - 1] == "[roles.ops-lead]"


def test_the_seeds_own_team_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A11: the example says everything that the seeds do not."""
    assert gaps.gaps(gaps.facts(config.load(MERVO / "relman.toml"))) == ()
    monkeypatch.chdir(MERVO)
    assert typed(ns["ops.gaps"]) == ("relman.toml leaves nothing open\n", 0)


def test_a_step_that_reaches_one_of_two_reaches_somebody(tmp_path: Path) -> None:
    """A ghost beside a person is for ops.check; a step of ghosts alone is a gap."""
    one = TEXT.replace('notify = ["eng-lead"]', 'notify = ["eng-lead", "ghost"]')
    assert ("step", "eng-lead, ghost") not in found(tmp_path, one)
    assert ("step", "ghost") in found(tmp_path, TEXT.replace('notify = ["eng-lead"]', 'notify = ["ghost"]'))
