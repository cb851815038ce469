"""What is written: the note, the changelog, and what a hand did before."""

from __future__ import annotations

from pathlib import Path

import pytest

from relman.errors import ConfigError, Unreachable
from relman.notes.changelog import Changelog
from relman.notes.files import Files
from relman.notes.rendering import OURS, Templates
from relman.notes.values import Entry, Notes, Section

HOST = "https://github.com/acme/api"
SECTION = "## [0.2.0] - 2026-11-24\n\n### Added\n\n- tea\n"
NOTES = Notes(name="0.2.0", compare=f"{HOST}/compare/v0.1.0...v0.2.0")
NEXT = f"{HOST}/compare/v0.2.0...HEAD"
HAND = """\
# Changes\r
\r
My own words,  with odd   spaces.\t\r
\r
## [Unreleased]\r
\r
- what I wrote\r
\r
```\r
## [9.9.9] is no heading\r
```\r
\r
## [0.1.0] - 2026-01-01\r
\r
* old style\r
\r
[unreleased]: https://github.com/acme/api/compare/v0.1.0...HEAD\r
[0.1.0]: https://github.com/acme/api/releases/tag/v0.1.0"""


def put(text: str) -> str:
    """A changelog with the release put in."""
    changelog = Changelog(text)
    changelog.put(NOTES, SECTION, NEXT)
    return str(changelog)


@pytest.mark.parametrize(
    "text",
    [
        "",
        HAND,
        HAND.replace("\r\n", "\n"),
        "words only",
        "# C\n\n## 0.1.0\n\n- x\n",
        "## [Unreleased]\n",
        "\n\n",
    ],
)
def test_a_section_goes_in_once(text: str) -> None:
    """It is found again as it was put in, below what is not released and above what is; twice is once."""
    once = put(text)
    assert Changelog(once).section("0.2.0") == SECTION
    assert put(once) == once
    lowered = once.lower()
    if "[unreleased]\n" in lowered.replace("\r", ""):
        assert lowered.index("## [unreleased]") < lowered.index("## [0.2.0]")
    if "0.1.0]" in text:
        assert once.index("## [0.2.0]") < once.index("## [0.1.0]")


def test_what_was_written_by_hand_stays_byte_for_byte() -> None:
    """Line ends, odd spaces and a missing end too; only our own link of what is not released moves on."""
    found = put(HAND)
    ours = SECTION.replace("\n", "\r\n") + "\r\n"
    assert found.count(ours) == 1
    line = f"[0.2.0]: {NOTES.compare}\r\n"
    assert found.replace(ours, "").replace(line, "").replace(NEXT, f"{HOST}/compare/v0.1.0...HEAD") == HAND
    elsewhere = HAND.replace("github.com/acme/api/compare", "example.invalid/mine")
    assert "[unreleased]: https://example.invalid/mine/v0.1.0...HEAD" in put(elsewhere)


def test_a_section_can_be_taken_out_again() -> None:
    """Nothing of it is left, and nothing else goes."""
    changelog = Changelog(put(HAND))
    changelog.drop("0.2.0")
    assert str(changelog).replace(NEXT, f"{HOST}/compare/v0.1.0...HEAD") == HAND


def test_the_same_is_written_once(tmp_path: Path) -> None:
    """A second time changes nothing; another text replaces what relman wrote."""
    files = Files(tmp_path)
    assert files.write(NOTES, "# a\n", SECTION, NEXT).written == ("release_notes/0.2.0.md", "CHANGELOG.md")
    assert files.write(NOTES, "# a\n", SECTION, NEXT).same == ("release_notes/0.2.0.md", "CHANGELOG.md")
    other = SECTION.replace("tea", "coffee")
    assert files.write(NOTES, "# b\n", other, NEXT).written == ("release_notes/0.2.0.md", "CHANGELOG.md")
    text = (tmp_path / "CHANGELOG.md").read_text("utf-8")
    assert "coffee" in text
    assert "tea" not in text


@pytest.mark.parametrize(
    "edit", [lambda text: text + "more", lambda text: text.replace("# a", "# mine"), lambda _: "x"]
)
def test_a_note_that_a_hand_has_edited_is_left_alone(tmp_path: Path, edit: object) -> None:
    """Whatever was edited, the line at the end too."""
    files, path = Files(tmp_path), tmp_path / "release_notes" / "0.2.0.md"
    files.write(NOTES, "# a\n", SECTION, NEXT)
    mine = edit(path.read_text("utf-8"))  # type: ignore[operator]
    path.write_text(mine, "utf-8")
    assert "release_notes/0.2.0.md" in files.write(NOTES, "# b\n", SECTION, NEXT).kept
    assert path.read_text("utf-8") == mine
    assert files.drop("0.2.0").dropped == ()
    assert path.read_text("utf-8") == mine


