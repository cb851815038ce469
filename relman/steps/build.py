"""The steps of ``prepare``: a commit becomes an image, and image and template become a candidate."""

from __future__ import annotations

from typing import Any

import msgspec

from relman import cloudbuild
from relman.errors import Refused
from relman.live import OURS, tag_of, template_digest
from relman.models import Candidate, Event, ServiceKey
from relman.steps.standing import service_stays
from relman.steps.step import Absent, Done, Failed, Knowledge, Pending, Seen, Step, World

LONGEST_REVISION = 63
SHORT = 7


class Build(Step, frozen=True, tag="build"):
    """Build a commit. Done when a build with its tag succeeded; of two, the first counts.

    Attributes:
        folder: Where in the commit the service lies, empty for the top.
        attempt: Which try of this commit; it is part of the tag, so a failed build is not found.
    """

    key_: ServiceKey
    commit: str
    url: str
    image: str
    run: list[dict[str, Any]]
    attempt: int
    folder: str = ""

    @property
    def key(self) -> str:
        """``build``."""
        return "build"

    @property
    def line(self) -> str:
        """Which commit becomes an image."""
        return f"build {self.commit[:SHORT]}"

    @property
    def tag(self) -> str:
        """What a second look finds the build by."""
        from relman.ledger import chain

        content = chain.sha256([self.run, self.folder])[:6]
        return f"relman-{self.key_.service}-{self.commit[:12]}-{content}-{self.attempt}"

    @property
    def stamp(self) -> dict[str, Any]:
        """The commit, so that the next attempt gets the next number."""
        return {"commit": self.commit}

    def observe(self, world: World) -> Seen:
        """Look for builds by the tag."""
        found = world.builds.builds(self.key_.project, self.tag)
        good = next((one for one in found if one.status == "SUCCESS"), None)
        if good:
            return Done({"digest": good.digest, "build": good.id, "text": good.digest[:19]})
        if any(one.running for one in found):
            return Pending("Cloud Build works")
        return (
            Failed(f"{found[-1].complaint or found[-1].status}; log: {found[-1].log}") if found else Absent()
        )

    def act(self, world: World) -> Seen | str:
        """Submit the build, once."""
        source = cloudbuild.Source(self.url, self.commit, self.folder)
        tags = ["relman", f"relman-{self.key_.service}", self.tag]
        world.builds.submit(self.key_.project, source=source, image=self.image, tags=tags, run=self.run)
        return ""


class Freeze(Knowledge, frozen=True, tag="freeze"):
    """Fix the full revision template, its digest and the revision's name: the candidate.

    Attributes:
        image: The repository name, with the digest where the image was given.
        manifest: The manifest's text, empty to take the live template with the image changed.
    """

    key_: ServiceKey
    environment: str
    version: str
    commit: str
    image: str
    prior: str
    manifest: str = ""
    manifest_name: str = ""

    @property
    def key(self) -> str:
        """``freeze``."""
        return "freeze"

    @property
    def line(self) -> str:
        """Which version is frozen, and from what."""
        return f"freeze {self.version}" + (f" from {self.manifest_name}" if self.manifest_name else "")

    def act(self, world: World) -> Seen | str:
        """Compose the template as the world is now; the outcome is remembered."""
        template, fields = self._template(world, self._image(world))
        digest = template_digest(template)
        revision = named(self.key_.service, self.version, digest)
        candidate = Candidate(
            key=self.key_,
            environment=self.environment,
            version=self.version,
            commit=self.commit,
            image=self._image(world),
            template=template,
            template_digest=digest,
            revision=revision,
            tag=tag_of(revision),
            prior=self.prior,
            service_fields=fields,
        )
        return Done({"candidate": msgspec.to_builtins(candidate), "text": revision})

    def _image(self, world: World) -> str:
        if "@" in self.image:
            return self.image
        built = world.record.value("build") or {}
        return f"{self.image}@{built['digest']}"

    def _template(self, world: World, image: str) -> tuple[dict[str, Any], dict[str, Any]]:
        if self.manifest:
            from relman import manifest

            read = manifest.translate(self.manifest, image=image, where=self.manifest_name)
            for note in read.notes:
                world.emit(Event("note", note))
            service_stays(self.key_, world.cloud.service(self.key_), read)
            return read.template, read.service
        live = world.cloud.service(self.key_)
        return with_image(live.template if live else {}, image), {}


def with_image(template: dict[str, Any], image: str) -> dict[str, Any]:
    """A live template with only the image of its ingress container changed.

    Raises:
        Refused: It has several containers and none has a port.
    """
    containers = template.get("containers") or [{}]
    serving = [at for at, one in enumerate(containers) if one.get("ports")] or [0]
    if len(containers) > 1 and not containers[serving[0]].get("ports"):
        raise Refused(
            "cannot tell which container serves", fact="the live template has several, none with a port"
        )
    changed = [{**one, "image": image} if at == serving[0] else one for at, one in enumerate(containers)]
    annotations = {
        name: value for name, value in template.get("annotations", {}).items() if not name.startswith(OURS)
    }
    kept = {name: value for name, value in template.items() if name not in {"revision", "annotations"}}
    return {**kept, **({"annotations": annotations} if annotations else {}), "containers": changed}


def named(service: str, version: str, digest: str, again: int = 0) -> str:
    """A revision's name: service, version and the template's digest; at most 63 characters (ruling 7).

    Args:
        service: The service; it is never cut, because the name must start with it.
        version: The version.
        digest: The template's, in hex.
        again: How many revisions of this candidate failed before.
    """
    words = version.replace(".", "-").replace("+", "-").lower()
    tail = f"-{again + 1}" if again else ""
    name = f"{service}-v{words}-{digest[:SHORT]}{tail}"
    return name if len(name) <= LONGEST_REVISION else f"{service}-r{digest[:SHORT]}{tail}"
