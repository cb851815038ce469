"""The story by ``google-api-python-client``, with the discovery documents that are bundled with it."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import Any

from google.auth.credentials import AnonymousCredentials
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from tests.embedded.clients.story import PLACE, PROJECT, Given, serving
from tests.embedded.world import PACK

BY_NAME = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"


def tell(one: Given) -> dict[str, Any]:
    """Walk the story; what was seen."""
    with closing(pointed("cloudbuild", "v1", one)) as cloudbuild, closing(pointed("run", "v2", one)) as run:
        return walk(cloudbuild, run.projects().locations(), one)


def pointed(api: str, version: str, one: Given) -> Any:
    """A client made from a bundled document."""
    return discovery.build(
        api,
        version,
        static_discovery=True,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": one.endpoint},
    )


def walk(cloudbuild: Any, run: Any, one: Given) -> dict[str, Any]:
    """The steps."""
    told: dict[str, Any] = {}
    image = built(cloudbuild, one)
    told["built"] = image["digest"]

    body: dict[str, Any] = {"template": template(one.old, image)}
    service = done(run, run.services().create(parent=PLACE, serviceId=one.service, body=body))
    uri = service["uri"]
    told["created"] = serving(uri)

    traffic = [target(one.old, 100), target(one.new, 0) | {"tag": "next"}]
    body = {"template": template(one.new, image), "traffic": traffic}
    updated = done(run, run.services().patch(name=one.name, body=body))
    told["updated"] = serving(uri)
    told["tagged"] = serving(next(status["uri"] for status in updated["trafficStatuses"] if "tag" in status))

    shift(run, one, {one.old: 50, one.new: 50})
    told["split"] = serving(uri)
    told["described"] = described(run, one)

    shift(run, one, {one.old: 100})
    told["rolled back"] = serving(uri)

    done(run, run.services().delete(name=one.name))
    told["deleted"] = serving(uri)
    try:
        run.services().get(name=one.name).execute()
    except HttpError as error:
        told["missing"] = json.loads(error.content)["error"]["status"]
    return told


def built(cloudbuild: Any, one: Given) -> dict[str, Any]:
    """The image of the commit; this client can only ask again and again."""
    build = {
        "source": {"gitSource": {"url": one.repository, "revision": one.commit}},
        "steps": [{"name": PACK, "args": ["build", "eu/p1/api:v1", "--builder", "b"]}],
        "images": ["eu/p1/api:v1"],
    }
    operation = cloudbuild.projects().builds().create(projectId=PROJECT, body=build).execute()
    while not operation.get("done"):
        time.sleep(0.05)
        operation = cloudbuild.operations().get(name=operation["name"]).execute()
    image: dict[str, Any] = operation["response"]["results"]["images"][0]
    return image


def done(run: Any, request: Any) -> dict[str, Any]:
    """What an operation of Cloud Run ends with."""
    name = request.execute()["name"]
    operation = run.operations().wait(name=name, body={"timeout": "30s"}).execute()
    service: dict[str, Any] = operation["response"]
    return service


def template(revision: str, image: dict[str, Any]) -> dict[str, Any]:
    """A revision of what was built."""
    whole = f"{image['name'].partition(':')[0]}@{image['digest']}"
    return {"revision": revision, "containers": [{"image": whole}]}


def target(revision: str, percent: int) -> dict[str, Any]:
    """A share of the traffic."""
    return {"type": BY_NAME, "revision": revision, "percent": percent}


def shift(run: Any, one: Given, shares: dict[str, int]) -> None:
    """Change the traffic alone."""
    body = {"traffic": [target(revision, percent) for revision, percent in shares.items()]}
    done(run, run.services().patch(name=one.name, updateMask="traffic", body=body))


def described(run: Any, one: Given) -> dict[str, Any]:
    """What service and revisions say of themselves."""
    statuses = run.services().get(name=one.name).execute()["trafficStatuses"]
    revisions = run.services().revisions().list(parent=one.name).execute()["revisions"]
    return {
        "traffic": [[status["revision"], status["percent"]] for status in statuses],
        "revisions": [revision["name"].rpartition("/")[2] for revision in revisions],
    }
