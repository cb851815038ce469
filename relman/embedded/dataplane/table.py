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
TAG_MARK = "---"
"""Between tag and service in the host of a tag's URL."""


class BadTable(ValueError):
    """A table that contradicts itself."""


class Nowhere(Exception):
    """Nothing is served under this port and host."""


class Tag(Struct, frozen=True, forbid_unknown_fields=True):
    """A tag's own port, and the revision that answers there."""

    port: Port
    revision: str


class Service(Struct, frozen=True, forbid_unknown_fields=True):
    """One service.

    Attributes:
        name: Its full resource name.
        port: Where it listens; 0 lets the data plane choose.
        host: The first label of its host names.
        split: Revisions with their percentages, 100 in sum; empty if nothing is served.
        backends: The port of each revision that runs.
        tags: By tag.
        timeout: Seconds that one request may take.
    """

    name: str
    port: Port
    host: str
    split: tuple[tuple[str, Percent], ...]
    backends: Mapping[str, Port]
    tags: Mapping[str, Tag] = {}
    timeout: Seconds = 300.0


class Pick(NamedTuple):
    """Who answers one request: a revision (empty if none), its port (None if it does not run), the limit."""

    revision: str
    port: int | None
    timeout: float


@dataclass(frozen=True)
class Route:
    """What listens on one port: a service, or one tag of it."""

    service: Service
    bounds: tuple[int, ...]
    tag: str | None

    def pick(self, host: str, draw: float) -> Pick:
        """Choose by tag (of the port, or of the host) or else by percentage.

        Args:
            host: The request's host, in lower case.
            draw: A number of [0, 1).

        Raises:
            Nowhere: The host names a tag that this service does not have.
        """
        service, tag = self.service, self.tag or _tag_in(host, self.service)
        if tag is not None:
            revision = service.tags[tag].revision
        elif self.bounds and self.bounds[-1]:
            revision = service.split[bisect_right(self.bounds, draw * self.bounds[-1])][0]
        else:
            revision = ""
        return Pick(revision, service.backends.get(revision), service.timeout)


@dataclass(frozen=True)
class Table:
    """All services, found by the port that a request came in on."""

    routes: Mapping[int, Route]

    def pick(self, port: int, host: str, draw: float) -> Pick:
        """Choose who answers a request.

        Raises:
            Nowhere: Nothing is served here.
        """
        route = self.routes.get(port)
        if route is None:
            raise Nowhere("no service listens here any more")
        return route.pick(host, draw)


EMPTY = Table({})


def table_of(services: tuple[Service, ...]) -> Table:
    """The table of these services, whose ports are all known.

    Raises:
        BadTable: Two of them share a port or a name, or a split does not sum to 100.
    """
    routes: dict[int, Route] = {}
    check_names(services)
    for service in services:
        bounds = tuple(accumulate(percent for _, percent in service.split))
        if bounds and bounds[-1] != 100:  # noqa: PLR2004 - percent
            raise BadTable(f"the split of {service.name} sums to {bounds[-1]}, not 100")
        ports = [(service.port, None), *((tag.port, name) for name, tag in service.tags.items())]
        for port, tag in ports:
            if port in routes:
                raise BadTable(f"port {port} of {service.name} is given twice")
            routes[port] = Route(service, bounds, tag)
    return Table(routes)


def check_names(services: tuple[Service, ...]) -> None:
    """See that no service is named twice.

    Raises:
        BadTable: One is.
    """
    names = [service.name for service in services]
    if len(set(names)) < len(names):
        raise BadTable("a service is named twice")


def _tag_in(host: str, service: Service) -> str | None:
    """The tag that a host ``tag---service…`` names; None for any other host."""
    tag, mark, rest = host.partition(TAG_MARK)
    if not mark:
        return None
    if tag in service.tags:
        return tag
    if rest.startswith(service.host):
        raise Nowhere(f"no tag {tag!r}")
    return None
