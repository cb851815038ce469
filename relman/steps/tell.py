"""What GitHub is told of a release: its page, and how the deployment ended. What fails is owed.

What it is not: in the way. It comes after everything that users see, and changes no outcome.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from relman.errors import Refused, RelmanError
from relman.notify.github import AGAIN, Place, token
from relman.steps.step import Absent, Done, Seen, Step, World
from relman.tags import Tags

if TYPE_CHECKING:
    from relman.notify.github import GitHub


@contextmanager
def github(place: Place) -> Iterator[GitHub]:
    """GitHub, with the token that the environment has now.

    Raises:
        NotAuthenticated: It has none.
    """
    from relman.notify.github import GitHub

    opened = GitHub(place, token(place, os.environ))
    try:
        yield opened
    finally:
        opened.close()


class PublishRelease(Step, frozen=True, tag="github-release"):
    """Publish the release of the tag on GitHub.

    Attributes:
        notes: The file with the release notes, from the repository's top; left out where there is none.
        remote: What git calls the repository.
    """

    owes = True
    place: Place
    name: str
    commit: str
    title: str
    notes: str
    prerelease: bool
    remote: str

    @property
    def key(self) -> str:
        """``github-release``."""
        return "github-release"

    @property
    def line(self) -> str:
        """Which tag gets a page where."""
        return f"publish {self.name} on {self.place.host}"

    def observe(self, world: World) -> Seen:  # noqa: ARG002 - GitHub is asked, by the tag
        """Look for the release by its tag."""
        with github(self.place) as hub:
            url = hub.release(self.name)
        return Done({"text": url}) if url else Absent()

    def act(self, world: World) -> Seen | str:
        """Publish it, if its tag is there: GitHub would make a tag of its own where there is none."""
        tags = Tags(world.repo().root)
        body = "\n\n".join(part for part in (self._notes(world), _trailers(tags.message(self.name))) if part)
        with github(self.place) as hub:
            self._tagged(hub.tag(self.name))
            hub.publish(self.name, title=self.title, body=body, prerelease=self.prerelease)
        return ""

    def _tagged(self, commit: str) -> None:
        if commit == self.commit:
            return
        push = f"git push {self.remote} {self.name}, then {AGAIN}"
        fact = f"it leads to {commit[:7]}, not to {self.commit[:7]}" if commit else "it was not pushed"
        what = f"{self.name} is another tag on" if commit else f"{self.name} is not on"
        raise Refused(f"{what} {self.place.host}", fact=fact, clears="" if commit else push)

    def _notes(self, world: World) -> str:
        """The file's text, without the line in which relman keeps its digests."""
        from relman.notes.files import MARK

        with suppress(OSError):
            return MARK.sub("", (world.repo().root / self.notes).read_text("utf-8", "replace")).strip()
        return ""


class TellDeployment(Step, frozen=True, tag="github-deployment"):
    """Record on GitHub how the deployment ended.

    Attributes:
        environment: As GitHub calls it.
        production: It is one that users use.
        title: What was deployed: ``api 1.8.0``.
    """

    owes = True
    place: Place
    commit: str
    revision: str
    environment: str
    production: bool
    title: str
    state: Literal["success", "failure"]

    @property
    def key(self) -> str:
        """``github-success``, ``github-failure``."""
        return f"github-{self.state}"

    @property
    def line(self) -> str:
        """What is told."""
        ended = "is in" if self.state == "success" else "is not in"
        return f"tell {self.place.host}: {self.title} {ended} {self.environment}"

    def observe(self, world: World) -> Seen:  # noqa: ARG002 - GitHub is asked, by the revision
        """Look for the revision's deployment, and its newest state."""
        with github(self.place) as hub:
            found = hub.deployment(self.commit, self.environment, self.revision)
            told = found is not None and hub.state(found) == self.state
        return Done({"text": f"deployment {found}"}) if told else Absent()

    def act(self, world: World) -> Seen | str:
        """Record the deployment, unless it is there, and its state."""
        told = {"text": self.line.partition(": ")[2], "log": _log(world), "url": self._address(world)}
        with github(self.place) as hub:
            found = hub.deployment(self.commit, self.environment, self.revision)
            if found is None:
                found = hub.deploy(self.commit, self.environment, self.revision, production=self.production)
            hub.tell(found, self.state, **told)
        return ""

    def _address(self, world: World) -> str:
        """Where the service answers, if it is known: a release is not told of less well without it."""
        with suppress(RelmanError):
            live = world.cloud.service(world.key)
            return live.uri if live else ""
        return ""


def _trailers(message: str) -> str:
    """The trailers of a tag's message, as people can copy them: a reader is a witness of the ledger too."""
    lines = [line for line in message.splitlines() if line.startswith("Relman-")]
    return "\n".join(["```", *lines, "```"]) if lines else ""


def _log(world: World) -> str:
    """Where the run is read: of GitHub Actions if that runs it, else the service's log with Google."""
    run = [os.environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    if all(run):
        return f"{run[0]}/{run[1]}/actions/runs/{run[2]}"
    if world.config and world.config.platform.loopback:
        return ""
    key = world.key
    place = f"https://console.cloud.google.com/run/detail/{key.region}/{key.service}/logs"
    return f"{place}?{urlencode({'project': key.project})}"
