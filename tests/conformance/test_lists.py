"""Rows 35 to 41: lists and their pages, what is deleted, how many there may be, and operations."""

from __future__ import annotations

import re
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.cloud import run_v2

from relman.embedded.control import revisions, services
from relman.embedded.control.operations import Operations
from relman.embedded.control.revisions import Revisions
from relman.embedded.control.services import Services
from relman.embedded.resources import messages
from relman.embedded.resources.conditions import Trouble, revision_fails
from relman.embedded.resources.refusals import Refusal
from relman.embedded.resources.store import Store
from tests.conformance.clients import Refused
from tests.conformance.rows import EVERY, differs, needs_app, only_here, row
from tests.conformance.world import World, away, short
from tests.embedded.world import target, until


@row(35, source="revision.proto", wires=EVERY)
def test_row_35_revisions_are_listed_newest_first(world: World) -> None:
    """The revisions of a service are listed newest first."""
    name = world.name()
    world.create(name)
    world.update(name, template=world.template(f"{name}-v2"))
    assert [short(one.name) for one in world.revisions(name)] == [f"{name}-v2", f"{name}-v1"]


@row(35, source="revision.proto; floci (worker pools)", sure="observed")
def test_row_35_a_dash_lists_the_revisions_of_all(world: World) -> None:
    """`services/-` lists the revisions of every service; a service that is not there has none."""
    name = world.name()
    world.create(name)
    assert f"{name}-v1" in {short(one.name) for one in world.revisions("-")}
    assert world.revisions(world.name()) == []


@row(36, source="service.proto; floci", sure="observed")
def test_row_36_services_are_listed_by_one_location(world: World) -> None:
    """Services are listed by name, of one location; the location `-` is INVALID_ARGUMENT in v2."""
    names = sorted(world.name() for _ in range(2))
    for name in names:
        world.create(name)
    listed = [short(one.name) for one in world.services()]
    assert [one for one in listed if one in names] == names
    with pytest.raises(Refused) as error:
        world.services(parent=f"projects/{world.place.project}/locations/-")
    assert error.value.status == "INVALID_ARGUMENT"


@row(37, source="service.proto; AIP-158")
def test_row_37_a_list_comes_in_pages(world: World) -> None:
    """`page_size` and `page_token` turn the pages of a list; the last has no `next_page_token`."""
    name = world.name()
    world.create(name)
    for number in (2, 3):
        world.update(name, template=world.template(f"{name}-v{number}"))
    found, token = [], "first"
    while token:
        asked = {"parent": world.place.service(name), "page_size": 2}
        page = world.ask("revisions", "ListRevisions", **asked, page_token=token.removeprefix("first"))
        found.append([short(one.name) for one in page.revisions])
        token = page.next_page_token
    assert found == [[f"{name}-v3", f"{name}-v2"], [f"{name}-v1"]]


@pytest.mark.parametrize("token", ["nonsense", "MQ==", "bnVsbA==", "WzEsMl0=", "\u00fc", "WzEwMDAsIiJd"])
@row(37, source="service.proto; AIP-158")
def test_row_37_a_bad_page_token_is_refused(world: World, token: str) -> None:
    """A page token that was not given for this list is INVALID_ARGUMENT, and so is a negative size."""
    for wrong in ({"page_token": token}, {"page_size": -1}):
        with pytest.raises(Refused) as error:
            world.services(**wrong)
        assert error.value.status == "INVALID_ARGUMENT"


@row(37, source="service.proto")
def test_row_37_the_other_parameters_must_match(world: World) -> None:
    """A page token goes with the parameters that it was given for."""
    for _ in range(2):
        world.create(world.name())
    parent = world.place.parent
    page = world.ask("services", "ListServices", parent=parent, page_size=1)
    with pytest.raises(Refused) as error:
        world.services(page_token=page.next_page_token, show_deleted=True)
    assert error.value.status == "INVALID_ARGUMENT"


@row(
    37,
    source="service.proto",
    sure="unverified",
    note="what is deleted is listed for 30 days; how long Google keeps it is not documented",
)
def test_row_37_deleted_services_can_be_listed(world: World) -> None:
    """`show_deleted` lists what was deleted and has not expired; without it, and by name, it is gone."""
    name = world.name()
    world.create(name)
    world.wait(world.delete(name))
    assert name not in {short(one.name) for one in world.services()}
    gone = {short(one.name): one for one in world.services(show_deleted=True)}[name]
    assert gone.delete_time < gone.expire_time
    assert not world.has(name)


