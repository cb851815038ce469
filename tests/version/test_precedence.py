"""Which version is higher and which comes next, by SemVer 2.0.0."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from relman import version
from relman.errors import Refused, UsageError
from relman.version.rules import Initial

NUMBERS = st.integers(0, 2**40)
FINALS = st.builds("{}.{}.{}".format, NUMBERS, NUMBERS, NUMBERS)
WORDS = st.sampled_from(["rc", "beta", "alpha", "next", "rc1", "0"])
PRES = st.builds("{}-{}.{}".format, FINALS, WORDS, NUMBERS)
SPECIFIED = (
    *("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"),
    *("1.0.0-rc.1", "1.0.0", "1.0.0-0", "1.0.0-9.a", "1.0.0-10", "1.0.0--", "1.0.0-Z", "1.0.0-1a"),
)
BUMPS = st.sampled_from(version.ORDER)
INITIALS: st.SearchStrategy[Initial] = st.sampled_from(["minor", "major", "shifted"])


@pytest.mark.parametrize(
    ("last", "bump", "initial", "expected"),
    [
        (None, "major", "minor", "0.1.0"),
        ("1.7.3", "patch", "minor", "1.7.4"),
        ("1.7.3", "minor", "minor", "1.8.0"),
        ("1.7.3", "major", "minor", "2.0.0"),
        ("0.7.3", "major", "minor", "0.8.0"),
        ("0.7.3", "minor", "minor", "0.8.0"),
        ("0.7.3", "major", "major", "1.0.0"),
        ("0.7.3", "minor", "major", "0.8.0"),
        ("0.7.3", "major", "shifted", "0.8.0"),
        ("0.7.3", "minor", "shifted", "0.7.4"),
        ("0.7.3", "patch", "shifted", "0.7.4"),
        ("1.0.0", "minor", "shifted", "1.1.0"),
    ],
)
def test_what_a_bump_leads_to(last: str | None, bump: version.Bump, initial: Initial, expected: str) -> None:
    """Lower numbers fall to 0 (items 7, 8); in 0.x the team has settled what is raised (item 4)."""
    assert version.raised(last, bump, initial) == expected


@given(st.lists(st.one_of(FINALS, PRES, st.sampled_from(SPECIFIED)), max_size=30))
def test_the_key_sorts_as_the_specification_does(texts: list[str]) -> None:
    """Sorting by the key is sorting by item 11, as the package has it."""
    versions = [Version.parse(text) for text in texts]
    assert sorted(versions, key=version.precedence) == sorted(versions)


@pytest.mark.parametrize(
    ("last", "ahead", "asked", "expected"),
    [
        ("1.2.3", None, None, None),
        ("1.2.3", None, "1.3.0", "1.3.0"),
        ("1.2.3", "1.3.0-rc.1", None, "1.3.0"),
        ("1.2.3", "1.3.0-rc.1", "1.2.4", "1.3.0"),
        ("1.2.3", "1.2.4-rc.1", "1.3.0", "1.3.0"),
        ("1.2.3", "1.2.3-rc.1", "1.2.4", "1.2.4"),
        ("1.2.3", "1.2.3-rc.1", None, None),
        ("1.2.3", "3.0.0-next.1", "2.0.0", "3.0.0"),
        (None, "1.0.0-rc.1", "0.1.0", "1.0.0"),
    ],
)
def test_a_final_is_never_below_a_pre_release(
    last: str | None, ahead: str | None, asked: str | None, expected: str | None
) -> None:
    """What is above the last final is finalized at least; what is below has been overtaken."""
    assert version.final(last, ahead, asked) == expected


@pytest.mark.parametrize(
    ("target", "known", "expected"),
    [
        ("1.3.0", [], "1.3.0-rc.1"),
        ("1.3.0", ["1.3.0-rc.1"], "1.3.0-rc.2"),
        ("1.3.0", ["1.3.0-rc.2", "1.3.0-rc.10"], "1.3.0-rc.11"),
        ("1.3.0", ["1.2.4-rc.7"], "1.3.0-rc.1"),
        ("1.3.0", ["1.3.0-beta.4"], "1.3.0-rc.1"),
        ("1.3.0", ["1.3.0-rc"], "1.3.0-rc.1"),
        ("1.3.0", ["1.3.0-rc.1.hotfix"], "1.3.0-rc.2"),
    ],
)
def test_pre_releases_count_upwards_on_their_line(target: str, known: list[str], expected: str) -> None:
    """From 1, by number; another line counts anew."""
    assert version.candidate(target, known, "rc") == expected


@pytest.mark.parametrize("there", ["1.3.0-rc1", "1.3.0-snapshot.1"])
def test_a_pre_release_below_another_is_refused(there: str) -> None:
    """``rc.1`` after ``snapshot.1`` would go backwards: a person has to say what is meant."""
    with pytest.raises(Refused, match="below"):
        version.candidate("1.3.0", [there], "rc")


@given(FINALS, st.none() | PRES, BUMPS, INITIALS)
def test_a_bump_never_lowers_precedence(
    last: str, ahead: str | None, bump: version.Bump, initial: Initial
) -> None:
    """The next final is above the last one and above every pre-release; so is the next pre-release."""
    asked = version.raised(last, bump, initial)
    found = version.final(last, ahead, asked)
    assert found is not None
    highest = Version.parse(version.highest([last, *([ahead] if ahead else [])]) or "")
    assert Version.parse(found) > highest
    try:
        candidate = version.candidate(found, [ahead] if ahead else [], "rc")
    except Refused:
        return
    assert highest < Version.parse(candidate) < Version.parse(found)


@given(FINALS, INITIALS)
def test_more_asked_is_never_less(last: str, initial: Initial) -> None:
    """Patch, minor and major lead upwards, whatever holds in 0.x."""
    patch, minor, major = (Version.parse(version.raised(last, bump, initial)) for bump in version.ORDER)
    assert patch <= minor <= major


@pytest.mark.parametrize(
    ("tag", "prefix", "expected"),
    [
        ("v1.2.3", "v", "1.2.3"),
        ("v1.2.3-rc.1", "v", "1.2.3-rc.1"),
        ("v1.2.3+build.5", "v", "1.2.3"),
        ("1.2.3", "", "1.2.3"),
        ("api-v1.2.3", "api-v", "1.2.3"),
        ("api/v1.2.3", "api/v", "1.2.3"),
        ("1.2.3", "v", None),
        ("v1.2", "v", None),
        ("v1.2.3.4", "v", None),
        ("v01.2.3", "v", None),
        ("v1.2.3-01", "v", None),
        ("v1.2.3-", "v", None),
        ("v1.2.3-rc..1", "v", None),
        ("version1.2.3", "v", None),
        ("V1.2.3", "v", None),
        ("vv1.2.3", "v", None),
        ("api-v1.2.3", "v", None),
        ("v1.2.\N{ARABIC-INDIC DIGIT THREE}", "v", None),
        ("v1.2.3\n", "v", None),
        ("v", "v", None),
    ],
)
def test_which_tags_name_a_version(tag: str, prefix: str, expected: str | None) -> None:
    """A whole SemVer version behind the very prefix; build metadata does not count."""
    found = version.parsed(tag, prefix)
    assert (str(found) if found else None) == expected


def test_the_highest_is_so_by_precedence() -> None:
    """Not by name: 1.10 is above 1.9, rc.10 above rc.2, the final above its pre-releases."""
    assert version.highest(["1.9.0", "1.10.0", "2", "nightly"]) == "1.10.0"
    assert version.highest(["2.0.0-rc.2", "2.0.0-rc.10"]) == "2.0.0-rc.10"
    assert version.highest(["2.0.0-rc.2", "2.0.0", "2.0.0-zz"]) == "2.0.0"
    assert version.highest(["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-1"]) == "1.0.0-alpha.1"
    assert version.highest(["nightly"]) is None


@pytest.mark.parametrize("text", ["", "1", "1.2", "v1.2.3", "1.2.3+build", "01.2.3", "1.2.3 ", "1.2.3\n"])
def test_what_is_no_version_is_refused(text: str) -> None:
    """Exit 2 for what is no SemVer version, or carries build metadata."""
    with pytest.raises(UsageError):
        version.checked(text)
