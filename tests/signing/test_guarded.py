"""A commit cannot loosen its own gates: what only a policy changes differs by the name of its section."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from relman.errors import Refused
from relman.signing import differences, digests, need_unchanged

TEXT = """
profile = "team"
mode = "enforce"
branch = "main"
[service.api]
project = "acme"
region = "europe-west1"
smoke = "smoke/api.toml"
[service.api.env.staging]
smoke = "smoke/staging.toml"
[window]
tz = "Europe/Berlin"
windows = [{ days = ["wed"], start = "10:00", end = "16:00" }]
freezes = [{ from = 2026-12-18, to = 2027-01-03, reason = "year end" }]
[oncall]
tz = "Europe/Berlin"
[roles.eng-lead]
holder = "ana"
[[raci]]
id = "deploy-rollback"
A = "eng-lead"
[gates.docs]
files = ["docs/runbook.md"]
[drills]
every = "14d"
"""
FILES = {"smoke/api.toml": b"1", "smoke/staging.toml": b"2", "docs/runbook.md": b"3"}


def taken(text: str = TEXT, files: dict[str, bytes] = FILES) -> dict[str, str]:
    """The digests of a relman.toml."""
    return digests(tomllib.loads(text), files.get)


def test_each_section_and_each_file_it_names_has_a_digest() -> None:
    """A file is named with its section."""
    assert sorted(taken()) == [
        "drills",
        "gates",
        "gates: docs/runbook.md",
        "mode",
        "oncall",
        "profile",
        "raci",
        "roles",
        "smoke",
        "smoke: smoke/api.toml",
        "smoke: smoke/staging.toml",
        "window",
    ]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('mode = "enforce"', 'mode = "advise"', ["mode"]),
        ('mode = "enforce"', "", ["mode"]),
        ('profile = "team"', 'profile = "solo"', ["profile"]),
        ('end = "16:00"', 'end = "23:00"', ["window"]),
        ("2027-01-03", "2026-12-19", ["window"]),
        ('[oncall]\ntz = "Europe/Berlin"', '[oncall]\ntz = "Asia/Tokyo"', ["oncall"]),
        ('holder = "ana"', 'holder = "mallory"', ["roles"]),
        ('A = "eng-lead"', 'A = "intern"', ["raci"]),
        ('every = "14d"', 'every = "900d"', ["drills"]),
        ('[drills]\nevery = "14d"', "", ["drills"]),
        ('smoke = "smoke/staging.toml"', "", ["smoke", "smoke: smoke/staging.toml"]),
    ],
)
def test_a_section_that_is_loosened_is_named(old: str, new: str, named: list[str]) -> None:
    """The window, the rota, ``mode``, a role: by their name; a section that was taken out too."""
    assert old in TEXT
    assert list(differences(taken(), taken(TEXT.replace(old, new)))) == named


def test_a_file_that_is_loosened_is_named() -> None:
    """Smoke checks that check nothing, or that are gone."""
    assert differences(taken(), taken(files=FILES | {"smoke/api.toml": b""})) == ("smoke: smoke/api.toml",)
    assert differences(taken(), taken(files={})) == tuple(name for name in sorted(taken()) if ": " in name)


@pytest.mark.parametrize(
    ("old", "new"),
    [('branch = "main"', ""), ('project = "acme"', 'project = "b"'), ("[window]", "# a comment\n[window]")],
)
def test_what_loosens_nothing_needs_no_policy(old: str, new: str) -> None:
    """Other sections, comments and white space may change."""
    assert differences(taken(), taken(TEXT.replace(old, new))) == ()


def test_a_way_out_of_the_folder_is_no_file() -> None:
    """Only what lies in the repository is read."""
    asked: list[str] = []

    def read(path: str) -> bytes | None:
        asked.append(path)
        return None

    hostile: Any = {"gates": {"a": ["../x.md", "a/../../x.md", "/etc/passwd", "a b.md", "https://x.test/y"]}}
    digests(hostile, read)
    assert asked == []


def test_the_refusal_names_the_section_and_who_can_sign() -> None:
    """What was changed, in which version it is otherwise, and by whom it is changed."""
    need_unchanged(taken(), taken(), 7, "ana, ben and cleo")
    with pytest.raises(Refused, match=r"mode was changed without a signature: policy 7 .* ana, ben and cleo"):
        need_unchanged(taken(), taken(TEXT.replace("enforce", "advise")), 7, "ana, ben and cleo")
