"""What the data plane is told: every service with its ports, its split, its tags, and its instances.

What it is not: a change. It reads what is kept and what runs, whenever the table has to be told.
"""

from __future__ import annotations

from typing import Any

from relman.embedded import ports
from relman.embedded.control.proxy import DataPlane
from relman.embedded.control.revisions import Revisions, short
from relman.embedded.resources import traffic
from relman.embedded.resources.shelf import Entry, Shelf
from relman.embedded.resources.traffic import Share
from relman.embedded.runtime.keeping import Runtime

PATIENCE_S, STARTS = 10.0, 3.5
"""A request waits for an instance so long, or as long as so many starts of one take if that is longer.

Source: https://cloud.google.com/run/docs/about-instance-autoscaling.
"""


class Tables:
    """The table of the present.

    Args:
        services: What is served.
        revisions: How each revision is to be asked.
        runtime: What runs.
    """

    def __init__(self, services: Shelf, revisions: Revisions, runtime: Runtime) -> None:
        """The data plane is made known later."""
        self._services = services
        self._revisions = revisions
        self._runtime = runtime
        self.plane: DataPlane

    def table(self) -> list[dict[str, Any]]:
        """What is served now, as the data plane wants to hear it."""
        return [self._row(entry) for entry in self._services.all() if entry.facts["served"]]

    def _row(self, entry: Entry) -> dict[str, Any]:
        """One service as the data plane knows it; revisions go by their whole names there."""
        service = entry.message.name
        shares = [Share(*share) for share in entry.facts["served"]]
        listening = self._listening(service, ["", *(share.tag for share in shares if share.tag)])
        full = {share.revision: f"{service}/revisions/{share.revision}" for share in shares}
        return {
            "name": service,
            "host": short(service),
            "port": listening[""],
            "split": [[full[revision], percent] for revision, percent in traffic.split(shares)],
            "backends": {name: self._fleet(name) for name in full.values()},
            "tags": {
                share.tag: {"port": listening[share.tag], "revision": full[share.revision]}
                for share in shares
                if share.tag
            },
        }

    def _fleet(self, name: str) -> dict[str, Any]:
        """The instances of one revision, as the data plane knows them."""
        entry = self._revisions.shelf.find(name)
        return {
            "ports": self._runtime.ports(name),
            "concurrency": entry.message.max_instance_request_concurrency if entry else 0,
            "affinity": entry is not None and entry.message.session_affinity,
            "patience": max(PATIENCE_S, STARTS * entry.facts.get("startup", 0.0)) if entry else 0.0,
            "timeout": float(entry.message.timeout.seconds) if entry else 0.0,
        }

    def _listening(self, service: str, tags: list[str]) -> dict[str, int]:
        """The ports of a service and its tags: the remembered ones, unless somebody else has them now."""
        store = self._services.store
        known = store.ports(service)
        for tag in tags:
            port = known.get(tag, 0)
            if not port or not (self.plane.holds(port) or ports.is_free(port)):
                known[tag] = ports.free()
                store.keep_port(service, tag, known[tag])
        return known
