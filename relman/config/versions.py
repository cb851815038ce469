"""``[version]`` of relman.toml, and the words that tags and the paths of a service are written in.

What it is not: the next version (``relman.deciding``). Here stands only what a team may write.
"""

from __future__ import annotations

from functools import partial

from msgspec import Struct, field

from relman.config.words import Choice, Word


class Unconventional(Choice):
    """What a commit of no convention asks for."""

    __slots__ = ()
    values = ("ignore", "patch", "refuse")


class Initial(Choice):
    """What a breaking change and a feature raise in 0.x."""

    __slots__ = ()
    values = ("minor", "major", "shifted")


class Squash(Choice):
    """What the list of messages in a squash merge is."""

    __slots__ = ()
    values = ("body", "list")


class PreRelease(Word):
    """The word of a pre-release: an identifier of SemVer 2.0.0, item 9, that is no number."""

    __slots__ = ()
    shape = "one word for pre-releases, such as 'rc' or 'beta'"
    pattern = r"(?!\d+$)[0-9A-Za-z-]+"


class TagPrefix(Word):
    """What may stand before a version in the name of a git tag (git-check-ref-format); empty for nothing."""

    __slots__ = ()
    shape = "what a git tag may begin with, such as 'v' or 'api-v'"
    pattern = r"([A-Za-z0-9_+][A-Za-z0-9_+-]*([./@][A-Za-z0-9_+-]+)*[./@]?)?"


class RepoPath(Word):
    """A file, a folder or a pattern, relative to relman.toml, with slashes."""

    __slots__ = ()
    shape = "a path or pattern relative to relman.toml, such as 'api' or 'lib/*.py'"
    pattern = r"[^/\\\0\n][^\\\0\n]*"


class Versions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the next version follows from the commits, where SemVer and Conventional Commits leave it open.

    Attributes:
        unconventional: What a commit of no convention asks for: "ignore" (nothing), "patch" (default),
            or "refuse": no version until a person says which. It is counted and shown in any case.
        initial: In 0.x, a breaking change and a feature raise the minor version: "minor" (default);
            a breaking change raises the major version, to 1.0.0: "major"; a breaking change raises the
            minor version and a feature the patch version: "shifted".
        squash: The list of messages in the body of a squash merge is text: "body" (default), or
            messages that count: "list".
        pre_release: The word of pre-releases, as in 1.4.0-rc.1; default "rc".
    """

    unconventional: Unconventional = field(default_factory=partial(Unconventional, "patch"))
    initial: Initial = field(default_factory=partial(Initial, "minor"))
    squash: Squash = field(default_factory=partial(Squash, "body"))
    pre_release: PreRelease = field(default_factory=partial(PreRelease, "rc"))
