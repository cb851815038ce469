"""Which commits stand in which notes: nothing is lost, whatever the range."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relman.errors import RelmanError
from relman.models import Commit
from relman.notes import place
from relman.notes.flow import every
from relman.notes.gathering import Gathering
from relman.notes.links import Links
from relman.notes.reading import Asked, notes_of
from relman.notes.values import Account, Notes, decode, encode
from relman.version import Rules
from tests.notes.repository import Made, Repository

SUBJECTS = st.one_of(
    st.sampled_from(
        ["feat: a", "fix(x): b", "chore: c", "feat!: d", "words", "", "fixup! feat: a", "Merge branch 'x'"]
    ),
    st.text(max_size=40),
)
BODIES = st.sampled_from(
    ["", "\n\nBREAKING CHANGE: move\nto that", "\n\nCo-authored-by: G <g@x>\nRefs #7", "\n\nbody"]
)


BUSY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no finding."""


@st.composite
def histories(draw: st.DrawFn) -> list[Commit]:
    """Commits, children first; a later one may revert an earlier one, by hash or by subject."""
    made: list[Commit] = []
    for number in range(draw(st.integers(0, 12))):
        message = draw(SUBJECTS) + draw(BODIES)
        if draw(st.booleans()) and made:
            target = draw(st.sampled_from(made))
            subject = target.message.partition("\n")[0]
            message = draw(
                st.sampled_from(
                    [
                        f'Revert "{subject}"\n\nThis reverts commit {target.hash}.',
                        f"revert: {subject}",
                    ]
                )
            )
        author = draw(st.sampled_from(["Ada", "grace", "x[bot]"]))
        parents = (made[-1].hash,) if made else ()
        made.append(Commit(f"{number + 1:040x}", parents, author, f"{author}@x", 1000 + number, message))
    return made[::-1]


def gathered(commits: list[Commit]) -> Notes:
    """The notes of a range that somebody has read."""
    links = Links.to("git@github.com:acme/api")
    return Gathering(Rules(), links).notes(Notes(), commits, lambda _merge, _kept: ())


@BUSY
@given(histories(), st.integers(0, 12))
def test_a_longer_range_holds_every_entry_of_its_parts(commits: list[Commit], cut: int) -> None:
    """The notes of A..C hold every entry of A..B and of B..C, and nothing else."""
    whole = {entry.commit for entry in gathered(commits).entries}
    parts = [{entry.commit for entry in gathered(part).entries} for part in (commits[:cut], commits[cut:])]
    assert whole == parts[0] | parts[1] == {commit.hash for commit in commits}


@BUSY
@given(histories())
def test_the_machine_form_is_read_back_as_it_was_written(commits: list[Commit]) -> None:
    """parse(render(x)) = x, and the same value has the same bytes."""
    notes = gathered(commits)
    assert decode(encode(notes)) == notes
    assert encode(decode(encode(notes))) == encode(notes)


@BUSY
@given(histories())
def test_the_account_is_of_what_was_read(commits: list[Commit]) -> None:
    """Read = listed + ignored + unparsed, and read is what git gave."""
    account = gathered(commits).account
    assert account.read == len(commits) == account.listed + account.ignored + account.unparsed


def test_an_account_that_does_not_add_up_is_no_account() -> None:
    """It fails closed: in the making, and in what is read back."""
    with pytest.raises(RelmanError, match="commits were lost"):
        Account(read=3, listed=1, ignored=1, unparsed=0)
    raw = encode(gathered([])).replace(b'"read":0', b'"read":1')
    with pytest.raises(RelmanError):
        decode(raw)


def linear(folder: Path) -> Repository:
    """Three releases, the last with a pre-release before it, and something that waits."""
    subjects = ["feat: a", "fix: b", "feat: c", "docs: d", "feat!: e", "fix: f", "words"]
    tags = ["", "v0.1.0", "", "v0.2.0", "v0.3.0-rc.1", "v0.3.0", ""]
    return Repository(folder, [Made(*pair) for pair in zip(subjects, tags, strict=True)])


