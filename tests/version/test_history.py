"""What the commits of a range ask for together, judged one at a time."""

from __future__ import annotations

import pytest

from relman import version
from relman.errors import RelmanError
from relman.models import Commit
from relman.version import Place, Rules
from relman.version.rules import Squash, Unconventional

BOTH: tuple[Squash, ...] = ("body", "list")


def hashed(number: int) -> str:
    """A hash that is told apart by its first digits."""
    return f"{number:02x}" * 20


def history(*messages: str, paths: dict[int, tuple[str, ...]] | None = None) -> list[Commit]:
    """Commits, the oldest first in writing and the newest first in the answer, as git gives them.

    ``{1}`` in a message is the hash of the first commit. A message that begins with ``Merge`` is a
    merge's.
    """
    names = {str(number): hashed(number) for number in range(1, len(messages) + 1)}
    found = []
    for number, message in enumerate(messages, 1):
        text = message
        for name, hash_ in names.items():
            text = text.replace("{" + name + "}", hash_)
        parents = ("a" * 40, "b" * 40) if message.startswith("Merge") else ("a" * 40,)
        touched = (paths or {}).get(number, ())
        found.append(Commit(hashed(number), parents, "A", "a@example.invalid", number, text, touched))
    return found[::-1]


def places(
    *messages: str, rules: Rules | None = None, paths: dict[int, tuple[str, ...]] | None = None
) -> str:
    """L, I or U for each commit, in the order of writing."""
    judged = version.judged(history(*messages, paths=paths), rules or Rules())
    told = {one.commit.hash: one.place.name[0] for one in judged}
    return "".join(told[hashed(number)] for number in range(1, len(messages) + 1))


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (["feat: a", "fix: b", "docs: c", "words"], "LLIU"),
        (["feat: a", "revert: feat: a\n\nThis reverts commit {1}."], "II"),
        (["feat: a", 'Revert "feat: a"\n\nThis reverts commit {1}.'], "II"),
        (["feat: a", "revert: feat: a\n\nRefs: {1}"], "II"),
        (["feat: a", "fix: b", "revert: both\n\nRefs: {1}, {2}"], "III"),
        (["feat: a", 'Revert "feat: a"'], "II"),
        (["feat: a (#1)", 'Revert "feat: a" (#2)\n\nReverts acme/shop#1'], "II"),
        (
            [
                "feat: a",
                'Revert "feat: a"\n\nThis reverts commit {1}.',
                'Reapply "feat: a"\n\nThis reverts commit {2}.',
            ],
            "LII",
        ),
        (
            [
                "feat: a",
                'Revert "feat: a"\n\nThis reverts commit {1}.',
                'Revert "Revert "feat: a""\n\nThis reverts commit {2}.',
                'Revert "Revert "Revert "feat: a"""\n\nThis reverts commit {3}.',
            ],
            "IIII",
        ),
        (["feat: a", "fix: go back\n\nThis reverts commit {1}."], "IL"),
        (["feat: a", "revert!: feat: a\n\nThis reverts commit {1}."], "IL"),
        (["feat: a", "revert: it\n\nThis reverts commit " + "9" * 40 + "."], "LL"),
        (["feat: a", "revert: it\n\nRefs: {1}, 9999999"], "IL"),
        (
            [
                "fix: b",
                "feat: b\n\n(cherry picked from commit " + "9" * 40 + ")",
                "revert: b\n\nRefs: 9999999",
            ],
            "LII",
        ),
        (["feat: a", "fixup! feat: a", "fixup! fixup! feat: a", "squash! feat: a"], "LIII"),
        (["feat: a", "fixup! feat: other"], "LU"),
        (["feat: a", "Merge branch 'topic'"], "LI"),
        (["Merge pull request: words\n\nfeat: a"], "I"),
        (["feat: a", "feat: a", 'Revert "feat: a"'], "LII"),
    ],
)
def test_where_each_commit_is_counted(messages: list[str], expected: str) -> None:
    """Listed, ignored, or unparsed; a revert and what it reverts cancel each other, one by one."""
    assert places(*messages) == expected


def test_a_conventional_merge_counts_by_its_own_title() -> None:
    """By item 1 a merge commit is a commit like any other."""
    (one,) = version.judged(history("feat!: a"), Rules())
    merge = Commit(one.commit.hash, ("a" * 40, "b" * 40), "A", "a", 1, "feat!: a")
    assert [found.bump for found in version.judged([merge], Rules())] == ["major"]


