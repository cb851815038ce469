"""Where a repository's notes are read from, and what relman.toml settles about them.

What it is not: needed. Without a relman.toml there are the same notes, with relman's own templates.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from relman import line
from relman.notes.links import Links
from relman.notes.operations import MIGRATIONS
from relman.notes.reading import Source

if TYPE_CHECKING:
    from relman.config import Config
    from relman.notes.rendering import Templates

REMOTE = "origin"


class Place(NamedTuple):
    """Where notes are read, and how they are written.

    Attributes:
        source: The history.
        folder: The team's templates, None for relman's own.
        changelog: Whether CHANGELOG.md is kept.
        migrations: Which files are migrations, as patterns.
    """

    source: Source
    folder: Path | None = None
    changelog: bool = True
    migrations: tuple[str, ...] = MIGRATIONS

    def templates(self) -> Templates:
        """The templates.

        Raises:
            ConfigError: One of them cannot be used.
        """
        from relman.notes.rendering import Templates

        return Templates(self.folder)


def here(folder: Path, service: str = "", prefix: str | None = None) -> Place:
    """The place of a folder: as its relman.toml says, or without one.

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
    if not any((above / line.FILE).is_file() for above in (folder, *folder.parents)):
        found = line.here(folder, service, prefix)
        return Place(Source(found, Links.to(found.commits.address(REMOTE))))
    from relman import config

    read = config.load(config.find(folder) or folder / line.FILE)
    return configured(read, read.chosen(service), prefix)


def configured(config: Config, service: str, prefix: str | None = None) -> Place:
    """The place of a service of relman.toml.

    Raises:
        ConfigError: A path leads out of the repository, or the folder of templates is not there.
    """
    found = line.configured(config, service)
    links = Links.to(found.commits.address(config.remote), str(config.notes.forge or ""))
    told = found if prefix is None else found._replace(prefix=prefix)
    source = Source(told, links, component(config, service))
    return Place(source, folder_of(config), config.notes.changelog, patterns(config))


def patterns(config: Config) -> tuple[str, ...]:
    """Which paths are migrations."""
    migrations = config.notes.migrations
    return MIGRATIONS if migrations is None else tuple(map(str, migrations))


def component(config: Config, service: str) -> str:
    """What stands before the version in a note's name: the service, where there are several."""
    return service if len(config.service) > 1 else ""


def named(config: Config, service: str, version: str) -> str:
    """What a note is called: ``1.2.0``, or ``api-1.2.0``; its file is ``release_notes/<name>.md``."""
    told = component(config, service)
    return f"{told}-{version}" if told else version


def folder_of(config: Config) -> Path | None:
    """The folder of the team's templates, None if it has none.

    Raises:
        ConfigError: relman.toml names a folder that is not there.
    """
    if config.notes.templates is None:
        return None
    folder = (config.folder / config.notes.templates).resolve()
    if not folder.is_dir():
        from relman.config.source import Problem

        what = f"there is no folder {str(config.notes.templates)!r} in {config.folder}"
        raise config.source.error([Problem(("notes", "templates"), what)])
    return folder