def test_all_notes_are_those_of_each_release(tmp_path: Path) -> None:
    """On one line of history each release's notes are, byte for byte, those that are asked for alone."""
    linear(tmp_path)
    source = place.here(tmp_path).source
    alone = [notes_of(source, Asked(version=version)) for version in ("", "0.3.0", "0.2.0", "0.1.0")]
    assert list(every(source)) == alone
    assert [len(one.entries) for one in alone] == [1, 2, 2, 2]


def test_a_pre_release_follows_whatever_was_released_before(tmp_path: Path) -> None:
    """Its notes are since the last one of any kind; the final one's are since the last final one."""
    linear(tmp_path)
    source = place.here(tmp_path).source
    assert notes_of(source, Asked(version="0.3.0-rc.1")).since == "v0.2.0"
    assert notes_of(source, Asked(version="0.3.0")).since == "v0.2.0"


def test_every_commit_stands_once_in_all_notes_of_a_branching_history(tmp_path: Path) -> None:
    """A maintenance branch that was released, and merged later: its commits are in the lowest release."""
    history = [
        Made("feat: start", "v1.0.0"),
        Made("feat: on main", "v1.1.0", [1]),
        Made("fix: on maintenance", "v1.0.1", [1]),
        Made("feat: a topic", "", [2]),
        Made("Merge maintenance", "", [2, 3]),
        Made("Merge topic", "v1.2.0", [5, 4]),
        Made("fix: never merged", "v0.9.0", [0]),
        Made("feat: next", "", [6]),
    ]
    repository = Repository(tmp_path, history)
    found = {one.version: [entry.text for entry in one.entries] for one in every(place.here(tmp_path).source)}
    assert found["1.0.1"] == ["on maintenance"]
    assert found["0.9.0"] == ["never merged"]
    assert sorted(found["1.2.0"]) == ["Merge maintenance", "Merge topic", "a topic"]
    count = repository.git("rev-list", "--count", "--all", "--tags")
    assert len(list(itertools.chain(*found.values()))) == int(count) == 8


def test_two_tags_on_one_commit_are_two_releases(tmp_path: Path) -> None:
    """The higher has no commits of its own, and the day of its commit."""
    repository = Repository(tmp_path, [Made("feat: a", "v1.0.0")])
    repository.git("tag", "v1.0.1")
    higher, lower = every(place.here(tmp_path).source)
    assert (higher.version, higher.entries, higher.date) == ("1.0.1", (), lower.date)


@pytest.mark.parametrize(
    ("message", "squash", "section"),
    [
        ("The title of a change (#12)\n\n* feat: tea\n\n* fix: cups", "list", "features"),
        ("The title of a change (#12)\n\n* feat: tea\n\n* fix: cups", "body", "unparsed"),
        ("fix: cups\n\n* feat!: tea", "list", "breaking"),
        ("security: lock the door", "body", "security"),
        ("deprecate: cups", "body", "deprecated"),
        ("docs!: move", "body", "breaking"),
        ('Revert "feat: tea"\n\nThis reverts commit 1234567890.', "body", "reverts"),
        ("fixup! feat: tea", "body", "unparsed"),
        ("", "body", "unparsed"),
    ],
)
def test_where_a_commit_stands(message: str, squash: str, section: str) -> None:
    """By its type, by what breaks, and by the list of a squash merge where the team counts that."""
    commit = Commit("a" * 40, (), "Ada", "a@x", 1, message)
    rules = Rules(squash="list" if squash == "list" else "body")
    found = Gathering(rules, Links()).notes(Notes(), [commit], lambda _merge, _kept: ())
    assert [entry.section for entry in found.entries] == [section]


@pytest.mark.parametrize(
    ("when", "date"),
    [(253_402_300_799, "9999-12-31"), (10**17, "9999-12-31"), (-1, "1969-12-31"), (-(10**17), "0001-01-01")],
)
def test_a_date_that_no_calendar_has_is_the_nearest_one(when: int, date: str) -> None:
    """Git takes any number of seconds for a date; notes are written all the same."""
    assert gathered([Commit("1" * 40, (), "Ada", "a@x", when, "fix: a")]).date == date
