"""Which domain a path belongs to, and so whose it is.

What it is not: CODEOWNERS (``papers``), which says the same to the forge. A pattern means here what it means
there (docs.github.com, "About code owners"; gitignore(5)): without a slash before its end it fits at any
depth, one star does not cross a slash, two do, a folder's pattern fits everything below it, and ``docs/*``
only what lies directly in it. The last pattern that fits wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from msgspec import Struct

from relman.config import Config
from relman.ops import people

_TOKEN = re.compile(r"/\*\*$|\*\*/|\*\*|\*|\?|[^*?/]+|/")
_AS_REGEX = {"/**": "/.*", "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


class Place(Struct, frozen=True):
    """A path, and whose it is.

    Attributes:
        path: Relative to the folder of relman.toml.
        domain: The domain; empty where no touchpoint fits.
        owner: The role that owns the domain, by id; empty where nobody does.
    """

    path: str
    domain: str = ""
    owner: str = ""

    @property
    def mapped(self) -> bool:
        """Whether somebody owns it."""
        return bool(self.owner)


def places(config: Config, paths: Iterable[str]) -> tuple[Place, ...]:
    """Whose each path is.

    Args:
        config: The model.
        paths: Paths, relative to the folder of relman.toml.
    """
    return tuple(_place(config, path) for path in paths)


def below(folder: str, paths: Iterable[str]) -> tuple[str, ...]:
    """The paths of a repository that lie in a folder of it, as they are called from there.

    Args:
        folder: The folder, empty for the repository's top.
        paths: Paths from the repository's top.
    """
    prefix = f"{folder}/" if folder else ""
    return tuple(path.removeprefix(prefix) for path in paths if path.startswith(prefix))


def fits(pattern: str, path: str) -> bool:
    """Whether a pattern of CODEOWNERS fits a path."""
    return _compiled(pattern).fullmatch(path) is not None


def _place(config: Config, path: str) -> Place:
    fitting = (
        one.domain for one in reversed(config.touchpoint) if any(fits(glob, path) for glob in one.paths)
    )
    name = str(next(fitting, ""))
    domain = people.domain(config, name) if name else None
    return Place(path, name, str(domain.owner) if domain and domain.owner in config.roles else "")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    bare = pattern.strip("/")
    anchored = pattern.startswith("/") or "/" in bare
    body = "".join(_AS_REGEX.get(token, re.escape(token)) for token in _TOKEN.findall(bare))
    below = "/.*" if pattern.endswith("/") else "" if bare.endswith("/*") else "(?:/.*)?"
    return re.compile(("" if anchored else "(?:.*/)?") + body + below, re.DOTALL)
