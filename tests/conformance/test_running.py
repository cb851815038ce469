"""Rows 43 to 47: probes, instances, what a container is given, how it is stopped, which image it is."""

from __future__ import annotations

import time
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.conformance.clients import Refused
from tests.conformance.rows import EVERY, differs, needs_app, only_here, row
from tests.conformance.world import World, body, conditions, page
from tests.embedded.world import DONE, target

OVER = [
    ({"initial_delay_seconds": 241, "tcp_socket": {}}, "startup_probe"),
    ({"period_seconds": 241, "tcp_socket": {}}, "startup_probe"),
    ({"period_seconds": 1, "timeout_seconds": 2, "tcp_socket": {}}, "startup_probe"),
    ({"period_seconds": 120, "failure_threshold": 3, "tcp_socket": {}}, "startup_probe"),
    ({"period_seconds": 10}, "startup_probe"),
    ({"period_seconds": 1, "failure_threshold": -1, "tcp_socket": {}}, "startup_probe"),
    ({"period_seconds": 3601, "http_get": {}}, "liveness_probe"),
    ({"period_seconds": 10}, "liveness_probe"),
]


@pytest.mark.parametrize(("probe", "kind"), OVER)
@row(43, source="k8s_min.proto; configuring/healthchecks", wires=EVERY)
def test_row_43_a_probe_has_limits(world: World, probe: dict[str, Any], kind: str) -> None:
    """A probe is one of HTTP, TCP and gRPC, and keeps to the limits.

    A startup probe has at most 240 s of delay, of period, and of period times threshold; a liveness probe
    at most 3600 s; no timeout exceeds its period.
    """
    container = {"image": world.place.image, kind: probe}
    with pytest.raises(Refused) as error:
        world.begin(world.name(), template={"containers": [container]})
    assert error.value.status == "INVALID_ARGUMENT"
    if not world.place.real:
        assert kind.replace("_", "") in error.value.message.replace("_", "").lower()


@row(43, source="k8s_min.proto; configuring/healthchecks", wires=EVERY)
def test_row_43_a_probe_has_defaults(world: World) -> None:
    """A probe that says little has 1 s of timeout, every 10 s, 3 failures, and the container's port."""
    name = world.name()
    world.create(name, template=world.template(startup_probe={"http_get": {"path": "/"}}))
    probe = world.service(name).template.containers[0].startup_probe
    assert (probe.timeout_seconds, probe.period_seconds, probe.failure_threshold) == (1, 10, 3)
    assert probe.http_get.path == "/"


@needs_app
@row(44, source="vendor_settings.proto; condition.proto")
@differs("A revision that neither traffic nor a tag goes to has no instance, whatever its minimum is.")
def test_row_44_a_minimum_of_instances_is_provisioned(world: World) -> None:
    """`scaling.min_instance_count` keeps that many instances of a revision; a condition tells it."""
    name = world.name()
    template = world.template(f"{name}-v1") | {"scaling": {"min_instance_count": 2}}
    world.create(name, template=template)
    found = conditions(world.revision(name, f"{name}-v1"))
    assert found["MinInstancesProvisioned"].state == DONE
    assert world.service(name).template.scaling.min_instance_count == 2


@needs_app
@row(45, source="container-contract", wires=EVERY)
@differs("PORT is a free port of this machine, whatever the template declares: revisions share a network.")
def test_row_45_a_container_is_told_its_port_and_names(world: World) -> None:
    """A container has `PORT`, `K_SERVICE`, `K_REVISION` and `K_CONFIGURATION`, and the template's own."""
    name = world.name()
    world.create(name, template=world.template(f"{name}-v1", env=[{"name": "COLOUR", "value": "blue"}]))
    found = page(world.service(name).uri)
    assert (found["K_SERVICE"], found["K_REVISION"], found["K_CONFIGURATION"]) == (name, f"{name}-v1", name)
    assert found["COLOUR"] == "blue"
    assert int(found["PORT"]) > 0


@needs_app
@row(45, source="container-contract; configuring/request-timeout", wires=("rest",))
def test_row_45_a_late_answer_is_504(world: World) -> None:
    """A request that takes longer than the service's timeout is answered with 504."""
    name = world.name()
    world.create(name, template=world.template(f"{name}-v1") | {"timeout": {"seconds": 1}})
    started = time.monotonic()
    with pytest.raises(HTTPError) as error:
        body(f"{world.service(name).uri}/slow")
    error.value.close()
    assert error.value.code == 504
    assert time.monotonic() - started < 2.9


@needs_app
@row(45, source="revision.proto; configuring/request-timeout", wires=("rest",))
def test_row_45_each_revision_has_its_own_timeout(world: World) -> None:
    """A timeout is the revision's own: a deploy that gets no traffic leaves that of what serves alone."""
    name = world.name()
    world.create(name, traffic=[target(f"{name}-v1", 100)])
    hasty = world.template(f"{name}-v2") | {"timeout": {"seconds": 1}}
    world.update(name, template=hasty, traffic=[target(f"{name}-v1", 100), target(f"{name}-v2", 0, "next")])
    service = world.service(name)
    assert f"{name}-v1" in body(f"{service.uri}/slow")
    with pytest.raises(HTTPError) as error:
        body(f"{service.traffic_statuses[1].uri}/slow")
    error.value.close()
    assert error.value.code == 504


@needs_app
@row(46, source="container-contract", sure="unverified", note="10 s, from memory", wires=("rest",))
@only_here("whether a process is there can only be seen on one's own machine")
def test_row_46_a_container_has_ten_seconds_to_end(world: World) -> None:
    """A container is stopped with SIGTERM, and ten seconds later with SIGKILL."""
    name = world.name()
    world.create(name, template=world.mode(f"{name}-v1", "stubborn"))
    started = time.monotonic()
    assert world.wait(world.delete(name)).done
    assert 9.5 < time.monotonic() - started < 14


@row(46, source="container-contract", wires=("rest",))
def test_row_46_a_retired_revision_is_started_again_by_traffic(world: World) -> None:
    """What nothing goes to is stopped; traffic starts it again before the shift is done."""
    name = world.name()
    world.create(name, traffic=[target(f"{name}-v1", 100)])
    world.update(name, template=world.template(f"{name}-v2"), traffic=[target(f"{name}-v2", 100)])
    assert not world.update(name, traffic=[target(f"{name}-v1", 100)]).message
    assert f"{name}-v1" in body(world.service(name).uri)
    assert world.service(name).latest_ready_revision.endswith(f"/{name}-v2")


@row(47, source="discovery run v1: RevisionStatus.imageDigest", sure="unverified", note="it names the digest")
@only_here("on Google the image's own registry is asked, and who owns a tag could move it")
def test_row_47_an_image_by_tag_is_pinned_when_the_revision_is_made(world: World) -> None:
    """A tag is resolved when the revision is made; what it means later is no matter."""
    name = world.name()
    template = world.template(f"{name}-v1") | {"containers": [{"image": "eu/p1/api:v1"}]}
    world.create(name, template=template)
    assert world.revision(name, f"{name}-v1").containers[0].image == world.place.image