@row(38, source="revision.proto; waypoint #814; cloudemu PR #1074", sure="observed")
def test_row_38_a_retired_revision_can_be_deleted(world: World) -> None:
    """A revision that nothing goes to can be deleted; the answer has `delete_time` and `expire_time`."""
    name = world.name()
    world.create(name, traffic=[target(f"{name}-v1", 100)])
    world.update(name, template=world.template(f"{name}-v2"), traffic=[target(f"{name}-v2", 100)])
    with pytest.raises(Refused) as stale:
        world.ask("revisions", "DeleteRevision", name=world.place.revision(name, f"{name}-v1"), etag='"old"')
    assert stale.value.status == "ABORTED"
    gone = world.delete_revision(name, f"{name}-v1")
    assert gone.delete_time < gone.expire_time
    with pytest.raises(Refused, match="of kind 'REVISION'") as error:
        world.revision(name, f"{name}-v1")
    assert error.value.status == "NOT_FOUND"
    shown = world.ask("revisions", "ListRevisions", parent=world.place.service(name), show_deleted=True)
    assert [short(one.name) for one in shown.revisions] == [f"{name}-v2", f"{name}-v1"]


@row(38, source="revision.proto; waypoint #814", sure="observed")
def test_row_38_a_serving_revision_cannot_be_deleted(world: World) -> None:
    """A revision that traffic goes to, by percent or by tag, is refused with FAILED_PRECONDITION."""
    name = world.name()
    world.create(name, traffic=[target(f"{name}-v1", 100)])
    split = [target(f"{name}-v2", 100), target(f"{name}-v1", 0, "old")]
    world.update(name, template=world.template(f"{name}-v2"), traffic=split)
    for revision in (f"{name}-v1", f"{name}-v2"):
        sentence = f'"{revision}" cannot be directly deleted because it is actively serving'
        with pytest.raises(Refused, match=sentence) as error:
            world.delete_revision(name, revision)
        assert error.value.status == "FAILED_PRECONDITION"


@row(
    38,
    source="revision.proto; floci",
    sure="unverified",
    note="that it is refused is documented; the sentence is the platform's own",
)
def test_row_38_the_latest_revision_cannot_be_deleted(world: World) -> None:
    """The latest revision of a service, and the only one, is refused, though nothing goes to it."""
    name = world.name()
    world.create(name, traffic=[target(f"{name}-v1", 100)])
    world.update(name, template=world.template(f"{name}-v2"))
    with pytest.raises(Refused) as error:
        world.delete_revision(name, f"{name}-v2")
    assert error.value.status == "FAILED_PRECONDITION"


@row(39, source="service.proto; discovery run v2", wires=EVERY)
def test_row_39_a_deleted_service_is_gone_with_its_revisions(world: World) -> None:
    """A service is deleted with all its revisions, and its name is free."""
    name = world.name()
    world.create(name)
    uri = world.service(name).uri
    world.wait(world.delete(name))
    until(lambda: not world.has(name))
    assert world.revisions(name) == []
    if not world.place.real:
        until(lambda: away(uri))
    assert not world.create(name).message


@row(39, source="service.proto; discovery run v2")
def test_row_39_the_answer_has_the_times(world: World) -> None:
    """The operation of a delete answers the service with `delete_time` and `expire_time`."""
    name = world.name()
    world.create(name)
    gone = world.wait(world.delete(name)).service
    assert gone.name == world.place.service(name)
    assert gone.delete_time < gone.expire_time


@row(40, source="cloud.google.com/run/quotas", wires=())
@differs("Tags are not counted: Google deletes untrafficked ones of more than 2000 in a region.")
@only_here("a thousand creates; it is shown on the platform's own parts, with smaller numbers")
def test_row_40_of_too_many_revisions_the_oldest_spare_ones_go(tmp_path: Path) -> None:
    """A service has at most 1000 revisions: of more, the oldest that nothing goes to are deleted."""
    assert (services.MOST, revisions.MOST) == (1000, 1000)
    parts = Parts(tmp_path, most=3)
    for number in range(1, 7):
        parts.write(f"a-v{number}", ["a-v1"])
    assert parts.names() == ["a-v1", "a-v5", "a-v6"]
    parts.store.close()


