"""What becomes of revisions whose image is deleted from the registry, and of the registry when it is killed.

The real rule (https://cloud.google.com/run/docs/deploying): Cloud Run keeps its own copy of an image as long
as a serving revision uses it; so what serves goes on, and what is idle cannot take traffic again.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from relman.embedded.images import repositories
from relman.embedded.images.layout import read_blob
from tests.embedded.pushing import Hub, digest_of
from tests.embedded.test_daemon import answered, kill
from tests.embedded.world import PLACE, World, command, page, target, until


@pytest.fixture
def hub(platform: World) -> Iterator[Hub]:
    """The shared platform's registry."""
    with contextlib.closing(Hub(platform.endpoint)) as one:
        yield one


def named(one: World, hub: Hub, name: str) -> str:
    """The app's image under another name."""
    source, digest = one.image.split("@")
    hub.copy(source, digest, name, "v1")
    return f"{name}@{digest}"


def two_revisions(one: World, service: str, image: str) -> None:
    """``-v1`` idle, ``-v2`` serving."""
    old, new = (
        one.template(f"{service}-{version}", image=image, env=[{"name": "A", "value": version}])
        for version in ("v1", "v2")
    )
    assert not one.create(service, template=old, traffic=[target(f"{service}-v1", 100)]).error.message
    shifted = one.update(service, template=new, traffic=[target(f"{service}-v2", 100)])
    assert not shifted.error.message


def shift(one: World, service: str, revision: str) -> Any:
    """All traffic to a revision; the operation."""
    return one.update(service, "traffic", traffic=[target(revision, 100)])


def test_an_idle_revision_whose_image_was_deleted_takes_no_traffic(platform: World, hub: Hub) -> None:
    """The shift says why, in Google's words, and the traffic stays; with the image back it works."""
    image = named(platform, hub, "gone/idle")
    two_revisions(platform, "idle", image)
    revision = f"{PLACE}/services/idle/revisions/idle-v1"
    until(lambda: not pid(platform, "idle", "idle-v1"))
    assert hub.ask("DELETE", f"gone/idle/manifests/{image.split('@')[1]}").status_code == 202
    refused = shift(platform, "idle", "idle-v1").error
    sentence = f"Revision 'idle-v1' is not ready and cannot serve traffic. Image '{image}' not found."
    assert (refused.code, refused.message) == (9, sentence)
    service = platform.service("idle")
    assert [one.revision for one in service.traffic_statuses] == ["idle-v2"]
    assert page(service.uri)["K_REVISION"] == "idle-v2"
    ready = next(
        one for one in platform.revisions.get_revision(name=revision).conditions if one.type_ == "Ready"
    )
    assert ready.reason.name == "CONTAINER_MISSING"
    named(platform, hub, "gone/idle")
    assert not shift(platform, "idle", "idle-v1").error.message
    assert page(service.uri)["K_REVISION"] == "idle-v1"


def test_a_serving_revision_outlives_its_image_and_its_process(platform: World, hub: Hub) -> None:
    """Its instances are started from the copy that was made for it."""
    image = named(platform, hub, "gone/serving")
    two_revisions(platform, "serving", image)
    uri = platform.service("serving").uri
    before = page(uri)["pid"]
    hub.ask("DELETE", f"gone/serving/manifests/{image.split('@')[1]}")
    with contextlib.suppress(requests.RequestException):
        requests.get(f"{uri}/die", timeout=10)
    after = until(lambda: answered(uri))
    assert (after["K_REVISION"], after["pid"] != before) == ("serving-v2", True)


def test_an_image_is_deployed_by_whichever_name_it_was_pushed(platform: World, hub: Hub) -> None:
    """With another registry's host in front, or with the platform's own address."""
    there = named(platform, hub, "europe-docker.pkg.dev/p/r/api").replace(":v1", "")
    here = f"{platform.endpoint.removeprefix('http://')}/{named(platform, hub, 'shop/api').split('@')[0]}:v1"
    for service, image in (("there", f"{there.split('@')[0]}:v1"), ("here", here)):
        done = platform.create(service, template=platform.template(f"{service}-v1", image=image))
        assert not done.error.message
        deployed = platform.revision(service, f"{service}-v1").containers[0].image
        assert deployed == f"{image.removesuffix(':v1')}@{platform.image.split('@')[1]}"


def test_a_killed_registry_has_whole_images_only(own: World) -> None:
    """What was acknowledged is there; an upload under way is gone on with; what serves comes back."""
    hub = Hub(own.endpoint)
    image = named(own, hub, "gone/killed")
    two_revisions(own, "killed", image)
    hub.ask("DELETE", f"gone/killed/manifests/{image.split('@')[1]}")
    where = hub.ask("POST", "cut/blobs/uploads/").headers["location"]
    assert hub.ask("PATCH", where, data=b"01234").status_code == 202
    pushed: list[str] = []
    pusher = threading.Thread(target=push_until_it_breaks, args=(own.endpoint, pushed))
    pusher.start()
    until(lambda: len(pushed) > 3)
    victims = [own.status()["pid"], pid(own, "killed", "killed-v2")]
    for victim in victims:
        kill(victim)
    pusher.join()
    begun = command("up", "--state", own.state)
    assert begun.returncode == 0, begun.stderr
    assert set(pushed) <= set(hub.tags("many/api"))
    assert {one.name for one in whole(own.state / "images")} >= {"many/api", "eu/p1/api"}
    assert hub.ask("GET", where).headers["range"] == "0-4"
    digest = digest_of(b"0123456789")
    assert hub.ask("PUT", where, params={"digest": digest}, data=b"56789").status_code == 201
    assert until(lambda: answered(own.service("killed").uri))["K_REVISION"] == "killed-v2"
    hub.close()


def push_until_it_breaks(endpoint: str, pushed: list[str]) -> None:
    """Push and drop images until nobody answers; ``pushed`` are those that were acknowledged and stay."""
    with (
        contextlib.closing(Hub(endpoint)) as hub,
        contextlib.suppress(requests.RequestException, AssertionError),
    ):
        for number in range(10_000):
            hub.push("many/api", f"v{number}", f"layer {number}".encode())
            pushed.append(f"v{number}")
            dropped = hub.push("many/api", "dropped", f"dropped {number}".encode())
            hub.ask("DELETE", f"many/api/manifests/{dropped}")


def whole(layout: Path) -> list[repositories.Entry]:
    """The entries of a layout, each of which has all its parts, undamaged."""
    found = repositories.entries(layout)
    for one in found:
        for part in repositories.parts(json.loads(read_blob(layout, one.digest).read_bytes())):
            read_blob(layout, part)
    return found


def pid(one: World, service: str, revision: str) -> int:
    """The process of a revision, 0 when there is none."""
    told = next(found for found in one.status()["services"] if found["name"].endswith(f"/{service}"))
    return next(int(found["pid"]) for found in told["revisions"] if found["name"] == revision)
