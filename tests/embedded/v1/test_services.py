"""Services and revisions of v1: created, told, replaced, listed, deleted, refused."""

from __future__ import annotations

from tests.embedded.v1.knative import REGION, Json, Knative, ready
from tests.embedded.world import PLACE, page, until

RUN = "run.googleapis.com"
OF_TEMPLATE = {
    "autoscaling.knative.dev/minScale": "0",
    "autoscaling.knative.dev/maxScale": "7",
    f"{RUN}/cpu-throttling": "true",
    f"{RUN}/startup-cpu-boost": "true",
    f"{RUN}/sessionAffinity": "true",
    f"{RUN}/execution-environment": "gen2",
    f"{RUN}/vpc-access-egress": "all-traffic",
    f"{RUN}/network-interfaces": '[{"network":"n","subnetwork":"s"}]',
    f"{RUN}/client-name": "gcloud",
    "client.knative.dev/user-image": "x",
}
OF_SERVICE = {
    f"{RUN}/client-name": "gcloud",
    f"{RUN}/client-version": "528.0.0",
    f"{RUN}/description": "what it is",
    f"{RUN}/ingress": "internal",
    f"{RUN}/launch-stage": "BETA",
    f"{RUN}/minScale": "0",
    f"{RUN}/maxScale": "9",
    f"{RUN}/binary-authorization": "default",
    f"{RUN}/custom-audiences": '["a"]',
    f"{RUN}/invoker-iam-disabled": "true",
    f"{RUN}/build-id": "b-1",
    "team": "x",
}


def test_a_service_is_created_and_told_as_knative_tells_it(knative: Knative) -> None:
    """It answers under its URL, and the status says which revision gets what."""
    begun = knative.said("POST", "services", knative.service("told", name="told-v1"))
    assert ready(begun)["status"] == "Unknown"
    found = knative.settled("told")
    assert page(found["status"]["url"])["K_REVISION"] == "told-v1"
    assert (found["apiVersion"], found["kind"]) == ("serving.knative.dev/v1", "Service")
    metadata, status = found["metadata"], found["status"]
    assert (metadata["name"], metadata["namespace"], metadata["generation"]) == ("told", "p1", 1)
    assert metadata["labels"]["cloud.googleapis.com/location"] == REGION
    assert metadata["annotations"][f"{RUN}/ingress-status"] == "all"
    assert {one["type"]: one["status"] for one in status["conditions"]} == {
        "Ready": "True",
        "RoutesReady": "True",
        "ConfigurationsReady": "True",
    }
    assert status["latestCreatedRevisionName"] == status["latestReadyRevisionName"] == "told-v1"
    assert status["traffic"] == [{"latestRevision": True, "percent": 100, "revisionName": "told-v1"}]
    assert status["observedGeneration"] == 1


def test_what_was_read_can_be_sent_again_and_changes_nothing(knative: Knative) -> None:
    """No new revision: also of a template that another client made with fields that v1 cannot say."""
    resources = {"limits": {"cpu": "2"}, "cpu_idle": True}
    beside = {"name": "beside", "image": knative.platform.image, "resources": {"cpu_idle": True}}
    main: Json = {
        "name": "main",
        "image": knative.platform.image,
        "ports": [{"container_port": 8080}],
        "resources": resources,
        "env": [{"name": "A"}, {"name": "B", "value": "b"}],
    }
    template = {
        "containers": [main, beside],
        "annotations": {"team": "x"},
        "scaling": {"min_instance_count": 0},
    }
    knative.platform.begin("again", template=template)
    found = knative.settled("again")
    answer = knative.replace(found)
    assert answer["metadata"]["generation"] == found["metadata"]["generation"]
    assert answer["status"]["latestCreatedRevisionName"] == found["status"]["latestCreatedRevisionName"]
    assert len(knative.platform.service("again").template.containers) == 2


def test_the_systems_annotations_are_fields_of_v2_and_come_back(knative: Knative) -> None:
    """Those that v2 has no field for come back too, and no v2 client sees them."""
    wanted = knative.service("noted", annotations=OF_TEMPLATE, labels={"client.knative.dev/nonce": "n"})
    wanted["metadata"]["annotations"] = OF_SERVICE
    knative.said("POST", "services", wanted)
    found = knative.settled("noted")
    template = found["spec"]["template"]["metadata"]
    assert OF_TEMPLATE.items() <= template["annotations"].items()
    assert OF_SERVICE.items() - {(f"{RUN}/minScale", "0")} <= found["metadata"]["annotations"].items()
    assert template["labels"]["client.knative.dev/nonce"] == "n"

    service = knative.platform.service("noted")
    assert (service.client, service.description, service.scaling.max_instance_count) == (
        "gcloud",
        "what it is",
        9,
    )
    assert service.template.scaling.max_instance_count == 7
    assert service.template.session_affinity
    assert service.template.containers[0].resources.startup_cpu_boost
    assert service.template.vpc_access.network_interfaces[0].network == "n"
    assert dict(service.annotations) == {"team": "x"}
    assert dict(service.template.annotations) == {"client.knative.dev/user-image": "x"}


