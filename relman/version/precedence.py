"""The next version: what the commits since the last release ask for.

What it is not: git. It is told messages and tags, and answers a version.

Sources: Semantic Versioning 2.0.0, Conventional Commits 1.0.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from relman.errors import UsageError
from relman.version.conventional import ORDER, Bump

FIRST = "0.1.0"
"""SemVer's own advice for the first release of something in development (FAQ 1)."""
HEADER = re.compile(r"(?P<type>[A-Za-z][\w-]*)(?:\([^()\r\n]*\))?(?P<bang>!)?: +\S")
BREAKING = re.compile(r"^BREAKING[ -]CHANGE(: | #)", re.MULTILINE)


class Accounted(msgspec.Struct, frozen=True):
    """What was counted: nothing is lost, and commits of no convention are shown as such."""

    features: int = 0
    fixes: int = 0
    breaking: int = 0
    other: int = 0
    unconventional: int = 0

    def __str__(self) -> str:
        """``1 breaking, 3 feat, 5 fix, 2 other``, with the zeros left out."""
        words = {
            "breaking": self.breaking,
            "feat": self.features,
            "fix": self.fixes,
            "other": self.other,
            "without a convention": self.unconventional,
        }
        return ", ".join(f"{count} {word}" for word, count in words.items() if count) or "no commits"


def last(tags: Iterable[str], prefix: str) -> str | None:
    """The highest final or pre-release version among the tags of a prefix, None if there is none."""
    found = [version for tag in tags if (version := parsed(tag, prefix))]
    return str(max(found)) if found else None


def parsed(tag: str, prefix: str) -> Any | None:  # noqa: ANN401 - semver.Version, imported late
    """The version that a tag names, None if it names none."""
    from semver import Version

    if not tag.startswith(prefix) or not Version.is_valid(tag.removeprefix(prefix)):
        return None
    return Version.parse(tag.removeprefix(prefix))


def checked(text: str) -> str:
    """``text`` itself, if it is a SemVer 2.0.0 version that a release can have.

    Raises:
        UsageError: It is no such version, or has build metadata (never in precedence).
    """
    version = parsed(text, "")
    if version is None or version.build:
        raise UsageError(
            "not a version that a release can have",
            fact=repr(text),
            clears="write it like 1.4.2 or 2.0.0-rc.1",
        )
    return text


def bump_of(message: str) -> Bump:
    """What one commit asks for. A message of no convention asks for a patch."""
    header = HEADER.match(message)
    if BREAKING.search(message) or (header and header["bang"]):
        return "major"
    return "minor" if header and header["type"].lower() == "feat" else "patch"


def accounted(messages: Iterable[str]) -> Accounted:
    """Count the messages by what they are."""
    counts = dict.fromkeys(("features", "fixes", "breaking", "other", "unconventional"), 0)
    for message in messages:
        counts[_sort(message)] += 1
    return Accounted(**counts)


def following(last_version: str | None, messages: Iterable[str], bump: Bump | None = None) -> str:
    """The next version.

    Args:
        last_version: The last release, None at the first one.
        messages: The messages of the commits since then.
        bump: Overrides what the messages ask for.

    In 0.x a breaking change raises the minor version (SemVer 2.0.0, item 4). A pre-release is
    followed by its final version.
    """
    from semver import Version

    if last_version is None:
        return FIRST
    version = Version.parse(last_version)
    if version.prerelease:
        return str(version.finalize_version())
    asked = bump or max((bump_of(message) for message in messages), key=ORDER.index, default="patch")
    if not bump and version.major == 0 and asked == "major":
        asked = "minor"
    return str(getattr(version, f"bump_{asked}")())


def _sort(message: str) -> str:
    header = HEADER.match(message)
    if bump_of(message) == "major":
        return "breaking"
    kinds = {"feat": "features", "fix": "fixes"}
    return kinds.get(header["type"].lower(), "other") if header else "unconventional"
