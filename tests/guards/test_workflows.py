"""The workflows hold their rules: pinned actions, no rights by default, a limit on time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.guards import tree

WORKFLOWS = sorted((tree.ROOT / ".github/workflows").glob("*.yml"))


def read(path: Path) -> dict[str, Any]:
    """One workflow; YAML reads its key ``on`` as a truth value, which nothing here asks for."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_holds_the_rules(path: Path) -> None:
    """No rights but what a job names, a time limit, one line to run: the logic is Python, and tested."""
    workflow = read(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert "timeout-minutes" in job, name
        assert "latest" not in job["runs-on"], name
        for step in job["steps"]:
            assert re.fullmatch(r"(\./inv|\.ci/run)[^\n$]*", step.get("run", "./inv")), step


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_to_a_commit(path: Path) -> None:
    """A tag can be moved by whoever owns it; a commit cannot, and the comment says which version it was."""
    uses = re.findall(r"^\s*(?:- )?uses: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert uses
    assert [each for each in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", each)] == []
