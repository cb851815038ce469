"""One story that every client tells: build, create, update, split, describe, roll back, delete.

What it is not: a client. Each script walks the same steps with its own client's words and writes down what
it saw; after each step it asks the service's URLs, so that what is compared is where requests really went.
"""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError

from tests.embedded import world
from tests.embedded.world import World

PROJECT = "p1"
PLACE = world.PLACE
REQUESTS = 30
"""At each URL: of a half each that one side is never asked happens once in 2 ** 29."""


@dataclass(frozen=True)
class Given:
    """What a script is told.

    Attributes:
        endpoint: Where the platform is.
        service: The service's id; a script has one of its own.
        repository: The URL of what is built.
        commit: Which commit of it.
    """

    endpoint: str
    service: str
    repository: str
    commit: str

    @property
    def name(self) -> str:
        """The service's whole name."""
        return f"{PLACE}/services/{self.service}"

    @property
    def old(self) -> str:
        """The first revision."""
        return f"{self.service}-v1"

    @property
    def new(self) -> str:
        """The second one."""
        return f"{self.service}-v2"


def given(platform: World, service: str) -> Given:
    """What the platform of a test has for a script."""
    repository = platform.repository
    commit = world.git(repository, "rev-parse", "HEAD")
    return Given(platform.endpoint, service, repository.as_uri(), commit)


def expected(one: Given, platform: World) -> dict[str, Any]:
    """What every script must have seen."""
    return {
        "built": platform.image.partition("@")[2],
        "created": [one.old],
        "updated": [one.old],
        "tagged": [one.new],
        "split": [one.old, one.new],
        "described": {"revisions": [one.new, one.old], "traffic": [[one.old, 50], [one.new, 50]]},
        "rolled back": [one.old],
        "deleted": [],
        "missing": "NOT_FOUND",
    }


def serving(url: str) -> list[str]:
    """The revisions that answer at a URL, none if nobody does."""
    found = set()
    for _ in range(REQUESTS):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the platform's own URL
                found.add(json.loads(answer.read())["K_REVISION"])
        except (URLError, ConnectionError):  # refused, answered 404, or reset in the moment it closes
            break
    return sorted(found)
