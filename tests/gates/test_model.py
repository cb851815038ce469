"""The gate that asks whether the team can work by its model."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from relman.gates import model
from relman.models import Answer
from tests.gates.conftest import Ask
from tests.guards import tree

MERVO = (tree.ROOT / "examples" / "mervo" / "relman.toml").read_text("utf-8")
NOW = datetime(2026, 12, 2, 10, 30, tzinfo=UTC)


def mervo(folder: Path) -> str:
    """The seeds' team, without its service, and with its runbooks beside it."""
    for path in ("docs/runbooks", "handover"):
        (folder / path).mkdir(parents=True, exist_ok=True)
        for found in (tree.ROOT / "examples" / "mervo" / path).iterdir():
            (folder / path / found.name).write_bytes(found.read_bytes())
    first, last = MERVO.index("[service.api]"), MERVO.index("[model]")
    return MERVO[:first] + MERVO[last:]


def test_without_a_model_it_is_not_set_up(question: Ask) -> None:
    """``model``: shown, and in nobody's way (ruling 16)."""
    assert model.GATE.ask(question('profile = "team"')).answer is Answer.NOT_SET_UP


def test_the_seeds_team_may_ship(question: Ask, tmp_path: Path) -> None:
    """It says by which version of the model."""
    verdict = model.GATE.ask(question(mervo(tmp_path), now=NOW))
    assert verdict.answer is Answer.GO
    assert verdict.fact == "version 1.0, 11 decisions, nothing to mend"
    assert verdict.inputs == {"version": "1.0", "findings": []}


def test_something_left_to_do_stops_a_release(question: Ask, tmp_path: Path) -> None:
    """With its line and the command that tells more; nobody can lift it (B35)."""
    text = mervo(tmp_path).replace('"Tell customers"', '"TODO"')
    verdict = model.GATE.ask(question(text, now=NOW))
    assert (verdict.answer, verdict.clears) == (Answer.NO_GO, "inv ops.check")
    assert verdict.fact.endswith("TODO is left here")
    assert verdict.fact.startswith("relman.toml:")
    assert model.GATE.lifted_by == ""


def test_three_findings_are_shown_and_the_others_counted(question: Ask, tmp_path: Path) -> None:
    """A verdict is a line; ``ops.check`` has the page."""
    text = mervo(tmp_path).replace('holder = "', 'holder = "x')
    assert " more" in model.GATE.ask(question(text, now=NOW)).fact


def test_what_makes_work_harder_is_a_warning(question: Ask, tmp_path: Path) -> None:
    """A role without a deputy ships (A10)."""
    text = mervo(tmp_path).replace(', deputy = "emi", title', ", title")
    verdict = model.GATE.ask(question(text, now=NOW))
    assert verdict.answer is Answer.WARN
    assert verdict.fact.endswith("Data/Analytics has no deputy")


def test_it_can_be_asked_about_another_day(question: Ask, tmp_path: Path) -> None:
    """The file is as it is; the rota of that day's coming year is looked at."""
    text = mervo(tmp_path).replace(
        'start = "2026-11-30T09:00"', 'start = "2026-11-30T09:00", until = "2028-01-03T09:00"'
    )
    assert model.GATE.ask(question(text, now=NOW)).answer is Answer.GO
    later = question(text, now=NOW, at=datetime(2027, 1, 6, 10, 30, tzinfo=UTC))
    assert "nobody is on call from Mon 2028-01-03 09:00" in model.GATE.ask(later).fact


def test_what_stops_is_told_before_what_makes_work_harder(question: Ask, tmp_path: Path) -> None:
    """Three are shown: a release that is stopped is told by what stops it."""
    text = mervo(tmp_path).replace(', deputy = "ben"', "").replace('"Tell customers"', '"TODO"')
    verdict = model.GATE.ask(question(text, now=NOW))
    assert verdict.answer is Answer.NO_GO
    assert verdict.fact.endswith("TODO is left here")
    assert "deputy" not in verdict.fact
