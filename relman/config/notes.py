"""What relman.toml may say of release notes.

What it is not: the templates themselves; those are files, which a team copies and changes.
"""

from __future__ import annotations

from msgspec import Struct

from relman.config.words import Choice, Text


class Forge(Choice):
    """Whose pages a repository's host has."""

    __slots__ = ()
    values = ("github", "gitlab", "bitbucket")


class ReleaseNotes(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is told of a release, in ``release_notes/`` and ``CHANGELOG.md``.

    Attributes:
        templates: A folder of your own templates, relative to relman.toml; absent: relman's. Each file in it
            takes the place of the one of that name.
        changelog: Whether ``CHANGELOG.md`` is kept too; default true.
        migrations: Which files are migrations, as patterns from the repository's top; absent: those in
            folders called migrations, db/migrate, alembic/versions, flyway or liquibase.
        forge: Whose links the host of the remote understands: "github" (Gitea and Forgejo too), "gitlab"
            or "bitbucket"; absent: seen by the host's name, else "github".
    """

    templates: Text | None = None
    changelog: bool = True
    migrations: tuple[Text, ...] | None = None
    forge: Forge | None = None
