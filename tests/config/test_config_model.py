"""The operating model's sections of relman.toml, and the mistakes in their shape."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from relman import config
from relman.errors import ConfigError

MODEL = """\
profile = "team"

[service.api]
project = "mervo"
region = "europe-west1"

[model]
version = "1.0"
tz = "Europe/Berlin"
since = 2026-12-01

[people.ana]
name = "Ana Ruiz"
emails = ["ana@mervo.example"]
contacts = { phone = "env:ANA_PHONE", pager = "secret:ana-pager" }

[roles.ops-lead]
holder = "ana"
deputy = "ben"
owns = ["uptime"]

[[raci]]
id = "deploy-rollback"
what = "Deploy and roll back"
decides = "release"
R = "on-call"
A = ["eng-lead"]
C = ["ops-lead", "cto"]

[[domain]]
id = "billing"
owner = "ops-lead"
runbook = "docs/runbooks/billing.md"
severity = { P1 = "nobody can pay" }

[severity.P1]
means = "the service is down"
respond = "15m"
acknowledge = "5m"
update = "30m"
tell = ["on-call", "ops-lead"]
via = "pager"
review = true

[[touchpoint]]
paths = ["billing/**"]
domain = "billing"

[review]
approvals = 2

[backlog]
untriaged = "7d"
open = { P1 = 0 }
"""


def loaded(folder: Path, text: str) -> config.Config:
    """The configuration that this text is."""
    (folder / config.NAME).write_text(text, "utf-8")
    return config.load(folder / config.NAME)


def refused(folder: Path, text: str) -> str:
    """What is told of a text that cannot be used."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return str(caught.value)


def test_every_section_is_read(tmp_path: Path) -> None:
    """What the file says arrives, with its defaults."""
    read = loaded(tmp_path, MODEL)
    assert read.model
    assert (read.model.since, read.model.max_share) == (date(2026, 12, 1), 60)
    assert read.people["ana"].contacts.methods == {"phone": "env:ANA_PHONE", "pager": "secret:ana-pager"}
    assert (read.roles["ops-lead"].holder, read.roles["ops-lead"].deputy) == ("ana", "ben")
    assert (read.domain[0].escalation, read.domain[0].severity.of("P1")) == ("default", "nobody can pay")
    assert read.domain[0].severity.of("P4") == ""
    assert list(read.severity.levels) == ["P1"]
    assert read.touchpoint[0].paths == ("billing/**",)
    assert read.review == config.Review(approvals=2)
    assert read.backlog
    assert (read.backlog.open.of("P1"), read.backlog.open.of("P2")) == (0, None)


def test_a_role_may_be_one_or_several(tmp_path: Path) -> None:
    """R, A, C and I take a word or a list; two A's parse, so that a check can name their line."""
    row = loaded(tmp_path, MODEL).raci[0]
    assert (row.responsible, row.accountable) == (("on-call",), ("eng-lead",))
    assert (row.consulted, row.informed) == (("ops-lead", "cto"), ())
    two = loaded(tmp_path, MODEL.replace('A = ["eng-lead"]', 'A = ["eng-lead", "cto"]'))
    assert len(two.raci[0].accountable) == 2


