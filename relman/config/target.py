"""Which service, in which environment: the merged settings that one run works with.

What it is not: reading the file, or anything that Cloud Run says about the service.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable

from msgspec import Struct

from relman.config.lines import Path
from relman.config.near import did_you_mean
from relman.config.sections import Sections, Service, Settings
from relman.config.source import Problem, Source
from relman.config.words import Duration, Overrun, Phases
from relman.errors import UsageError
from relman.models import ServiceKey

DEFAULT_PHASES = Phases((20, 50, 100))
DEFAULT_BAKE = Duration("10m")


class Target(Struct, frozen=True, kw_only=True):
    """One service in one environment, everything decided.

    Attributes:
        service: The Cloud Run service's id.
        environment: The environment's name.
        project: The Google Cloud project.
        region: The region.
        image: The image repository, without tag or digest.
        manifest: The Knative YAML file, absolute; None: the live template is taken.
        start: The command that starts the service; None: Procfile or Dockerfile.
        phases: The traffic percentages; they rise and end at 100.
        bake: How long each phase but the last is watched, in seconds.
        smoke: The file of smoke checks, absolute; None: none are set up.
        overrun: What a run does when the window closes in the middle: finish, hold or return.
        finishes: That it is finish was written down, so a cut may begin whose bakes end after the window.
    """

    service: str
    environment: str
    project: str
    region: str
    image: str
    manifest: pathlib.Path | None = None
    start: str | None = None
    phases: tuple[int, ...] = DEFAULT_PHASES
    bake: float = DEFAULT_BAKE.seconds
    smoke: pathlib.Path | None = None
    overrun: str = "finish"
    finishes: bool = False

    @property
    def key(self) -> ServiceKey:
        """The service as the ledger and Cloud Run name it."""
        return ServiceKey(self.project, self.region, self.service)


class Config(Sections, frozen=True, kw_only=True):
    """relman.toml, read.

    Attributes:
        source: The file that it came from.
    """

    source: Source

    @property
    def folder(self) -> pathlib.Path:
        """The folder of the file, links resolved; paths in the file are relative to this."""
        return self.source.path.parent.resolve()

    def prefix(self, service: str) -> str:
        """What stands before the version in a service's tags: its name too, where there are several."""
        own = self.service[service].tag_prefix
        if own is not None:
            return own
        return self.tag_prefix if len(self.service) == 1 else f"{service}-{self.tag_prefix}"

    def chosen(self, service: str | None = None) -> str:
        """The service that a flag names, or the only one.

        Raises:
            UsageError: There are several and none is chosen, or there is none of that name.
        """
        return _one(service, self.service, "service", "--service")

    def flags(self, service: str, environment: str) -> str:
        """The flags that name a service and an environment, without those that nobody needs."""
        words = ["--service", service] if len(self.service) > 1 else []
        words += ["--env", environment] if len(self.service[service].env) > 1 else []
        return " ".join(words)

    def key(self, service: str | None = None, env: str | None = None) -> ServiceKey:
        """Which Cloud Run service is meant; looks at no file, so a rollback can ask it.

        Raises:
            UsageError: As :meth:`select`.
        """
        name, _, settings = _chosen(self, service, env)
        return ServiceKey(str(settings.project), str(settings.region), name)

    def select(self, service: str | None = None, env: str | None = None) -> Target:
        """The service and environment that the flags choose, or the only ones there are.

        Raises:
            UsageError: There are several and none is chosen, or there is none of that name.
            ConfigError: A file that the settings name does not exist or is outside the repository.
        """
        name, environment, settings = _chosen(self, service, env)
        key = self.key(name, environment)
        return Target(
            service=name,
            environment=environment,
            project=key.project,
            region=key.region,
            image=settings.image or default_image(key),
            manifest=_file(self, name, environment, "manifest"),
            start=settings.start,
            phases=settings.phases or DEFAULT_PHASES,
            bake=(settings.bake or DEFAULT_BAKE).seconds,
            smoke=_file(self, name, environment, "smoke"),
            overrun=settings.overrun or Overrun("finish"),
            finishes=settings.overrun == "finish",
        )


def default_image(key: ServiceKey) -> str:
    """Where ``gcloud run deploy --source`` puts its images too.

    In the path of an image the colon of a domain-scoped project is a slash
    (cloud.google.com/artifact-registry/docs/docker/names).
    """
    project = key.project.replace(":", "/")
    return f"{key.region}-docker.pkg.dev/{project}/cloud-run-source-deploy/{key.service}"


def _chosen(config: Config, service: str | None, env: str | None) -> tuple[str, str, Settings]:
    name = config.chosen(service)
    environments = config.service[name].environments
    environment = _one(env, environments, f"environment of {name}", "--env")
    return name, environment, environments[environment]


def _one(wanted: str | None, known: Iterable[str], noun: str, flag: str) -> str:
    names = list(known)
    if wanted in names:
        return str(wanted)
    flags = " or ".join(f"{flag}={name}" for name in names)
    if wanted:
        fact = f"{wanted!r}{did_you_mean(wanted, names)}"
        raise UsageError(f"there is no such {noun}", fact=fact, clears=f"say {flags}")
    if len(names) > 1:
        raise UsageError(f"which {noun} is meant", fact=f"there are {len(names)}", clears=f"say {flags}")
    return names[0]


def _file(config: Config, service: str, environment: str, key: str) -> pathlib.Path | None:
    """The file that a key names: absolute, existing, inside the repository."""
    at, named = _said(config.service[service], service, environment, key)
    if named is None:
        return None
    path = (config.folder / named).resolve()
    if not path.is_relative_to(_repository(config.folder)):
        raise config.source.error([Problem(at, f"{named!r} is outside the repository")])
    if not path.is_file():
        raise config.source.error([Problem(at, f"there is no file {named!r} in {config.folder}")])
    return path


def _said(table: Service, service: str, environment: str, key: str) -> tuple[Path, str | None]:
    """Where a key is said that may stand in the environment or in the service, and what."""
    specific = getattr(table.env.get(environment), key, None)
    if specific is not None:
        return ("service", service, "env", environment, key), specific
    return ("service", service, key), getattr(table, key)


def _repository(folder: pathlib.Path) -> pathlib.Path:
    """The nearest folder, from here up, that git keeps; without git, the folder itself."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)
