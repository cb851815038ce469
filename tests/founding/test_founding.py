"""What ``inv init`` asks, and what it writes."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from relman import config, founding
from relman.errors import Refused, Unreachable, UsageError
from relman.founding import Known, people
from relman.ops import checks
from tests.guards import tree

TUESDAY = datetime(2026, 12, 1, 9, tzinfo=UTC)
MERVO = tree.ROOT / "examples" / "mervo"
TEAM = ("Ana Ruiz", "Ben Okafor", "Chloe Martin", "Dario Conti", "Emi Sato", "Farid Haddad")
EVERYBODY = ", ".join(f"{name} <{name.split()[0].lower()}@mervo.example>" for name in TEAM)
SAID = {
    "In which Google Cloud project": "mervo-prod",
    "What is the Cloud Run service": "api",
    "Do you work alone": "team",
    "In which time zone": "Europe/Berlin",
    "Who works here": EVERYBODY,
    "Ops Lead": "ana, ben",
    "Eng Lead": "ben, ana",
    "Support Lead": "dario, emi",
    "Product Manager": "emi, dario",
    "Data/Analytics": "farid, emi",
    "CTO": "chloe, ben",
    "Who takes turns": "ana, ben, farid",
}


def answering(*others: tuple[str, str]) -> founding.Ask:
    """A person who gives Mervo's answers, or others."""
    said = SAID | dict(others)

    def ask(question: str, _default: str) -> str:
        return next((answer for words, answer in said.items() if words in question), "") + "\n"

    return ask


def founded(folder: Path, answers: dict[str, object], now: datetime = TUESDAY) -> config.Config:
    """What a founding with these answers leaves in a folder, read again."""
    founding.write(folder, founding.drafted(answers, now, folder))
    return config.load(folder / config.NAME)


def test_the_seeds_team_is_what_init_writes(tmp_path: Path) -> None:
    """The example is, byte for byte, what comes of Mervo's answers; the runbooks are its first ones."""
    founded(tmp_path, founding.answered(Known("api"), {}, answering()))
    assert (tmp_path / config.NAME).read_text("utf-8") == (MERVO / config.NAME).read_text("utf-8")
    for path in ("docs/runbooks/billing.md", "handover/connectivity.md"):
        body = (tmp_path / path).read_text("utf-8").partition("# ")[2]
        assert body == (MERVO / path).read_text("utf-8").partition("# ")[2]
        assert "\nreviewed: 2026-12-01\n" in (tmp_path / path).read_text("utf-8")


def test_one_who_works_alone_is_asked_little(tmp_path: Path) -> None:
    """Five questions, and neither hours nor people where they do not matter."""
    asked: list[str] = []

    def ask(question: str, _default: str) -> str:
        asked.append(question)
        return "\n"

    read = founded(tmp_path, founding.answered(Known("My Shop!", "acme-prod", "Europe/Rome"), {}, ask))
    assert len(asked) == 5
    assert (read.profile, list(read.service), read.window, read.model) == ("solo", ["my-shop"], None, None)
    assert (read.service["my-shop"].project, read.platform.endpoint) == ("acme-prod", None)


def test_a_team_is_asked_about_a_dozen() -> None:
    """Few enough to answer at once."""
    assert len(founding.QUESTIONS) == 15


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "UTC"])
@pytest.mark.parametrize("day", [25, 26, 27, 28, 29, 30])
@pytest.mark.parametrize("size", [2, 3, 6])
def test_defaults_make_a_model_that_nothing_is_wrong_with(
    tmp_path: Path, size: int, day: int, zone: str
) -> None:
    """Two people or six, whatever day and zone: no finding, and no gap in the rota."""
    now = datetime(2026, 11, day, 23, 30, tzinfo=UTC)
    known = Known("api", "", zone, ", ".join(EVERYBODY.split(", ")[:size]))
    read = founded(tmp_path, founding.answered(known, {"profile": "team"}), now)
    assert checks.check(checks.Asked(read, now)) == ()
    assert read.platform.loopback


