"""Rows 18 to 23 and 42: how a service and its revisions tell how they are."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud import run_v2

from tests.conformance.rows import EVERY, needs_app, only_here, row
from tests.conformance.world import World, answering, conditions, short
from tests.embedded.world import DONE, FAILED, LATEST, target

Reason = run_v2.Condition.RevisionReason
Common = run_v2.Condition.CommonReason
UNREADY = "is not ready and cannot serve traffic. The user-provided container failed to start"


@row(18, source="service.proto", wires=EVERY)
def test_row_18_a_settled_change_is_told_everywhere(world: World) -> None:
    """While a change is on its way a service is `reconciling`; when it came out well, all agrees.

    Traffic and its statuses are the same, the generation is observed, the latest revision is ready.
    """
    name = world.name()
    world.create(name)
    service = world.service(name)
    assert not service.reconciling
    assert service.terminal_condition.state == DONE
    assert service.latest_ready_revision == service.latest_created_revision
    assert [(one.type_, one.percent) for one in service.traffic_statuses] == [(LATEST, 100)]
    assert service.observed_generation == service.generation


@needs_app
@row(18, source="service.proto", wires=EVERY)
def test_row_18_a_failed_change_leaves_what_serves_as_it_was(world: World) -> None:
    """When a change fails, what is told of serving stays: statuses, observed generation, latest ready."""
    name = world.name()
    world.create(name, traffic=[target(f"{name}-v1", 100)])
    before = world.service(name)
    split = [target(f"{name}-v1", 100), target(f"{name}-v2", 0, "next")]
    ended = world.update(name, template=world.mode(f"{name}-v2", "broken"), traffic=split)
    after = world.service(name)
    assert ended.message
    assert not after.reconciling
    assert after.terminal_condition.state == FAILED
    assert (after.generation, after.observed_generation) == (2, 2 if world.wire == "v1" else 1)
    assert after.traffic_statuses == before.traffic_statuses
    assert after.latest_ready_revision == before.latest_ready_revision
    assert short(after.latest_created_revision) == f"{name}-v2"
    assert answering(after.uri, f"{name}-v1", f"{name}-v2") == f"{name}-v1"


@needs_app
@row(
    18,
    source="service.proto; quill-router PR #782 (gcloud)",
    sure="unverified",
    note="the operation succeeds. Of gcloud it was seen that the traffic moves and the command fails",
)
def test_row_18_putting_back_after_a_failure_is_in_force_at_once(world: World) -> None:
    """After a failed change, traffic goes back with success, though the latest revision is broken."""
    name = world.name()
    world.create(name)
    broken = world.mode(f"{name}-v2", "broken")
    world.update(name, template=broken, traffic=[target(f"{name}-v2", 100)])
    ended = world.update(name, traffic=[target(f"{name}-v1", 100)])
    service = world.service(name)
    assert not ended.message
    assert service.traffic_statuses[0].revision == f"{name}-v1"
    assert service.observed_generation == service.generation == 3


@row(19, source="service.proto; a service of firebase", sure="observed", wires=EVERY)
def test_row_19_ready_is_terminal_and_has_two_halves(world: World) -> None:
    """`terminal_condition` is Ready; RoutesReady and ConfigurationsReady stand beside it."""
    name = world.name()
    world.create(name)
    service = world.service(name)
    assert service.terminal_condition.type_ == "Ready"
    assert {kind: one.state for kind, one in conditions(service).items()} == {
        "RoutesReady": DONE,
        "ConfigurationsReady": DONE,
    }


@row(20, source="discovery run v2; an audit record", sure="observed")
def test_row_20_a_ready_revision_tells_its_conditions(world: World) -> None:
    """A ready revision tells six conditions; those that took time say how much."""
    name = world.name()
    world.create(name)
    revision = world.revision(name, f"{name}-v1")
    assert (revision.generation, revision.observed_generation, revision.reconciling) == (1, 1, False)
    found = conditions(revision)
    kinds = {"Ready", "ContainerReady", "ResourcesAvailable", "ContainerHealthy", "Active"}
    assert kinds | {"MinInstancesProvisioned"} == set(found)
    assert {one.state for one in found.values()} == {DONE}
    assert found["ContainerReady"].message.startswith("Container image import completed in ")
    provisioned = found["ResourcesAvailable"].message
    assert provisioned.startswith("Provisioning imported containers completed in ")


@row(21, source="condition.proto; a fixture; floci", sure="observed")
def test_row_21_a_retired_revision_is_no_failure(world: World) -> None:
    """A revision without traffic is RETIRED: Ready stays SUCCEEDED, Active is FAILED for information."""
    name = world.name()
    world.create(name, traffic=[target(f"{name}-v1", 100)])
    world.update(name, template=world.template(f"{name}-v2"), traffic=[target(f"{name}-v2", 100)])
    found = conditions(world.revision(name, f"{name}-v1"))
    ready, active, least = found["Ready"], found["Active"], found["MinInstancesProvisioned"]
    assert (ready.state, ready.revision_reason) == (DONE, Reason.RETIRED)
    assert (active.state, active.severity) == (FAILED, run_v2.Condition.Severity.INFO)
    assert active.message == "Revision retired."
    assert least.revision_reason == Reason.MIN_INSTANCES_NOT_PROVISIONED


@needs_app
@row(22, source="octo-sts/app PR #1005; an audit record", sure="observed", wires=EVERY)
def test_row_22_a_revision_that_cannot_start_fails_its_change(world: World) -> None:
    """A container that ends, or does not listen in time, fails the change with FAILED_PRECONDITION.

    The sentence says where the logs are; the revision's Ready and ContainerHealthy are FAILED.
    """
    name = world.name()
    ended = world.create(name, template=world.mode(f"{name}-v1", "broken"))
    assert ended.code in {0, 9}  # v1 has no operation with an error: the service tells
    assert f"Revision '{name}-v1' {UNREADY}" in ended.message
    assert "Logs URL: " in ended.message


@needs_app
@row(22, source="octo-sts/app PR #1005; condition.proto", sure="observed")
def test_row_22_the_revision_says_why(world: World) -> None:
    """The revision that cannot start has HEALTH_CHECK_CONTAINER_ERROR as the reason of Ready."""
    name = world.name()
    probe = {"period_seconds": 1, "failure_threshold": 1, "tcp_socket": {}}
    ended = world.create(name, template=world.mode(f"{name}-v1", "deaf", startup_probe=probe))
    found = conditions(world.revision(name, f"{name}-v1"))
    assert ended.code == 9
    assert found["Ready"].state == found["ContainerHealthy"].state == FAILED
    assert found["Ready"].revision_reason == Reason.HEALTH_CHECK_CONTAINER_ERROR


@pytest.mark.parametrize(
    ("container", "reason", "sentence"),
    [
        ({"image": "eu/p1/none:v1"}, Common.CONTAINER_MISSING, "'eu/p1/none:v1' not found"),
        (
            {"env": [{"name": "A", "value_source": {"secret_key_ref": {"secret": "none", "version": "1"}}}]},
            Common.SECRETS_ACCESS_CHECK_FAILED,
            "Secret",
        ),
    ],
)
@row(23, source="condition.proto; services of pipecd and directus", sure="observed")
@only_here("an image name that Google's registries can say something of would be another project's")
def test_row_23_what_cannot_be_given_is_told_by_its_reason(
    world: World, container: dict[str, Any], reason: int, sentence: str
) -> None:
    """An image or a secret that is not there fails the revision with a reason of its own."""
    name = world.name()
    ended = world.create(name, template={"containers": [{"image": world.place.image} | container]})
    ready = conditions(world.revisions(name)[0])["Ready"]
    assert ended.code == 9
    assert ready.reason == reason
    assert sentence in ready.message


@row(23, source="a service of directus, described by gcloud", sure="observed", wires=EVERY)
def test_row_23_a_service_tells_the_reason_of_its_revision(world: World) -> None:
    """A revision that fails gives its service's conditions its own reason.

    ConfigurationsReady has the revision's sentence; Ready and RoutesReady say which revision it is, too.
    """
    name = world.name()
    reference = {"secret": f"{name}-none", "version": "latest"}
    template = world.template(env=[{"name": "A", "value_source": {"secret_key_ref": reference}}])
    world.create(name, template=template | {"revision": f"{name}-v1"})
    service = world.service(name)
    found = conditions(service)
    own, routes = found["ConfigurationsReady"], found["RoutesReady"]
    told = [service.terminal_condition, own, routes]
    assert {one.reason for one in told} == {Common.SECRETS_ACCESS_CHECK_FAILED}
    assert own.message.endswith(f"/secrets/{name}-none/versions/latest was not found")
    assert own.message.startswith("spec.template.spec.containers[0].env[0].value_from.secret_key_ref.name: ")
    sentence = f"Revision '{name}-v1' is not ready and cannot serve traffic. {own.message}"
    assert service.terminal_condition.message == routes.message == sentence


@needs_app
@row(23, source="a service of real-estate-leads, described by gcloud", sure="observed", wires=EVERY)
def test_row_23_a_service_tells_that_its_container_does_not_start(world: World) -> None:
    """A container that cannot start is HEALTH_CHECK_CONTAINER_ERROR in the service's conditions as well."""
    name = world.name()
    world.create(name, template=world.mode(f"{name}-v1", "broken"))
    service = world.service(name)
    told = [service.terminal_condition, *conditions(service).values()]
    assert [one.revision_reason for one in told] == [Reason.HEALTH_CHECK_CONTAINER_ERROR] * 3


@needs_app
@row(42, source="service.proto; operations.proto")
def test_row_42_a_service_that_failed_to_be_created_exists(world: World) -> None:
    """A change that failed ends its operation with an error, `google.rpc.Status`.

    The service is there all the same, with a terminal condition of FAILED and no latest ready revision.
    """
    name = world.name()
    ended = world.create(name, template=world.mode(f"{name}-v1", "broken"))
    service = world.service(name)
    assert ended.done
    assert ended.code == 9
    assert service.terminal_condition.state == FAILED
    assert not service.latest_ready_revision
    assert world.ask("operations", "GetOperation", name=ended.name).error.message == ended.message
