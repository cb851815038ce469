"""The story by Google's asynchronous Python clients, over gRPC."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from google.api_core import exceptions
from google.cloud import run_v2
from google.cloud.devtools import cloudbuild_v1
from google.rpc import code_pb2

from tests.embedded.clients.story import PLACE, PROJECT, Given, serving
from tests.embedded.clients.typed import SECONDS, build, target, template


async def tell(one: Given) -> dict[str, Any]:
    """Walk the story; what was seen."""
    async with grpc.aio.insecure_channel(one.endpoint.removeprefix("http://")) as channel:
        services = pointed(run_v2.ServicesAsyncClient, channel)
        revisions = pointed(run_v2.RevisionsAsyncClient, channel)
        builds = pointed(cloudbuild_v1.CloudBuildAsyncClient, channel)
        return await walk(services, revisions, builds, one)


def pointed(client: Any, channel: grpc.aio.Channel) -> Any:
    """A client on this channel."""
    return client(transport=client.get_transport_class("grpc_asyncio")(channel=channel))


async def walk(services: Any, revisions: Any, builds: Any, one: Given) -> dict[str, Any]:
    """The steps."""
    told: dict[str, Any] = {}
    begun = await builds.create_build(project_id=PROJECT, build=build(one))
    image = (await begun.result(timeout=SECONDS)).results.images[0]
    told["built"] = image.digest

    first = run_v2.Service(template=template(one.old, image))
    begun = await services.create_service(parent=PLACE, service_id=one.service, service=first)
    uri = (await begun.result(timeout=SECONDS)).uri
    told["created"] = await asyncio.to_thread(serving, uri)

    traffic = [target(one.old, 100), target(one.new, 0, "next")]
    second = run_v2.Service(name=one.name, template=template(one.new, image), traffic=traffic)
    updated = await (await services.update_service(service=second)).result(timeout=SECONDS)
    told["updated"] = await asyncio.to_thread(serving, uri)
    tagged = next(status.uri for status in updated.traffic_statuses if status.tag)
    told["tagged"] = await asyncio.to_thread(serving, tagged)

    await shift(services, one, {one.old: 50, one.new: 50})
    told["split"] = await asyncio.to_thread(serving, uri)
    told["described"] = await described(services, revisions, one)

    await shift(services, one, {one.old: 100})
    told["rolled back"] = await asyncio.to_thread(serving, uri)

    await (await services.delete_service(name=one.name)).result(timeout=SECONDS)
    told["deleted"] = await asyncio.to_thread(serving, uri)
    try:
        await services.get_service(name=one.name)
    except exceptions.NotFound as error:
        told["missing"] = code_pb2.Code.Name(error.grpc_status_code.value[0])  # type: ignore[union-attr]
    return told


async def shift(services: Any, one: Given, shares: dict[str, int]) -> None:
    """Change the traffic alone."""
    traffic = [target(revision, percent) for revision, percent in shares.items()]
    service = run_v2.Service(name=one.name, traffic=traffic)
    begun = await services.update_service({"service": service, "update_mask": {"paths": ["traffic"]}})
    await begun.result(timeout=SECONDS)


async def described(services: Any, revisions: Any, one: Given) -> dict[str, Any]:
    """What service and revisions say of themselves."""
    statuses = (await services.get_service(name=one.name)).traffic_statuses
    found = await revisions.list_revisions(parent=one.name)
    return {
        "traffic": [[status.revision, status.percent] for status in statuses],
        "revisions": [revision.name.rpartition("/")[2] async for revision in found],
    }
