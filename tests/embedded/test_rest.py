"""The REST surface: routes that cannot drift, envelopes, bad JSON, waiting (rows 41, 48, 49)."""

from __future__ import annotations

import json
import re
import socket
import time
from typing import Any

import grpc
import pytest
import requests
from google.api_core import exceptions
from google.cloud import run_v2
from google.longrunning import operations_pb2

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


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            {"traffic": 1},
            "Invalid value at 'service.traffic' (type.googleapis.com/google.cloud.run.v2.TrafficTarget), 1",
        ),
        (
            {"traffic": [{"percent": "x"}]},
            "Invalid value at 'service.traffic[0].percent' (TYPE_INT32), \"x\"",
        ),
        (
            {"template": {"conteiners": []}},
            "Unknown name \"conteiners\" at 'service.template': Cannot find field.",
        ),
        ({"ingress": "SOME"}, "Invalid value at 'service.ingress'"),
    ],
)
def test_row_48_bad_json_names_field_type_and_value(
    platform: World, body: dict[str, Any], sentence: str
) -> None:
    """400 with the details of a bad request."""
    answer = requests.post(f"{platform.endpoint}/v2/{PLACE}/services?serviceId=x", json=body, timeout=5)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert sentence in error["message"]
    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "\x00"])
def test_row_48_what_is_no_json_is_refused(platform: World, body: str) -> None:
    """Never a traceback."""
    answer = requests.post(f"{platform.endpoint}/v2/{PLACE}/services?serviceId=x", data=body, timeout=5)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_row_49_an_unknown_path_has_the_same_envelope(platform: World) -> None:
    """404 in JSON."""
    answer = requests.get(f"{platform.endpoint}/v2/nonsense", timeout=5)
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\x16\x03\x01\x02\x00"])
def test_bytes_that_are_no_http_are_refused(platform: World, raw: bytes) -> None:
    """The connection ends with 400, and the platform goes on."""
    host, _, port = platform.endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(raw)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    assert requests.get(f"{platform.endpoint}/status", timeout=5).ok


def test_enumerations_are_numbers_only_for_who_asks(platform: World) -> None:
    """Google's clients ask for numbers; everybody else gets names."""
    platform.create("enums")
    url = f"{platform.endpoint}/v2/{PLACE}/services/enums"
    assert requests.get(url, timeout=5).json()["ingress"] == "INGRESS_TRAFFIC_ALL"
    assert requests.get(f"{url}?%24alt=json%3Benum-encoding%3Dint", timeout=5).json()["ingress"] == 1


def test_a_mask_may_be_spelled_both_ways(platform: World) -> None:
    """As JSON spells field names and as protobuf does."""
    platform.create("masks")
    url = f"{platform.endpoint}/v2/{PLACE}/services/masks"
    for mask, version in (("clientVersion", "1"), ("client_version", "2")):
        body = json.dumps({"clientVersion": version})
        assert requests.patch(f"{url}?updateMask={mask}", data=body, timeout=5).ok
        assert platform.service("masks").client_version == version


def test_row_41_an_operation_names_service_and_place(platform: World) -> None:
    """Metadata and answer are the service; it is fetched, listed, deleted."""
    operation = platform.create("row41")
    uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(f"{PLACE}/operations/{uuid}", operation.name)
    assert operation.response.type_url.endswith("google.cloud.run.v2.Service")
    assert operation.metadata.type_url == operation.response.type_url
    assert run_v2.Service.deserialize(operation.response.value).name.endswith("/row41")
    listed = platform.services.list_operations({"name": PLACE}).operations
    assert operation.name in {one.name for one in listed}
    platform.services.delete_operation({"name": operation.name})
    with pytest.raises(exceptions.NotFound):
        platform.services.get_operation({"name": operation.name})


def test_row_41_the_clients_own_polling_ends(platform: World) -> None:
    """``result()`` of the official client, also where it ends with an error."""
    service = run_v2.Service(template=platform.template("polled-v1"))
    begun: Any = platform.services.create_service(parent=PLACE, service_id="polled", service=service)
    assert begun.result(timeout=20).name.endswith("/polled")
    broken = platform.template("polled-v2", env=[{"name": "MODE", "value": "broken"}])
    with pytest.raises(exceptions.GoogleAPICallError, match="is not ready and cannot serve traffic") as error:
        platform.ask("polled", template=broken).result(timeout=20)
    assert error.value.grpc_status_code is grpc.StatusCode.FAILED_PRECONDITION


def test_row_41_a_wait_ends_with_its_timeout(platform: World) -> None:
    """The operation comes back as it stands."""
    deaf = platform.template("slow-v1", env=[{"name": "MODE", "value": "deaf"}])
    begun = platform.begin("slow", template=deaf)
    started = time.monotonic()
    waited = platform.services.wait_operation(
        operations_pb2.WaitOperationRequest(name=begun.operation.name, timeout={"nanos": 300_000_000})
    )
    assert not waited.done
    assert 0.25 < time.monotonic() - started < 2
    platform.wait(platform.services.delete_service(name=f"{PLACE}/services/slow"))
