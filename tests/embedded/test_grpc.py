"""gRPC on the platform's one port: refusals whole, deadlines kept, nothing unknown answered (rows 41, 49)."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud import run_v2
from google.cloud.devtools import cloudbuild_v1
from google.longrunning import operations_pb2
from google.rpc import error_details_pb2

from tests.embedded.clients.pointing import Clients, over_grpc
from tests.embedded.test_builds import request
from tests.embedded.world import PLACE, World, command, until


@pytest.fixture
def clients(platform: World) -> Iterator[Clients]:
    """The clients over gRPC."""
    found = over_grpc(platform.endpoint)
    yield found
    found.close()


@pytest.fixture
def channel(platform: World) -> Iterator[grpc.Channel]:
    """A bare channel, for what no client would send."""
    options = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(platform.endpoint.removeprefix("http://"), options) as found:
        yield found


def raw(channel: grpc.Channel, method: str, sent: bytes, timeout: float = 10) -> bytes:
    """One call with bytes both ways."""
    answer: bytes = channel.unary_unary(method)(sent, timeout=timeout)
    return answer


def test_row_49_a_refusal_comes_with_its_details(clients: Clients) -> None:
    """Code, message and the field that offends arrive in the client's exception."""
    with pytest.raises(exceptions.InvalidArgument, match=r"Violation in .*service_id") as refused:
        clients.services.create_service(parent=PLACE, service_id="No!", service=run_v2.Service())
    (details,) = refused.value.details
    assert isinstance(details, error_details_pb2.BadRequest)
    assert [one.field for one in details.field_violations] == ["Violation in CreateServiceRequest.service_id"]
    assert details.field_violations[0].description.startswith("only lowercase, digits, and hyphens;")


@pytest.mark.parametrize(
    "parent", ["", "foo", "projects/p1/locations/-", "projects/../locations/..", f"{PLACE}/x", f"{PLACE}/"]
)
def test_a_parent_of_another_form_is_refused(platform: World, clients: Clients, parent: str) -> None:
    """REST has no such path, gRPC takes any text: nothing is made of it, and the platform tells how it is."""
    service = {"template": platform.template()}
    with pytest.raises(exceptions.InvalidArgument, match=r"expected projects/PROJECT/locations/LOCATION\."):
        clients.services.create_service({"parent": parent, "service_id": "misplaced", "service": service})
    build = {"build": {"steps": [{"name": "x"}]}} | ({"parent": parent} if parent else {"project_id": ".."})
    with pytest.raises(exceptions.InvalidArgument, match="Invalid parent"):
        clients.builds.create_build(build)
    assert not any("/misplaced" in one["name"] for one in platform.status()["services"])


def test_row_49_a_long_refusal_still_arrives(clients: Clients) -> None:
    """A client takes 8 KiB of trailers only: the message is cut, the code is not lost."""
    with pytest.raises(exceptions.NotFound, match="Resource 'xxxx"):
        clients.services.get_service(name=f"{PLACE}/services/{'x' * 20_000}")
    with pytest.raises(exceptions.InvalidArgument, match="Unsupported filter '☃☃☃"):
        clients.services.list_operations({"name": PLACE, "filter": "☃" * 9_000})


@pytest.mark.parametrize(
    "method",
    [
        "/google.cloud.run.v2.Services/Nonsense",
        "/google.cloud.run.v2.Jobs/ListJobs",
        "/google.cloud.run.v2.Services/list_services",
        "/x",
    ],
)
def test_an_unknown_method_is_unimplemented(channel: grpc.Channel, method: str) -> None:
    """Whether or not its service is known; what answers is found by the whole name only."""
    with pytest.raises(grpc.RpcError) as error:
        raw(channel, method, b"")
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("sent", [b"\xff", b"\x0a\x05ab", b"\x0a\x02\xff\xfe"])
def test_bytes_that_are_no_message_are_refused(platform: World, channel: grpc.Channel, sent: bytes) -> None:
    """INVALID_ARGUMENT, and the log has no traceback."""
    with pytest.raises(grpc.RpcError) as error:
        raw(channel, "/google.cloud.run.v2.Services/GetService", sent)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "google.cloud.run.v2.GetServiceRequest" in error.value.details()
    assert "Traceback" not in (platform.state / "platform.log").read_text()


def test_row_41_a_wait_by_grpc_ends_with_the_operation(platform: World, clients: Clients) -> None:
    """The whole operation comes back when it is done, long before the timeout."""
    begun: Any = clients.services.create_service(
        parent=PLACE, service_id="waits", service=run_v2.Service(template=platform.template("waits-v1"))
    )
    operation = clients.wait(begun.operation.name)
    assert operation.done
    assert operation.response.type_url.endswith("google.cloud.run.v2.Service")
    assert begun.result(timeout=20).name == f"{PLACE}/services/waits"