def test_traffic_by_name_and_tag_goes_both_ways(knative: Knative) -> None:
    """Split, tagged, pinned; an entry in the status always names its revision."""
    found = knative.create("halved", name="halved-v1")
    found["spec"]["template"]["metadata"]["name"] = "halved-v2"
    found["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "N", "value": "2"}]
    found["spec"]["traffic"] = [
        {"revisionName": "halved-v1", "percent": 60},
        {"latestRevision": True, "percent": 40, "tag": "next"},
    ]
    found = knative.replace(found)
    assert found["spec"]["traffic"] == [
        {"revisionName": "halved-v1", "percent": 60},
        {"latestRevision": True, "percent": 40, "tag": "next"},
    ]
    latest = found["status"]["traffic"][1]
    assert (latest["revisionName"], latest["latestRevision"], latest["percent"]) == ("halved-v2", True, 40)
    assert page(latest["url"])["K_REVISION"] == "halved-v2"
    found["spec"]["traffic"] = [{"revisionName": "halved-v1", "percent": 100}]
    before = found["metadata"]["generation"]
    found = knative.replace(found)
    assert found["metadata"]["generation"] == before + 1
    assert {page(found["status"]["url"])["K_REVISION"] for _ in range(10)} == {"halved-v1"}


def test_row_24_a_stale_resource_version_is_a_conflict(knative: Knative) -> None:
    """409 in v1's words; without a version nothing is compared."""
    first = knative.create("raced")
    newer = knative.replace(first | {"metadata": first["metadata"] | {"labels": {"a": "b"}}})
    error = knative.refused("PUT", "services/raced", first)
    assert (error["code"], error["status"]) == (409, "ABORTED")
    versions = [one["metadata"]["resourceVersion"] for one in (first, newer)]
    assert error["message"] == (
        f"Conflict for resource 'raced': version '{versions[0]}' was specified"
        f" but current version is '{versions[1]}'."
    )
    del first["metadata"]["resourceVersion"]
    knative.said("PUT", "services/raced", first)


def test_row_22_a_revision_that_cannot_start_is_told_by_service_and_revision(knative: Knative) -> None:
    """``Ready`` is False with a reason of one word; what served goes on serving; the operation fails."""
    found = knative.create("stuck", name="stuck-v1")
    found["spec"]["template"]["metadata"]["name"] = "stuck-v2"
    found["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "MODE", "value": "broken"}]
    begun = knative.said("PUT", "services/stuck", found)
    operation = begun["metadata"]["annotations"][f"{RUN}/operation-id"]
    where = f"http://run.relman.internal/v1/{PLACE}/operations/{operation}"
    ended = knative.said("POST", f"{where}:wait", {"timeout": "20s"})
    assert ended["done"]
    assert "Revision 'stuck-v2' is not ready and cannot serve traffic." in ended["error"]["message"]
    found = knative.settled("stuck")
    assert ready(found)["status"] == "False"
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
    revision = knative.said("GET", "revisions/stuck-v2")
    assert ready(revision)["reason"] == "HealthCheckContainerError"
    assert page(found["status"]["url"])["K_REVISION"] == "stuck-v1"


def test_row_41_an_operation_carries_a_service_of_v1(knative: Knative) -> None:
    """Unfinished as it stands, finished with the response; its id stands in the service's annotation."""
    begun = knative.said("POST", "services", knative.service("waited", name="waited-v1"))
    operation = begun["metadata"]["annotations"][f"{RUN}/operation-id"]
    where = f"http://{REGION}-run.relman.internal/v1/{PLACE}/operations/{operation}"
    ended = knative.said("POST", f"{where}:wait", {"timeout": "20s"})
    assert ended["response"]["@type"] == "type.googleapis.com/google.cloud.run.v1.Service"
    assert ended["response"]["status"]["latestReadyRevisionName"] == "waited-v1"
    assert knative.said("GET", where) == ended
    error = knative.refused("POST", f"{where}:wait", {"timeout": "soon"})
    assert error["code"] == 400
    assert knative.refused("GET", f"{where}x")["code"] == 404


def test_revisions_are_chosen_by_label_and_told_with_their_digest(knative: Knative) -> None:
    """The newest first, in pages; one by its name alone."""
    found = knative.create("rows", name="rows-v1", labels={"client.knative.dev/nonce": "one"})
    found["spec"]["template"]["metadata"] = {"name": "rows-v2", "labels": {"client.knative.dev/nonce": "two"}}
    knative.replace(found)
    names = [one["metadata"]["name"] for one in listed(knative, "serving.knative.dev/service = rows")]
    assert names == ["rows-v2", "rows-v1"]
    assert [
        one["metadata"]["name"] for one in listed(knative, "client.knative.dev/nonce in (one, three)")
    ] == ["rows-v1"]
    selector = "serving.knative.dev/service=rows,client.knative.dev/nonce!=two"
    assert [one["metadata"]["name"] for one in listed(knative, selector)] == ["rows-v1"]
    first = knative.said("GET", "revisions", labelSelector="serving.knative.dev/service=rows", limit=1)
    rest = {"labelSelector": "serving.knative.dev/service=rows", "continue": first["metadata"]["continue"]}
    second = knative.said("GET", "revisions", **rest)
    assert [one["metadata"]["name"] for one in first["items"] + second["items"]] == names
    assert "continue" not in second["metadata"]

    one = knative.said("GET", "revisions/rows-v1")
    assert one["status"]["imageDigest"] == knative.platform.image
    assert one["metadata"]["ownerReferences"][0]["name"] == "rows"
    assert until(lambda: condition(knative.said("GET", "revisions/rows-v1"), "Active") == "False")


def test_row_38_only_a_retired_revision_is_deleted(knative: Knative) -> None:
    """The one that serves is refused in Google's words."""
    found = knative.create("pruned", name="pruned-v1")
    error = knative.refused("DELETE", "revisions/pruned-v1")
    assert error["status"] == "FAILED_PRECONDITION"
    assert error["message"] == (
        'Revision "pruned-v1" cannot be directly deleted because it is actively serving.'
    )
    found["spec"]["template"]["metadata"] = {"name": "pruned-v2"}
    knative.replace(found)
    gone = until(lambda: knative.ask("DELETE", "revisions/pruned-v1")[0] == 200)
    assert gone
    assert knative.refused("GET", "revisions/pruned-v1")["message"] == (
        f"Resource 'pruned-v1' of kind 'REVISION' in region '{REGION}' in project 'p1' does not exist."
    )


def test_a_deleted_service_is_gone_and_its_name_begins_anew(knative: Knative) -> None:
    """A status says so; what stood beside the old one does not stand beside the new one."""
    wanted = knative.service("reborn", name="reborn-v1", annotations={f"{RUN}/client-name": "old"})
    wanted["metadata"]["annotations"] = {f"{RUN}/build-id": "old"}
    knative.said("POST", "services", wanted)
    knative.settled("reborn")
    status = knative.said("DELETE", "services/reborn")
    assert (status["status"], status["details"]["name"]) == ("Success", "reborn")
    assert knative.refused("GET", "services/reborn")["code"] == 404
    found = knative.create("reborn", name="reborn-v1")
    assert f"{RUN}/build-id" not in found["metadata"]["annotations"]
    assert f"{RUN}/client-name" not in found["spec"]["template"]["metadata"]["annotations"]


def test_a_dry_run_changes_nothing(knative: Knative) -> None:
    """It fills in the defaults and refuses what would be refused."""
    found = knative.said("POST", "services", knative.service("dry"), dryRun="all")
    assert found["spec"]["template"]["spec"]["containerConcurrency"] == 80
    assert knative.refused("GET", "services/dry")["code"] == 404
    assert knative.refused("POST", "services", knative.service("dry"), dryRun="some")["code"] == 400


def test_both_forms_of_a_path_mean_the_same_and_a_dash_means_every_region(knative: Knative) -> None:
    """A list of all regions; without any region one service is found where it is."""
    knative.create("placed")
    at = f"http://run.relman.internal/v1/projects/p1/locations/{REGION}/services/placed"
    found = knative.said("GET", at)
    assert found == knative.said("GET", "services/placed")
    everywhere = knative.said("GET", "http://run.relman.internal/v1/projects/p1/locations/-/services")
    assert "placed" in [one["metadata"]["name"] for one in everywhere["items"]]
    direct = f"{knative.platform.endpoint}/apis/serving.knative.dev/v1/namespaces/p1/services"
    assert knative.said("GET", f"{direct}/placed") == found
    assert "Which region?" in knative.refused("POST", direct, knative.service("nowhere"))["message"]


def test_configurations_and_routes_are_the_halves_of_a_service(knative: Knative) -> None:
    """Each has its own readiness."""
    service = knative.create("sided", name="sided-v1")
    configuration = knative.said("GET", "configurations/sided")
    assert configuration["spec"]["template"] == service["spec"]["template"]
    assert configuration["status"]["latestReadyRevisionName"] == "sided-v1"
    route = knative.said("GET", "routes/sided")
    assert route["status"]["traffic"] == service["status"]["traffic"]
    assert ready(route)["status"] == "True"
    assert "sided" in [one["metadata"]["name"] for one in knative.said("GET", "routes")["items"]]


def listed(knative: Knative, selector: str) -> list[Json]:
    """The revisions that a selector lets through."""
    found: list[Json] = knative.said("GET", "revisions", labelSelector=selector)["items"]
    return found


def condition(found: Json, kind: str) -> str:
    """The status of one condition, empty when there is none."""
    conditions = found["status"]["conditions"]
    return str(next((one["status"] for one in conditions if one["type"] == kind), ""))
