"""One line of versions: a repository, the prefix of its tags, and the rules by which it is read.

What it is not: the next version (``deciding``). A repository of several services has several lines.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from relman.commits import Commits
from relman.repo import RECORDS
from relman.version import Rules

if TYPE_CHECKING:
    from relman.config import Config

FILE = "relman.toml"
PREFIX = "v"


class Line(NamedTuple):
    """Where versions are read, and how.

    Attributes:
        commits: The repository.
        prefix: What stands before the version in its tags; tags of other prefixes are other lines.
        rules: What the team has settled.
    """

    commits: Commits
    prefix: str = PREFIX
    rules: Rules = Rules()


def here(folder: Path, service: str = "", prefix: str | None = None) -> Line:
    """The line of a folder: as its relman.toml says, or, without one, as the specifications suggest.

    Args:
        folder: Any folder of a git repository.
        service: Which service, where relman.toml has several.
        prefix: Of the tags, instead of what is configured.

    Raises:
        ConfigError: The folder is in no git repository, or its relman.toml cannot be used.
        UsageError: There are several services and none was chosen, or there is no relman.toml to have any.
        Unreachable: There is no git.
    """
    folder = folder.absolute()
    commits = Commits(folder)
    if not any((above / FILE).is_file() for above in (folder, *folder.parents)):
        if service:
            from relman.errors import UsageError

            raise UsageError("there is no such service", fact=f"there is no {FILE} here or above")
        return Line(commits, PREFIX if prefix is None else prefix)
    from relman import config  # a tenth of a second that most repositories need not wait

    read = config.load(config.find(folder) or folder / FILE)
    found = configured(read, read.chosen(service))
    return found if prefix is None else found._replace(prefix=prefix)


def configured(config: Config, service: str) -> Line:
    """The line of a service of relman.toml, its paths as git spells them.

    Raises:
        ConfigError: A path leads out of the repository.
    """
    from relman.config.source import Problem

    commits, paths = Commits(config.folder), config.service[service].paths or ()
    spelled = [posixpath.normpath(posixpath.join(commits.folder, path)) for path in paths]
    for index, path in enumerate(spelled):
        if path == ".." or path.startswith("../"):
            at = ("service", service, "paths", index)
            raise config.source.error([Problem(at, f"{paths[index]!r} is outside the repository")])
    said = {name: str(word) for name, word in msgspec.structs.asdict(config.version).items()}
    rules = msgspec.convert({**said, "paths": spelled, "records": RECORDS}, Rules)
    return Line(commits, config.prefix(service), rules)