def test_all_of_it_may_be_left_out(tmp_path: Path) -> None:
    """A file without an operating model is a whole file."""
    read = loaded(tmp_path, MODEL[: MODEL.index("[model]")])
    assert (read.model, read.people, read.roles, read.raci, read.domain) == (None, {}, {}, (), ())
    assert (read.severity.levels, read.touchpoint, read.review, read.backlog) == ({}, (), None, None)


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ('nmae = "Ana Ruiz"', 'name = "Ana Ruiz"', "people.ana.nmae: unknown key, did you mean 'name'?"),
        ('emails = ["ana"]', 'emails = ["ana@mervo.example"]', "people.ana.emails[0]: expected an e-mail"),
        ("holdr = 'ana'", 'holder = "ana"', "roles.ops-lead.holder: missing, and required"),
        ("A = 7", 'A = ["eng-lead"]', "raci[0].A: expected a role's id or a list of them"),
        ('decides = "releases"', 'decides = "release"', "did you mean 'release'?"),
        ('severity = { P5 = "x" }', 'severity = { P1 = "nobody can pay" }', "domain[0].severity.P5: unknown"),
        ('via = "fax"', 'via = "pager"', "severity.P1.via: expected one of pager, slack, email"),
        ('paths = ["!x"]', 'paths = ["billing/**"]', "touchpoint[0].paths[0]: expected a path pattern"),
        (
            'emails = ["a\u009b@b"]',
            'emails = ["ana@mervo.example"]',
            "ana.emails[0]: expected an e",
        ),
        ('paths = ["b\\u001b"]', 'paths = ["billing/**"]', "touchpoint[0].paths[0]: expected a path pattern"),
        (
            'handle = "@ana\\n* @eve"',
            'emails = ["ana@mervo.example"]',
            "ana.handle: expected a name",
        ),
        ("[people.Ana]", "[people.ana]", "people.Ana: expected a person's id"),
    ],
)
def test_a_wrong_shape_is_named_with_its_line(tmp_path: Path, wrong: str, right: str, told: str) -> None:
    """What is no person, role or row is refused, with the line on which it stands."""
    text = MODEL.replace(right, wrong)
    message = refused(tmp_path, text)
    assert told in message
    section = right if "holder" in right else wrong  # a missing key is told at its table
    line = text[: text.index(wrong)].count("\n") + (1 if section == wrong else 0)
    assert f"relman.toml:{line}" in message


@pytest.mark.parametrize("since", ["0206-12-01", "9999-12-31"])
def test_the_model_is_of_this_century(tmp_path: Path, since: str) -> None:
    """A slip in the year would let every day since then be counted, or leave none to count."""
    told = refused(tmp_path, MODEL.replace("since = 2026-12-01", f"since = {since}"))
    assert f"'since' is no day of this century: {since}" in told


def test_no_contact_is_told_by_a_mistake_in_its_shape(tmp_path: Path) -> None:
    """A number in the file is not repeated where it is refused."""
    assert "49301234567" not in refused(tmp_path, MODEL.replace('"env:ANA_PHONE"', "49301234567"))


def test_a_rollback_reads_none_of_it(tmp_path: Path) -> None:
    """However broken the model is, the way back is found."""
    text = MODEL.replace('holder = "ana"', "holder = 7").replace('tz = "Europe/Berlin"', 'tz = "Mars"')
    refused(tmp_path, text)
    assert config.load_for_rollback(tmp_path / config.NAME).key().service == "api"


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ('model = "relman.toml"', "'model' would be written over relman.toml itself"),
        ('model = "A.md"\ncalendar = "./a.md"', "'calendar' would be written over 'model'"),
        ('codeowners = ".git/config"', "'codeowners' cannot be written to '.git/config'"),
        ('model = "."', "'model' cannot be written to '.'"),
        ('model = "../MODEL.md"', "expected a path below the folder"),
        ('runbooks = ["docs/.."]', "expected a path below the folder"),
        ('calendar = "/tmp/a.ics"', "expected a path below the folder"),
    ],
)
def test_no_paper_is_written_over_another_file(tmp_path: Path, section: str, told: str) -> None:
    """Where papers are written is judged before one is: --force would cost the model, or git's own file."""
    assert told in refused(tmp_path, f"{MODEL}\n[documents]\n{section}\n")


@pytest.mark.parametrize("handle", ["@ana @eve", "@ana # not", "@", "@ana/", "ana\u202e"])
def test_a_handle_is_one_name(tmp_path: Path, handle: str) -> None:
    """CODEOWNERS gives every word after the pattern a review, and reads nothing after a hash."""
    text = MODEL.replace('emails = ["ana@mervo.example"]', f'handle = "{handle}"')
    assert "people.ana.handle: expected a name as the forge" in refused(tmp_path, text)


def test_a_runbook_lies_in_the_repository(tmp_path: Path) -> None:
    """What a domain names is reviewed with the rest: a path that leads out of the folder is refused."""
    text = MODEL.replace('"docs/runbooks/billing.md"', '"../billing.md"')
    assert "domain[0].runbook: expected a path below" in refused(tmp_path, text)
