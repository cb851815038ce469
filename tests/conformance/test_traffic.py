"""Rows 25 to 34: what traffic may ask for, where it goes, and how it is told."""

from __future__ import annotations

import threading
from collections import Counter
from http.client import HTTPConnection
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from tests.conformance.clients import Refused
from tests.conformance.rows import EVERY, differs, needs_app, only_here, row
from tests.conformance.world import World, answering, shares, short
from tests.embedded.world import LATEST, REVISION, target


def refused(world: World, *traffic: dict[str, Any]) -> Refused:
    """What a service says to traffic that it does not take, and that nothing has changed."""
    name = world.name()
    world.create(name)
    before = world.service(name)
    with pytest.raises(Refused) as error:
        world.change(name, traffic=[one | _named(one, name) for one in traffic])
    assert world.service(name) == before
    return error.value


def _named(one: dict[str, Any], service: str) -> dict[str, Any]:
    """Targets of these tests name revisions by what follows the service's name."""
    revision = one.get("revision", "")
    return {"revision": f"{service}-{revision}"} if revision else {}


@pytest.mark.parametrize(
    "target",
    [
        {"type_": LATEST, "revision": "v1", "percent": 100},
        {"type_": REVISION, "percent": 100},
    ],
)
@row(25, source="traffic_target.proto; rules_cloudrun's conformance test", sure="observed")
def test_row_25_a_target_is_latest_or_names_a_revision(world: World, target: dict[str, Any]) -> None:
    """A target is LATEST, the latest ready revision, or REVISION by its short name; never both."""
    error = refused(world, target)
    assert error.status == "INVALID_ARGUMENT"
    assert "must be specified if and only if traffic type is" in error.message


@row(25, source="traffic_target.proto", wires=EVERY)
def test_row_25_latest_follows_what_becomes_ready(world: World) -> None:
    """LATEST is the latest revision that is ready: what a deploy makes ready gets its traffic."""
    name = world.name()
    world.create(name, traffic=[{"type_": LATEST, "percent": 100}])
    world.update(name, template=world.template(f"{name}-v2"))
    uri = world.service(name).uri
    assert answering(uri, f"{name}-v1", f"{name}-v2") == f"{name}-v2"


@row(26, source="service.proto", wires=EVERY)
def test_row_26_no_traffic_means_all_to_the_latest(world: World) -> None:
    """A service without traffic has 100 % to the latest ready revision."""
    name = world.name()
    world.create(name)
    assert [(one.type_, one.percent) for one in world.service(name).traffic] == [(LATEST, 100)]


@pytest.mark.parametrize("percents", [(90,), (60, 60), (101, -1)])
@row(27, source="rules_cloudrun's conformance test", sure="observed", wires=EVERY)
def test_row_27_percents_sum_to_100(world: World, percents: tuple[int, ...]) -> None:
    """The percents sum to 100, each from 0 to 100; 0 with a tag is allowed."""
    error = refused(world, *(target("v1", percent) for percent in percents))
    assert error.status == "INVALID_ARGUMENT"
    wanted = "should be 100" if min(percents) >= 0 else "percent: must be a number between 0 and 100"
    assert wanted in error.message


@row(28, source="rules_cloudrun's conformance test", sure="observed", wires=EVERY)
def test_row_28_a_tag_is_given_once(world: World) -> None:
    """One tag names one target."""
    error = refused(world, target("v1", 100, "a"), target("v1", 0, "a"))
    assert error.status == "INVALID_ARGUMENT"
    assert "may not contain a duplicate tag" in error.message


@row(29, source="policyengine-api #3729; firebase-tools #6137", sure="observed", wires=EVERY)
def test_row_29_tag_and_service_are_not_too_long_together(world: World) -> None:
    """A tag and the service's name have 46 characters together at most."""
    error = refused(world, target("v1", 100, "t" * 40))
    assert error.status == "INVALID_ARGUMENT"
    assert "together are too long" in error.message
    assert "cannot exceed 46 characters" in error.message


@pytest.mark.parametrize("tag", ["Tag", "-a", "a_b"])
@row(
    29,
    source="rollouts-rollbacks-traffic-migration",
    sure="unverified",
    note="a tag is a DNS label",
    wires=EVERY,
)
def test_row_29_a_tag_can_stand_in_a_host(world: World, tag: str) -> None:
    """A tag has lower-case letters, digits and hyphens, and begins with a letter."""
    assert refused(world, target("v1", 100, tag)).status == "INVALID_ARGUMENT"


@row(30, source="terraform-docs-samples PR #269", sure="observed", wires=EVERY)
def test_row_30_an_unknown_revision_fails_the_change(world: World) -> None:
    """Traffic to a revision that is not there is taken in, and its operation fails with code 13.

    What serves goes on as it was.
    """
    name = world.name()
    world.create(name)
    ended = world.update(name, traffic=[target(f"{name}-v9", 100)])
    assert ended.code in {0, 13}  # v1 has no operation with an error: the service tells
    assert ended.message == (
        f"Revision '{name}-v9' does not exist or is deleted. "
        "Update all traffic to route to currently available revisions."
    )
    assert answering(world.service(name).uri, f"{name}-v1", f"{name}-v9") == f"{name}-v1"


