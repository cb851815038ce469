"""What a team may settle about its versions; the rest is the specifications'.

What it is not: a file (``config``). The defaults here are the reading that the specifications suggest.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Unconventional = Literal["ignore", "patch", "refuse"]
Initial = Literal["minor", "major", "shifted"]
Squash = Literal["body", "list"]


class Rules(Struct, frozen=True):
    """How histories are read.

    Attributes:
        unconventional: What a commit of no convention asks for: nothing, a patch, or that the version
            is refused until it says what it is. It is counted and shown in any case.
        initial: In 0.x, where SemVer (item 4) leaves all open: a breaking change raises the minor
            version and a feature too; or breaking changes raise the major version, to 1.0.0; or
            everything is one step lower, a feature a patch.
        squash: The list of messages in a squash merge: text of the body, or messages of their own.
        pre_release: The word of pre-releases, ``-rc.1``.
        paths: What the component is made of: files, folders or patterns from the repository's top.
            Empty: everything. A commit that touches nothing of it is none of its commits.
        records: Patterns; a commit that touches nothing else asks for nothing.
    """

    unconventional: Unconventional = "ignore"
    initial: Initial = "minor"
    squash: Squash = "body"
    pre_release: str = "rc"
    paths: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