def test_a_wrong_answer_is_told_and_asked_again() -> None:
    """Nothing is guessed, and the person need not begin again."""
    answers = iter(["teem", "solo", "Api", "api", "here", "here", "eu", "europe-west1"])
    answers = iter([*answers, "wed", "16:00-16:00", "10-16", "10:00-16:00", "Europe/Berln", "Europe/Berlin"])
    seen: list[str] = []

    def ask(question: str, _default: str) -> str:
        seen.append(question)
        return next(answers)

    found = founding.answered(Known("api"), {}, ask)
    assert found["hours"] == ("10:00", "16:00")
    told = "".join(seen)
    assert "did you mean 'team'?" in told
    assert "start and end are equal" in told
    assert "did you mean 'Europe/Berlin'?" in told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "2 people"),
        ("Ana Ruiz <ana@mervo.example>", "2 people"),
        ("Ana Ruiz <a@b.c>, Ana <A@B.C>", "2 people"),
        ("ana, ben", "expected 'Name <e-mail address>', got 'ana'"),
    ],
)
def test_a_team_that_nobody_knows_is_no_team(line: str, told: str) -> None:
    """Nobody is made up: with fewer than two people a team is refused, with what to say (B35)."""
    with pytest.raises(UsageError, match="no answer to: Who works here") as caught:
        founding.answered(Known("api", people=line), {"profile": "team"})
    assert told in caught.value.fact
    assert "--person" in caught.value.clears


