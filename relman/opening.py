"""How relman is opened: from a ``relman.toml``, or, for a rollback, from nothing but a service's name.

What it is not: a verb. Here configuration, ledger, platform and clock come together.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from relman import config
from relman.app import STATE, Relman
from relman.clock import Clock, system
from relman.cloudbuild import CloudBuild
from relman.cloudrun import CloudRun
from relman.errors import ConfigError, RelmanError, UsageError
from relman.ledger import Draft, SqliteStore, Store
from relman.models import Emit, Event, ServiceKey, silent
from relman.wayback import WayBack

if TYPE_CHECKING:
    from relman.team.operating import Operating

FLAGS = ("--service", "--project", "--region")
ANYWHERE = "inv release.rollback --service NAME --project PROJECT --region REGION"


def here(
    start: Path,
    *,
    service: str | None = None,
    env: str | None = None,
    environ: Mapping[str, str],
    time: Clock | None = None,
    emit: Emit = silent,
) -> Relman:
    """Open the ``relman.toml`` of a folder, or of the nearest one above it.

    Args:
        start: Where to look from.
        service: Which service, where there are several.
        env: Which environment, where there are several.
        environ: The process's environment variables.
        time: Where time comes from; the machine's own clock by default.
        emit: Who watches.

    Raises:
        ConfigError: There is no ``relman.toml``, or it cannot be used.
        UsageError: There are several services or environments and none was chosen.
        Unreachable: The ledger cannot be opened.
    """
    read = config.load(config.find(start) or start / config.NAME)
    target, moment = read.select(service, env), time or system()
    _known_ledger(read)
    platform, building = _sides(read, environ)
    return Relman(
        key=target.key,
        environment=target.environment,
        store=SqliteStore(read.folder / STATE, moment),
        cloud=CloudRun(platform.endpoint),
        builds=CloudBuild(building.endpoint),
        clock=moment,
        emit=emit,
        doubt=platform.doubt_seconds,
        root=read.folder,
        config=msgspec.structs.replace(read, platform=platform),
        target=target,
    )


def team(
    start: Path,
    *,
    time: Clock | None = None,
    emit: Emit = silent,
) -> Operating:
    """Open the operating model of a folder, or of the nearest one above it. No service, no cloud.

    Args:
        start: Where to look from.
        time: Where time comes from; the machine's own clock by default.
        emit: Who watches.

    Raises:
        ConfigError: There is no ``relman.toml``, or it cannot be used.
        Unreachable: The ledger cannot be opened.
    """
    from relman.team.operating import Operating  # a rollback waits for none of it

    read, moment = config.load(config.find(start) or start / config.NAME), time or system()
    _known_ledger(read)
    store = SqliteStore(read.folder / STATE, moment)
    return Operating(config=read, store=store, clock=moment, emit=emit, root=read.folder)


def for_rollback(
    start: Path,
    *,
    service: str | None = None,
    env: str | None = None,
    project: str | None = None,
    region: str | None = None,
    environ: Mapping[str, str],
    time: Clock | None = None,
    emit: Emit = silent,
) -> Relman:
    """Open what a rollback needs, and nothing that could stand in its way.

    With a service, project and region no ``relman.toml`` is needed; one that names that very service
    tells the platform and the ledger all the same. The ledger is the repository's; where that is
    missing or broken it is a journal in the user's state folder (XDG Base Directory), or, if even
    that cannot be written, one that is forgotten.

    Raises:
        UsageError: It is not clear which service is meant.
        ConfigError: The ``relman.toml`` that should tell cannot be read.
    """
    moment, named = time or system(), (service, project, region)
    sought = _named(start, named, env) if project or region else _found(start, service, env)
    platform = sought.platform.for_run(environ)
    if sought.config is None:
        emit(Event("note", f"asking {platform.endpoint or 'Google Cloud'} about {sought.key}"))
    return Relman(
        key=sought.key,
        environment=sought.environment,
        store=_journal(sought, environ, moment, emit),
        cloud=WayBack(platform.endpoint),
        builds=CloudBuild(platform.endpoint),
        clock=moment,
        emit=emit,
        doubt=platform.doubt_seconds,
        root=sought.config.folder if sought.config else start,
        config=sought.config,
    )


class Sought(NamedTuple):
    """Which service a rollback is about, and where it is; without a configuration from its name alone."""

    key: ServiceKey
    environment: str
    platform: config.Platform
    config: config.Config | None


def _found(start: Path, service: str | None, env: str | None) -> Sought:
    """The service of the relman.toml around a folder."""
    found = config.find(start)
    if found is None:
        fact = f"there is no {config.NAME} here or above"
        raise UsageError("which service is meant", fact=fact, clears=ANYWHERE)
    try:
        read = config.load_for_rollback(found)
    except ConfigError as error:
        raise ConfigError(error.what, fact=error.fact, clears=ANYWHERE) from error
    key = read.key(service, env)
    return Sought(key, env or next(iter(read.service[key.service].environments)), read.platform, read)


def _named(start: Path, named: tuple[str | None, str | None, str | None], env: str | None) -> Sought:
    """The service of that name; a relman.toml that has it tells where it is."""
    service, project, region = named
    if not (service and project and region):
        missing = [flag for flag, value in zip(FLAGS, named, strict=True) if not value]
        raise UsageError(
            "--service, --project and --region go together", fact=f"missing: {', '.join(missing)}"
        )
    key, found = ServiceKey(project, region, service), config.find(start)
    try:
        read = config.load_for_rollback(found) if found else None
    except ConfigError:
        read = None
    environments = read.service[service].environments if read and service in read.service else {}
    for name, settings in environments.items():
        if (settings.project, settings.region) == (project, region) and read:
            return Sought(key, name, read.platform, read)
    return Sought(key, env or "production", config.Platform(), None)


def _journal(sought: Sought, environ: Mapping[str, str], time: Clock, emit: Emit) -> Store:
    """The first place that can be written: the repository's ledger, the user's journal, or memory."""
    key, folder = sought.key, sought.config.folder if sought.config else None
    state = Path(environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "/")) / ".local" / "state")
    journal = state / "relman" / key.project / key.region / key.service
    asked = Draft("rollback.asked", key, sought.environment)
    for place in ([folder / STATE] if folder else []) + [journal]:
        try:
            store = SqliteStore(place, time)
            store.append([asked])
        except RelmanError as error:
            emit(Event("note", f"no record can be kept in {place}: {error.fact}"))
            continue
        if place == journal:
            emit(Event("note", f"the record is, unsigned, the journal {journal}"))
        return store
    emit(Event("note", "no record can be kept at all; the rollback goes on"))
    return SqliteStore(None, time)


def _sides(read: config.Config, environ: Mapping[str, str]) -> tuple[config.Platform, config.Platform]:
    """Where the service is and where it is built, which must be on the same side of the loopback."""
    platform, building = read.platform.for_run(environ), read.platform.for_build(environ)
    if platform.loopback != building.loopback:
        raise ConfigError(
            "the service and its builds are on different sides",
            fact=f"Cloud Run: {platform.endpoint or 'Google'}, Cloud Build: {building.endpoint or 'Google'}",
            clears='eval "$(inv platform.env)", which sets both variables',
        )
    return platform, building


def _known_ledger(read: config.Config) -> None:
    if read.ledger.url:
        raise ConfigError(
            "this version of relman keeps its ledger in a file only",
            fact="[ledger] url is set in relman.toml",
            clears="remove [ledger] url",
        )
