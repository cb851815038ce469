"""The gates about what people read and own: documents, runbooks, touchpoints."""

from __future__ import annotations

import dataclasses
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from relman.gates import documents, runbooks, touchpoints
from relman.models import Answer
from relman.ops import papers
from relman.repo import Repo
from tests.gates.conftest import Ask, candidate
from tests.ops.team import TEXT, team

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
MODEL = TEXT.partition("[service.api]")[0] + "[window]" + TEXT.partition("[window]")[2]
"""The small team without its service, which the question brings along."""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository with a tagged release, and one change since, in billing."""
    team(tmp_path)
    (tmp_path / "billing").mkdir()
    (tmp_path / "billing/pay.py").write_text("1\n", "utf-8")
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    git(tmp_path, "tag", "v1.7.3")
    (tmp_path / "billing/pay.py").write_text("2\n", "utf-8")
    commit(tmp_path)
    return Repo(tmp_path)


def git(folder: Path, *args: str) -> None:
    """Run git as a person of the team."""
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@mervo.example"]
    subprocess.run(["git", "-C", str(folder), *who, *args], check=True)


def commit(folder: Path) -> None:
    """Commit everything."""
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "a change")


def shipped(repo: Repo, prior: str = "1.7.3") -> dict[str, object]:
    """A candidate at the newest commit, after a version."""
    return {"proposed": replace(candidate(commit=repo.head), prior=prior), "repo": lambda: repo, "now": NOW}


def aged(folder: Path, days: int) -> None:
    """Let the runbook of billing have been reviewed so many days ago."""
    day = (NOW - timedelta(days=days)).date()
    (folder / "docs/runbooks/billing.md").write_text(f"---\nowner: ops-lead\nreviewed: {day}\n---\n", "utf-8")


def test_without_their_sections_they_are_not_set_up(question: Ask) -> None:
    """``documents``: shown, and in nobody's way (ruling 16)."""
    for gate in (documents.GATE, runbooks.GATE, touchpoints.GATE):
        assert gate.ask(question('profile = "team"')).answer is Answer.NOT_SET_UP


def test_papers_that_drifted_stop_a_release(question: Ask, repo: Repo) -> None:
    """A4a: until they are made again; nobody can lift it."""
    asked = question(MODEL, **shipped(repo))
    verdict = documents.GATE.ask(asked)
    assert (verdict.answer, verdict.clears) == (Answer.NO_GO, "inv ops.documents")
    assert "OPERATING_MODEL.md (missing)" in verdict.fact
    papers.write_all(papers.compared(asked.config, NOW))
    assert documents.GATE.ask(asked).answer is Answer.GO
    again = documents.GATE.ask(question(MODEL.replace("Ana Ruiz", "Ana Diaz"), **shipped(repo)))
    assert again.inputs["OPERATING_MODEL.md"] == "behind"
    assert documents.GATE.lifted_by == ""


@pytest.mark.parametrize(
    ("days", "answer"),
    [(0, Answer.GO), (180, Answer.GO), (181, Answer.WARN), (360, Answer.WARN), (361, Answer.NO_GO)],
)
def test_a_runbook_ages(question: Ask, repo: Repo, tmp_path: Path, days: int, answer: Answer) -> None:
    """A6d: a warning beyond the limit, a refusal beyond twice the limit."""
    aged(tmp_path, days)
    verdict = runbooks.GATE.ask(question(MODEL, **shipped(repo)))
    assert (verdict.answer, verdict.inputs["docs/runbooks/billing.md"]) == (answer, days)


def test_an_old_runbook_stops_only_what_it_is_about(question: Ask, repo: Repo, tmp_path: Path) -> None:
    """``runbooks``, A6d: a release that changes nothing of its domain is warned."""
    aged(tmp_path, 400)
    elsewhere = MODEL.replace('paths = ["billing/**", "*.sql"]', 'paths = ["*.sql"]')
    assert runbooks.GATE.ask(question(elsewhere, **shipped(repo))).answer is Answer.WARN
    nothing = question(MODEL, **{**shipped(repo), "proposed": None})
    assert runbooks.GATE.ask(nothing).answer is Answer.NO_GO, "without a candidate, each may be meant"


def test_a_runbook_that_says_nothing_of_a_review_is_a_warning(
    question: Ask, repo: Repo, tmp_path: Path
) -> None:
    """A6d: it is not known to be old, and not known to be good."""
    (tmp_path / "docs/runbooks/billing.md").write_text("# Billing\n", "utf-8")
    verdict = runbooks.GATE.ask(question(MODEL, **shipped(repo)))
    assert verdict.answer is Answer.WARN
    assert verdict.fact == "docs/runbooks/billing.md says nothing of a review"


def test_a_path_of_nobodys_is_a_warning(question: Ask, repo: Repo, tmp_path: Path) -> None:
    """``touchpoints``, A7: of what differs from the version before; it never refuses."""
    verdict = touchpoints.GATE.ask(question(MODEL, **shipped(repo)))
    assert (verdict.answer, verdict.fact) == (Answer.GO, "1 paths, of billing")
    (tmp_path / "main.py").write_text("", "utf-8")
    commit(tmp_path)
    verdict = touchpoints.GATE.ask(question(MODEL, **shipped(repo)))
    assert verdict.answer is Answer.WARN
    assert "main.py" in verdict.fact


def test_without_a_version_before_every_file_is_looked_at(question: Ask, repo: Repo) -> None:
    """A7: at a first release all of it is new."""
    verdict = touchpoints.GATE.ask(question(MODEL, **shipped(repo, prior="")))
    assert verdict.answer is Answer.WARN
    assert "relman.toml" in verdict.fact


def test_without_touchpoints_any_runbook_may_be_meant(question: Ask, repo: Repo, tmp_path: Path) -> None:
    """A6d: nothing tells which paths are whose, so one that is twice too old stops every release."""
    aged(tmp_path, 400)
    bare = MODEL.partition("[[touchpoint]]")[0] + "[documents]\n"
    assert runbooks.GATE.ask(question(bare, **shipped(repo))).answer is Answer.NO_GO


def test_paths_are_those_below_the_models_folder(question: Ask, repo: Repo, tmp_path: Path) -> None:
    """A7: in a repository of several, what lies beside the folder of relman.toml is another's."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a.py").write_text("1\n", "utf-8")
    commit(tmp_path)
    asked = question(MODEL, **shipped(repo))
    inner = tmp_path / "billing"
    moved = replace(asked.config.source, path=inner / "relman.toml")
    verdict = touchpoints.GATE.ask(dataclasses.replace(asked, config=replace(asked.config, source=moved)))
    assert verdict.inputs == {"paths": 1, "of nobody's": ["pay.py"]}