def test_what_is_left_to_do_is_not_written(tmp_path: Path) -> None:
    """A TODO among the answers is refused, and nothing is there (B35)."""
    everybody = ("Who works here", EVERYBODY.replace("Emi Sato", "Emi TODO"))
    answers = founding.answered(Known("api"), {}, answering(everybody))
    with pytest.raises(Refused, match="TODO is left here"):
        founding.drafted(answers, TUESDAY, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_people_are_told_apart() -> None:
    """By their first names in plain letters, and a number where two have the same."""
    found = people.newcomers("Zoë Ångström <z@b.c>, Zoe Li <zoe@b.c>, 李 <li@b.c>")
    assert [one.id for one in found] == ["zoe", "zoe2", "person"]
    assert [one.variable for one in found] == ["ZOE", "ZOE2", "PERSON"]


def test_a_name_cannot_break_the_file(tmp_path: Path) -> None:
    """Quotes and backslashes are a name's own."""
    known = Known("api", people='Ana "A" \\ Ruiz <ana@b.c>, Ben <ben@b.c>')
    read = founded(tmp_path, founding.answered(known, {"profile": "team"}))
    assert read.people["ana"].name == 'Ana "A" \\ Ruiz'


def test_git_knows_people_and_programs() -> None:
    """Programs are no people, and a name is made fit for a line."""
    told = people.line([("Ana, R.", "a@b.c"), ("dependabot[bot]", "d@b.c"), ("GitHub", "g@b.c")])
    assert told == "Ana  R. <a@b.c>"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A relman.toml refuses all of it, a runbook is left as it is."""
    answers = founding.answered(Known("api", people=EVERYBODY), {"profile": "team"})
    runbook = tmp_path / "docs" / "runbooks" / "billing.md"
    runbook.parent.mkdir(parents=True)
    runbook.write_text("mine", "utf-8")
    founded(tmp_path, answers)
    assert runbook.read_text("utf-8") == "mine"
    with pytest.raises(Refused, match=r"there is a relman\.toml already"):
        founding.drafted(answers, TUESDAY, tmp_path)


class Interrupting(dict[str, str]):
    """Files of which one cannot be had, because a person presses Ctrl-C."""

    def __getitem__(self, path: str) -> str:
        """All but the last one."""
        if path == config.NAME:
            raise KeyboardInterrupt
        return super().__getitem__(path)


def test_an_interrupted_founding_leaves_nothing(tmp_path: Path) -> None:
    """Files and folders that were made are taken back; what was there before stays."""
    (tmp_path / "docs").mkdir()
    answers = founding.answered(Known("api", people=EVERYBODY), {"profile": "team"})
    texts = Interrupting(founding.drafted(answers, TUESDAY, tmp_path))
    with pytest.raises(KeyboardInterrupt):
        founding.write(tmp_path, texts)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["docs"]


@pytest.mark.parametrize("days", ["mon-fri", "wed foo", "month", "w", ",", "any"])
def test_a_day_is_called_by_its_name(days: str) -> None:
    """What begins like Monday must not pass for Monday: what is no day is asked again."""
    asked = []

    def ask(question: str, default: str) -> str:
        asked.append(question)
        if "On which days" in question:
            return days if sum("On which days" in one for one in asked) == 1 else "Monday, WED mon"
        return answering()(question, default)

    assert founding.answered(Known("api"), {}, ask)["days"] == ("mon", "wed")
    assert any("each by its name" in one for one in asked)


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks while it is written sees no part of it; nothing else is left beside it."""
    seen: list[list[str]] = []

    def look(whole: Path, path: Path) -> None:
        seen.append(sorted(one.name for one in path.parent.iterdir()))
        whole.rename(path)
        whole.touch()

    monkeypatch.setattr("relman.founding.writing.os.link", look)
    founding.write(tmp_path, {config.NAME: "x"})
    assert seen == [[f".{config.NAME}.{os.getpid()}.new"]]
    assert [one.name for one in tmp_path.iterdir()] == [config.NAME]


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written all the same, and still never over another."""

    def refuse(_whole: Path, _path: Path) -> NoReturn:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("relman.founding.writing.os.link", refuse)
    founding.write(tmp_path, {config.NAME: "x"})
    assert (tmp_path / config.NAME).read_text("utf-8") == "x"
    with pytest.raises(Refused, match="is there already"):
        founding.write(tmp_path, {config.NAME: "y"})
    assert [one.read_text("utf-8") for one in tmp_path.iterdir()] == ["x"]


def test_what_stands_in_the_way_is_named(tmp_path: Path) -> None:
    """A file where a folder is needed: nothing is written, and the refusal says what is there."""
    (tmp_path / "handover").write_text("", "utf-8")
    answers = founding.answered(Known("api"), {}, answering())
    with pytest.raises(Refused, match=r"nothing was written: .*handover is there already"):
        founding.write(tmp_path, founding.drafted(answers, TUESDAY, tmp_path))
    assert [one.name for one in tmp_path.iterdir()] == ["handover"]


def test_a_folder_that_nobody_may_write_to_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own reason, in words, and nothing is left."""

    def refuse(_path: Path, *_said: object) -> NoReturn:
        raise PermissionError(13, "Permission denied", str(tmp_path / config.NAME))

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(Unreachable, match=r"nothing was written: .*relman.toml: Permission denied"):
        founding.write(tmp_path, {config.NAME: "x"})
    assert list(tmp_path.iterdir()) == []


def test_somebody_is_on_call_from_the_first_instant(tmp_path: Path) -> None:
    """A team that begins on a Monday morning has its shift from the Monday before."""
    monday = datetime(2026, 11, 30, 5, tzinfo=UTC)
    known = Known("api", "", "UTC", ", ".join(EVERYBODY.split(", ")[:2]))
    read = founded(tmp_path, founding.answered(known, {"profile": "team"}), monday)
    assert read.oncall is not None
    assert str(read.oncall.layers[0].start) == "2026-11-23T09:00"


def test_relman_toml_is_written_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that all is there: whoever is killed midway may begin again."""
    order: list[str] = []

    def look(_whole: Path, path: Path) -> None:
        order.append(path.name)

    monkeypatch.setattr("relman.founding.writing.os.link", look)
    founding.write(tmp_path, {config.NAME: "x", "a.md": "y", "z/b.md": "z"})
    assert order == ["a.md", "b.md", config.NAME]
