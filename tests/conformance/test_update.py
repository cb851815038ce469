"""Rows 10 to 17 and 24: what an update changes, what it makes, and what stops it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from google.cloud import run_v2

from tests.conformance.clients import Refused
from tests.conformance.rows import EVERY, differs, needs_app, only_here, row
from tests.conformance.world import World, short
from tests.embedded.world import LATEST, target


@row(10, source="service.proto")
def test_row_10_allow_missing_creates(world: World) -> None:
    """With `allow_missing` an update of what is not there creates it; without, it is NOT_FOUND."""
    name = world.name()
    service = {"name": world.place.service(name), "template": world.template(f"{name}-v1")}
    with pytest.raises(Refused) as error:
        world.ask("services", "UpdateService", service=service)
    assert error.value.status == "NOT_FOUND"
    world.wait(world.ask("services", "UpdateService", service=service, allow_missing=True))
    assert world.service(name).generation == 1


@pytest.mark.parametrize("path", ["client_versions", "uri", "template.conteiners"])
@row(11, source="temporal-auto-scaled-workers PR #77; google-cloud-python #14259", sure="observed")
@only_here("Google takes such a mask for none and overwrites everything: nobody wants to see that")
@differs(
    "An unknown path in `update_mask` is INVALID_ARGUMENT. Google ignores it in silence and applies the "
    "sparse resource wholesale; `inv platform.up --faithful` does the same."
)
def test_row_11_an_unknown_path_in_the_mask_is_refused(world: World, path: str) -> None:
    """A mask has the fields' names as protobuf spells them; any other path changes nothing."""
    name = world.name()
    world.create(name)
    before = world.service(name)
    with pytest.raises(Refused, match="update_mask") as error:
        world.change(name, path, client_version="x")
    assert error.value.status == "INVALID_ARGUMENT"
    assert world.service(name) == before


@row(11, source="service.proto")
def test_row_11_a_mask_writes_its_fields_and_no_other(world: World) -> None:
    """With a mask only its fields are written; without one, all that a client can write."""
    name = world.name()
    world.create(name, description="one", annotations={"a": "1"})
    world.update(name, "description", description="two", annotations={})
    assert (world.service(name).description, dict(world.service(name).annotations)) == ("two", {"a": "1"})
    service = world.service(name)
    service.description, service.annotations = "", {}
    world.wait(world.write(service))
    assert (world.service(name).description, dict(world.service(name).annotations)) == ("", {})


@row(12, source="service.proto", wires=EVERY)
def test_row_12_a_change_of_traffic_makes_no_revision(world: World) -> None:
    """A change of traffic alone is a new generation and no new revision."""
    name = world.name()
    world.create(name, traffic=[target(f"{name}-v1", 100)])
    before = world.service(name)
    world.update(name, traffic=[target(f"{name}-v1", 100, "stable")], etag=before.etag)
    after = world.service(name)
    assert after.generation == before.generation + 1
    assert after.latest_created_revision == before.latest_created_revision
    assert len(world.revisions(name)) == 1


@row(13, source="google-cloud-python #11870, #14259; terraform #14569; pulumi #350", sure="observed")
def test_row_13_one_revision_name_stands_for_one_content(world: World) -> None:
    """Read, changed and written back with the name still in the template, a service is refused.

    ALREADY_EXISTS: a revision's name stands for one content. Clear `template.revision`, or send a mask.
    """
    name = world.name()
    world.create(name)
    service = world.service(name)
    service.template.containers[0].env = [run_v2.EnvVar(name="A", value="1")]
    sentence = f"Revision named '{name}-v1' with different configuration already exists"
    with pytest.raises(Refused, match=sentence) as error:
        world.write(service)
    assert error.value.status == "ALREADY_EXISTS"


@row(14, source="pipecd PR #2480", sure="observed", wires=EVERY)
def test_row_14_the_same_name_and_content_make_no_revision(world: World) -> None:
    """A template with the name and the content of a revision is accepted, and makes no other."""
    name = world.name()
    world.create(name)
    world.update(name, template=world.template(f"{name}-v1"))
    assert len(world.revisions(name)) == 1


