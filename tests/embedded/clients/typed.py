"""The story by Google's typed Python clients, over whichever wire they are pointed at it."""

from __future__ import annotations

from typing import Any

from google.api_core import exceptions
from google.cloud import run_v2
from google.cloud.devtools import cloudbuild_v1
from google.rpc import code_pb2

from tests.embedded.clients.story import PLACE, PROJECT, Given, serving
from tests.embedded.world import PACK, REVISION

SECONDS = 60


def tell(clients: Any, one: Given) -> dict[str, Any]:
    """Walk the story; what was seen."""
    told: dict[str, Any] = {}
    begun = clients.builds.create_build(project_id=PROJECT, build=build(one))
    image = begun.result(timeout=SECONDS).results.images[0]
    told["built"] = image.digest

    first = run_v2.Service(template=template(one.old, image))
    begun = clients.services.create_service(parent=PLACE, service_id=one.service, service=first)
    uri = begun.result(timeout=SECONDS).uri
    told["created"] = serving(uri)

    traffic = [target(one.old, 100), target(one.new, 0, "next")]
    second = run_v2.Service(name=one.name, template=template(one.new, image), traffic=traffic)
    updated = clients.services.update_service(service=second).result(timeout=SECONDS)
    told["updated"] = serving(uri)
    told["tagged"] = serving(next(status.uri for status in updated.traffic_statuses if status.tag))

    shift(clients, one, {one.old: 50, one.new: 50})
    told["split"] = serving(uri)
    told["described"] = described(clients, one)

    shift(clients, one, {one.old: 100})
    told["rolled back"] = serving(uri)

    clients.services.delete_service(name=one.name).result(timeout=SECONDS)
    told["deleted"] = serving(uri)
    try:
        clients.services.get_service(name=one.name)
    except exceptions.NotFound as error:
        told["missing"] = (
            code_pb2.Code.Name(error.grpc_status_code.value[0]) if error.grpc_status_code else ""
        )
    return told


def build(one: Given) -> cloudbuild_v1.Build:
    """A build of the commit, as the real Cloud Build would take it."""
    return cloudbuild_v1.Build(
        {
            "source": {"git_source": {"url": one.repository, "revision": one.commit}},
            "steps": [{"name": PACK, "args": ["build", "eu/p1/api:v1", "--builder", "b"]}],
            "images": ["eu/p1/api:v1"],
        }
    )


def template(revision: str, image: cloudbuild_v1.BuiltImage) -> run_v2.RevisionTemplate:
    """A revision of what was built."""
    whole = f"{image.name.partition(':')[0]}@{image.digest}"
    return run_v2.RevisionTemplate({"revision": revision, "containers": [{"image": whole}]})


def target(revision: str, percent: int, tag: str = "") -> run_v2.TrafficTarget:
    """A share of the traffic."""
    return run_v2.TrafficTarget(type_=REVISION, revision=revision, percent=percent, tag=tag)


def shift(clients: Any, one: Given, shares: dict[str, int]) -> None:
    """Change the traffic alone."""
    traffic = [target(revision, percent) for revision, percent in shares.items()]
    service = run_v2.Service(name=one.name, traffic=traffic)
    request = {"service": service, "update_mask": {"paths": ["traffic"]}}
    clients.services.update_service(request).result(timeout=SECONDS)


def described(clients: Any, one: Given) -> dict[str, Any]:
    """What service and revisions say of themselves."""
    statuses = clients.services.get_service(name=one.name).traffic_statuses
    revisions = clients.revisions.list_revisions(parent=one.name)
    return {
        "traffic": [[status.revision, status.percent] for status in statuses],
        "revisions": [revision.name.rpartition("/")[2] for revision in revisions],
    }
