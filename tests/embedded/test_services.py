"""Services over Google's own client: taken in, written, refused, deleted (rows 1 to 18, 24, 36, 39)."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import run_v2

from tests.embedded.world import DONE, FAILED, LATEST, PLACE, World, page, target


def status_of(error: pytest.ExceptionInfo[exceptions.GoogleAPICallError]) -> str:
    """The canonical status in the answer's own envelope."""
    found: str = error.value.response.json()["error"]["status"]
    return found


@pytest.mark.parametrize("service_id", ["Api", "1api", "api-", "a_b", "a" * 50, ""])
def test_row_1_a_bad_name_is_refused_with_the_field_that_offends(platform: World, service_id: str) -> None:
    """A name that Cloud Run would not take is INVALID_ARGUMENT with a field violation."""
    with pytest.raises(exceptions.BadRequest, match="only lowercase, digits, and hyphens") as error:
        platform.services.create_service(
            {"parent": PLACE, "service_id": service_id, "service": {"template": platform.template()}}
        )
    assert status_of(error) == "INVALID_ARGUMENT"
    details = error.value.response.json()["error"]["details"]
    assert details[0]["fieldViolations"][0]["field"] == "CreateServiceRequest.service_id"


def test_row_2_what_exists_cannot_be_created(platform: World) -> None:
    """ALREADY_EXISTS, also when it is only to be validated."""
    platform.create("row2")
    for only in (False, True):
        service = run_v2.Service(template=platform.template())
        request = {"parent": PLACE, "service_id": "row2", "service": service, "validate_only": only}
        with pytest.raises(exceptions.Conflict, match=r"Resource 'row2' already exists\.") as error:
            platform.services.create_service(request)
        assert status_of(error) == "ALREADY_EXISTS"


def test_row_3_what_is_not_there_is_not_found(platform: World) -> None:
    """The sentence names kind, region and project."""
    with pytest.raises(
        exceptions.NotFound, match="'none' of kind 'SERVICE' in region 'europe-west1' in project"
    ):
        platform.service("none")


def test_row_4_the_name_is_composed_and_row_7_outputs_are_ignored(platform: World) -> None:
    """What a client sends as name, uid, etag or URL of a new service is not heeded."""
    sent = run_v2.Service(template=platform.template(), uid="mine", uri="http://x", generation=9)
    operation = platform.wait(
        platform.services.create_service({"parent": PLACE, "service_id": "row4", "service": sent})
    )
    service = platform.service("row4")
    assert operation.done
    assert (service.name, service.generation) == (f"{PLACE}/services/row4", 1)
    assert service.uid != "mine"
    assert page(service.uri)["K_SERVICE"] == "row4"


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ({}, "at least one container"),
        ({"containers": [{"name": "x"}]}, "expected a container image path"),
        ({"containers": [{"image": "a"}, {"image": "b"}]}, "Exactly one container must expose one port"),
        ({"containers": [{"image": "a"}], "revision": "other-v1"}, "must be prefixed"),
        ({"containers": [{"image": "a"}], "revision": "row5-V1"}, "must be less than 64 characters"),
        ({"containers": [{"image": "a"}], "labels": {"run.googleapis.com/x": "1"}}, "is reserved"),
        ({"containers": [{"image": "a", "startup_probe": {"period_seconds": 300}}]}, "startup_probe"),
    ],
)
def test_rows_5_6_15_43_a_template_that_cannot_run_is_refused(
    platform: World, template: dict[str, object], sentence: str
) -> None:
    """Containers, images, ports, names, namespaces and probes are checked before anything is kept."""
    with pytest.raises(exceptions.BadRequest, match=sentence):
        platform.services.create_service(
            {"parent": PLACE, "service_id": "row5", "service": {"template": template}}
        )
    with pytest.raises(exceptions.NotFound):
        platform.service("row5")


def test_row_6_annotations_of_other_namespaces_round_trip(platform: World) -> None:
    """Ours are ordinary annotations; those of Google's namespaces are refused."""
    platform.create("row6", annotations={"relman.dev/epoch": "1"})
    assert platform.service("row6").annotations == {"relman.dev/epoch": "1"}
    with pytest.raises(exceptions.BadRequest, match="is reserved"):
        platform.update("row6", annotations={"run.googleapis.com/ingress": "all"})


