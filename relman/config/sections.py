"""What relman.toml may say, section by section: frozen values whose docstrings are the reference.

What it is not: reading (``reading``), or choosing a service and an environment (``target``).
Sections of capabilities that relman does not have yet are not here, so they are unknown keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from relman.config import words
from relman.config.cadence import CadenceItem
from relman.config.documents import Documents
from relman.config.duties import Backlog, Domain, Raci, Review, Severities, Touchpoint
from relman.config.notes import ReleaseNotes
from relman.config.people import Model, Person, Role
from relman.config.rota import Escalation, Rota
from relman.config.schedule import Schedule
from relman.config.telling import GitHub, Tag
from relman.config.versions import RepoPath, TagPrefix, Versions
from relman.config.words import (
    Duration,
    Endpoint,
    Image,
    Mode,
    Overrun,
    Phases,
    Profile,
    Project,
    Region,
    Text,
)
from relman.errors import UsageError

CLOUD_RUN_HOST = "CLOUD_RUN_EMULATOR_HOST"
CLOUD_BUILD_HOST = "CLOUD_BUILD_EMULATOR_HOST"

_DOUBT_SECONDS = 10.0
_LOOPBACK_DOUBT_SECONDS = 1.0


class Platform(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What speaks Cloud Run's and Cloud Build's API.

    Attributes:
        endpoint: An http or https URL without a path; absent: Google. The variables
            CLOUD_RUN_EMULATOR_HOST and CLOUD_BUILD_EMULATOR_HOST go before it.
        doubt: How long after a write relman watches whether it holds; default 10s, on loopback 1s.
    """

    endpoint: Endpoint | None = None
    doubt: Duration | None = None

    @property
    def loopback(self) -> bool:
        """Whether the endpoint is on this machine."""
        return self.endpoint is not None and self.endpoint.loopback

    @property
    def doubt_seconds(self) -> float:
        """``doubt`` in seconds, with its default."""
        if self.doubt is not None:
            return self.doubt.seconds
        return _LOOPBACK_DOUBT_SECONDS if self.loopback else _DOUBT_SECONDS

    def for_run(self, environ: Mapping[str, str]) -> Platform:
        """The platform as Cloud Run's client is to see it.

        Raises:
            UsageError: CLOUD_RUN_EMULATOR_HOST is set and no host.
        """
        return self._moved(environ, CLOUD_RUN_HOST)

    def for_build(self, environ: Mapping[str, str]) -> Platform:
        """The platform as Cloud Build's client is to see it.

        Raises:
            UsageError: CLOUD_BUILD_EMULATOR_HOST is set and no host.
        """
        return self._moved(environ, CLOUD_BUILD_HOST)

    def _moved(self, environ: Mapping[str, str], variable: str) -> Platform:
        host = environ.get(variable, "")
        if not host:
            return self
        try:
            endpoint = Endpoint(host if "://" in host else f"http://{host}")
        except ValueError as error:
            raise UsageError(f"{variable} cannot be used", fact=str(error)) from None
        return msgspec.structs.replace(self, endpoint=endpoint)


