"""What few ask of v1 and of what stands beside it, and gcloud relies on now and then."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from http.client import HTTPConnection

import pytest

from relman.embedded import exports
from relman.embedded.wire import http
from tests.embedded.v1.knative import HOST, REGION, Json, Knative, ready
from tests.embedded.world import World, until

STORAGE = "storage.googleapis.com"


def asked(
    platform: World, target: str, host: str, method: str = "GET", **fields: str
) -> tuple[int, str, dict[str, str]]:
    """Status, text and header fields of the answer to one plain request."""
    connection = HTTPConnection(platform.endpoint.removeprefix("http://"), timeout=10)
    try:
        connection.putrequest(method, target, skip_host=True)
        for name, value in {"host": host, **fields}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), {key.lower(): one for key, one in answer.getheaders()}
    finally:
        connection.close()


def test_a_condition_says_since_when_it_is_so_and_how_grave(knative: Knative) -> None:
    """An older revision that nothing goes to is inactive for information; that is no error (row 21)."""
    knative.create("grave", name="grave-v1")
    changed = knative.said("GET", "services/grave")
    changed["spec"]["template"]["metadata"]["name"] = "grave-v2"
    changed["spec"]["template"]["spec"]["timeoutSeconds"] = 30
    changed.pop("status")
    knative.replace(changed)

    def retired() -> Json | None:
        conditions = knative.said("GET", "revisions/grave-v1")["status"]["conditions"]
        found: Json = next(one for one in conditions if one["type"] == "Active")
        return found if found["status"] == "False" else None

    assert until(retired)["severity"] == "Info"
    since = ready(knative.said("GET", "services/grave"))
    assert (
        since["lastTransitionTime"] >= ready(knative.said("GET", "revisions/grave-v2"))["lastTransitionTime"]
    )
    assert "severity" not in since


def test_the_startup_probe_is_called_default_or_custom(knative: Knative) -> None:
    """By a label, which gcloud shows as the probe's type."""
    label = "run.googleapis.com/startupProbeType"
    plain = knative.create("marked")
    assert plain["spec"]["template"]["metadata"]["labels"][label] == "Default"
    own = {"container": {"startupProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 5}}}
    found = knative.create("marked-too", **own)
    assert found["spec"]["template"]["metadata"]["labels"][label] == "Custom"


def test_a_name_in_two_regions_needs_one(knative: Knative) -> None:
    """Neither is picked for the client."""
    other = f"http://us-east1-run.relman.internal/{knative.there.partition(HOST + '/')[2]}"
    knative.said("POST", "services", knative.service("twice"))
    knative.said("POST", f"{other}/services", knative.service("twice"))
    nowhere = f"{knative.platform.endpoint}/{knative.there.partition(HOST + '/')[2]}/services/twice"
    refusal = knative.refused("GET", nowhere)
    assert (refusal["code"], "Ask REGION-run.relman.internal" in refusal["message"]) == (400, True)


def test_nothing_is_left_of_what_was_beside_a_service(knative: Knative) -> None:
    """Deleted by v1, it takes along what v2 has no field for."""
    uid = knative.create("vanished", annotations={"run.googleapis.com/client-name": "x"})["metadata"]["uid"]

    def rows() -> list[str]:
        with closing(sqlite3.connect(knative.platform.state / "state.db")) as database:
            return [line for line in database.iterdump() if uid in line and "'v1'" in line]

    assert rows()
    knative.said("DELETE", "services/vanished")
    assert not rows()


def test_a_selector_may_have_spaces(knative: Knative) -> None:
    """As people write them by hand."""
    knative.create("spaced", labels={"colour": "red"})
    for selector in ("colour in (blue, red)", "colour in ( red )", "colour = red , colour"):
        names = [
            one["metadata"]["labels"]["serving.knative.dev/service"]
            for one in knative.said("GET", "revisions", labelSelector=selector)["items"]
        ]
        assert names == ["spaced"], selector


def test_an_operation_is_waited_for_by_post_alone(knative: Knative) -> None:
    """What is no method is not found, and waits for nobody."""
    found = knative.create("awaited")
    operation = found["metadata"]["annotations"]["run.googleapis.com/operation-id"]
    path = f"http://{HOST}/v1/projects/p1/locations/{REGION}/operations/{operation}"
    assert knative.said("POST", f"{path}:wait", {})["done"]
    assert knative.said("GET", path)["done"]
    assert knative.refused("GET", f"{path}:wait")["code"] == 404
    assert knative.refused("POST", path, {})["code"] == 404


def test_of_two_hosts_the_one_in_the_target_counts(platform: World) -> None:
    """RFC 9112, section 3.2.2: a proxy's request names its server in the target."""
    target = f"http://{HOST}/apis/serving.knative.dev/v1/namespaces/p1/services/none"
    status, text, _ = asked(platform, target, "us-east1-run.relman.internal")
    assert (status, f"'{REGION}'" in text) == (404, True)


def test_a_log_that_is_read_to_its_end_has_no_more(platform: World) -> None:
    """Gcloud asks from where it has read to; that nothing is there yet is 416, and the size."""
    build = platform.build()
    target = f"http://{STORAGE}/any/log-{build.id}.txt"
    status, text, _ = asked(platform, target.removeprefix(f"http://{STORAGE}"), STORAGE)
    size = len(text.encode())
    assert (status, size > 0) == (200, True)
    path = target.removeprefix(f"http://{STORAGE}")
    status, part, fields = asked(platform, path, STORAGE, range=f"bytes={size - 1}-")
    assert (status, part, fields["content-range"]) == (206, "\n", f"bytes {size - 1}-{size - 1}/{size}")
    status, part, fields = asked(platform, path, STORAGE, range=f"bytes={size}-")
    assert (status, part, fields["content-range"]) == (416, "", f"bytes */{size}")


def test_only_its_owner_reads_the_key_of_the_certificate(platform: World) -> None:
    """Nor is the folder open to others, with the secrets in it."""
    assert stat.S_IMODE((platform.state / "tls.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((platform.state / "state.db").stat().st_mode) == 0o600


def test_a_part_of_an_upload_is_no_larger_than_a_body_may_be() -> None:
    """It is told to gcloud how large to make one."""
    assert exports.CHUNK <= http.LARGEST_BODY


def test_who_writes_between_is_not_overwritten(knative: Knative) -> None:
    """The version is checked again where the service is written, not only where it was read (row 24)."""
    wanted = knative.create("outrun", name="outrun-v1")
    between = {"kind": "second-writer", "method": "UpdateService", "service": "outrun", "times": 1}
    fault = knative.said("POST", f"{knative.platform.endpoint}/faults", between)
    try:
        wanted["metadata"]["annotations"] = {"mine": "x"}
        assert knative.refused("PUT", "services/outrun", wanted)["status"] == "ABORTED"
    finally:
        knative.said("DELETE", f"{knative.platform.endpoint}/faults/{fault['name']}")
    assert "mine" not in knative.said("GET", "services/outrun")["metadata"]["annotations"]


@pytest.mark.parametrize("selector", ["a in", "a in (", "(a)", "a=b=c", "=", ","])
def test_what_is_no_selector_is_refused(knative: Knative, selector: str) -> None:
    """Never taken for an empty one, which would let everything through."""
    assert knative.refused("GET", "revisions", labelSelector=selector)["status"] == "INVALID_ARGUMENT"
