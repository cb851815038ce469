"""Who holds a role, who stands in, and who answers for what."""

from __future__ import annotations

from pathlib import Path

import pytest

from relman import config
from relman.ops import people

MODEL = """\
[service.api]
project = "mervo"
region = "europe-west1"

[people.ana]
name = "Ana Ruiz"
emails = ["Ana@Mervo.example", "ana@users.noreply.example"]
[people.ben]
name = "Ben Ode"

[roles.ops-lead]
holder = "ana"
deputy = "ben"
[roles.cto]
title = "CTO"
holder = "ben"
deputy = "ben"

[[raci]]
id = "deploy-rollback"
what = "Deploy and roll back"
decides = "release"
R = "on-call"
A = "ops-lead"
C = ["cto"]
[[raci]]
id = "two"
what = "A row with two"
decides = "incident"
A = ["ops-lead", "cto"]
[[raci]]
id = "one"
what = "Another row of the same decision"
decides = "maintenance"
A = "cto"
[[raci]]
id = "other"
what = "And another"
decides = "maintenance"
A = "ops-lead"
"""


@pytest.fixture
def model(tmp_path: Path) -> config.Config:
    """Two people, two roles, two rows."""
    (tmp_path / config.NAME).write_text(MODEL, "utf-8")
    return config.load(tmp_path / config.NAME)


def test_a_role_is_called_by_its_title_or_its_id_in_words(model: config.Config) -> None:
    """``ops-lead`` needs no title, ``cto`` does."""
    titles = [people.title(model, role) for role in ("ops-lead", "cto", "on-call", "oncall")]
    assert titles == ["Ops Lead", "CTO", "On-call", "On-call"]
    assert people.told(model, "ops-lead") == "Ops Lead (Ana Ruiz)"
    assert people.told(model, "ben") == "Ben Ode"
    assert people.told(model, "nobodys") == "Nobodys"


def test_a_word_leads_to_people(model: config.Config) -> None:
    """A role to its holder and deputy, on-call to whom the rota names, a person to that person."""
    assert people.people_of(model, "ops-lead") == ("ana", "ben")
    assert people.people_of(model, "cto") == ("ben",)
    assert people.people_of(model, "on-call") == ()
    assert people.people_of(model, "on-call", lambda: "ben") == ("ben",)
    assert people.people_of(model, "ana") == ("ana",)
    assert people.people_of(model, "ghost") == ()
    assert people.person_of(model, "ops-lead") == "ana"


def test_exactly_one_answers_for_a_row(model: config.Config) -> None:
    """A row with two A's has none; a decision is its row's."""
    assert people.accountable(model, "deploy-rollback") == "ops-lead"
    assert people.accountable(model, "two") == ""
    assert people.accountable(model, "none") == ""
    assert people.decider(model, "release") == "ops-lead"
    assert people.decider(model, "incident") == "", "its row has two A's"
    assert people.decider(model, "maintenance") == "", "two rows claim it"
    assert people.decider(model, "prioritization") == ""
    assert people.answers_for(model, "ben", "deploy-rollback")
    assert not people.answers_for(model, "", "deploy-rollback")
    assert not people.answers_for(model, "ben", "two")


def test_an_address_is_known_whatever_its_case(model: config.Config) -> None:
    """Git writes addresses as they were typed."""
    assert people.by_email(model, " ana@mervo.EXAMPLE ") == "ana"
    assert people.by_email(model, "") == ""
    assert people.by_email(model, "eve@mervo.example") == ""
    assert people.name(model, "eve") == "eve"


def test_what_a_person_holds_and_stands_in_for(model: config.Config) -> None:
    """The two are not mixed."""
    assert (people.roles_of(model, "ben"), people.deputised(model, "ben")) == (("cto",), ("ops-lead", "cto"))
