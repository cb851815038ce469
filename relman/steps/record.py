"""What is left behind once a release has all of the traffic: the git tag."""

from __future__ import annotations

from relman.steps.step import Absent, Done, Failed, Seen, Step, World


class Tag(Step, frozen=True, tag="tag"):
    """Tag the commit: a tag means "was shipped". Its failure pauses; the release stays live."""

    pauses = True
    name: str
    commit: str
    title: str
    image: str

    @property
    def key(self) -> str:
        """``tag``."""
        return "tag"

    @property
    def line(self) -> str:
        """Which commit gets which tag."""
        return f"tag {self.commit[:7]} as {self.name}"

    def observe(self, world: World) -> Seen:
        """Look for the tag and where it leads."""
        found = world.repo().tags().get(self.name)
        if found is None:
            return Absent()
        if found != self.commit:
            return Failed(f"{self.name} is on {found[:7]}, not on {self.commit[:7]}")
        return Done({"text": self.name})

    def act(self, world: World) -> Seen | str:
        """Make the annotated tag; it is never moved and not pushed."""
        world.repo().tag(self.name, self.commit, f"{self.title}\n\nRelman-Image: {self.image}\n")
        return ""
