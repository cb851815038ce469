"""The table: which revision answers a request, per port, host and percentage; a value that never changes.

What it is not: state. A flip is one assignment of another table; a request sees the whole of one table.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

Port = Annotated[int, Meta(ge=0, le=65535)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Seconds = Annotated[float, Meta(gt=0)]
TAG_MARK = b"---"
"""Between tag and service in the host of a tag's URL."""


class BadTable(ValueError):
    """A table that contradicts itself."""


class Nowhere(Exception):
    """Nothing is served under this port and host."""


class Tag(Struct, frozen=True, forbid_unknown_fields=True):
    """A tag's own port, and the revision that answers there."""

    port: Port
    revision: str


class Fleet(Struct, frozen=True, forbid_unknown_fields=True):
    """The instances of one revision.

    Attributes:
        ports: Where each listens; empty if none runs.
        concurrency: Requests that one takes at the same time; 0 for any number.
        patience: Seconds that a request waits for an instance to have room; 0 for not at all.
        affinity: Clients come back to the revision and the instance that served them first.
        timeout: Seconds that one request may take; 0 for the service's.
    """

    ports: tuple[Port, ...] = ()
    concurrency: Annotated[int, Meta(ge=0)] = 0
    patience: Annotated[float, Meta(ge=0)] = 0.0
    affinity: bool = False
    timeout: Annotated[float, Meta(ge=0)] = 0.0


NO_FLEET = Fleet()


class Service(Struct, frozen=True, forbid_unknown_fields=True):
    """One service.

    Attributes:
        name: Its full resource name.
        port: Where it listens; 0 lets the data plane choose.
        host: The first label of its host names.
        split: Revisions with their percentages, 100 in sum; empty if nothing is served.
        backends: The instances of each revision.
        tags: By tag.
        timeout: Seconds that one request may take, to a revision without a limit of its own.
        largest: Bytes of a request's body, and of an answer's that is neither chunked nor ended by closing:
            32 MiB on Cloud Run (https://cloud.google.com/run/quotas).
    """

    name: str
    port: Port
    host: str
    split: tuple[tuple[str, Percent], ...]
    backends: Mapping[str, Fleet]
    tags: Mapping[str, Tag] = {}
    timeout: Seconds = 300.0
    largest: Annotated[int, Meta(ge=0)] = 32 << 20


class Pick(NamedTuple):
    """Who answers one request: a revision (empty if none), its instances; in how many seconds and bytes."""

    revision: str
    fleet: Fleet
    timeout: float
    largest: int


class Route:
    """What listens on one port: a service, or one tag of it. It never changes."""

    def __init__(self, service: Service, tag: str | None) -> None:
        """Look at everything once, so that nothing has to be for each request."""
        self.service = service
        self.sticky = any(fleet.affinity for fleet in service.backends.values())
        named = [revision for revision, _ in service.split]
        tagged = [one.revision for one in service.tags.values()]
        self._picks = {name: self._picked(name) for name in ["", *named, *tagged]}
        self._split = [self._picks[name] for name in named] or [self._picks[""]]
        self._bounds = tuple(accumulate(percent for _, percent in service.split)) or (1,)
        self.tag = tag

    def pick(self, host: bytes, draw: float, clung: str = "") -> Pick:
        """Choose by tag (of the port, or of the host), else the one clung to, else by percentage.

        Args:
            host: The request's host.
            draw: A number of [0, 1).
            clung: The revision that the client has a seat in, if any.

        Raises:
            Nowhere: The host names a tag that this service does not have.
        """
        tag = self.tag or (_tag_in(host, self.service) if TAG_MARK in host else None)
        if tag is not None:
            return self._picks[self.service.tags[tag].revision]
        if clung and self._shares(clung) and self._picks[clung].fleet.affinity:
            return self._picks[clung]
        return self._split[bisect_right(self._bounds, draw * self._bounds[-1])]

    def leads_to(self, host: bytes, revision: str) -> bool:
        """Whether a request with this host may be answered by this revision."""
        tag = self.tag or (_tag_in(host, self.service) if TAG_MARK in host else None)
        if tag is not None:
            return self.service.tags[tag].revision == revision
        return self._shares(revision)

    def _shares(self, revision: str) -> bool:
        return any(name == revision and percent for name, percent in self.service.split)

    def _picked(self, revision: str) -> Pick:
        fleet = self.service.backends.get(revision, NO_FLEET)
        return Pick(revision, fleet, fleet.timeout or self.service.timeout, self.service.largest)


@dataclass(frozen=True)
class Table:
    """All services, found by the port that a request came in on."""

    routes: Mapping[int, Route]

    def route(self, port: int) -> Route:
        """What listens on a port.

        Raises:
            Nowhere: Nothing does.
        """
        found = self.routes.get(port)
        if found is None:
            raise Nowhere("no service listens here any more")
        return found

    @property
    def fleets(self) -> dict[str, Fleet]:
        """The instances of every revision."""
        return {
            name: fleet for route in self.routes.values() for name, fleet in route.service.backends.items()
        }


EMPTY = Table({})


def table_of(services: tuple[Service, ...]) -> Table:
    """The table of these services, whose ports are all known.

    Raises:
        BadTable: Two of them share a port or a name, or a split does not sum to 100.
    """
    routes: dict[int, Route] = {}
    check_names(services)
    for service in services:
        total = sum(percent for _, percent in service.split)
        if service.split and total != 100:  # noqa: PLR2004 - percent
            raise BadTable(f"the split of {service.name} sums to {total}, not 100")
        ports = [(service.port, None), *((tag.port, name) for name, tag in service.tags.items())]
        for port, tag in ports:
            if port in routes:
                raise BadTable(f"port {port} of {service.name} is given twice")
            routes[port] = Route(service, tag)
    return Table(routes)


def check_names(services: tuple[Service, ...]) -> None:
    """See that no service is named twice.

    Raises:
        BadTable: One is.
    """
    names = [service.name for service in services]
    if len(set(names)) < len(names):
        raise BadTable("a service is named twice")


def _tag_in(host: bytes, service: Service) -> str | None:
    """The tag that a host ``tag---service…`` names; None for a host of something else."""
    tag, _, rest = host.lower().decode("latin-1").partition(TAG_MARK.decode())
    if tag in service.tags:
        return tag
    if rest.startswith(service.host):
        raise Nowhere(f"no tag {tag!r}")
    return None
