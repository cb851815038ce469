"""The papers that are made from the model: what they say, when they drift, and whose work is never lost."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relman.errors import ConfigError, Refused, Unreachable
from relman.ops import papers
from relman.ops.papers import State
from relman.tasks import ns
from tests.guards import tree
from tests.ops.tasking import typed
from tests.ops.team import TEXT, team

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
MERVO = tree.ROOT / "examples/mervo/relman.toml"
MODEL, OWNERS, CALENDAR = "OPERATING_MODEL.md", ".github/CODEOWNERS", "docs/calendar.ics"
CHAPTERS = [
    "Owners",
    "Review loops",
    "Incident and support handling",
    "Documentation upkeep",
    "Backlog expectations",
]


def made(folder: Path, text: str = TEXT, now: datetime = NOW) -> dict[str, str]:
    """What each paper of a model says."""
    return {paper.path: paper.content.decode() for paper in papers.papers(team(folder, text), now)}


def states(folder: Path, text: str = TEXT, now: datetime = NOW) -> list[State]:
    """How the files in a folder stand to a model."""
    return [one.state for one in papers.compared(team(folder, text), now)]


def written(folder: Path, text: str = TEXT) -> None:
    """Write them."""
    papers.write_all(papers.compared(team(folder, text), NOW))


def test_the_document_has_five_chapters(tmp_path: Path) -> None:
    """A12: each with something in it, and an anchor that stays where the heading is worded anew."""
    text = made(tmp_path)[MODEL]
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    assert parts[1::2] == CHAPTERS
    assert all(len(part.strip()) > 100 for part in parts[2::2])
    for link in re.findall(r"\]\(#([\w-]+)\)", text):
        assert f'<a id="{link}"></a>' in text


def test_the_document_says_what_the_model_says(tmp_path: Path) -> None:
    """Roles with holder and deputy, the matrix, cadence, severities, escalation, windows, the rota."""
    text = made(tmp_path)[MODEL]
    for line in (
        "| Ops Lead | Ana Ruiz | Ben Okoro | uptime, billing, connectivity, runbooks |",
        "| Deploy and roll back | On-call | Eng Lead | Ops Lead |  |",
        "| release | Deploy and roll back | Eng Lead (Ben Okoro) |",
        "| Mon 10:00 | Review last week's incidents | 30m | Ops Lead (Ana Ruiz) | Eng Lead | `inv release.history` |",  # noqa: E501
        "| P1 | the service is down | 5m | 15m | 30m | On-call, Ops Lead | pager | yes |",
        "2. Eng Lead (Ben Okoro); then wait 10 min",
        "- Wed 10:00-16:00 Europe/Berlin",
        "- 2026-12-25: Christmas",
        "- Ana Ruiz, Ben Okoro: turns of 1 week from 2026-11-30T09:00 (Europe/Berlin)",
        "- At most 3 of P2 are open.",
    ):
        assert line in text.splitlines(), line


def test_a_chapter_without_its_section_says_what_to_write(tmp_path: Path) -> None:
    """An empty model is still a document of five chapters."""
    bare = TEXT.partition("[window]")[0] + '[model]\nversion = "1"\ntz = "UTC"\n[documents]\n'
    text = made(tmp_path, bare)
    assert list(text) == [MODEL]
    for section in (
        "[roles]",
        "[[cadence]]",
        "[window]",
        "[severity.P1]",
        "[[escalation]]",
        "[oncall]",
        "[backlog]",
    ):
        assert f"write `{section}`" in text[MODEL]


def test_what_stands_in_the_model_is_shown_and_not_read_as_markdown(tmp_path: Path) -> None:
    """A cell stays a cell, and a name that looks like markup is a name."""
    text = made(tmp_path, TEXT.replace("Ana Ruiz", "A|na <b>*R*</b> [x](y)"))[MODEL]
    assert r"| Ops Lead | A\|na \<b\>\*R\*\</b\> \[x\](y) |" in text


def test_codeowners_has_holder_and_deputy_in_the_order_of_the_file(tmp_path: Path) -> None:
    """A7: by handle, else by address; the last pattern that fits wins there too."""
    rows = [line for line in made(tmp_path)[OWNERS].splitlines() if line and not line.startswith("#")]
    assert rows == ["billing/** @ana-ruiz ben@mervo.example", "*.sql      @ana-ruiz ben@mervo.example"]


def test_codeowners_needs_somebody_whom_the_forge_knows(tmp_path: Path) -> None:
    """Whoever has neither handle nor address is named, and so is a domain of nobody's."""
    with pytest.raises(Refused, match="Ben Okoro has neither handle nor e-mail address"):
        made(tmp_path, TEXT.replace('emails = ["ben@mervo.example"]', ""))
    with pytest.raises(Refused, match="nobody owns the domain 'billing'"):
        made(tmp_path, TEXT.replace('owner = "ops-lead"\nrunbook', 'owner = "ghost"\nrunbook'))


