"""Which version is higher, and which comes next.

What it is not: git, or a reader of messages. It is told versions and what is asked for.

Source: Semantic Versioning 2.0.0. Precedence is that of the ``semver`` package (item 11); build metadata
has none (item 10), so it is dropped from what a tag says and refused in what a person says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from relman.errors import Refused, UsageError
from relman.version.conventional import Bump
from relman.version.rules import Initial

if TYPE_CHECKING:
    from semver import Version

FIRST: Final = "0.1.0"
"""SemVer's own advice for the first release of something in development (FAQ 1)."""

_IN_DEVELOPMENT: Final[dict[Initial, dict[Bump, Bump]]] = {
    "minor": {"major": "minor"},
    "major": {},
    "shifted": {"major": "minor", "minor": "patch"},
}


def parsed(text: str, prefix: str = "") -> Version | None:
    """The version that a tag names behind a prefix, without build metadata; None if it names none."""
    from semver import Version

    told = text.removeprefix(prefix)
    # The package's pattern takes the digits of any script, and a line feed at the end.
    if not text.startswith(prefix) or not told.isascii() or not told.isprintable():
        return None
    try:
        version = Version.parse(told)
    except ValueError:
        return None
    return version.replace(build=None) if version.build else version


def precedence(version: Version) -> tuple[object, ...]:
    """A key that sorts versions as item 11 says.

    Versions of the package compare alike, but a comparison of two costs more than this key of one.
    """
    parts = (version.prerelease or "").split(".")
    # Numbers have no zeros in front, so the longer one is the higher one.
    identifiers = tuple((0, len(part), part) if part.isdigit() else (1, 0, part) for part in parts)
    return version.major, version.minor, version.patch, version.prerelease is None, identifiers


def checked(text: str) -> str:
    """``text`` itself, if it is a SemVer 2.0.0 version that a release can have.

    Raises:
        UsageError: It is no such version, or has build metadata (never in precedence).
    """
    version = parsed(text)
    if version is None or "+" in text:
        raise UsageError(
            "not a version that a release can have",
            fact=repr(text),
            clears="write it like 1.4.2 or 2.0.0-rc.1",
        )
    return text


def highest(texts: Iterable[str]) -> str | None:
    """The highest of some versions, None of none."""
    found = [version for text in texts if (version := parsed(text))]
    return str(max(found, key=precedence)) if found else None


def raised(last: str | None, bump: Bump, initial: Initial = "minor") -> str:
    """The final version that a bump leads to.

    Args:
        last: The last final release, None if there was none: the first one is 0.1.0.
        bump: What is asked for.
        initial: What it means in 0.x.
    """
    from semver import Version

    if last is None:
        return FIRST
    version = Version.parse(last)
    step = _IN_DEVELOPMENT[initial].get(bump, bump) if version.major == 0 else bump
    return str(getattr(version, f"bump_{step}")())


def final(last: str | None, ahead: str | None, asked: str | None) -> str | None:
    """The next final version.

    Args:
        last: The last final release.
        ahead: The highest pre-release behind the commit. Above ``last`` it is the least that the next
            version finalizes; where finals live on side branches it may be far above.
        asked: The version that the commits, or a person, ask for.

    Returns:
        None if nothing asks for a release.
    """
    open_ = parsed(ahead) if ahead else None
    if open_ and (last is None or open_ > last):
        return highest([str(open_.finalize_version()), *([asked] if asked else [])])
    return asked


def candidate(target: str, known: Iterable[str], word: str) -> str:
    """The next pre-release of a final version: ``-rc.1``, ``-rc.2`` …, counted anew on every line.

    Args:
        target: The final version that it is a candidate for.
        known: The pre-releases behind the commit.
        word: ``rc``.

    Raises:
        Refused: A pre-release of another word is behind the commit and above it.
    """
    line = [version for text in known if (version := parsed(text)) and version.finalize_version() == target]
    numbers = [_numbered(str(version.prerelease), word) for version in line]
    text = f"{target}-{word}.{max(numbers, default=0) + 1}"
    if line and max(line) > text:
        raise Refused(
            f"{text} would be below a pre-release that is there already",
            fact=str(max(line)),
            clears="inv release.version, which names the final; or another pre_release in [version]",
        )
    return text


def _numbered(prerelease: str, word: str) -> int:
    """The 2 of ``rc.2``; 0 for what is no number of that word."""
    first, _, rest = prerelease.partition(".")
    number = rest.partition(".")[0]
    return int(number) if first == word and number.isdigit() else 0