def test_row_8_defaults_are_filled_in(platform: World) -> None:
    """The template that is read back says what the server chose."""
    platform.create("row8")
    service = platform.service("row8")
    template, container = service.template, service.template.containers[0]
    assert container.resources.limits == {"cpu": "1000m", "memory": "512Mi"}
    assert (container.name, container.ports[0].name, container.ports[0].container_port) == (
        "api-1",
        "http1",
        8080,
    )
    probe = container.startup_probe
    assert (probe.timeout_seconds, probe.period_seconds, probe.failure_threshold) == (240, 240, 1)
    assert probe.tcp_socket.port == 8080
    assert (template.timeout.seconds, template.max_instance_request_concurrency) == (300, 80)
    assert template.scaling.max_instance_count == 100
    assert template.service_account.endswith("-compute@developer.gserviceaccount.com")
    assert service.ingress == run_v2.IngressTraffic.INGRESS_TRAFFIC_ALL


def test_row_9_validate_only_keeps_nothing(platform: World) -> None:
    """The operation is done, tells what would be, and cannot be fetched."""
    service = run_v2.Service(template=platform.template())
    request = {"parent": PLACE, "service_id": "row9", "service": service, "validate_only": True}
    begun: Any = platform.services.create_service(request)
    assert begun.operation.done
    assert begun.result().template.max_instance_request_concurrency == 80
    with pytest.raises(exceptions.NotFound):
        platform.service("row9")
    with pytest.raises(exceptions.NotFound):
        platform.services.get_operation({"name": begun.operation.name})


def test_row_10_allow_missing_creates(platform: World) -> None:
    """An update of what is not there creates it when asked to, else it is NOT_FOUND."""
    service = {"name": f"{PLACE}/services/row10", "template": platform.template()}
    with pytest.raises(exceptions.NotFound):
        platform.services.update_service({"service": service})
    platform.wait(platform.services.update_service({"service": service, "allow_missing": True}))
    assert platform.service("row10").generation == 1


@pytest.mark.parametrize("path", ["nonsense", "uri", "template.nonsense", "etag"])
def test_row_11_an_unknown_path_of_a_mask_is_refused(platform: World, path: str) -> None:
    """Strict: the whole resource is never written by mistake."""
    if not platform_has(platform, "row11"):
        platform.create("row11")
    before = platform.service("row11")
    with pytest.raises(exceptions.BadRequest, match="Invalid path in update_mask"):
        platform.ask("row11", path, description="x")
    assert platform.service("row11") == before


def test_row_11_a_mask_of_annotations_replaces_the_whole_map(platform: World) -> None:
    """And nothing else."""
    platform.create("row11b", annotations={"a": "1", "b": "2"}, labels={"l": "1"})
    platform.update("row11b", "annotations", annotations={"c": "3"}, description="not in the mask")
    service = platform.service("row11b")
    assert (service.annotations, service.labels, service.description) == ({"c": "3"}, {"l": "1"}, "")


def test_row_12_traffic_alone_makes_a_generation_and_no_revision(platform: World) -> None:
    """PATCH with the mask ``traffic``."""
    platform.create("row12")
    operation = platform.update("row12", traffic=[target("row12-v1", 100)])
    service = platform.service("row12")
    assert not operation.error.message
    assert (service.generation, service.observed_generation) == (2, 2)
    assert len(list(platform.revisions.list_revisions(parent=service.name))) == 1


def test_row_13_the_same_name_with_other_content_is_a_conflict(platform: World) -> None:
    """Read, changed and written back without clearing the revision's name: 409."""
    platform.create("row13")
    service = platform.service("row13")
    service.template.containers[0].env = [run_v2.EnvVar(name="A", value="1")]
    sentence = "Revision named 'row13-v1' with different configuration already exists"
    with pytest.raises(exceptions.Conflict, match=sentence) as error:
        platform.services.update_service({"service": service})
    assert status_of(error) == "ALREADY_EXISTS"


def test_rows_14_16_the_same_content_makes_no_revision(platform: World) -> None:
    """With the same name or with none."""
    platform.create("row14")
    service = platform.service("row14")
    platform.wait(platform.services.update_service({"service": service}))
    service.template.revision, service.etag = "", ""
    platform.wait(platform.services.update_service({"service": service}))
    assert len(list(platform.revisions.list_revisions(parent=service.name))) == 1


def test_row_15_a_revision_without_a_name_gets_one(platform: World) -> None:
    """Service, five digits of the generation, three characters."""
    platform.create("row15", template=platform.template())
    name = platform.service("row15").latest_ready_revision.rpartition("/")[2]
    service, digits, suffix = name.split("-")
    assert (service, digits, len(suffix)) == ("row15", "00001", 3)


def test_row_18_a_failed_change_leaves_what_serves_as_it_was(platform: World) -> None:
    """Statuses, observed generation and latest ready revision keep the last serving state."""
    platform.create("row18")
    before = platform.service("row18")
    broken = platform.template("row18-v2", env=[{"name": "MODE", "value": "broken"}])
    traffic = [target("row18-v1", 100), target("row18-v2", 0, "c-abc")]
    operation = platform.update("row18", template=broken, traffic=traffic)
    after = platform.service("row18")
    assert operation.error.code == 9
    assert not after.reconciling
    assert after.terminal_condition.state == FAILED
    assert (after.generation, after.observed_generation) == (2, 1)
    assert after.traffic_statuses == before.traffic_statuses
    assert after.latest_ready_revision == before.latest_ready_revision
    assert after.latest_created_revision.endswith("row18-v2")
    assert page(after.uri)["K_REVISION"] == "row18-v1"