def test_the_calendar_has_windows_meetings_and_shifts(tmp_path: Path) -> None:
    """A14a: one event each, in UTC, over clock changes; a holiday's window is left out."""
    text = made(tmp_path, TEXT.replace("2026-12-25", "2026-12-16"))[CALENDAR]
    assert text.count("SUMMARY:Deploy window") == 57 - 1  # Wednesdays from 2 Dec 2026 to 29 Dec 2027
    assert "DTSTART:20261202T090000Z" in text
    assert "DTSTART:20261216T090000Z" not in text
    assert "DTSTART:20270630T080000Z" in text, "summer time"
    assert "SUMMARY:On call: Ana Ruiz" in text
    gone = 'start = "2026-11-30T09:00", until = "2026-12-14T09:00"'
    left = made(tmp_path, TEXT.replace('start = "2026-11-30T09:00"', gone))[CALENDAR]
    assert left.count("SUMMARY:On call: ") == 2, "when nobody is on call, nobody is named"
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_the_same_model_makes_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the day, as long as the calendar still reaches beyond it."""
    written(tmp_path)
    assert states(tmp_path) == [State.SAME] * 3
    assert states(tmp_path, now=datetime(2027, 12, 31, 12, tzinfo=UTC)) == [State.SAME] * 3
    later = states(tmp_path, now=datetime(2028, 1, 2, tzinfo=UTC))
    assert later == [State.SAME, State.SAME, State.BEHIND], "the calendar is at its end"


def test_what_was_published_and_has_drifted_is_found(tmp_path: Path) -> None:
    """A14a: missing, made from an older model, edited by hand: each is told apart, byte for byte."""
    assert states(tmp_path) == [State.MISSING] * 3
    written(tmp_path)
    assert states(tmp_path, TEXT.replace("Ana Ruiz", "Ana Diaz"))[0] is State.BEHIND
    (tmp_path / MODEL).write_text((tmp_path / MODEL).read_text("utf-8").replace("Ana", "Eva"), "utf-8")
    with (tmp_path / CALENDAR).open("ab") as calendar:
        calendar.write(b"X-MINE:1\r\n")
    assert states(tmp_path) == [State.EDITED, State.SAME, State.EDITED]


def test_line_ends_of_a_checkout_are_no_edit(tmp_path: Path) -> None:
    """A file that git gave other line ends differs, and nobody's work is in it."""
    written(tmp_path)
    raw = (tmp_path / MODEL).read_bytes()
    (tmp_path / MODEL).write_bytes(raw.replace(b"\n", b"\r\n"))
    assert states(tmp_path)[0] is State.BEHIND


