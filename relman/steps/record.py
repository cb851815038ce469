"""What is left behind in git once a release has all of the traffic: its tag, here and on the remote."""

from __future__ import annotations

import base64

from relman.ledger import RunRecord
from relman.models import ServiceKey
from relman.steps.step import Absent, Done, Failed, Seen, Step, World
from relman.tags import Tags

SHORT = 7
RUN = "Relman-Run"


class Tag(Step, frozen=True, tag="tag"):
    """Tag the commit: a tag means "was shipped". Its failure pauses; the release stays live.

    Attributes:
        title: The first line of its message.
        image: ``name@sha256:…``.
        revision: Which one shipped.
        template: The SHA-256 of its template, in hex.
        signed: With git's SSH key.
        origin: What the ledger is called in the trailer, ``relman.dev/OWNER/REPOSITORY``.
    """

    pauses = True
    name: str
    commit: str
    title: str
    image: str
    revision: str = ""
    template: str = ""
    environment: str = ""
    origin: str = ""
    signed: bool = False

    @property
    def key(self) -> str:
        """``tag``."""
        return "tag"

    @property
    def line(self) -> str:
        """Which commit gets which tag."""
        return f"tag {self.commit[:SHORT]} as {self.name}" + (", signed" if self.signed else "")

    def observe(self, world: World) -> Seen:
        """Look for the tag and where it leads. Another environment's run may have made it."""
        tags = Tags(world.repo().root)
        found = tags.here(self.name)
        if found is None:
            return Absent()
        if found.commit != self.commit:
            return Failed(f"{self.name} is on {found.commit[:SHORT]}, not on {self.commit[:SHORT]}")
        ours = f"{RUN}: {world.record.run.id}" in tags.message(self.name).splitlines()
        return Done({"text": self.name if ours else f"{self.name} was there", "object": found.object})

    def act(self, world: World) -> Seen | str:
        """Make the annotated tag; it is never moved. Its date is that of the recorded intent."""
        at = world.record.intended(self.key) or world.clock.now()
        message = self.message(world.key, world.record)
        Tags(world.repo().root).make(self.name, self.commit, message, at=at, sign=self.signed)
        return ""

    def message(self, service: ServiceKey, record: RunRecord) -> str:
        """Title and trailers: what shipped, and the ledger that tells how, as it was at the intent."""
        size, root = record.anchor(self.key)
        trailers = {
            "Relman-Service": service.path,
            "Relman-Environment": self.environment,
            "Relman-Revision": self.revision,
            "Relman-Image": self.image,
            "Relman-Template": f"sha256:{self.template}" if self.template else "",
            "Relman-Request": f"sha256:{record.request}" if record.request else "",
            RUN: record.run.id,
            "Relman-Ledger": f"{self.origin} {size} {base64.b64encode(root).decode()}" if self.origin else "",
        }
        lines = [f"{name}: {value}" for name, value in trailers.items() if value]
        return "\n".join([self.title, "", *lines, ""])


class PushTag(Step, frozen=True, tag="push-tag"):
    """Push the tag to the remote, where others build from. Never forced; what fails is owed."""

    owes = True
    name: str
    commit: str
    remote: str

    @property
    def key(self) -> str:
        """``push-tag``."""
        return "push-tag"

    @property
    def line(self) -> str:
        """Which tag goes where."""
        return f"push {self.name} to {self.remote}"

    @property
    def hint(self) -> str:
        """The same by hand."""
        return f"git push {self.remote} {self.name}"

    def observe(self, world: World) -> Seen:
        """Ask the remote for the tag, and where it leads. A lost answer is found out by this."""
        found = Tags(world.repo().root).there(self.remote, self.name)
        if found is None:
            return Absent()
        if found.commit != self.commit:
            there = (
                f"{self.name} on {self.remote} leads to {found.commit[:SHORT]}, not to {self.commit[:SHORT]}"
            )
            look = f"git ls-remote {self.remote} refs/tags/{self.name}"
            return Failed(f"{there}; relman moves no tag", look)
        return Done({"text": f"{self.name} is on {self.remote}", "object": found.object})

    def act(self, world: World) -> Seen | str:
        """Push it, and nothing else."""
        Tags(world.repo().root).push(self.remote, self.name)
        return ""
