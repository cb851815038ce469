"""One message, by Conventional Commits 1.0.0; the case files hold the many examples."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relman.version import Footer, Message, Reverted, parse, render

SHA, OTHER = "0123456789" * 4, "fedcba9876" * 4

WORDS = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
LINES = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=30).map(str.strip).filter(bool)
SCOPES = st.none() | LINES.filter(lambda text: not set(text) & set("()"))
PIECES = [*"aF:#!()*-> \t\n", "\r\n", "feat", ": ", " #", "BREAKING CHANGE", "\n(cherry picked from commit "]
NOISE = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


def paragraph(line: str) -> bool:
    """Whether a line stays in the body: it is no footer, and no mark of git's."""
    return not parse(f"fix: a\n\n{line}").footers and not line.startswith("(cherry picked")


BODIES = st.lists(LINES.filter(paragraph), max_size=3).map("\n\n".join)
FOOTERS = st.builds(
    Footer,
    st.sampled_from(["Refs", "Reviewed-by", "BREAKING CHANGE", "BREAKING-CHANGE", "Réf"]),
    LINES,
    st.sampled_from([": ", " #"]),
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A message put together from its parts."""
    kind, scope, bang, told = draw(WORDS), draw(SCOPES), draw(st.booleans()), draw(LINES)
    header = f"{kind}{f'({scope})' if scope else ''}{'!' if bang else ''}: {told}"
    footers = tuple(draw(st.lists(FOOTERS, max_size=3)))
    return Message(header, kind, scope, told, bang, draw(BODIES), footers)


@given(messages())
def test_a_message_put_together_is_taken_apart_again(message: Message) -> None:
    """parse(render(x)) = x."""
    assert parse(render(message)) == message


@given(NOISE)
def test_any_text_is_read_and_written_again(text: str) -> None:
    """Whatever was read survives being written: nothing of it changes its meaning."""
    message = parse(text)
    assert parse(render(message)) == message
    assert message.bump in {None, "patch", "minor", "major"}
    assert (message.bump == "major") == message.breaking
    assert message.conventional or message.bump is None


@given(NOISE)
def test_line_ends_make_no_difference(text: str) -> None:
    """LF or CR LF."""
    plain = text.replace("\r", "")
    assert parse(plain.replace("\n", "\r\n")) == parse(plain)


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("feat!: drop it", ("drop it",)),
        ("feat!: drop it\n\nBREAKING CHANGE: use that\ninstead", ("use that\ninstead",)),
        ("fix: a\n\nBREAKING CHANGE: one\nBREAKING-CHANGE: two", ("one", "two")),
        ("fix: a", ()),
        ("words\n\nBREAKING CHANGE: b", ()),
    ],
)
def test_what_breaks_is_told_by_the_footers_else_by_the_description(
    text: str, notes: tuple[str, ...]
) -> None:
    """Item 13."""
    assert parse(text).breaking_notes == notes


@pytest.mark.parametrize(
    "line",
    [
        "BREAKING CHANGE #12",
        "Breaking-change: b",
        "breaking change: b",
        "BREAKING CHANGES: b",
        "BREAKING: b",
        "BREAKING CHANGE:b",
        "- BREAKING CHANGE: b",
        "**BREAKING CHANGE**: b",
        "  BREAKING CHANGE: b",
        "> ### Breaking changes",
        "* feat!: b",
    ],
)
def test_other_spellings_are_shown_and_not_guessed(line: str) -> None:
    """A line that looks like it is a possible breaking change, in a body or behind another footer."""
    for text in (f"fix: a\n\n{line}", f"fix: a\n\nRefs: 1\n{line}"):
        message = parse(text)
        assert not message.breaking
        assert message.possible_breaking == (line,)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fix: a\n\nWhy.\nBREAKING CHANGE: b", ("BREAKING CHANGE: b",)),
        ("words\n\nBREAKING CHANGE: b", ("BREAKING CHANGE: b",)),
        ("fix: BREAKING CHANGE: b", ("fix: BREAKING CHANGE: b",)),
        ("feat!: a\n\nBREAKING CHANGE: b", ()),
        ("fix: a\n\nBREAKING CHANGE: b\nand Breaking: bad", ()),
        ("fix: a\n\nThis is no BREAKING CHANGE: it is none.", ()),
        ("fix: breaking news is shown again", ()),
    ],
)
def test_only_the_start_of_a_line_is_looked_at(text: str, shown: tuple[str, ...]) -> None:
    """A word in a sentence is not shown: who is warned of everything heeds nothing."""
    assert parse(text).possible_breaking == shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'Revert "feat: a"\n\nThis reverts commit {SHA}.', [Reverted(SHA)]),
        (
            f'Revert "Merge x"\n\nThis reverts commit {SHA}, reversing\nchanges made to {OTHER}.',
            [Reverted(SHA, OTHER)],
        ),
        ("revert: a\n\nRefs: 676104e, a215868", [Reverted("676104e"), Reverted("a215868")]),
        ("revert: a\n\nRefs: #12", []),
        ("revert: a\n\nThis reverts 676104e because it defaced all.", [Reverted("676104e")]),
        (f"fix: a\n\nThis reverts commit {SHA}.", [Reverted(SHA)]),
        ("fix: a\n\nRefs: 676104e", []),
        (f"fix: a\n\nIt says: This reverts commit {SHA}.", []),
        (
            f"revert: a\n\nThis reverts commit {SHA}.\nThis reverts commit {OTHER}.",
            [Reverted(SHA), Reverted(OTHER)],
        ),
        (f"revert: a\n\nThis reverts commit {SHA}.\n\nRefs: {SHA}", [Reverted(SHA)]),
    ],
)
def test_what_a_message_reverts(text: str, expected: list[Reverted]) -> None:
    """Git's own sentence in any message; references in a revert."""
    assert list(parse(text).reverts) == expected


def test_people_are_told_by_footers() -> None:
    """In any case of the token; a commit that was picked tells from where."""
    text = f"fix: a\n\nCo-authored-by: B <b@x>\nCO-AUTHORED-BY: C <c@x>\n(cherry picked from commit {SHA})"
    message = parse(text)
    assert message.co_authors == ("B <b@x>", "C <c@x>")
    assert message.picked == (SHA,)


HOSTILE = {
    "spaces": "feat: a\n\n" + " " * 4_000 + "x",
    "spaces in the header": "feat" + " " * 4_000 + ": a",
    "megabyte": "feat: a\n\n" + "QUJD" * 250_000,
    "megabyte header": "QUJD" * 250_000,
    "line feeds": "feat: a" + "\n" * 100_000 + "b",
    "returns": "feat: a" + "\r\n" * 100_000 + "b",
    "parentheses": "feat" + "(" * 10_000 + "a" + ")" * 10_000 + ": b",
    "footers": "feat: a\n\n" + "Refs: 1\n" * 50_000,
    "hashes": "revert: a\n\nRefs: " + "abc1234, " * 50_000,
    "breaking": "fix: a\n\nb\n" + "BREAKING CHANGE\n" * 50_000,
    "fixups": "fixup! " * 50_000 + "feat: a",
    "quotes": "Revert " + '"' * 100_000,
    "colons": "a:" * 200_000,
    "combining": "e" + "\u0301" * 200_000 + ": a",
}


def test_no_message_takes_long() -> None:
    """All that can be asked of all of them, in under a second of this process."""
    began = time.process_time()
    for text in HOSTILE.values():
        message = parse(text)
        asked = message.possible_breaking, message.reverts, message.mends, message.undone, message.bump
        assert len(asked) == 5
    assert time.process_time() - began < 1
