"""The gap finder on the two seeds as they were written, and on seeds in which one thing was mended.

The files in ``data`` are the seeds, byte for byte.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relman.errors import UsageError
from relman.ops import gaps
from relman.ops.gaps.written import decoded
from relman.tasks import ns
from tests.ops.tasking import typed

DATA = Path(__file__).parent / "data"
OPERATIONS, SUSTAINABLE = "post-launch-operations.txt", "sustainable-operating-model.txt"
TEXTS = {name: (DATA / name).read_text("utf-8") for name in (OPERATIONS, SUSTAINABLE)}

WRITTEN = [
    ("owner", "billing"),
    ("owner", "connectivity"),
    ("owner", "security"),
    ("name", "CTO"),
    ("name", "Support"),
    ("name", "On-call"),
    ("name", "Product"),
    ("name", "Ops"),
    ("name", "Data"),
    ("deputy", "Ops Lead"),
    ("deputy", "Eng Lead"),
    ("deputy", "Support Lead"),
    ("deputy", "Product Manager"),
    ("deputy", "Data/Analytics"),
    ("window", "hours"),
    ("window", "zone"),
    ("window", "holidays"),
    ("rota", "on-call"),
    *(("severity", level) for level in ("P1", "P2", "P3", "P4")),
    *(("acknowledge", level) for level in ("P1", "P2", "P3", "P4")),
    ("slo", "targets"),
    ("slo", "windows"),
    ("row", "security drill"),
    ("row", "customer comms"),
    ("row", "backlog"),
    ("row", "documentation"),
    ("row", "the model"),
    ("step", "Incident commander declares severity and coordinates comms"),
    ("day", "Release review"),
    ("date", "Reliability planning"),
    ("placeholder", "Incident tickets"),
    ("mojibake", "Support + Product sync (weekly): top issues \u00e2\u2020\u2019 backlog intake."),
    ("todo", "Configure actual dashboards and alert routes in chosen stack."),
    ("todo", "Define on-call rotation calendar and escalation phone numbers."),
]
"""What is open in the seeds, as the section on gaps of the specification has it."""

OWNS, SUPPORT = "customer comms, ticket triage, SLAs", "- **Support Lead**:"
ROLES, MATRIX, KPIS = "## Weekly Cadence", "## Tooling & Sources of Truth", "## Escalation Path"
ROWS = [("row", row) for row in ("security drill", "customer comms", "backlog", "documentation", "the model")]

MENDED = [
    (OWNS, f"{OWNS}, billing", {("owner", "billing")}),
    (OWNS, f"{OWNS}, connectivity", {("owner", "connectivity")}),
    (OWNS, f"{OWNS}, security", {("owner", "security")}),
    (ROLES, f"- **CTO** (deputy: Eng Lead): owns budgets\n{ROLES}", {("name", "CTO")}),
    (ROLES, f"- **Ops** (deputy: Eng Lead): owns backups\n{ROLES}", {("name", "Ops")}),
    (ROLES, f"- **On-call**: whoever the rota names\n{ROLES}", {("name", "On-call")}),
    (SUPPORT, "- **Support Lead** (Support):", {("name", "Support")}),
    (SUPPORT, "- **Support Lead** (deputy: Ops Lead):", {("deputy", "Support Lead")}),
    ("I=Support", "I=Support Lead", {("name", "Support")}),
    ("I=Product\n", "I=Product Manager\n", set()),  # KPI reporting still says A=Product
    ("R=Data", "R=Data/Analytics", {("name", "Data")}),
    ("Deploy window", "Deploy window 10:00-16:00", {("window", "hours")}),
    ("Deploy window", "Deploy window (Europe/Berlin)", {("window", "zone")}),
    ("Deploy window", "Deploy window, not on holidays", {("window", "holidays")}),
    (MATRIX, f"## On-call rotation\n- Ana from Mon 09:00, a week\n\n{MATRIX}", {("rota", "on-call")}),
    (MATRIX, f"- P1: the service is down\n{MATRIX}", {("severity", "P1")}),
    (
        MATRIX,
        f"- **P2**: one part is down; ack in 5 min\n{MATRIX}",
        {("severity", "P2"), ("acknowledge", "P2")},
    ),
    ("uploads) vs. SLO", "uploads) vs. SLO of 99.9 %", {("slo", "targets")}),
    ("uploads) vs. SLO", "uploads) vs. SLO over 30 days", {("slo", "windows")}),
    *((MATRIX, f"- {row[1]}: R=Eng Lead, A=Ops Lead\n{MATRIX}", {row}) for row in ROWS),
    ("4) Incident commander", "\nIncident commander", {WRITTEN[-7]}),
    ("review (weekly)", "review (weekly, Tue)", {("day", "Release review")}),
    ("(monthly)", "(monthly, first Tue)", {("date", "Reliability planning")}),
    ("(monthly)", "(monthly, Tue)", set()),
    ("JIRA/Linear (placeholder)", "Linear", {("placeholder", "Incident tickets")}),
    ("\u00e2\u2020\u2019", "\u2192", {WRITTEN[-3]}),
    ("TODO: Define", "DONE: Define", {WRITTEN[-1]}),
]
"""What is replaced by what, and what is no longer open then."""


def found(texts: dict[str, str]) -> list[tuple[str, str]]:
    """Rule and subject of everything that documents leave open."""
    return [(gap.rule, gap.subject) for gap in gaps.gaps(gaps.read(texts.items()))]


def test_the_seeds_leave_open_exactly_what_is_written_down() -> None:
    """A11: nothing more, nothing less, nothing twice."""
    assert found(TEXTS) == WRITTEN


@pytest.mark.parametrize(("old", "new", "gone"), MENDED)
def test_what_is_mended_is_no_longer_open(old: str, new: str, gone: set[tuple[str, str]]) -> None:
    """A11: whoever fills one gap closes that one, and opens none."""
    assert old in TEXTS[OPERATIONS]
    texts = TEXTS | {OPERATIONS: TEXTS[OPERATIONS].replace(old, new)}
    assert sorted(found(texts)) == sorted(gap for gap in WRITTEN if gap not in gone)


@pytest.mark.parametrize("name", list(TEXTS))
def test_a_gap_says_where_it_is(name: str) -> None:
    """The line that a gap names is in the file; what is only missing names the line that mentions it."""
    lines = TEXTS[name].splitlines()
    for gap in gaps.gaps(gaps.read(TEXTS.items())):
        if gap.file == name:
            assert lines[gap.line - 1].strip()
        assert gap.who
        assert gap.how


def test_places_are_those_of_the_words() -> None:
    """A name is told where the matrix has it first, a TODO and a placeholder on their own lines."""
    placed = {(gap.rule, gap.subject): (gap.file, gap.line) for gap in gaps.gaps(gaps.read(TEXTS.items()))}
    assert placed["owner", "billing"] == (SUSTAINABLE, 3)
    assert placed["name", "Ops"] == (OPERATIONS, 45)
    assert placed["day", "Release review"] == (OPERATIONS, 37)
    (day,) = [gap.how for gap in gaps.gaps(gaps.read(TEXTS.items())) if gap.subject == "Release review"]
    assert day == "name its day; it must come before Wed: Tue would do"
    assert placed[WRITTEN[-1]] == (OPERATIONS, 56)


def test_whoever_is_accountable_is_asked_to_mend_it() -> None:
    """A gap within a row's subject names its A; without one, whoever leads the team."""
    asked = {gap.rule: gap.who for gap in gaps.gaps(gaps.read(TEXTS.items()))}
    assert asked["window"] == "Eng Lead, accountable for Deploy/rollback"
    assert asked["rota"] == "Ops Lead, accountable for Incident response"
    assert asked["row"] == "whoever leads the team"