@row(31, source="a service of firebase; traffic_target.proto", sure="observed")
def test_row_31_a_status_of_latest_names_no_revision(world: World) -> None:
    """`traffic_statuses` mirrors the targets; only a tag has a `uri`, and LATEST names no revision.

    What is live is `latest_ready_revision`.
    """
    name = world.name()
    split = [{"type_": LATEST, "percent": 100}, target(f"{name}-v1", 0, "stable")]
    world.create(name, traffic=split)
    latest, tagged = world.service(name).traffic_statuses
    assert (latest.type_, latest.percent, latest.revision, latest.uri) == (LATEST, 100, "", "")
    assert (tagged.type_, tagged.revision, tagged.tag) == (REVISION, f"{name}-v1", "stable")
    assert tagged.uri
    assert short(world.service(name).latest_ready_revision) == f"{name}-v1"


@row(32, source="rollouts-rollbacks-traffic-migration", wires=EVERY)
def test_row_32_a_pinned_split_sticks(world: World) -> None:
    """After traffic was split by name, a later deploy gets none until somebody moves it."""
    name = world.name()
    world.create(name, traffic=[target(f"{name}-v1", 100)])
    world.update(name, template=world.template(f"{name}-v2"))
    both = (f"{name}-v1", f"{name}-v2")
    assert shares(world.service(name).uri, *both) == {f"{name}-v1": 20}


@row(33, source="rollouts-rollbacks-traffic-migration", wires=EVERY)
@differs("A shift is in force when its operation is done; on Google it spreads for some seconds more.")
@only_here("on Google the old revision may answer for some seconds after the operation")
def test_row_33_a_shift_is_in_force_when_its_operation_is_done(world: World) -> None:
    """Percentages are drawn for each request; when the operation of a shift is done, it is in force."""
    name = world.name()
    first, second = f"{name}-v1", f"{name}-v2"
    world.create(name, traffic=[target(first, 100)])
    split = [target(first, 70), target(second, 30, "next")]
    world.update(name, template=world.template(second), traffic=split)
    uri = world.service(name).uri
    assert 5 <= shares(uri, first, second, count=100)[second] <= 60
    for whole in (second, first):
        world.update(name, traffic=[target(whole, 100)])
        assert shares(uri, first, second) == {whole: 20}
    assert world.service(name).uri == uri


@row(33, source="rollouts-rollbacks-traffic-migration")
@only_here("many requests of many connections, for as long as eight shifts take")
def test_row_33_no_request_is_lost_while_traffic_moves(world: World) -> None:
    """Requests that are on their way when traffic moves are finished; none is lost, none refused."""
    name = world.name()
    first, second = f"{name}-v1", f"{name}-v2"
    world.create(name, traffic=[target(first, 100)])
    world.update(name, template=world.template(second))
    with Load(world.service(name).uri) as load:
        for whole in (second, first) * 4:
            assert not world.update(name, traffic=[target(whole, 100)]).message
    assert set(load.answers) == {"200"}
    assert load.answers["200"] > 50


class Load:
    """Four clients that ask one URL again and again, each over one connection."""

    def __init__(self, url: str) -> None:
        """Nothing is asked yet."""
        self._address = urlsplit(url).netloc
        self._over = threading.Event()
        self._clients = [threading.Thread(target=self._ask) for _ in range(4)]
        self.answers = Counter[str]()

    def __enter__(self) -> Self:
        """Begin."""
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, and wait for the last answers."""
        self._over.set()
        for client in self._clients:
            client.join()

    def _ask(self) -> None:
        connection = HTTPConnection(self._address, timeout=10)
        while not self._over.is_set():
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                answer.read()
                self.answers[str(answer.status)] += 1
            except OSError as error:
                self.answers[type(error).__name__] += 1
                connection.close()
        connection.close()


@needs_app
@row(34, source="triggering/https-request; a service of firebase", sure="observed", wires=EVERY)
@differs(
    "URLs are `http://127.0.0.1:PORT`, one port for each service and each tag, not "
    "`https://SERVICE-HASH-REGION.a.run.app`: no name has to be resolved and no certificate trusted. "
    "A service has one URL, not two. The platform's own port takes the host `SERVICE.localhost` and hosts of "
    "Google's form too; of two services that are called the same, the older answers."
)
def test_row_34_a_service_and_each_tag_have_a_url(world: World) -> None:
    """A service has a URL, and so has each tag; that of a tag goes to its revision alone."""
    name = world.name()
    first, second = f"{name}-v1", f"{name}-v2"
    world.create(name, traffic=[target(first, 100)])
    split = [target(first, 100), target(second, 0, "next")]
    world.update(name, template=world.template(second), traffic=split)
    service = world.service(name)
    tagged = next(one for one in service.traffic_statuses if one.tag)
    assert answering(service.uri, first, second) == first
    assert answering(tagged.uri, first, second) == second


@row(34, source="triggering/https-request")
@only_here("on Google the tag stands in the URL's own host")
def test_row_34_a_host_names_a_tag(world: World) -> None:
    """The host `TAG---SERVICE…` goes to the tagged revision, also at the platform's own address."""
    name = world.name()
    first, second = f"{name}-v1", f"{name}-v2"
    world.create(name, traffic=[target(first, 100)])
    split = [target(first, 100), target(second, 0, "next")]
    world.update(name, template=world.template(second), traffic=split)
    uri = world.service(name).uri
    assert answering(uri, first, second, host=f"next---{name}-abc.a.run.app") == second
    assert answering(uri, first, second, host=f"{name}-abc.a.run.app") == first
    for host in (f"next---{name}", f"next---{name}.localhost:8085", f"next---{name}-abc-ew.a.run.app"):
        assert answering(world.place.endpoint, first, second, host=host) == second
    assert answering(world.place.endpoint, first, second, host=f"{name}.localhost") == first
