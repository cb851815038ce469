"""What v1, which gcloud speaks, does otherwise than v2: rows 3, 6, 24, 31, 36, 41."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.clients import Refused
from tests.conformance.knative import Knative, told
from tests.conformance.rows import differs, row
from tests.conformance.world import World
from tests.embedded.world import LATEST

V1 = ("v1",)


@pytest.fixture
def v1(world: World) -> Knative:
    """One test's hands over v1."""
    assert isinstance(world, Knative)
    return world


@row(6, source="service.proto; gcloud 528", sure="observed", wires=V1)
def test_row_6_googles_annotations_round_trip_in_v1(v1: Knative) -> None:
    """v1 takes annotations in Google's own namespaces, and tells them as they were sent.

    What they mean is what v2 has a field for.
    """
    name = v1.name()
    v1.create(name, annotations={"run.googleapis.com/description": "x", "a": "1"})
    annotations = v1.say("GET", f"services/{name}")["metadata"]["annotations"]
    assert annotations["run.googleapis.com/description"] == "x"
    assert v1.service(name).annotations == {"a": "1"}


@row(24, source="discovery run v1: replaceService", wires=V1)
def test_row_24_v1_refuses_a_stale_version(v1: Knative) -> None:
    """In v1 `metadata.resourceVersion` is the etag; a stale one is 409."""
    name = v1.name()
    v1.create(name)
    old = v1.service(name).etag
    v1.update(name, annotations={"a": "1"}, etag=old)
    with pytest.raises(Refused) as error:
        v1.change(name, annotations={"a": "2"}, etag=old)
    assert error.value.status in {"ABORTED", "ALREADY_EXISTS"}
    assert v1.service(name).annotations == {"a": "1"}


@row(31, source="discovery run v1; gcloud 528", sure="observed", wires=V1)
def test_row_31_v1_names_the_revision_of_latest(v1: Knative) -> None:
    """In v1 a status of the latest revision names that revision; in v2 it does not."""
    name = v1.name()
    v1.create(name, traffic=[{"type_": LATEST, "percent": 100}])
    status = v1.say("GET", f"services/{name}")["status"]["traffic"]
    assert status == [{"latestRevision": True, "percent": 100, "revisionName": f"{name}-v1"}]


@row(36, source="gcloud 528", sure="observed", wires=V1)
def test_row_36_v1_lists_the_services_of_all_locations(v1: Knative) -> None:
    """In v1 the location `-` lists the services of every location."""
    name = v1.name()
    v1.create(name)
    path = f"/v1/projects/{v1.place.project}/locations/-/services"
    items = told(v1.http("GET", path))["items"]
    assert name in {one["metadata"]["name"] for one in items}


@row(41, source="gcloud 528", sure="observed", wires=V1)
@differs("The services of v1 keep their last operation's name only; older ones are found by v2 alone.")
def test_row_41_v1_waits_for_the_operation_of_a_service(v1: Knative) -> None:
    """A service of v1 names its operation in an annotation; a wait for it answers a service of v1."""
    name = v1.name()
    v1.create(name)
    metadata: dict[str, Any] = v1.say("GET", f"services/{name}")["metadata"]
    operation_id = metadata["annotations"]["run.googleapis.com/operation-id"]
    found = told(v1.http("POST", f"/v1/{v1.place.parent}/operations/{operation_id}:wait", json={}))
    assert found["done"]
    assert found["response"]["@type"] == "type.googleapis.com/google.cloud.run.v1.Service"
    assert found["response"]["metadata"]["name"] == name
