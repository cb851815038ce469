"""Rows 1 to 9: what can be created, what is refused, and what the server adds."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud import run_v2

from tests.conformance.clients import Refused
from tests.conformance.rows import EVERY, differs, needs_app, only_here, row
from tests.conformance.world import World, page

KINDS = ("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev")


@pytest.mark.parametrize("service_id", ["Api", "1api", "api-", "a_b", "a" * 50, ""])
@row(1, source="service.proto; pulumi-gcp #3167; preswald #659", sure="observed", wires=EVERY)
def test_row_1_a_bad_service_id_is_refused(world: World, service_id: str) -> None:
    """A service's id has fewer than 50 lower-case letters, digits and hyphens.

    It begins with a letter and ends with no hyphen; anything else is INVALID_ARGUMENT and names the field.
    """
    with pytest.raises(Refused, match="only lowercase, digits, and hyphens") as error:
        world.begin(service_id)
    assert error.value.status == "INVALID_ARGUMENT"
    field = "metadata.name" if world.wire == "v1" else "Violation in CreateServiceRequest.service_id"
    assert error.value.fields == (field,)


@row(2, source="terraform-provider-google #16591; floci (jobs)", sure="observed", wires=EVERY)
def test_row_2_what_exists_cannot_be_created(world: World) -> None:
    """Creating what exists is ALREADY_EXISTS.

    It is the fence of a Create, which has neither mask nor etag.
    """
    name = world.name()
    world.create(name)
    with pytest.raises(Refused, match=f"Resource '{name}' already exists") as error:
        world.begin(name)
    assert error.value.status == "ALREADY_EXISTS"


@row(2, source="floci (jobs)", sure="observed")
def test_row_2_nor_can_it_be_validated(world: World) -> None:
    """A Create of what exists is ALREADY_EXISTS with `validate_only` too."""
    name = world.name()
    world.create(name)
    request = {"parent": world.place.parent, "service_id": name, "service": {"template": world.template()}}
    with pytest.raises(Refused) as error:
        world.ask("services", "CreateService", validate_only=True, **request)
    assert error.value.status == "ALREADY_EXISTS"


@row(3, source="four transcripts of gcloud and pulumi", sure="observed", wires=EVERY)
def test_row_3_what_is_not_there_is_not_found(world: World) -> None:
    """Reading what is not there is NOT_FOUND; the sentence names kind, region and project."""
    where = f"of kind 'SERVICE' in region '{world.place.region}' in project '{world.place.project}'"
    name = world.name()
    with pytest.raises(Refused, match=f"Resource '{name}' {where} does not exist") as error:
        world.service(name)
    assert error.value.status == "NOT_FOUND"


@row(4, source="service.proto")
def test_row_4_the_name_is_composed(world: World) -> None:
    """A Create composes the name from parent and id; what the client sent as name is not heeded."""
    name = world.name()
    world.create(name, name=world.place.service("another"))
    assert world.service(name).name == world.place.service(name)


@pytest.mark.parametrize(
    ("containers", "sentence"),
    [
        ([], "at least one container"),
        ([{"name": "x"}], "container image path"),
        ([{"image": "a"}, {"image": "b"}], "Exactly one container must expose one port"),
        ([{"image": "a", "ports": [{}]}, {"image": "b", "ports": [{}]}], "Exactly one container"),
        ([{"image": "a", "ports": [{}], "name": "x"}, {"image": "b", "name": "x"}], "two containers"),
    ],
)
@row(
    5,
    source="k8s_min.proto; deploying/multi-container",
    sure="unverified",
    note="that it is refused is documented; the sentences are the platform's own",
    wires=EVERY,
)
def test_row_5_a_template_that_cannot_run_is_refused(
    world: World, containers: list[dict[str, Any]], sentence: str
) -> None:
    """A template has at least one container, each with an image.

    Of several exactly one has a port: the others are sidecars. Their names are unique.
    """
    name = world.name()
    with pytest.raises(Refused) as error:
        world.begin(name, template={"containers": containers})
    assert error.value.status == "INVALID_ARGUMENT"
    assert not world.has(name)
    if not world.place.real:
        assert sentence in error.value.message


@pytest.mark.parametrize(("first", "second"), [("none", ""), ("b", "a"), ("a", "")])
@row(
    5,
    source="k8s_min.proto; deploying/multi-container",
    sure="unverified",
    note="that there is an order is documented, what is refused is not",
)
def test_row_5_containers_start_in_an_order(world: World, first: str, second: str) -> None:
    """A container starts after those that `depends_on` names: they are there, and none waits for itself."""
    containers = [
        {"image": "a", "name": "a", "ports": [{}], "depends_on": [first]},
        {"image": "b", "name": "b", "depends_on": [second] if second else []},
    ]
    with pytest.raises(Refused) as error:
        world.begin(world.name(), template={"containers": containers})
    assert error.value.status == "INVALID_ARGUMENT"


@pytest.mark.parametrize("namespace", KINDS)
@pytest.mark.parametrize("field", ["labels", "annotations"])
@row(6, source="service.proto, revision_template.proto; GoogleCloudPlatform/avocano #238", sure="observed")
def test_row_6_googles_namespaces_are_refused_in_v2(world: World, field: str, namespace: str) -> None:
    """Labels and annotations in Google's own namespaces are refused by v2, on service and template."""
    name, theirs = world.name(), {f"{namespace}/x": "1"}
    for sent in ({field: theirs}, {"template": world.template() | {field: theirs}}):
        with pytest.raises(Refused) as error:
            world.begin(name, **sent)
        assert error.value.status == "INVALID_ARGUMENT"
        if field == "annotations":
            place = "service" if field in sent else "service.template"
            fact = f"{place}.{field}[{namespace}/x]: system {field} are not supported in Cloud Run API v2."
            assert error.value.message == f"Violation in CreateServiceRequest.{fact}"


