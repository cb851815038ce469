"""Services: written by clients, kept before they are acknowledged, read at any time (rows 1 to 18).

What it is not: the change itself. A write records what is wanted and kicks the reconciler, which
makes it so and ends the write's operation.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Callable
from datetime import datetime

from google.protobuf.message import Message

from relman.embedded.control.operations import Operations, ended
from relman.embedded.control.revisions import Revisions, short
from relman.embedded.resources import conditions, defaults, masks, ranges, rules, sizes, traffic
from relman.embedded.resources.deleted import Deleted, marked
from relman.embedded.resources.messages import ListServicesResponse, Operation, Service, wrapped
from relman.embedded.resources.paging import page
from relman.embedded.resources.refusals import exhausted, invalid, missing, stale, taken, violations
from relman.embedded.resources.shelf import Entry, Shelf
from relman.embedded.resources.store import Store

MOST = 1000
"""Services of one project in one region (row 40). Source: https://cloud.google.com/run/quotas."""
WHO = "developer@localhost"
"""The platform asks nobody who they are; so everybody is this one."""


class Services:
    """Every service of the platform.

    Args:
        store: Where they are kept.
        operations: Where writes are told.
        revisions: Where a changed template becomes a revision.
        kick: Tells the reconciler that a service is to be looked at.
        now: The current time.
        faithful: A mask that names an unknown field is no mask, as Google's is (row 11).
        most: How many services a region may have.
    """

    def __init__(
        self,
        store: Store,
        operations: Operations,
        revisions: Revisions,
        kick: Callable[[str], None],
        now: Callable[[], datetime],
        *,
        faithful: bool = False,
        most: int = MOST,
    ) -> None:
        """Nothing is read yet."""
        self.shelf = Shelf(store, "service", Service)
        self._deleted = Deleted(store, "service", Service)
        self._faithful = faithful
        self._most = most
        self._operations = operations
        self._revisions = revisions
        self._kick = kick
        self._now = now

    def get_service(self, request: Message) -> Message:
        """The service as it stands."""
        return self._found(request.name).message

    def list_services(self, request: Message) -> Message:
        """The services of one location, by name (row 36: ``-`` is refused)."""
        if request.parent.endswith("/locations/-"):
            raise invalid("parent", "The location '-' is not supported: name one location.")
        prefix = f"{request.parent}/services/"
        found = [entry.message for entry in self.shelf.all(prefix)]
        if request.show_deleted:
            found += self._deleted.all(prefix, self._now())
        found.sort(key=lambda service: str(service.name))
        asked = f"{request.parent} {request.show_deleted}"
        part, token = page(found, size=request.page_size, token=request.page_token, asked=asked)
        return ListServicesResponse(services=part, next_page_token=token)

    def create_service(self, request: Message) -> Message:
        """Take in a new service; its name is composed from parent and id (row 4)."""
        rules.check_parent(request.parent)
        rules.check_service_id(request.service_id)
        name = f"{request.parent}/services/{request.service_id}"
        if self.shelf.find(name):
            raise taken(request.service_id)
        if len(self.shelf.all(f"{request.parent}/services/")) >= self._most:
            raise exhausted(f"Quota exceeded: {self._most} services in '{request.parent}'.")
        wanted = Service(name=name, uid=str(uuid.uuid4()), creator=WHO)
        masks.written(request.service, wanted)
        wanted.create_time.FromDatetime(self._now())
        return self._write(None, wanted, validate_only=request.validate_only)

    def update_service(self, request: Message) -> Message:
        """Lay a client's fields over what stands, by the mask (rows 10 to 14, 24)."""
        sent = request.service
        entry = self.shelf.find(sent.name)
        if entry is None and request.allow_missing:
            return self.create_service(_as_create(request))
        if entry is None:
            raise missing(sent.name, "SERVICE")
        _fence(sent.etag, entry.message)
        wanted = Service()
        wanted.CopyFrom(entry.message)
        masks.written(sent, wanted, list(request.update_mask.paths), faithful=self._faithful)
        return self._write(entry, wanted, validate_only=request.validate_only)

    def delete_service(self, request: Message) -> Message:
        """Forget a service and its revisions; done when nothing of it runs (row 39)."""
        gone = self._found(request.name).message
        _fence(request.etag, gone)
        marked(gone, self._now())
        if request.validate_only:
            return _answer(gone)
        revisions = [one.message for one in self._revisions.of(gone.name)]
        with self.shelf.store.transaction():
            self.shelf.drop(gone.name)
            self._deleted.keep(gone)
            self.shelf.store.drop_ports(gone.name)
            for revision in revisions:
                self._revisions.forget(revision)
            facts = {"target": gone.name, "delete": [one.name for one in revisions]}
            operation = self._operations.begin(gone, facts)
        self._kick(gone.name)
        return operation

    def restamp(self, name: str) -> None:
        """Give a service that there is another etag, as if something about it had changed (row 24)."""
        entry = self._found(name)
        entry.message.etag = _etag(entry.message)
        self.shelf.put(entry.message, entry.facts)

    def _write(self, entry: Entry | None, wanted: Message, *, validate_only: bool) -> Message:
        """Check, fill, number and keep what is wanted."""
        with violations("UpdateServiceRequest" if entry else "CreateServiceRequest"):
            rules.check(wanted)
            defaults.fill(wanted)
            rules.check_filled(wanted.template)
            ranges.check(wanted)
            sizes.check(wanted.template)
            traffic.check(short(wanted.name), wanted.traffic)
        changed = entry is None or not masks.same(entry.message, wanted)
        if changed:
            self._number(wanted)
        made = self._revisions.name_for(entry.message if entry else None, wanted)
        if validate_only:
            return _answer(wanted)
        return self._keep(entry, wanted, made, changed=changed)

    def _number(self, wanted: Message) -> None:
        """Count the change (row 17) and give it an etag of its own (row 24)."""
        wanted.generation += 1
        wanted.last_modifier = WHO
        wanted.update_time.FromDatetime(self._now())
        wanted.etag = _etag(wanted)

    def _keep(self, entry: Entry | None, wanted: Message, made: str, *, changed: bool) -> Message:
        facts = dict(entry.facts) if entry else {"served": [], "made": ""}
        facts.pop("dropped", None)  # on demand, and of the write before this one
        with self.shelf.store.transaction():
            if changed:
                facts["made"] = made
            if self._retry(wanted) or changed:
                self._begin(wanted, made)
            self.shelf.put(wanted, facts)
            self._revisions.trim(wanted.name)
            about = {"target": wanted.name, "generation": wanted.generation, "made": made}
            operation = self._operations.begin(wanted, about)
        self._kick(wanted.name)
        return operation

    def _begin(self, wanted: Message, made: str) -> None:
        """Say that the change is on its way, and make the revision that it brings."""
        at = self._now()
        if made:
            wanted.latest_created_revision = self._revisions.create(wanted, made).name
        routes = conditions.condition("RoutesReady", conditions.BUSY, at)
        configurations = conditions.condition("ConfigurationsReady", conditions.BUSY, at)
        conditions.service_tells(wanted, at, routes, configurations)

    def _retry(self, wanted: Message) -> bool:
        """A revision that served once and then could not be started gets a new try by each write.

        Returns:
            Whether there is one.
        """
        found = False
        for target in wanted.traffic:
            entry = self._revisions.shelf.find(f"{wanted.name}/revisions/{target.revision}")
            if entry and entry.facts["served"] and conditions.failed(entry.message):
                conditions.revision_waits(entry.message, self._now())
                self._revisions.write(entry)
                found = True
        return found

    def _found(self, name: str) -> Entry:
        entry = self.shelf.find(name)
        if entry is None:
            raise missing(name, "SERVICE")
        return entry


def _etag(service: Message) -> str:
    stamp = f"{service.update_time.ToNanoseconds()} {secrets.token_hex(4)} {service.name}"
    return f'"{base64.urlsafe_b64encode(stamp.encode()).decode()}"'


def _fence(etag: str, standing: Message) -> None:
    if etag and etag != standing.etag:
        raise stale()


def _answer(service: Message) -> Message:
    """The answer to ``validate_only``: a finished operation that nobody keeps (row 9)."""
    place = service.name.partition("/services/")[0]
    name = f"{place}/operations/{uuid.uuid4()}"
    return ended(Operation(name=name, metadata=wrapped(service)), service)


def _as_create(request: Message) -> Message:
    from relman.embedded.resources.messages import CreateServiceRequest

    parent, _, service_id = request.service.name.partition("/services/")
    return CreateServiceRequest(
        parent=parent, service_id=service_id, service=request.service, validate_only=request.validate_only
    )
