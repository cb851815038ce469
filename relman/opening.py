"""How relman is opened: from a ``relman.toml``, or, for a rollback, from nothing but a service's name.

What it is not: a verb. Here configuration, ledger, platform and clock come together.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from relman import config
from relman.app import STATE, Relman
from relman.clock import Clock, system
from relman.cloudbuild import CloudBuild
from relman.cloudrun import CloudRun
from relman.errors import ConfigError, RelmanError, UsageError
from relman.ledger import Draft, SqliteStore, Store
from relman.models import Emit, Event, ServiceKey, silent


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
    platform = read.platform.for_run(environ)
    return Relman(
        key=target.key,
        environment=target.environment,
        store=SqliteStore(read.folder / STATE, moment),
        cloud=CloudRun(platform.endpoint),
        builds=CloudBuild(read.platform.for_build(environ).endpoint),
        clock=moment,
        emit=emit,
        doubt=platform.doubt_seconds,
        root=read.folder,
        config=msgspec.structs.replace(read, platform=platform),
        target=target,
    )


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

    With a service, project and region no ``relman.toml`` is needed, nor looked at. The ledger is
    the repository's; where that is missing or broken it is a journal in the user's state folder
    (XDG Base Directory), or, if even that cannot be written, one that is forgotten.
    """
    moment = time or system()
    if service and project and region:
        key, folder = ServiceKey(project, region, service), None
        platform, environment = config.Platform().for_run(environ), env or "production"
    else:
        read = _sketched(start)
        key, folder = read.key(service, env), read.folder
        platform, environment = (
            read.platform.for_run(environ),
            env or next(iter(read.service[key.service].environments)),
        )
    return Relman(
        key=key,
        environment=environment,
        store=_journal((key, environment), folder, environ, moment, emit),
        cloud=CloudRun(platform.endpoint),
        builds=CloudBuild(platform.endpoint),
        clock=moment,
        emit=emit,
        doubt=platform.doubt_seconds,
        root=folder or start,
    )


def _sketched(start: Path) -> config.Config:
    """What a rollback needs of the relman.toml around a folder.

    Raises:
        UsageError: There is none, so that the service must be named.
        ConfigError: It cannot be read.
    """
    found = config.find(start)
    if found is None:
        raise UsageError(
            "which service is meant",
            fact=f"there is no {config.NAME} here or above",
            clears="inv release.rollback --service NAME --project PROJECT --region REGION",
        )
    return config.load_for_rollback(found)


def _journal(
    service: tuple[ServiceKey, str], folder: Path | None, environ: Mapping[str, str], time: Clock, emit: Emit
) -> Store:
    """The first place that can be written: the repository's ledger, the user's journal, a temporary one."""
    key, environment = service
    state = Path(environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "/")) / ".local" / "state")
    journal = state / "relman" / key.project / key.region / key.service
    asked = Draft("rollback.asked", key, environment)
    for place in ([folder / STATE] if folder else []) + [journal]:
        try:
            store = SqliteStore(place, time)
            store.append([asked])
        except RelmanError as error:
            emit(Event("note", f"no record can be kept in {place}: {error.fact}"))
            continue
        if place == journal:
            emit(Event("note", f"recorded, unsigned, in the journal {journal}"))
        return store
    emit(Event("note", "no record can be kept at all; the rollback goes on"))
    return SqliteStore(None, time)


def _known_ledger(read: config.Config) -> None:
    if read.ledger.url:
        raise ConfigError(
            "this version of relman keeps its ledger in a file only",
            fact="[ledger] url is set in relman.toml",
            clears="remove [ledger] url",
        )
