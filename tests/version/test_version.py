"""The next version, by SemVer 2.0.0 and Conventional Commits 1.0.0."""

from __future__ import annotations

import pytest

from relman import version
from relman.errors import UsageError
from relman.version.precedence import bump_of


@pytest.mark.parametrize(
    ("message", "bump"),
    [
        ("feat: sell sugar", "minor"),
        ("feat(shop): sell sugar", "minor"),
        ("FEAT: sell sugar", "minor"),
        ("fix: tidy", "patch"),
        ("docs: explain", "patch"),
        ("feat!: new prices", "major"),
        ("refactor(api)!: other paths", "major"),
        ("fix: x\n\nBREAKING CHANGE: the price is in cents", "major"),
        ("fix: x\n\nBREAKING-CHANGE: the price is in cents", "major"),
        ("fix: x\n\nthis is no BREAKING CHANGE: it is in a sentence", "patch"),
        ("just words", "patch"),
        ("feat:no space", "patch"),
        ("", "patch"),
    ],
)
def test_what_one_commit_asks_for(message: str, bump: str) -> None:
    """Types, the bang and the footers decide; a message of no convention asks for a patch."""
    assert bump_of(message) == bump


@pytest.mark.parametrize(
    ("last", "messages", "expected"),
    [
        (None, ["feat: open"], "0.1.0"),
        ("1.7.3", ["fix: a", "feat: b"], "1.8.0"),
        ("1.7.3", ["fix: a"], "1.7.4"),
        ("1.7.3", ["feat!: a"], "2.0.0"),
        ("0.7.3", ["feat!: a"], "0.8.0"),
        ("0.7.3", ["feat: a"], "0.8.0"),
        ("2.0.0-rc.1", ["fix: a"], "2.0.0"),
    ],
)
def test_the_next_version(last: str | None, messages: list[str], expected: str) -> None:
    """The highest bump counts; in 0.x a breaking change is a minor; a pre-release becomes final."""
    assert version.following(last, messages) == expected


def test_a_bump_that_a_person_names_wins() -> None:
    """Also over 0.x: --bump major means 1.0.0."""
    assert version.following("0.7.3", ["fix: a"], "major") == "1.0.0"


def test_the_last_release_is_the_highest_by_precedence() -> None:
    """Not the newest and not by name: 1.10 is above 1.9, rc.10 above rc.2; other tags do not count."""
    assert version.last(["v1.9.0", "v1.10.0", "x1.99.0", "v2", "nightly"], "v") == "1.10.0"
    assert version.last(["v2.0.0-rc.2", "v2.0.0-rc.10"], "v") == "2.0.0-rc.10"
    assert version.last(["nightly"], "v") is None


@pytest.mark.parametrize("text", ["", "1", "1.2", "v1.2.3", "1.2.3+build", "01.2.3", "1.2.3 "])
def test_what_is_no_version_is_refused(text: str) -> None:
    """Exit 2 for what is no SemVer version, or carries build metadata."""
    with pytest.raises(UsageError):
        version.checked(text)


def test_every_commit_is_counted() -> None:
    """The accounting loses nothing."""
    messages = ["feat: a", "fix: b", "feat!: c", "chore: d", "words"]
    assert str(version.accounted(messages)) == "1 breaking, 1 feat, 1 fix, 1 other, 1 without a convention"
