"""The story by ``google-api-python-client`` and its document of run v1: Knative's objects, written whole.

A path with the region creates; the rest goes by namespace, as everything written for Knative does.
"""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import Any

from googleapiclient.errors import HttpError

from tests.embedded.clients.discovered import built, pointed
from tests.embedded.clients.story import PLACE, PROJECT, Given, serving

Json = dict[str, Any]
NAMESPACE = f"namespaces/{PROJECT}"


def tell(one: Given) -> Json:
    """Walk the story; what was seen."""
    with closing(pointed("cloudbuild", "v1", one)) as cloudbuild, closing(pointed("run", "v1", one)) as run:
        image = built(cloudbuild, one)
        return {
            "built": image["digest"],
            **walk(run, one, f"{image['name'].partition(':')[0]}@{image['digest']}"),
        }


def walk(run: Any, one: Given, image: str) -> Json:
    """The steps."""
    told: Json = {}
    places, services = run.projects().locations().services(), run.namespaces().services()
    name = f"{NAMESPACE}/services/{one.service}"

    places.create(parent=PLACE, body=service(one, image)).execute()
    uri = settled(services, name)["status"]["url"]
    told["created"] = serving(uri)

    traffic = [target(one.old, 100), target(one.new, 0) | {"tag": "next"}]
    changed = replaced(services, name, traffic, template=template(one.new, image))
    told["updated"] = serving(uri)
    told["tagged"] = serving(
        next(status["url"] for status in changed["status"]["traffic"] if "tag" in status)
    )

    replaced(services, name, [target(one.old, 50), target(one.new, 50)])
    told["split"] = serving(uri)
    told["described"] = described(run, name, one)

    replaced(services, name, [target(one.old, 100)])
    told["rolled back"] = serving(uri)

    services.delete(name=name).execute()
    told["missing"] = missing(services, name)
    told["deleted"] = serving(uri)
    return told


def service(one: Given, image: str) -> Json:
    """A whole service."""
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": one.service, "namespace": PROJECT},
        "spec": {"template": template(one.old, image)},
    }


def template(revision: str, image: str) -> Json:
    """A revision."""
    return {"metadata": {"name": revision}, "spec": {"containers": [{"image": image}]}}


def target(revision: str, percent: int) -> Json:
    """A share of the traffic."""
    return {"revisionName": revision, "percent": percent}


def replaced(services: Any, name: str, traffic: list[Json], **changes: Json) -> Json:
    """The service read, changed and written whole, when it is so."""
    whole: Json = services.get(name=name).execute()
    whole["spec"] |= {"traffic": traffic, **changes}
    services.replaceService(name=name, body=whole).execute()
    return settled(services, name)


def settled(services: Any, name: str) -> Json:
    """The service as soon as it says that it has become what was asked for."""
    while True:
        found: Json = services.get(name=name).execute()
        ready = next(one for one in found["status"]["conditions"] if one["type"] == "Ready")
        seen = found["status"].get("observedGeneration") == found["metadata"]["generation"]
        if seen and ready["status"] != "Unknown":
            assert ready["status"] == "True", ready
            return found
        time.sleep(0.02)


def described(run: Any, name: str, one: Given) -> Json:
    """What service and revisions say of themselves."""
    shares = run.namespaces().services().get(name=name).execute()["status"]["traffic"]
    label = f"serving.knative.dev/service={one.service}"
    revisions = run.namespaces().revisions().list(parent=NAMESPACE, labelSelector=label).execute()["items"]
    return {
        "traffic": [[share["revisionName"], share["percent"]] for share in shares],
        "revisions": [revision["metadata"]["name"] for revision in revisions],
    }


def missing(services: Any, name: str) -> str:
    """What a service that is gone is asked for with; it is there until it has been taken down."""
    while True:
        try:
            services.get(name=name).execute()
        except HttpError as error:
            return str(json.loads(error.content)["error"]["status"])
        time.sleep(0.02)
