"""The surface of v1: a façade that asks the core as v2 does, and says the answer in the form of v1.

What it is not: an API of its own. It keeps nothing but what v2 has no field for (``beside``).

Source: the discovery document ``run.v1``, resources ``namespaces`` and ``projects.locations``.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from google.api_core import exceptions
from google.protobuf.message import Message

from relman.embedded.control.calls import Calls
from relman.embedded.control.revisions import short
from relman.embedded.ports import DOMAIN
from relman.embedded.resources import messages
from relman.embedded.resources.messages import Service
from relman.embedded.resources.paging import page
from relman.embedded.resources.refusals import Refusal, absent, invalid, missing
from relman.embedded.resources.store import Store
from relman.embedded.wire.envelope import answered
from relman.embedded.wire.http import Answer, Request
from relman.embedded.wire.v1 import errors, reading, selector, writing
from relman.embedded.wire.v1.asked import EVERYWHERE, Asked, asked
from relman.embedded.wire.v1.beside import Shelf
from relman.embedded.wire.v1.places import Json

LISTS = {
    "services": "ServiceList",
    "revisions": "RevisionList",
    "configurations": "ConfigurationList",
    "routes": "RouteList",
}
SINGULAR = {
    "services": "SERVICE",
    "revisions": "REVISION",
    "configurations": "CONFIGURATION",
    "routes": "ROUTE",
}


class Objects:
    """Services, revisions, configurations and routes.

    Args:
        calls: Carries out what is asked.
        store: Tells which regions are in use.
        beside: What v2 has no field for.
    """

    def __init__(self, calls: Calls, store: Store, beside: Shelf) -> None:
        """Nothing more."""
        self._calls = calls
        self._store = store
        self._beside = beside
        self._verbs: dict[tuple[str, str], Callable[[Asked], Awaitable[Json]]] = {
            ("POST", "services"): self._create,
            ("PUT", "services"): self._replace,
            ("DELETE", "services"): self._delete_service,
            ("DELETE", "revisions"): self._delete_revision,
        }

    async def answer(self, request: Request) -> Answer | None:
        """The answer to one request, None when it is not for v1's objects."""
        found = asked(request)
        if found is None:
            return None
        return await answered(self._answer(found), f"{found.verb} v1 {found.kind} {found.name}")

    async def _answer(self, what: Asked) -> Answer:
        try:
            found = await self._told(what)
        except Refusal as error:
            raise errors.of_v1(error) from error
        return Answer(200, json.dumps(found).encode())

    async def _told(self, what: Asked) -> Json:
        if what.verb == "GET":
            return await (self._one(what) if what.name else self._list(what))
        verb = self._verbs.get((what.verb, what.kind))
        if verb is None or bool(what.name) is (what.verb == "POST"):
            raise absent(f"{what.verb} is no method of v1 {what.kind}.")
        return await verb(what)

    async def _one(self, what: Asked) -> Json:
        if what.kind == "revisions":
            revision = await self._revision(what)
            return self._told_revision(revision, await self._uid(revision.service))
        return self._half(what.kind, self._told_service(await self._service(what)))

    def _told_service(self, service: Message) -> Json:
        return writing.service(service, self._beside.of(service))

    def _told_revision(self, revision: Message, uid: str) -> Json:
        return writing.revision(revision, uid, self._beside.of_revision(uid, short(revision.name)))

    def _half(self, kind: str, told: Json) -> Json:
        if kind == "services":
            return told
        return writing.halves(told)[kind == "routes"]

    async def _list(self, what: Asked) -> Json:
        lets_through = selector.chosen(what.query.get("labelSelector", ""))
        if what.kind == "revisions":
            everything = await self._told_revisions(what)
        else:
            services = await self._services(what)
            everything = [self._half(what.kind, self._told_service(one)) for one in services]
        chosen = [one for one in everything if lets_through(one["metadata"]["labels"])]
        about = f"{what.place} {what.kind} {what.query.get('labelSelector', '')}"
        part, token = page(
            chosen, size=what.number("limit"), token=what.query.get("continue", ""), asked=about
        )
        metadata = {"continue": token} if token else {}
        head = {"apiVersion": reading.VERSION, "kind": LISTS[what.kind], "metadata": metadata}
        return head | {"items": list(part)}

    async def _told_revisions(self, what: Asked) -> list[Json]:
        found = await self._revisions(what)
        uids = {service: await self._uid(service) for service in {one.service for one in found}}
        return [self._told_revision(one, uids[one.service]) for one in found]

    async def _create(self, what: Asked) -> Json:
        sent = reading.read(what.body(), what.project)
        if what.region == EVERYWHERE:
            raise invalid("metadata.namespace", _nowhere(what))
        request = messages.CreateServiceRequest(
            parent=what.place, service_id=sent.service.name, service=sent.service, validate_only=what.dry
        )
        return await self._written("CreateService", request, sent)

    async def _replace(self, what: Asked) -> Json:
        sent = reading.read(what.body(), what.project)
        if sent.service.name != what.name:
            raise invalid(
                "metadata.name", f"metadata.name: expected '{what.name}', got '{sent.service.name}'."
            )
        standing = await self._service(what)
        if sent.version not in {"", _version(standing)}:
            raise errors.conflict(what.name, sent.version, _version(standing))
        self._keep_what_v1_cannot_say(standing, sent, what.project)
        sent.service.name = standing.name
        sent.service.etag = standing.etag if sent.version else ""
        request = messages.UpdateServiceRequest(service=sent.service, validate_only=what.dry)
        return await self._written("UpdateService", request, sent)

    def _keep_what_v1_cannot_say(self, standing: Message, sent: reading.Sent, project: str) -> None:
        """A template that is sent as it was told is the one that stands, with what only v2 can say in it."""
        told = reading.read(self._told_service(standing), project)
        if told.service.template == sent.service.template:
            sent.service.template.CopyFrom(standing.template)

    async def _written(self, method: str, request: Any, sent: reading.Sent) -> Json:  # noqa: ANN401 - a message
        operation: Any = await self._calls.carry_out("services", method, request)
        service = Service()
        operation.metadata.Unpack(service)
        if request.validate_only:
            return writing.service(service, writing.Beside(sent.annotations, sent.of_template))
        self._beside.keep(service, sent.annotations, sent.of_template)
        return self._told_service(service)

    async def _delete_service(self, what: Asked) -> Json:
        service = await self._service(what)
        request = messages.DeleteServiceRequest(name=service.name, validate_only=what.dry)
        await self._calls.carry_out("services", "DeleteService", request)
        if not what.dry:
            self._beside.drop(service)
        return _gone(what, service.uid)

    async def _delete_revision(self, what: Asked) -> Json:
        revision = await self._revision(what)
        request = messages.DeleteRevisionRequest(name=revision.name, validate_only=what.dry)
        await self._calls.carry_out("revisions", "DeleteRevision", request)
        return _gone(what, revision.uid)

    async def _service(self, what: Asked) -> Message:
        """The one service of that name; without a region it may be anywhere, if only in one place."""
        found = [one for one in await self._services(what) if short(one.name) == what.name]
        return _only(found, what)

    async def _revision(self, what: Asked) -> Message:
        found = [one for one in await self._revisions(what) if short(one.name) == what.name]
        return _only(found, what)

    async def _uid(self, service: str) -> str:
        """The ``uid`` of a service, empty for one that is just being deleted."""
        try:
            found: Any = await self._calls.carry_out(
                "services", "GetService", messages.GetServiceRequest(name=service)
            )
        except exceptions.NotFound:
            return ""
        return str(found.uid)

    async def _services(self, what: Asked) -> list[Message]:
        if what.name and what.region != EVERYWHERE:
            name = f"{what.place}/services/{what.name}"
            request = messages.GetServiceRequest(name=name)
            found = await self._calls.carry_out("services", "GetService", request)
            return [found] if found else []
        return await self._everywhere(what, "services", messages.ListServicesRequest, "")

    async def _revisions(self, what: Asked) -> list[Message]:
        return await self._everywhere(what, "revisions", messages.ListRevisionsRequest, "/services/-")

    async def _everywhere(self, what: Asked, api: str, request: Any, below: str) -> list[Message]:  # noqa: ANN401 - a protobuf class
        """Every page of a list, of one region or of all that are in use."""
        found: list[Message] = []
        for region in self._regions(what):
            parent, token = f"projects/{what.project}/locations/{region}{below}", ""
            while True:
                asking = request(parent=parent, page_token=token)
                answer: Any = await self._calls.carry_out(api, f"List{api.capitalize()}", asking)
                found += getattr(answer, api)
                token = answer.next_page_token
                if not token:
                    break
        return found

    def _regions(self, what: Asked) -> list[str]:
        if what.region != EVERYWHERE:
            return [what.region]
        rows = self._store.all("service", f"projects/{what.project}/locations/")
        return sorted({row.name.split("/")[3] for row in rows})


def _only(found: list[Message], what: Asked) -> Any:  # noqa: ANN401 - a message
    if not found:
        raise missing(f"{what.place}/{what.kind}/{what.name}", SINGULAR[what.kind])
    if len(found) > 1:
        raise invalid("metadata.name", _nowhere(what))
    return found[0]


def _nowhere(what: Asked) -> str:
    return (
        f"Which region? Ask REGION-run.{DOMAIN} (through this port as a"
        f" proxy, or by the Host header), or /v1/projects/{what.project}/locations/REGION/{what.kind}."
    )


def _version(service: Message) -> str:
    return str(service.etag).strip('"')


def _gone(what: Asked, uid: str) -> Json:
    details = {"name": what.name, "group": "serving.knative.dev", "kind": what.kind, "uid": uid}
    return {"status": "Success", "details": details, "metadata": {}}