def test_row_18_putting_back_after_a_failure_is_in_force_at_once(platform: World) -> None:
    """The operation of the traffic-only change succeeds though the latest revision is broken."""
    platform.create("row18b")
    broken = platform.template("row18b-v2", env=[{"name": "MODE", "value": "broken"}])
    platform.update("row18b", template=broken, traffic=[target("row18b-v2", 100)])
    operation = platform.update("row18b", traffic=[target("row18b-v1", 100)])
    service = platform.service("row18b")
    assert not operation.error.message
    assert service.traffic_statuses[0].revision == "row18b-v1"
    assert service.observed_generation == service.generation == 3


def test_row_18_a_change_is_taken_in_while_another_is_on_its_way(platform: World) -> None:
    """A rollback does not wait for a candidate that hangs; readers see ``reconciling``."""
    platform.create("row18c")
    deaf = platform.template("row18c-v2", env=[{"name": "MODE", "value": "deaf"}])
    platform.ask("row18c", template=deaf, traffic=[target("row18c-v2", 100)])
    assert platform.service("row18c").reconciling
    operation = platform.update("row18c", traffic=[target("row18c-v1", 100)])
    assert operation.done
    assert not operation.error.message
    assert page(platform.service("row18c").uri)["K_REVISION"] == "row18c-v1"
    platform.wait(platform.services.delete_service(name=f"{PLACE}/services/row18c"))


def test_row_19_a_settled_service_says_so(platform: World) -> None:
    """Ready is terminal; the halves are beside it."""
    platform.create("row19")
    service = platform.service("row19")
    assert (service.terminal_condition.type_, service.terminal_condition.state) == ("Ready", DONE)
    assert {one.type_: one.state for one in service.conditions} == {
        "RoutesReady": DONE,
        "ConfigurationsReady": DONE,
    }
    assert (service.traffic[0].type_, service.traffic[0].percent) == (LATEST, 100)


@pytest.mark.parametrize("write", ["update", "delete"])
def test_row_24_stale_etag_is_aborted(platform: World, write: str) -> None:
    """The etag changes with each mutation; one that was read before is refused."""
    name = f"row24{write}"
    platform.create(name)
    old = platform.service(name).etag
    platform.update(name, description="x", etag=old)
    assert old.startswith('"')
    assert platform.service(name).etag != old
    full = f"{PLACE}/services/{name}"
    writes: dict[str, Any] = {
        "update": lambda: platform.ask(name, description="y", etag=old),
        "delete": lambda: platform.services.delete_service({"name": full, "etag": old}),
    }
    with pytest.raises(exceptions.Conflict) as error:
        writes[write]()
    assert status_of(error) == "ABORTED"


def test_row_36_services_are_listed_by_location_and_row_37_in_pages(platform: World) -> None:
    """``-`` is refused; pages follow each other; a foreign token is refused."""
    for number in range(3):
        platform.create(f"row36-{number}")
    names = [one.name for one in platform.services.list_services({"parent": PLACE, "page_size": 2})]
    assert {f"{PLACE}/services/row36-{number}" for number in range(3)} <= set(names)
    assert names == sorted(names)
    for request in ({"parent": "projects/p1/locations/-"}, {"parent": PLACE, "page_token": "nonsense"}):
        with pytest.raises(exceptions.BadRequest):
            platform.services.list_services(request)


def test_row_39_a_deleted_service_is_gone_with_all_that_ran(platform: World) -> None:
    """The answer has the times; name and process are free."""
    platform.create("row39")
    pid = page(platform.service("row39").uri)["pid"]
    begun = platform.services.delete_service(name=f"{PLACE}/services/row39")
    operation = platform.wait(begun)
    gone = run_v2.Service.deserialize(operation.response.value)
    assert operation.done
    assert gone.delete_time < gone.expire_time
    assert not is_running(pid)
    with pytest.raises(exceptions.NotFound):
        platform.service("row39")
    platform.create("row39")
    assert page(platform.service("row39").uri)["pid"] != pid


def is_running(pid: int) -> bool:
    """Whether a process is there."""
    from pathlib import Path

    return Path(f"/proc/{pid}").exists()


def platform_has(platform: World, service_id: str) -> bool:
    """Whether a service is there."""
    try:
        platform.service(service_id)
    except exceptions.NotFound:
        return False
    return True