def test_a_section_that_a_hand_has_edited_is_left_alone(tmp_path: Path) -> None:
    """The note goes on, the section stays."""
    files, path = Files(tmp_path), tmp_path / "CHANGELOG.md"
    files.write(NOTES, "# a\n", SECTION, NEXT)
    mine = path.read_text("utf-8").replace("tea", "green tea")
    path.write_text(mine, "utf-8")
    wrote = files.write(NOTES, "# b\n", SECTION.replace("tea", "coffee"), NEXT)
    assert (wrote.written, wrote.kept) == (("release_notes/0.2.0.md",), ("CHANGELOG.md",))
    assert path.read_text("utf-8") == mine


def test_line_ends_that_a_checkout_changed_are_no_edit(tmp_path: Path) -> None:
    """``core.autocrlf`` is not a hand."""
    files, path = Files(tmp_path), tmp_path / "release_notes" / "0.2.0.md"
    files.write(NOTES, "# a\n\nb\n", SECTION, NEXT)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert files.write(NOTES, "# a\n\nb\n", SECTION, NEXT).kept == ()


def test_bytes_that_are_no_text_survive(tmp_path: Path) -> None:
    """A changelog in Latin-1 keeps its letters."""
    path = tmp_path / "CHANGELOG.md"
    path.write_bytes(b"# Chang\xe9s\n\n## [0.1.0]\n")
    Files(tmp_path).write(NOTES, "# a\n", SECTION, NEXT)
    assert path.read_bytes().startswith(b"# Chang\xe9s\n\n## [0.2.0]")


def test_what_was_written_by_hand_is_carried_once(tmp_path: Path) -> None:
    """Again for the same release, never for a later one; of a text that grew only what is new."""
    files, path = Files(tmp_path), tmp_path / "release_notes" / "next.md"
    path.parent.mkdir()
    path.write_text("Tea is here.\n", "utf-8")
    assert files.carried("0.2.0", []) == "Tea is here."
    files.write(NOTES, "# a\n", SECTION, NEXT)
    assert files.carried("0.2.0", []) == "Tea is here."
    assert files.carried("0.3.0", []) == "Tea is here.", "0.2.0 was not shipped"
    assert files.carried("0.3.0", ["0.2.0"]) == ""
    path.write_text("Tea is here.\n\nCoffee too.\n", "utf-8")
    assert files.carried("0.3.0", ["0.2.0"]) == "Coffee too."
    path.write_text("Only coffee.\n", "utf-8")
    assert files.carried("0.3.0", ["0.2.0"]) == "Only coffee."


def test_what_never_shipped_is_taken_away(tmp_path: Path) -> None:
    """Note and section go; there may be none."""
    files = Files(tmp_path)
    files.write(NOTES, "# a\n", SECTION, NEXT)
    assert files.drop("0.2.0").dropped == ("release_notes/0.2.0.md", "CHANGELOG.md [0.2.0]")
    assert "0.2.0]" not in (tmp_path / "CHANGELOG.md").read_text("utf-8")
    assert files.drop("0.2.0").dropped == ()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Exit 69, with the path."""
    (tmp_path / "release_notes").write_text("a file", "utf-8")
    with pytest.raises(Unreachable, match=r"release_notes/0\.2\.0\.md"):
        Files(tmp_path).write(NOTES, "# a\n", SECTION, NEXT)


# ── templates ────────────────────────────────────────────────────────────────────────────────────

TOLD = Notes(name="1.0.0", entries=(Entry("a" * 40, Section.FEATURES, "<tea>"),))


def test_one_file_of_a_teams_own_replaces_one_of_ours(tmp_path: Path) -> None:
    """The others stay, and strangers' words are shown as ever."""
    (tmp_path / "entries.md").write_text(
        "{% for entry in entries %}\n* {{ entry.text }}!\n{% endfor %}\n", "utf-8"
    )
    told = Templates(tmp_path).notes(TOLD)
    assert "## Features\n\n* &lt;tea&gt;!\n" in told


def test_every_template_of_ours_can_be_copied_and_gives_the_same(tmp_path: Path) -> None:
    """Starting from a copy changes nothing."""
    for path in OURS.glob("*.md"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert Templates(tmp_path).notes(TOLD) == Templates().notes(TOLD)
    assert Templates(tmp_path).section(TOLD) == Templates().section(TOLD)


@pytest.mark.parametrize(
    ("name", "text", "where", "what"),
    [
        ("notes.md", "fine\n{% for x in %}\n", "notes.md:2", "Expected an expression"),
        ("notes.md", "a\n\n{{ notes.nmae }}\n", "notes.md:3", "has no attribute 'nmae'"),
        ("notes.md", "{{ unknown }}", "notes.md:1", "'unknown' is undefined"),
        ("entries.md", "\n\n{{ 1 / 0 }}\n", "entries.md:3", "division by zero"),
        ("notes.md", "{% include 'mine.md' %}", "notes.md:1", "there is no template mine.md"),
    ],
)
def test_a_mistake_in_a_template_is_told_with_its_line(
    tmp_path: Path, name: str, text: str, where: str, what: str
) -> None:
    """Exit 2, with file, line and what is wrong."""
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(ConfigError) as wrong:
        Templates(tmp_path).notes(TOLD)
    assert f"{tmp_path}/{where}: " in wrong.value.fact
    assert what in wrong.value.fact