@row(15, source="pipecd #5688; a sample of firebase", sure="observed", wires=EVERY)
def test_row_15_a_revision_without_a_name_gets_one(world: World) -> None:
    """A revision is called after its service, the generation in five digits, and three characters."""
    name = world.name()
    world.create(name, template=world.template())
    made = short(world.service(name).latest_created_revision)
    assert re.fullmatch(rf"{name}-00001-[a-z0-9]{{3}}", made)


@pytest.mark.parametrize("suffix", ["V1", "v1-", "v_1", "v" * 64])
@row(15, source="gcloud 528; pipecd #5688", sure="observed", wires=EVERY)
def test_row_15_a_bad_revision_name_is_refused(world: World, suffix: str) -> None:
    """A name of one's own has at most 63 lower-case letters, digits and hyphens, ending with no hyphen."""
    name = world.name()
    with pytest.raises(Refused, match="must be less than 64 characters") as error:
        world.begin(name, template=world.template(f"{name}-{suffix}"))
    assert error.value.status == "INVALID_ARGUMENT"


@row(15, source="gcloud 528", sure="observed", wires=EVERY)
def test_row_15_a_revision_is_named_after_its_service(world: World) -> None:
    """A name of one's own begins with the service's and a hyphen."""
    with pytest.raises(Refused) as error:
        world.begin(world.name(), template=world.template("another-v1"))
    assert error.value.status == "INVALID_ARGUMENT"


@row(16, source="gcloud 528; floci", sure="observed")
def test_row_16_the_same_template_makes_no_revision(world: World) -> None:
    """Only a template that differs after the defaults are filled in makes a revision.

    gcloud forces one with the label `client.knative.dev/nonce`.
    """
    name = world.name()
    world.create(name, template=world.template())
    service = world.service(name)
    service.etag = ""
    world.wait(world.write(service))
    world.update(name, template=world.template())
    assert len(world.revisions(name)) == 1
    world.update(name, template=world.template() | {"labels": {"client.knative.dev/nonce": "abc"}})
    assert len(world.revisions(name)) == 2


@row(17, source="service.proto", wires=EVERY)
def test_row_17_the_generation_counts_the_changes(world: World) -> None:
    """Each change counts the generation up by one; settled, the observed generation is the same."""
    name = world.name()
    world.create(name)
    first = world.service(name)
    world.update(name, template=world.template(f"{name}-v2"))
    second = world.service(name)
    assert (first.generation, first.observed_generation) == (1, 1)
    assert (second.generation, second.observed_generation) == (2, 2)


@pytest.mark.parametrize("write", ["update", "delete"])
@row(
    24,
    source="AIP-154; service.proto says 'may'",
    sure="unverified",
    note="a stale etag is ABORTED, on update and delete. Of jobs it was reported that Google never checks: "
    "send the etag, and read back",
)
def test_row_24_a_stale_etag_is_refused(world: World, write: str) -> None:
    """The etag is quoted and changes with each write; an older one is refused with ABORTED."""
    name = world.name()
    world.create(name)
    old = world.service(name).etag
    world.update(name, description="x", etag=old)
    assert re.fullmatch(r'"[^"]+"', old)
    assert world.service(name).etag != old
    writes = {"update": lambda: world.change(name, description="y", etag=old)}
    with pytest.raises(Refused) as error:
        writes.get(write, lambda: world.delete(name, etag=old))()
    assert error.value.status == "ABORTED"
    assert world.service(name).description == "x"


@row(
    "U2",
    source="AIP-134",
    sure="unverified",
    note="it does: a write of annotations is a change like any other, and makes no revision",
)
def test_row_u2_a_mask_of_annotations_raises_the_generation(world: World) -> None:
    """An update with the mask `annotations` counts the generation up and makes no revision."""
    name = world.name()
    world.create(name)
    world.update(name, annotations={"relman.dev/epoch": "1"})
    service = world.service(name)
    assert (service.generation, service.observed_generation) == (2, 2)
    assert len(world.revisions(name)) == 1