class Ledger(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the record is kept.

    Attributes:
        url: The address of a shared database; absent: a file in ``.relman/``.
    """

    url: Text | None = None


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said of a service in one environment.

    Attributes:
        project: The Google Cloud project; required, here or in the environment.
        region: The region, such as "europe-west1"; required, here or in the environment.
        manifest: A Knative YAML file, relative to relman.toml; absent: the live template, with
            only the image changed.
        image: The image repository, without a tag; absent:
            ``<region>-docker.pkg.dev/<project>/cloud-run-source-deploy/<service>``.
        start: The command that starts the service; absent: Procfile or Dockerfile.
        phases: The traffic percentages of a rollout; default [20, 50, 100].
        bake: How long each phase but the last is watched; default "10m".
        smoke: The smoke checks, a TOML file, relative to relman.toml.
        overrun: What a run does when the window closes in the middle of it: "finish" (default),
            "hold" or "return". Written down, "finish" also lets a cut begin whose bakes end after the
            window does.
    """

    project: Project | None = None
    region: Region | None = None
    manifest: Text | None = None
    image: Image | None = None
    start: Text | None = None
    phases: Phases | None = None
    bake: Duration | None = None
    smoke: Text | None = None
    overrun: Overrun | None = None

    def under(self, specific: Settings) -> Settings:
        """These settings, each replaced where the more specific ones say something."""
        said = {name: value for name, value in _fields(specific).items() if value is not None}
        return Settings(**(_fields(self) | said))


def _fields(settings: Settings) -> dict[str, Any]:
    """The fields that every Settings has, of a Service too."""
    return {name: getattr(settings, name) for name in Settings.__struct_fields__}


class Service(Settings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One Cloud Run service, ``[service.NAME]``; NAME is its id.

    Attributes:
        env: Environments, ``[service.NAME.env.ENVIRONMENT]``; each says what differs there. None:
            one environment that is called ``production``.
        paths: What the service is made of, in a repository of several; commits that touch nothing of
            it do not count. Absent: the whole repository.
        tag_prefix: What stands before the version in its git tags. Absent: the common one, behind the
            service's name where there are several.
    """

    env: dict[str, Settings] = {}
    paths: Annotated[tuple[RepoPath, ...], Meta(min_length=1)] | None = None
    tag_prefix: TagPrefix | None = None

    @property
    def environments(self) -> dict[str, Settings]:
        """Every environment with its own settings merged over the common ones (ruling 5)."""
        named = self.env or {"production": Settings()}
        return {name: self.under(settings) for name, settings in named.items()}


class Sections(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole of relman.toml.

    Attributes:
        service: The services, one ``[service.NAME]`` each; at least one.
        profile: "solo" (default) or "team": how much is asked before a cut.
        mode: "enforce" (default), or "advise" until the model was used for one full cycle: gates that
            somebody may lift only advise; what they would have refused is shown and recorded.
        branch: The release branch; default "main".
        tag_prefix: What stands before the version in a git tag; default "v".
        remote: The git remote; default "origin".
        platform: What speaks Cloud Run's API; absent: Google.
        version: How the next version follows from the commits.
        window: When shipping is allowed; absent: the gate is not set up.
        tag: The git tag of a release.
        github: What GitHub is told of a release; absent: nothing.
        notes: What is told of a release, in files.
        ledger: Where the record is kept.
        documents: Where the papers stand that are made from the operating model; absent: none are.
        model: The operating model; absent: the team has none.
        people: Who works here, one ``[people.PERSON]`` each.
        roles: What they answer for, one ``[roles.ROLE]`` each.
        raci: Who decides what.
        domain: Who owns which part.
        severity: How bad is how loud, ``[severity.P1]`` to ``[severity.P4]``.
        touchpoint: Which paths belong to whom.
        review: What a change needs before it ships; absent: nothing is asked.
        backlog: What the backlog may look like; absent: nothing is asked.
        cadence: What is done again and again.
        oncall: Who is on call; absent: the gate is not set up.
        escalation: Who is told of an incident, and who after that, ``[[escalation]]``; domains name
            theirs by its id.
    """

    service: Annotated[dict[str, Service], Meta(min_length=1)]
    profile: Profile = field(default_factory=partial(Profile, "solo"))
    mode: Mode = field(default_factory=partial(Mode, "enforce"))
    branch: Text = field(default_factory=partial(Text, "main"))
    tag_prefix: TagPrefix = field(default_factory=partial(TagPrefix, "v"))
    remote: Text = field(default_factory=partial(Text, "origin"))
    platform: Platform = Platform()
    version: Versions = field(default_factory=Versions)
    window: Schedule | None = None
    tag: Tag = field(default_factory=Tag)
    github: GitHub = GitHub()
    notes: ReleaseNotes = ReleaseNotes()
    ledger: Ledger = Ledger()
    documents: Documents | None = None
    model: Model | None = None
    people: dict[str, Person] = {}
    roles: dict[str, Role] = {}
    raci: tuple[Raci, ...] = ()
    domain: tuple[Domain, ...] = ()
    severity: Severities = Severities()
    touchpoint: tuple[Touchpoint, ...] = ()
    review: Review | None = None
    backlog: Backlog | None = None
    cadence: tuple[CadenceItem, ...] = ()
    oncall: Rota | None = None
    escalation: tuple[Escalation, ...] = ()


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of relman.toml, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **msgspec.json.schema(Sections, schema_hook=words.schema),
    }