@row(40, source="cloud.google.com/run/quotas", wires=())
@only_here("a thousand creates; it is shown on the platform's own parts, with smaller numbers")
def test_row_40_a_region_has_its_most_services(tmp_path: Path) -> None:
    """A project has at most 1000 services in a region; one more is RESOURCE_EXHAUSTED."""
    parts = Parts(tmp_path, most=1)
    parts.write("a-v1", ["a-v1"])
    with pytest.raises(Refusal, match="1 services in") as error:
        parts.create("b", "b-v1", [])
    assert error.value.code == 429
    parts.store.close()


class Parts:
    """The platform's services and revisions without anything that runs, and with small limits."""

    def __init__(self, folder: Path, most: int) -> None:
        """Open a store."""
        self.store = Store(folder / "state.db")
        operations = Operations(self.store)
        self._revisions = Revisions(self.store, operations, str, _now, most=most)
        self._services = Services(self.store, operations, self._revisions, _unheard, _now, most=most)

    def create(self, service_id: str, revision: str, serving: list[str]) -> None:
        """Create a service with one revision, and traffic to some."""
        service = {"template": {"revision": revision, "containers": [{"image": "i"}]}}
        service["traffic"] = [target(one, 100 // len(serving)) for one in serving]  # type: ignore[assignment]
        request = messages.CreateServiceRequest(
            parent="projects/p/locations/r",
            service_id=service_id,
            service=run_v2.Service.pb(run_v2.Service(service)),
        )
        self._services.create_service(request)

    def write(self, revision: str, serving: list[str]) -> None:
        """Deploy a revision, which then settles."""
        service_id = revision.partition("-")[0]
        name = f"projects/p/locations/r/services/{service_id}"
        if self._services.shelf.find(name) is None:
            self.create(service_id, revision, serving)
        else:
            service = run_v2.Service(name=name, template={"revision": revision})
            service.template.containers = [run_v2.Container(image=revision)]
            mask = {"paths": ["template"]}
            pb = run_v2.Service.pb(service)
            self._services.update_service(messages.UpdateServiceRequest(service=pb, update_mask=mask))
        entry = self._revisions.shelf.find(f"{name}/revisions/{revision}")
        assert entry
        revision_fails(entry.message, _now(), Trouble("settled"))
        self._revisions.write(entry)

    def names(self) -> list[str]:
        """The revisions of the service ``a``, oldest first."""
        entries = self._revisions.of("projects/p/locations/r/services/a")
        return [short(entry.message.name) for entry in entries]


def _unheard(_service: str) -> None:
    """Nobody reconciles."""


def _now() -> datetime:
    return datetime.now(UTC)


@row(41, source="run_v2 http rules; longrunning operations.proto")
def test_row_41_an_operation_is_fetched_listed_and_forgotten(world: World) -> None:
    """A change is an operation in its location; it is fetched, listed and deleted by its name.

    Metadata and answer are both the service.
    """
    ended = world.begin(world.name())
    name = world.wait(ended).name
    place, _, operation_id = name.rpartition("/operations/")
    assert (place, str(uuid.UUID(operation_id))) == (world.place.parent, operation_id)
    found = world.ask("operations", "GetOperation", name=name)
    assert found.metadata.type_url == found.response.type_url
    assert re.fullmatch(r"type\.googleapis\.com/google\.cloud\.run\.v2\.Service", found.response.type_url)
    listed = world.ask("operations", "ListOperations", name=world.place.parent, page_size=1000)
    assert name in {one.name for one in listed.operations}
    world.ask("operations", "DeleteOperation", name=name)
    with pytest.raises(Refused) as error:
        world.ask("operations", "GetOperation", name=name)
    assert error.value.status == "NOT_FOUND"


@needs_app
@row(41, source="longrunning operations.proto")
def test_row_41_a_wait_ends_with_its_timeout(world: World) -> None:
    """`WaitOperation` answers when the operation is done, or as it stands when the timeout is over."""
    name = world.name()
    begun = world.begin(name, template=world.mode(f"{name}-v1", "deaf"))
    started = time.monotonic()
    waited: Any = world.ask("operations", "WaitOperation", name=begun.name, timeout={"seconds": 1})
    assert not waited.done
    assert 0.9 < time.monotonic() - started < 4