@row(
    "U3",
    source="AIP-161",
    sure="unverified",
    note="it replaces the map; whoever wants to keep what stands there sends it again",
)
def test_row_u3_a_mask_of_annotations_replaces_the_map(world: World) -> None:
    """An update with the mask `annotations` replaces the whole map: a key that is not sent is gone."""
    name = world.name()
    world.create(name, annotations={"a": "1", "b": "2"})
    world.update(name, annotations={"b": "3", "c": "4"})
    assert world.service(name).annotations == {"b": "3", "c": "4"}


@row("U4", source="service.proto", sure="unverified", note="both are written, in one generation")
def test_row_u4_traffic_and_annotations_are_written_together(world: World) -> None:
    """An update with the mask `traffic,annotations` writes both in one generation, or neither."""
    name = world.name()
    world.create(name)
    split = [target(f"{name}-v1", 100)]
    world.update(name, traffic=split, annotations={"relman.dev/epoch": "1"})
    service = world.service(name)
    assert service.generation == 2
    assert service.annotations == {"relman.dev/epoch": "1"}
    assert service.traffic[0].revision == f"{name}-v1"
    with pytest.raises(Refused):
        world.change(name, traffic=[target(f"{name}-v1", 90)], annotations={"relman.dev/epoch": "2"})
    assert world.service(name) == service


@needs_app
@row(
    "U5",
    source="service.proto; relman relies on it",
    sure="unverified",
    note="it may: the new revision has its share, or its tag, as soon as it is ready",
    wires=EVERY,
)
def test_row_u5_traffic_may_name_the_revision_that_the_request_makes(world: World) -> None:
    """Traffic may name the revision that the same request makes, before it exists."""
    name = world.name()
    world.create(name, traffic=[target(f"{name}-v1", 100)])
    split = [target(f"{name}-v1", 100), target(f"{name}-v2", 0, "next")]
    ended = world.update(name, template=world.template(f"{name}-v2"), traffic=split)
    assert not ended.message
    statuses = world.service(name).traffic_statuses
    assert [(one.revision, one.percent, one.tag) for one in statuses] == [
        (f"{name}-v1", 100, ""),
        (f"{name}-v2", 0, "next"),
    ]


@row("U6", source="service.proto", sure="unverified", note="nothing is counted, and the etag stays")
def test_row_u6_a_write_that_changes_nothing_counts_nothing(world: World) -> None:
    """An update that says what stands already leaves the generation as it is."""
    name = world.name()
    world.create(name, description="x")
    before = world.service(name)
    world.update(name, description="x")
    after = world.service(name)
    assert (after.generation, after.etag) == (before.generation, before.etag)


@row(
    "U7",
    source="service.proto; relman relies on it",
    sure="unverified",
    note="it is taken in, and the newer one wins; a rollback need not wait for a candidate that hangs",
)
def test_row_u7_a_change_is_taken_in_while_another_is_on_its_way(world: World) -> None:
    """A service that is `reconciling` takes the next change in; the newest holds in the end."""
    name = world.name()
    world.create(name)
    world.change(name, template=world.mode(f"{name}-v2", "deaf"), traffic=[target(f"{name}-v2", 100)])
    assert world.service(name).reconciling
    ended = world.update(name, traffic=[target(f"{name}-v1", 100)])
    assert ended.done
    assert not ended.message
    service = world.service(name)
    assert [one.revision for one in service.traffic_statuses] == [f"{name}-v1"]


@row("U8", source="service.proto", sure="unverified", note="its URL is gone with it")
def test_row_u8_a_dropped_tag_is_gone(world: World) -> None:
    """A tag that the next traffic does not name is gone, and its entry of 0 % with it."""
    name = world.name()
    world.create(name, traffic=[target(f"{name}-v1", 100, "stable")])
    assert world.service(name).traffic_statuses[0].uri
    world.update(name, traffic=[{"type_": LATEST, "percent": 100}])
    told: Any = world.service(name).traffic_statuses
    assert [(one.tag, one.uri) for one in told] == [("", "")]