def test_nothing_written_leaves_everything_open() -> None:
    """An empty document, and none at all, is told as it is."""
    for texts in ({}, {"empty.md": ""}):
        rules = {rule for rule, _ in found(texts)}
        assert {"owner", "deputy", "window", "rota", "severity", "acknowledge", "slo", "row"} == rules


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("top issues \u00e2\u2020\u2019 backlog", "top issues \u2192 backlog"),
        ("M\u00c3\u00bcller", "M\u00fcller"),
        ("a \u2014 b, na\u00efve, \u4f60\u597d, \u2192", ""),
        ("plain", ""),
    ],
)
def test_text_that_was_decoded_wrongly_is_seen(text: str, meant: str) -> None:
    """UTF-8 read as Windows-1252 is found and mended; text that only has other letters is left alone."""
    assert decoded(text) == meant


def test_the_task_tells_the_gaps_and_refuses() -> None:
    """``inv ops.gaps --document FILE`` prints each gap and ends with 3; as JSON, one object a line."""
    files = (DATA / OPERATIONS, DATA / SUSTAINABLE)
    page, code = typed(ns["ops.gaps"], document=files)
    assert code == 3
    assert "post-launch-operations.txt:37  Release review is weekly and has no day" in page
    told, code = typed(ns["ops.gaps"], document=files, json=True)
    assert code == 3
    assert [(gap["rule"], gap["subject"]) for gap in map(json.loads, told.splitlines())] == WRITTEN


def test_a_document_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file, and one that is no text, are mistakes of whoever typed it."""
    (tmp_path / "x.md").write_bytes(b"\xff\xfe\x00")
    for name in ("x.md", "none.md"):
        _, code = typed(ns["ops.gaps"], document=(tmp_path / name,))
        assert code == 2


def test_a_document_is_what_people_read(tmp_path: Path) -> None:
    """A folder, bytes, and a file that is longer than any book are named; a line of blanks costs nothing."""
    path = tmp_path / "a.md"
    for raw, told in ((b"\xff", "byte 0 is no UTF-8"), (b"a\n" * 500_001, "over 1,000,000 bytes")):
        path.write_bytes(raw)
        with pytest.raises(UsageError, match=told):
            gaps.opened([path])
    with pytest.raises(UsageError, match=r"cannot be read: Is a directory$"):
        gaps.opened([tmp_path])
    path.write_text("# Roles\n- " + " " * 20_000 + "x\n-   **Ops Lead**  :  owns uptime\n", "utf-8")
    assert [role.name for role in gaps.opened([path]).roles] == ["Ops Lead"]