def test_row_41_a_wait_ends_with_the_deadline_of_its_client(platform: World, channel: grpc.Channel) -> None:
    """The client's deadline is shorter than the wait that it asked for; the operation goes on."""
    deaf = platform.template("tardy-v1", env=[{"name": "MODE", "value": "deaf"}])
    begun = platform.begin("tardy", template=deaf)
    sent = operations_pb2.WaitOperationRequest(name=begun.operation.name, timeout={"seconds": 60})
    started = time.monotonic()
    with pytest.raises(grpc.RpcError) as error:
        raw(channel, "/google.longrunning.Operations/WaitOperation", sent.SerializeToString(), timeout=0.3)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - started < 2
    assert not platform.services.get_operation({"name": begun.operation.name}).done
    platform.wait(platform.services.delete_service(name=f"{PLACE}/services/tardy"))


def test_row_b1_a_build_is_cancelled_by_its_operation(platform: World, clients: Clients) -> None:
    """As the build client's own future does it: the operation ends with CANCELLED, the build too."""
    begun: Any = clients.builds.create_build(project_id="p1", build=waiting(platform))
    assert begun.cancel()
    with pytest.raises(exceptions.Cancelled):
        begun.result(timeout=10)
    build = clients.builds.get_build(project_id="p1", id=begun.metadata.build.id)
    assert build.status == build.Status.CANCELLED


def test_a_cancelled_build_ends_though_its_client_has_gone(platform: World, channel: grpc.Channel) -> None:
    """What was asked for is carried out to its end, also where nobody waits for the answer."""
    begun: Any = platform.builds.create_build(project_id="p1", build=waiting(platform))
    build_id = begun.metadata.build.id
    call = channel.unary_unary("/google.devtools.cloudbuild.v1.CloudBuild/CancelBuild")
    cancelled = call.future(f"\x0a\x02p1\x12{chr(len(build_id))}{build_id}".encode())
    time.sleep(0.005)
    cancelled.cancel()

    def ended() -> bool:
        build = platform.builds.get_build(project_id="p1", id=build_id)
        return build.status in {build.Status.CANCELLED, build.Status.SUCCESS}

    until(ended)


def test_row_41_an_operation_of_a_service_cannot_be_cancelled(platform: World, channel: grpc.Channel) -> None:
    """Cloud Run has no such call."""
    deaf = platform.template("firm-v1", env=[{"name": "MODE", "value": "deaf"}])
    begun = platform.begin("firm", template=deaf)
    sent = operations_pb2.CancelOperationRequest(name=begun.operation.name).SerializeToString()
    with pytest.raises(grpc.RpcError) as error:
        raw(channel, "/google.longrunning.Operations/CancelOperation", sent)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
    platform.wait(platform.services.delete_service(name=f"{PLACE}/services/firm"))


def test_a_long_message_passes_whole(platform: World, channel: grpc.Channel) -> None:
    """Through the one port both ways, with the flow control of both connections; gRPC alone takes 4 MiB."""
    description = "x" * 5_000_000
    service = run_v2.Service({"description": description, "template": platform.template()})
    sent = run_v2.CreateServiceRequest(parent=PLACE, service_id="long", validate_only=True, service=service)
    answer = raw(
        channel, "/google.cloud.run.v2.Services/CreateService", run_v2.CreateServiceRequest.serialize(sent)
    )
    operation = operations_pb2.Operation.FromString(answer)
    assert run_v2.Service.deserialize(operation.response.value).description == description


def test_the_port_tells_http_2_by_its_first_three_bytes(platform: World) -> None:
    """However they are cut: ``PR`` alone is waited for, ``PU`` is HTTP/1."""
    host, _, port = platform.endpoint.removeprefix("http://").partition(":")
    settings = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    for parts in (
        [b"P", b"R", b"I * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings],
        [b"P", b"UT / HTTP/1.1\r\n\r\n"],
    ):
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            for part in parts:
                connection.sendall(part)
                time.sleep(0.01)
            first = connection.recv(9)
        assert first[3:4] == b"\x04" if b"R" in parts else first == b"HTTP/1.1 "


def test_after_a_kill_grpc_is_there_again(own: World) -> None:
    """The socket that was left does not stand in the way, and the client finds the way back by itself."""
    clients = over_grpc(own.endpoint)
    assert not clients.services.list_services(parent=PLACE).services
    os.kill(own.status()["pid"], signal.SIGKILL)
    assert (own.state / "grpc.sock").exists()
    assert command("up", "--state", own.state).stdout.strip() == own.endpoint
    assert not clients.services.list_services(parent=PLACE).services
    clients.close()
    assert command("down", "--state", own.state).returncode == 0
    assert not (own.state / "grpc.sock").exists()


def waiting(platform: World) -> cloudbuild_v1.Build:
    """A build that is under way long enough to be cancelled."""
    return cloudbuild_v1.Build(request(platform, "build", "eu/p1/c:v1"))
