"""What relman.toml may say of what others are told of a release: its git tag, and GitHub.

What it is not: a place for secrets. A token is in the environment, and nowhere else.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Self

from msgspec import Struct, field

from relman.config.words import Choice, Word


class Sign(Choice):
    """Whether a tag is signed."""

    __slots__ = ()
    values = ("auto", "true", "false")

    def __new__(cls, text: object) -> Self:
        """The word; TOML writes two of the three without quotes."""
        return super().__new__(cls, str(text).lower() if isinstance(text, bool) else text)

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """The shape as JSON Schema."""
        return {"enum": ["auto", True, False], "description": cls.shape}


class Api(Word):
    """Where GitHub's REST API answers; with a path, as GitHub Enterprise Server has one."""

    __slots__ = ()
    shape = "an https URL, such as 'https://github.example.com/api/v3' (http on this machine only)"
    pattern = r"(https://[^/@?#\s]+|http://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?)(/[^@?#\s]*)?"

    def __new__(cls, text: object) -> Self:
        """The URL, without the slash that people put at its end."""
        return super().__new__(cls, text.rstrip("/") if isinstance(text, str) else text)


class Repository(Word):
    """A repository on GitHub."""

    __slots__ = ()
    shape = "an owner and a repository, such as 'acme/api'"
    pattern = r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+"


class Tag(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The git tag that a release gets once it has all of the traffic.

    Attributes:
        sign: Signed with git's own SSH key (`user.signingKey`): "auto" (default), if there is one and
            `tag.gpgSign` does not say no; true; false.
        push: Whether it is pushed to `remote`. It is never forced.
    """

    sign: Sign = field(default_factory=partial(Sign, "auto"))
    push: bool = False


class GitHub(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What GitHub is told. It takes a token in the environment: GH_TOKEN or GITHUB_TOKEN.

    Attributes:
        release: Publish a release for the tag, with the release notes.
        deployments: Record how the deployment of each cut ended.
        repository: The owner and the repository; absent: as the address of `remote` says.
        api: Where the REST API answers; absent: as the address of `remote` says.
    """

    release: bool = False
    deployments: bool = False
    repository: Repository | None = None
    api: Api | None = None

    @property
    def wanted(self) -> bool:
        """Whether GitHub is told anything."""
        return self.release or self.deployments
