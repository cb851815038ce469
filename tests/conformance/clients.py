"""Google's own clients, spoken to in one way: by API, method and request, over gRPC or REST.

What it is not: a mock or a client of ours. A refusal comes back as ``Refused`` whatever the wire made of
it, and every call is written into the transcript.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import grpc
import requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2
from google.cloud.devtools import cloudbuild_v1
from google.longrunning import operations_pb2
from google.protobuf import json_format
from google.protobuf.message import Message

from tests.conformance.rows import APIS
from tests.conformance.transcript import Transcript

PATIENCE_S = 60.0
CLIENTS: dict[str, Any] = {
    "services": run_v2.ServicesClient,
    "revisions": run_v2.RevisionsClient,
    "builds": cloudbuild_v1.CloudBuildClient,
}


class Refused(Exception):
    """A call was refused.

    Attributes:
        status: The canonical name, such as ``INVALID_ARGUMENT``.
        message: The sentence.
        fields: The fields that offend, where it says so.
    """

    def __init__(self, status: str, message: str, fields: tuple[str, ...] = ()) -> None:
        """Keep what was said."""
        super().__init__(f"{status}: {message}")
        self.status, self.message, self.fields = status, message, fields


class Clients:
    """The clients of one wire.

    Args:
        wire: ``grpc``, ``rest`` or ``v1``, which has no client of Google's.
        endpoint: Where a platform listens; empty for Google itself, with application default credentials.
        transcript: Takes every call.
    """

    def __init__(self, wire: str, endpoint: str, transcript: Transcript) -> None:
        """Open the clients; nothing is asked yet."""
        self._wire = wire
        self._transcript = transcript
        kinds = CLIENTS if wire in APIS else {}
        self._clients = {name: _client(kind, wire, endpoint) for name, kind in kinds.items()}
        self._session = _session(endpoint)
        self._endpoint = endpoint
        self.about: dict[str, str] = {}

    def ask(self, api: str, method: str, **request: Any) -> Any:
        """One call; operations come back as they are on the wire, lists as their first page.

        Raises:
            Refused: The API says no.
        """
        began, call = time.time(), f"{api}.{method}"
        try:
            answer = self._call(api, method, request)
        except exceptions.GoogleAPICallError as error:
            refused = refusal(error)
            told = {"error": {"status": refused.status, "message": refused.message, "fields": refused.fields}}
            self._transcript.add(self.about, call, plain(request), told, began)
            raise refused from error
        self._transcript.add(self.about, call, plain(request), plain(answer), began)
        return answer

    def _call(self, api: str, method: str, request: dict[str, Any]) -> Any:
        holder = self._clients["services" if api == "operations" else api]
        timeout = {} if method == "WaitOperation" and self._wire == "rest" else {"timeout": PATIENCE_S}
        answer = getattr(holder, _snake(method))(request, retry=None, **timeout)
        if hasattr(answer, "pages"):
            return next(answer.pages)
        if isinstance(answer, bytes):  # the client of gRPC forgets to read an operation that it waited for
            return operations_pb2.Operation.FromString(answer)
        return getattr(answer, "operation", answer)

    def http(self, method: str, path: str, *, region: str = "", **sent: Any) -> requests.Response:
        """One request without a client, written down like the others; v1 wants the host of a region."""
        began, host = time.time(), f"{region}-run.googleapis.com" if region else "run.googleapis.com"
        base = self._endpoint or f"https://{host}"
        answer = self._session.request(
            method, base + path, timeout=PATIENCE_S, headers={"host": host}, **sent
        )
        told = {"status": answer.status_code, "body": answer.json()}
        self._transcript.add(self.about, f"{method} {path}", sent, told, began)
        return answer

    def close(self) -> None:
        """Close every connection."""
        self._session.close()
        for client in self._clients.values():
            client.transport.close()
            if self._wire == "rest":
                client.transport.operations_client._transport._session.close()  # noqa: SLF001 - it has no close


def _session(endpoint: str) -> requests.Session:
    """Plain requests, on Google with application default credentials."""
    if endpoint:
        return requests.Session()
    from google.auth import default
    from google.auth.transport.requests import AuthorizedSession

    session: requests.Session = AuthorizedSession(default()[0])  # type: ignore[no-untyped-call]
    return session


def _client(kind: Any, wire: str, endpoint: str) -> Any:
    if not endpoint:
        return kind(transport=wire)
    options: dict[str, Any] = {"credentials": AnonymousCredentials()}  # type: ignore[no-untyped-call]
    if wire == "rest":
        return kind(transport="rest", client_options={"api_endpoint": endpoint}, **options)
    transport = kind.get_transport_class("grpc")
    channel = grpc.insecure_channel(endpoint.removeprefix("http://"))
    return kind(transport=transport(channel=channel))


def refusal(error: exceptions.GoogleAPICallError) -> Refused:
    """What was refused: REST has it in the body, gRPC in the call's end."""
    if error.grpc_status_code is None and error.response is not None:
        told = error.response.json()["error"]
        return Refused(told["status"], told["message"], fields(told.get("details", [])))
    code = error.grpc_status_code
    details = [json_format.MessageToDict(one) for one in error.details if isinstance(one, Message)]
    return Refused(code.name if code else "UNKNOWN", error.message or "", fields(details))


def fields(details: list[dict[str, Any]]) -> tuple[str, ...]:
    """The fields that the details of an error name."""
    violations = [one for detail in details for one in detail.get("fieldViolations", [])]
    return tuple(one["field"] for one in violations)


def plain(value: Any) -> Any:
    """Any request or answer as JSON has it."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if hasattr(type(value), "pb"):
        value = type(value).pb(value)
    return json.loads(json_format.MessageToJson(value)) if isinstance(value, Message) else value


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


Call = Callable[..., Any]
