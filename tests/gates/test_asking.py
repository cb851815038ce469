"""What is true of every gate: all are asked, the unknown refuses, and nothing is hidden."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from relman import gates
from relman.errors import Refused
from relman.gates import Gate, Question
from relman.models import Answer, Verdict
from relman.repo import Repo
from tests.gates.conftest import WEDNESDAY, Ask


def gate(answer: Answer, *, lifted_by: str = "deploy-rollback", without: Answer = Answer.UNKNOWN) -> Gate:
    """A gate that always says the same."""
    return Gate(
        id=f"says-{answer.value.replace(' ', '-')}",
        name=f"says {answer}",
        row="deploy-rollback",
        source=("A1d",),
        without=without,
        lifted_by=lifted_by,
        ask=lambda _question: Verdict("", answer, "because", inputs={"seen": 1}),
    )


def away(_question: Question) -> Verdict:
    """A question whose data is not to be had."""
    raise Refused("the tracker is away", fact="timeout", clears="mend it")


@pytest.mark.parametrize(
    ("answer", "passes"),
    [
        (Answer.GO, True),
        (Answer.WARN, True),
        (Answer.NOT_SET_UP, True),
        (Answer.NO_GO, False),
        (Answer.UNKNOWN, False),
    ],
)
def test_only_go_a_warning_and_not_set_up_pass(question: Ask, answer: Answer, *, passes: bool) -> None:
    """Unknown counts as no-go (house style 6)."""
    (verdict,) = gates.ask(question(), [gate(answer)])
    assert verdict.passes is passes
    assert (verdict.id, verdict.gate, verdict.inputs) == (
        f"says-{answer.value.replace(' ', '-')}",
        f"says {answer}",
        {"seen": 1},
    )


def test_a_gate_that_refuses_does_not_keep_the_next_from_being_asked(question: Ask) -> None:
    """All are asked, in their order, so that everything can be mended at once."""
    order = (Answer.NO_GO, Answer.UNKNOWN, Answer.GO)
    assert tuple(one.answer for one in gates.ask(question(), map(gate, order))) == order


@pytest.mark.parametrize("without", [Answer.UNKNOWN, Answer.WARN])
def test_a_gate_whose_data_is_away_says_what_it_says_without(question: Ask, without: Answer) -> None:
    """The reason and the command come from what went wrong; the data is of no earlier time than now."""
    lost = Gate(
        id="lost",
        name="lost",
        row="incident-response",
        source=("A3a",),
        without=without,
        lifted_by="",
        ask=away,
    )
    (verdict,) = gates.ask(question(), [lost])
    assert (verdict.answer, verdict.fact, verdict.clears) == (
        without,
        "the tracker is away: timeout",
        "mend it",
    )
    assert verdict.as_of == WEDNESDAY


@pytest.mark.parametrize("profile", ["solo", "team"])
def test_a_profile_asks_its_gates(question: Ask, profile: str) -> None:
    """``solo``: tree, version, window, smoke, way back, clock; ``team``: all (ruling 16)."""
    asked = [one.id for one in gates.asked(question(f'profile = "{profile}"').config.profile)]
    solo = [one for one in asked if one in {"tree", "version", "window", "smoke", "way-back", "clock"}]
    assert solo[:3] == ["tree", "version", "window"]
    assert asked == (solo if profile == "solo" else [one.id for one in gates.GATES])


def test_ids_and_names_are_given_once() -> None:
    """An override names a gate by its id, and a person by what is shown."""
    assert len({one.id for one in gates.GATES}) == len(gates.GATES)
    assert len({one.name for one in gates.GATES}) == len(gates.GATES)


def test_sign_off_is_unknown_without_a_genesis(
    question: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """``sign-off``: unknown is no-go, nobody may lift it, and what to type is told."""
    monkeypatch.delenv("RELMAN_GENESIS", raising=False)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    with closing(Repo(tmp_path)) as repo:
        asked = question('profile = "team"\nmode = "advise"', repo=lambda: repo)
        (verdict,) = gates.ask(asked, [one for one in gates.GATES if one.id == "sign-off"])
    assert (verdict.answer, verdict.passes) == (Answer.UNKNOWN, False)
    assert "no genesis is pinned" in verdict.fact
    assert "RELMAN_GENESIS" in verdict.clears