@row(6, source="service.proto")
def test_row_6_annotations_of_ones_own_round_trip(world: World) -> None:
    """Labels and annotations of one's own are kept as they were sent."""
    name = world.name()
    world.create(name, annotations={"relman.dev/epoch": "1"}, labels={"team": "a"})
    service = world.service(name)
    assert service.annotations == {"relman.dev/epoch": "1"}
    assert service.labels == {"team": "a"}


@row(7, source="service.proto; AIP-203")
def test_row_7_output_only_fields_are_ignored(world: World) -> None:
    """What only the server says (`uid`, `uri`, `generation`, `etag` of a Create) is ignored in a request."""
    name = world.name()
    world.create(name, uid="mine", uri="http://x", generation=9, latest_ready_revision="x")
    service = world.service(name)
    assert (service.generation, short_uid(service)) == (1, 36)
    assert service.uri != "http://x"
    assert service.latest_ready_revision == world.place.revision(name, f"{name}-v1")


def short_uid(service: run_v2.Service) -> int:
    """The length of a UUID's text."""
    return len(service.uid)


@row(8, source="configuring/*; healthchecks; an audit record", sure="observed")
@differs("A project's number, and so its default service account, follows from the project's name.")
def test_row_8_defaults_are_filled_in(world: World) -> None:
    """A template that is read back says what the server chose.

    1 CPU, 512 MiB, 300 s, 80 requests at once, port 8080, a TCP startup probe of 240 s, at most 100
    instances, the project's default account; the service is open to all networks.
    """
    name = world.name()
    world.create(name, template=world.template())
    service = world.service(name)
    template, container = service.template, service.template.containers[0]
    assert container.resources.limits == {"cpu": "1000m", "memory": "512Mi"}
    assert container.name.endswith("-1")
    port, probe = container.ports[0], container.startup_probe
    assert (port.name, port.container_port, probe.tcp_socket.port) == ("http1", 8080, 8080)
    assert (probe.timeout_seconds, probe.period_seconds, probe.failure_threshold) == (240, 240, 1)
    assert (template.timeout.seconds, template.max_instance_request_concurrency) == (300, 80)
    assert template.scaling.max_instance_count == 100
    assert template.service_account.endswith("-compute@developer.gserviceaccount.com")
    assert service.ingress == run_v2.IngressTraffic.INGRESS_TRAFFIC_ALL