def test_the_revert_of_a_merge_undoes_all_that_it_brought() -> None:
    """Git is asked what the merge brought, and with which parent kept."""
    message = (
        f'Revert "Merge branch x"\n\nThis reverts commit {hashed(3)}, reversing\nchanges made to {hashed(9)}.'
    )
    asked = []

    def brought(merge: str, kept: str) -> list[str]:
        asked.append((merge, kept))
        return [hashed(3), hashed(2), hashed(1)]

    commits = history("feat: a", "fix: b", "Merge branch x", message)
    found = {one.commit.hash: one.place for one in version.judged(commits, Rules(), brought)}
    assert set(found.values()) == {Place.IGNORED}
    assert asked == [(hashed(3), hashed(9))]


@pytest.mark.parametrize(("policy", "bump"), [("ignore", None), ("patch", "patch"), ("refuse", None)])
def test_what_a_commit_of_no_convention_asks_for(policy: Unconventional, bump: str | None) -> None:
    """What the team has settled; it is counted as unparsed in any case."""
    (one,) = version.judged(history("words"), Rules(unconventional=policy))
    assert (one.place, one.bump) == (Place.UNPARSED, bump)


def test_a_squash_list_counts_where_the_team_wants_it() -> None:
    """By default it is body; ``list`` reads its items, and the highest counts."""
    text = "fix: repair the probe (#12)\n\n* feat: add a probe\n\n* fix: close the socket\n  for good"
    found = [one.bump for squash in BOTH for one in version.judged(history(text), Rules(squash=squash))]
    assert found == ["patch", "minor"]
    assert [one.description for one in version.squashed(version.parse(text))] == [
        "add a probe",
        "close the socket",
    ]


def test_only_what_touches_the_component_counts() -> None:
    """Files, folders and patterns; a name that merely begins alike is another."""
    paths = {1: ("api/app.py",), 2: ("apis/app.py",), 3: ("lib/x.py", "README.md"), 4: (), 5: ("lib/x.c",)}
    rules = Rules(paths=("api", "lib/*.py"))
    assert places(*["feat: a"] * 5, rules=rules, paths=paths) == "LILII"


def test_what_touches_records_only_asks_for_nothing() -> None:
    """A commit of records and more counts; so does one that touches nothing at all."""
    paths = {1: ("CHANGELOG.md", "release_notes/1.md"), 2: ("CHANGELOG.md", "app.py"), 3: ()}
    rules = Rules(records=("release_notes/*", "CHANGELOG.md"))
    assert places(*["feat: a"] * 3, rules=rules, paths=paths) == "ILL"


def test_the_account_adds_up_and_fails_closed() -> None:
    """What was read is what was placed; a commit that nobody placed is an error."""
    tally = version.Tally()
    commits = history("feat: a", "fix: b", "feat!: c", "chore: d", "words", "fix: e\n\nBREAKING CHANGE #12")
    for one in version.judged(tally.reading(commits), Rules()):
        tally.add(one)
    account = tally.account()
    told = "6 commits read = 4 listed (1 breaking, 1 feat, 2 fix) + 1 ignored + 1 unparsed"
    assert (str(account), account.bump) == (told, "major")
    assert [one.line for one in tally.possible] == ["BREAKING CHANGE #12"]
    assert len(list(tally.reading(commits))) == 6
    with pytest.raises(RelmanError, match="lost in the counting"):
        tally.account()


def test_a_reapply_without_a_hash_brings_back() -> None:
    """What it reverts is the revert, not the commit that both are named after."""
    commits = history("feat: a", 'Revert "feat: a"', 'Reapply "feat: a"')
    assert [one.bump for one in version.judged(commits, Rules()) if one.bump] == ["minor"]


def test_git_is_asked_of_few_merges_that_one_message_names() -> None:
    """A stranger's message of a thousand merges does not start git a thousand times."""
    named = "\n".join(
        f"This reverts commit {number:040x}1, reversing\nchanges made to {number:040x}2."
        for number in range(1000)
    )
    asked: list[str] = []

    def brought(merge: str, _kept: str) -> list[str]:
        asked.append(merge)
        return []

    (one,) = version.judged(history(f'Revert "Merge x"\n\n{named}'), Rules(), brought)
    assert one.why == "reverts what was released"
    assert 0 < len(asked) < 10
