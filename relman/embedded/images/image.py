"""What a build gives, what an unpacked image is run by, and the two ways in which either fails.

What it is not: the builder (``oci``) or the store of images (``layout``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

Log = Callable[[str], None]
"""Takes one line of the build's log, without its line end."""

FETCH_SOURCE_FAILED = "FETCH_SOURCE_FAILED"
USER_BUILD_STEP = "USER_BUILD_STEP"
PUSH_FAILED = "PUSH_FAILED"


class BuildError(Exception):
    """A build that cannot go on.

    Args:
        kind: A name of Cloud Build's ``FailureInfo.FailureType``.
        detail: The reason, for a person.
    """

    def __init__(self, kind: str, detail: str) -> None:
        """Keep both; the message is ``kind: detail``."""
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail = kind, detail


class ImageMissing(Exception):
    """No such image in the layout, or one of its blobs is gone or not what its digest says."""


class Built(NamedTuple):
    """An image that was built.

    Attributes:
        digest: ``sha256:…`` of its manifest.
        commit: The full SHA of the commit it was built from.
    """

    digest: str
    commit: str


class Runnable(NamedTuple):
    """How to start an unpacked image.

    Attributes:
        argv: The command; its first word is looked up on ``env["PATH"]``.
        env: The whole environment, as a container's: nothing of this process's but what it needs.
        cwd: The working directory.
        files: The folder that holds all files of the image.
        arguments: How many words at the end of ``argv`` are arguments only (``CMD`` after ``ENTRYPOINT``): a
            template's own arguments stand in their place.
    """

    argv: list[str]
    env: dict[str, str]
    cwd: Path
    files: Path
    arguments: int = 0

    def command(self, command: Sequence[str], arguments: Sequence[str]) -> list[str]:
        """What a template starts, whose command and arguments may be empty.

        Source: https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/.
        """
        if command:
            return [*command, *arguments]
        if arguments:
            return [*self.argv[: len(self.argv) - self.arguments], *arguments]
        return self.argv