@row(8, source="configuring/cpu", sure="documented")
def test_row_8_less_than_one_cpu_takes_one_request_at_a_time(world: World) -> None:
    """With less than one CPU the default concurrency is 1."""
    template = world.template(resources={"limits": {"cpu": "500m"}})
    request = {"parent": world.place.parent, "service_id": world.name(), "service": {"template": template}}
    ended = world.wait(world.ask("services", "CreateService", validate_only=True, **request))
    assert ended.service.template.max_instance_request_concurrency == 1


@row(9, source="AIP-163; floci (jobs)", sure="observed")
@differs(
    "validate_only: Google was seen to answer (for jobs) an operation that is not done and cannot be "
    "fetched; the platform answers a finished one that cannot be fetched. Do not wait for it."
)
def test_row_9_validate_only_keeps_nothing(world: World) -> None:
    """`validate_only` checks, fills defaults in and keeps nothing; its operation cannot be fetched."""
    name = world.name()
    request = {"parent": world.place.parent, "service_id": name, "service": {"template": world.template()}}
    operation = world.ask("services", "CreateService", validate_only=True, **request)
    assert not world.has(name)
    with pytest.raises(Refused) as error:
        world.ask("operations", "GetOperation", name=operation.name)
    assert error.value.status == "NOT_FOUND"
    if not world.place.real:
        assert world.wait(operation).service.template.max_instance_request_concurrency == 80


@row("U1", source="AIP-163", sure="unverified", note="an update and a delete are validated like a create")
@only_here("nobody knows whether Google's operation ever ends")
def test_row_u1_updates_and_deletes_can_be_validated(world: World) -> None:
    """`validate_only` on an update or a delete tells what would be, and changes nothing."""
    name = world.name()
    world.create(name)
    before = world.service(name)
    service = {"name": before.name, "description": "x"}
    mask = {"paths": ["description"]}
    told = world.ask("services", "UpdateService", service=service, update_mask=mask, validate_only=True)
    gone = world.delete(name, validate_only=True)
    assert world.wait(told).service.description == "x"
    assert world.wait(gone).service.delete_time
    assert world.service(name) == before


@pytest.mark.parametrize("name", ["../out", "a/b", "", "Keys"])
@row("U11", source="k8s_min.proto", sure="unverified", note="a DNS label, as a container's is")
def test_row_u11_a_volume_has_a_plain_name(world: World, name: str) -> None:
    """A volume is called by a DNS label."""
    template = world.template() | {"volumes": [{"name": name, "empty_dir": {"medium": 1}}]}
    with pytest.raises(Refused) as error:
        world.begin(world.name(), template=template)
    assert error.value.status == "INVALID_ARGUMENT"


@row(45, source="overview-environment-variables; many issues", sure="observed", wires=EVERY)
def test_row_45_the_contract_s_variables_are_reserved(world: World) -> None:
    """`PORT` and the other variables of the container contract cannot be set."""
    with pytest.raises(Refused, match="The following reserved env names were provided: PORT") as error:
        world.begin(world.name(), template=world.template(env=[{"name": "PORT", "value": "1"}]))
    assert error.value.status == "INVALID_ARGUMENT"


@needs_app
@row(4, source="service.proto; container-contract", wires=EVERY)
def test_row_4_the_service_answers_at_its_uri(world: World) -> None:
    """When a Create has ended well, the service answers at `uri`."""
    name = world.name()
    world.create(name)
    assert page(world.service(name).uri)["K_SERVICE"] == name
