"""The REST surface: routes that cannot drift, bytes that are no HTTP, the official client's own polling."""

from __future__ import annotations

import select
import socket
from typing import Any

import grpc
import pytest
import requests
from google.api_core import exceptions
from google.cloud import run_v2

from relman.embedded.wire import routes
from relman.embedded.wire.apis import APIS
from relman.embedded.wire.routes import BUILD_OPERATIONS
from tests.embedded.world import PLACE, World


def test_the_routes_are_those_of_the_official_clients() -> None:
    """Each API's rules are read from private classes: this pins that they are still there."""
    found = {(route.verb, route.pattern.pattern.replace("\\", ""), route.method) for route in routes.table()}
    part = "[^/:]+"
    service = f"projects/{part}/locations/{part}/services/{part}"
    assert ("PATCH", f"/v2/({service})", "UpdateService") in found
    assert ("GET", f"/v2/({service}/revisions/{part})", "GetRevision") in found
    assert (
        "POST",
        f"/v2/(projects/{part}/locations/{part}/operations/{part}):wait",
        "WaitOperation",
    ) in found
    assert ("POST", f"/v1/projects/({part})/builds", "CreateBuild") in found
    served = {method for api in APIS.values() if api.rules for method in api.requests}
    assert {method for _, _, method in found} == served


def test_the_routes_of_the_builds_operations_are_those_of_its_client(platform: World) -> None:
    """These stand in no class of their own: what was copied is what the client has."""
    rules = platform.builds.transport.operations_client._transport._http_options  # noqa: SLF001 - no public name
    assert rules == {f"google.longrunning.Operations.{key}": value for key, value in BUILD_OPERATIONS.items()}


def test_row_49_an_unknown_path_has_the_same_envelope(platform: World) -> None:
    """404 in JSON."""
    answer = requests.get(f"{platform.endpoint}/v2/nonsense", timeout=5)
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("alt", ["$alt", "alt"])
def test_enumerations_are_numbers_for_who_asks_for_them(platform: World, alt: str) -> None:
    """As Google's own clients ask; names for anybody else. Those clients would read either."""
    target = f"{platform.endpoint}/v2/{PLACE}/services?serviceId=asked&validateOnly=true"
    service = {"template": {"containers": [{"image": "x"}]}, "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}
    for asked, told in (({}, "INGRESS_TRAFFIC_INTERNAL_ONLY"), ({alt: "json;enum-encoding=int"}, 2)):
        answer = requests.post(target, params=asked, json=service, timeout=5)
        assert answer.json()["response"]["ingress"] == told


def test_what_the_path_says_may_stand_in_the_body_too(platform: World) -> None:
    """In either spelling; the path counts."""
    target = f"{platform.endpoint}/v1/projects/p1/builds/none:cancel"
    for spelled in ("project_id", "projectId"):
        answer = requests.post(target, json={spelled: "p2", "id": "other"}, timeout=5)
        assert (answer.status_code, "'none'" in answer.text) == (404, True)


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\x16\x03\x01\x02\x00"])
def test_bytes_that_are_no_http_are_refused(platform: World, raw: bytes) -> None:
    """The connection ends with 400, and the platform goes on."""
    host, _, port = platform.endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(raw)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    assert requests.get(f"{platform.endpoint}/status", timeout=5).ok


def test_who_asks_for_another_protocol_is_answered_in_this_one(platform: World) -> None:
    """As Java's own client asks for HTTP/2 with its first request, body and all; and many at once."""
    body = b'{"template": {"containers": [{"image": "x"}]}}'
    head = f"POST /v2/{PLACE}/services?serviceId=up&validateOnly=true HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    upgrade = "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n"
    sent = f"{head}{upgrade}content-length: {len(body)}\r\n\r\n".encode() + body
    last = b"GET /status HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close, upgrade\r\nupgrade: x\r\n\r\n"
    heard = answers(platform, 300 * sent + last)
    assert (heard.count(b"HTTP/1.1 200 OK"), heard.count(b"HTTP/1.1")) == (301, 301)
    assert heard.count(b'"image": "x"') >= 300


@pytest.mark.parametrize("part", [b"a: " + b"b" * 5000, b"a: b\r\n" * 1000])
def test_a_head_has_an_end(platform: World, part: bytes) -> None:
    """Nothing is kept without one."""
    host, _, port = platform.endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(b"GET /status HTTP/1.1\r\nhost: 127.0.0.1\r\n")
        sent = 0
        while not select.select([connection], [], [], 0.01)[0]:
            connection.sendall(part)
            sent += len(part)
            assert sent < 2**20
        assert connection.recv(100).startswith(b"HTTP/1.1 431 ")


def answers(platform: World, sent: bytes) -> bytes:
    """All that a client hears until the platform ends the connection."""
    host, _, port = platform.endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_row_41_the_clients_own_polling_ends(platform: World) -> None:
    """``result()`` of the official client, also where it ends with an error."""
    service = run_v2.Service(template=platform.template("polled-v1"))
    begun: Any = platform.services.create_service(parent=PLACE, service_id="polled", service=service)
    assert begun.result(timeout=20).name.endswith("/polled")
    broken = platform.template("polled-v2", env=[{"name": "MODE", "value": "broken"}])
    with pytest.raises(exceptions.GoogleAPICallError, match="is not ready and cannot serve traffic") as error:
        platform.ask("polled", template=broken).result(timeout=20)
    assert error.value.grpc_status_code is grpc.StatusCode.FAILED_PRECONDITION