def test_what_was_edited_by_hand_is_shown_before_it_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``inv ops.documents`` refuses and writes nothing at all; with --force it does as it is told."""
    team(tmp_path)
    (tmp_path / MODEL).write_text("# Ours\nBy hand.\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    page, code = typed(ns["ops.documents"])
    assert code == 3
    assert "-By hand." in page
    assert not (tmp_path / OWNERS).exists()
    assert (tmp_path / MODEL).read_text("utf-8") == "# Ours\nBy hand.\n"
    page, code = typed(ns["ops.documents"], force=True)
    assert (page.count("written"), code) == (3, 0)
    assert [path.name for path in (tmp_path / ".github").iterdir()] == ["CODEOWNERS"], (
        "nothing is left behind"
    )
    assert typed(ns["ops.documents"], check=True)[1] == 0


def test_a_check_writes_nothing_and_shows_the_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--check`` ends with 3 and shows, byte for byte, what is another; as JSON a line for each file."""
    written(tmp_path)
    team(tmp_path, TEXT.replace("Ana Ruiz", "Ana Diaz"))
    before = (tmp_path / MODEL).read_bytes()
    monkeypatch.chdir(tmp_path)
    page, code = typed(ns["ops.documents"], check=True)
    assert code == 3
    assert "+| Ops Lead | Ana Diaz |" in page
    assert (tmp_path / MODEL).read_bytes() == before
    told = [json.loads(line) for line in typed(ns["ops.documents"], check=True, json=True)[0].splitlines()]
    assert [one["was"] for one in told] == ["behind", "same", "behind"]


def test_a_team_replaces_one_template(tmp_path: Path) -> None:
    """A template of the team's takes the place of relman's of that name, and no other."""
    mine = tmp_path / "papers"
    mine.mkdir()
    (mine / "backlog.md.jinja").write_text("## Backlog\n{{ model.limits | length }} limits\n", "utf-8")
    text = TEXT.replace("[documents]", '[documents]\ntemplates = "papers"')
    assert "\n2 limits\n" in made(tmp_path, text)[MODEL]
    (mine / "backlog.md.jinja").write_text("\n{{ model.limitz }}\n", "utf-8")
    with pytest.raises(ConfigError, match="limitz"):
        made(tmp_path, text)


def test_a_paper_stays_in_the_folder(tmp_path: Path) -> None:
    """A link that leads out of the repository is not followed."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path)
    with pytest.raises(ConfigError, match="outside"):
        states(folder, TEXT.replace("[documents]", '[documents]\nmodel = "out/MODEL.md"'))


def test_papers_that_are_not_set_up_say_what_to_write(tmp_path: Path) -> None:
    """Without [documents], and without [model]."""
    with pytest.raises(Refused, match=r"\[documents\]"):
        made(tmp_path, TEXT.replace("[documents]", ""))
    bare = TEXT.partition("[window]")[0] + "[documents]\n"
    with pytest.raises(Refused, match=r"\[model\]"):
        made(tmp_path, bare)


def test_nothing_in_a_paper_drives_a_terminal_or_turns_the_order_of_words(tmp_path: Path) -> None:
    """Control characters and bidirectional overrides have no place in what people read."""
    text = made(tmp_path, TEXT.replace("Ana Ruiz", "A\\u001b[31mna\\u202e \\u009bR\\u0007"))[MODEL]
    assert r"| Ops Lead | A \[31mna R |" in text
    assert not {"\x1b", "\u202e", "\x9b", "\x07"} & set(text)


def test_one_is_not_many(tmp_path: Path) -> None:
    """Turns of one week, and once again; not "1 weeks"."""
    text = made(tmp_path, MERVO.read_text("utf-8"))[MODEL]
    assert "turns of 1 week from" in text
    assert "again from the first step, 1 time\n" in text


def test_a_folder_of_templates_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A slip in its name must not pass for relman's own templates."""
    with pytest.raises(ConfigError, match="no such folder of templates"):
        made(tmp_path, TEXT.replace("[documents]", '[documents]\ntemplates = "paper"'))


def test_a_pipe_in_the_place_of_a_paper_is_not_waited_for(tmp_path: Path) -> None:
    """What is no file cannot be compared, and is named."""
    os.mkfifo(tmp_path / MODEL)
    with pytest.raises(Unreachable, match=f"{MODEL} cannot be read: it is no file"):
        states(tmp_path)
