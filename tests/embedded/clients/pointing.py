"""Google's typed Python clients, pointed at a platform; what it is not: a client of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2
from google.cloud.devtools import cloudbuild_v1
from google.longrunning import operations_pb2


@dataclass(frozen=True)
class Clients:
    """The three that relman knows, over one wire."""

    services: run_v2.ServicesClient
    revisions: run_v2.RevisionsClient
    builds: cloudbuild_v1.CloudBuildClient
    close: Callable[[], None]

    def wait(self, name: str, seconds: int = 20) -> operations_pb2.Operation:
        """Wait for an operation at the server, by both wires.

        Over gRPC the client has no reader for that answer and hands its bytes out (google-cloud-run 0.16.2).
        """
        request = {"name": name, "timeout": {"seconds": seconds}}
        found: Any = self.services.wait_operation(request, timeout=seconds + 5)
        return operations_pb2.Operation.FromString(found) if isinstance(found, bytes) else found


def over_grpc(endpoint: str) -> Clients:
    """All three on one channel."""
    channel = grpc.insecure_channel(endpoint.removeprefix("http://"))

    def pointed(client: Any) -> Any:
        return client(transport=client.get_transport_class("grpc")(channel=channel))

    return Clients(
        pointed(run_v2.ServicesClient),
        pointed(run_v2.RevisionsClient),
        pointed(cloudbuild_v1.CloudBuildClient),
        channel.close,
    )


def over_rest(endpoint: str) -> Clients:
    """All three, each with a session of its own, and another one for its operations."""
    options: dict[str, Any] = {
        "transport": "rest",
        "credentials": AnonymousCredentials(),  # type: ignore[no-untyped-call]
        "client_options": {"api_endpoint": endpoint},
    }
    clients = (
        run_v2.ServicesClient(**options),
        run_v2.RevisionsClient(**options),
        cloudbuild_v1.CloudBuildClient(**options),
    )

    def close() -> None:
        for client in clients:
            client.transport.close()  # type: ignore[no-untyped-call]
            client.transport.operations_client._transport._session.close()  # noqa: SLF001 - it has no close of its own

    return Clients(*clients, close)
