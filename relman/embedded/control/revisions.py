"""Revisions: made from a service's template, read, listed, deleted (rows 13 to 16, 35, 38, 47).

What it is not: a process. The runtime runs a revision; here is what the API knows of it.
"""

from __future__ import annotations

import secrets
import string
import uuid
from collections.abc import Callable
from datetime import datetime

from google.protobuf.message import Message

from relman.embedded.control.operations import Operations, ended
from relman.embedded.resources import conditions
from relman.embedded.resources.deleted import Deleted, marked
from relman.embedded.resources.messages import (
    ListRevisionsResponse,
    Operation,
    Revision,
    RevisionTemplate,
    Service,
    fingerprint,
)
from relman.embedded.resources.paging import page
from relman.embedded.resources.refusals import differs, missing, stale, unmet
from relman.embedded.resources.shelf import Entry, Shelf
from relman.embedded.resources.store import Store

MOST = 1000
"""Revisions of one service; of more, the oldest that nothing goes to are deleted (row 40).

Source: https://cloud.google.com/run/quotas.
"""
ALPHABET = string.ascii_lowercase + string.digits


def content(template: Message) -> str:
    """What a template says, without its name: equal content, equal text."""
    bare = RevisionTemplate()
    bare.CopyFrom(template)
    bare.ClearField("revision")
    return fingerprint(bare)


def short(name: str) -> str:
    """The last part of a resource name."""
    return name.rpartition("/")[2]


class Revisions:
    """The revisions of every service.

    Args:
        store: Where they are kept.
        operations: Where a delete is told.
        resolved: Turns an image's name into the same with its digest.
        now: The current time.
        most: How many revisions a service may have.
    """

    def __init__(
        self,
        store: Store,
        operations: Operations,
        resolved: Callable[[str], str],
        now: Callable[[], datetime],
        *,
        most: int = MOST,
    ) -> None:
        """Nothing is read yet."""
        self.shelf = Shelf(store, "revision", Revision)
        self._deleted = Deleted(store, "revision", Revision)
        self._most = most
        self._operations = operations
        self._resolved = resolved
        self._now = now
        self._services = Shelf(store, "service", Service)

    def of(self, service: str) -> list[Entry]:
        """The revisions of one service, oldest first."""
        return self.shelf.all(f"{service}/revisions/")

    def name_for(self, old: Message | None, wanted: Message) -> str:
        """The name of the revision that a write makes, empty when it makes none (rows 13 to 16).

        Raises:
            AlreadyExists: The template names a revision whose content is another.
        """
        template = wanted.template
        if old is not None and old.template == template:
            return ""
        standing = (
            self.shelf.find(f"{wanted.name}/revisions/{template.revision}") if template.revision else None
        )
        if standing and standing.facts["template"] != content(template):
            raise differs(template.revision)
        if standing or (not template.revision and old and content(old.template) == content(template)):
            return ""
        return template.revision or self._automatic(wanted)

    def create(self, service: Message, name: str) -> Message:
        """Keep a new revision of a service's template, pending; images by tag become digests (row 47)."""
        made = Revision(name=f"{service.name}/revisions/{name}", service=service.name, uid=str(uuid.uuid4()))
        _copy(service.template, made)
        for container in made.containers:
            container.image = self._resolved(container.image)
        made.generation, made.launch_stage, made.creator = 1, service.launch_stage, service.creator
        made.create_time.FromDatetime(self._now())
        made.update_time.CopyFrom(made.create_time)
        made.etag = f'"{secrets.token_urlsafe(12)}"'
        conditions.revision_waits(made, self._now())
        self.shelf.put(made, {"template": content(service.template), "served": False})
        return made

    def trim(self, service: str) -> None:
        """Delete the oldest revisions that nothing goes to, while there are too many (row 40)."""
        revisions = [entry.message for entry in self.of(service)]
        if len(revisions) > self._most:
            spare = [one for one in revisions if not self._in_use(one)]
            for one in spare[: len(revisions) - self._most]:
                self.forget(one)

    def forget(self, revision: Message) -> Message:
        """Drop a revision, and remember it among the deleted; the same, with its times."""
        gone = marked(revision, self._now())
        with self.shelf.store.transaction():
            self.shelf.drop(gone.name)
            self._deleted.keep(gone)
        return gone

    def write(self, entry: Entry, *, served: bool | None = None) -> None:
        """Keep what has become of a revision."""
        entry.message.update_time.FromDatetime(self._now())
        self.shelf.put(entry.message, entry.facts | ({} if served is None else {"served": served}))

    def get_revision(self, request: Message) -> Message:
        """The revision as it stands."""
        return self._found(request.name).message

    def list_revisions(self, request: Message) -> Message:
        """The revisions of a service, or with ``services/-`` of all, newest first (row 35)."""
        place, _, service_id = request.parent.rpartition("/services/")
        prefix = f"{place}/services/" + ("" if service_id == "-" else f"{service_id}/revisions/")
        found = [entry.message for entry in reversed(self.shelf.all(prefix))]
        if request.show_deleted:
            found += reversed(self._deleted.all(prefix, self._now()))
        asked = f"{request.parent} {request.show_deleted}"
        part, token = page(found, size=request.page_size, token=request.page_token, asked=asked)
        return ListRevisionsResponse(revisions=part, next_page_token=token)

    def delete_revision(self, request: Message) -> Message:
        """Forget a revision that nothing goes to and that is not the latest (row 38)."""
        entry = self._found(request.name)
        revision = entry.message
        if request.etag and request.etag != revision.etag:
            raise stale()
        reason = self._in_use(revision)
        if reason:
            raise unmet(
                f'Revision "{short(request.name)}" cannot be directly deleted because it is {reason}.'
            )
        if request.validate_only:
            place = "/".join(request.name.split("/")[:4])
            operation = Operation(name=f"{place}/operations/{uuid.uuid4()}")
            return ended(operation, marked(revision, self._now()))
        with self.shelf.store.transaction():
            gone = self.forget(revision)
            begun = self._operations.begin(gone, {"target": request.name})
            self._operations.finish(begun.name, gone)
        return ended(begun, gone)

    def _in_use(self, revision: Message) -> str:
        """Why a revision cannot go, empty when it can: settled, not asked for, not the latest."""
        entry = self._services.find(revision.service)
        service = entry.message if entry else Service()
        targets = [*service.traffic, *service.traffic_statuses]
        settled = conditions.retired(revision) or conditions.failed(revision)
        if not settled or any(target.revision == short(revision.name) for target in targets):
            return "actively serving"
        youngest = self.of(revision.service)[-1].message.name
        is_latest = revision.name in {youngest, service.latest_created_revision}
        return "the latest revision of its service" if is_latest else ""

    def _automatic(self, service: Message) -> str:
        suffix = "".join(secrets.choice(ALPHABET) for _ in range(3))
        return f"{short(service.name)}-{service.generation:05d}-{suffix}"

    def _found(self, name: str) -> Entry:
        entry = self.shelf.find(name)
        if entry is None:
            raise missing(name, "REVISION")
        return entry


def _copy(template: Message, revision: Message) -> None:
    """Copy every field that a revision shares with the template it is made from."""
    known = Revision.DESCRIPTOR.fields_by_name
    for field, value in template.ListFields():
        if field.name not in known:
            continue
        if field.message_type or field.is_repeated:
            getattr(revision, field.name).MergeFrom(value)
        else:
            setattr(revision, field.name, value)
