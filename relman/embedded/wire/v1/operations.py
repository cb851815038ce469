"""Operations and regions of v1: the core's operations, whose services and revisions are told as v1 does.

What it is not: for builds. An operation that is not about Cloud Run is left to the next surface.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from google.longrunning import operations_pb2
from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as Wrapped
from google.protobuf.message import Message

from relman.embedded.control.calls import Calls
from relman.embedded.resources import messages
from relman.embedded.resources.refusals import unreadable
from relman.embedded.wire.envelope import answered
from relman.embedded.wire.http import Answer, Request
from relman.embedded.wire.v1 import writing
from relman.embedded.wire.v1.beside import Shelf
from relman.embedded.wire.v1.places import Json

OPERATION = re.compile(r"/v1/(projects/[^/]+/locations/[^/]+/operations/[^/:]+)(:wait)?")
LOCATIONS = re.compile(r"/v1/projects/([^/]+)/locations")
TYPE = "type.googleapis.com/google.cloud.run.v1."
REGIONS: Mapping[str, str] = {
    "africa-south1": "Johannesburg",
    "asia-east1": "Taiwan",
    "asia-east2": "Hong Kong",
    "asia-northeast1": "Tokyo",
    "asia-northeast2": "Osaka",
    "asia-northeast3": "Seoul",
    "asia-south1": "Mumbai",
    "asia-south2": "Delhi",
    "asia-southeast1": "Singapore",
    "asia-southeast2": "Jakarta",
    "australia-southeast1": "Sydney",
    "australia-southeast2": "Melbourne",
    "europe-central2": "Warsaw",
    "europe-north1": "Finland",
    "europe-southwest1": "Madrid",
    "europe-west1": "Belgium",
    "europe-west10": "Berlin",
    "europe-west12": "Turin",
    "europe-west2": "London",
    "europe-west3": "Frankfurt",
    "europe-west4": "Netherlands",
    "europe-west6": "Zurich",
    "europe-west8": "Milan",
    "europe-west9": "Paris",
    "me-central1": "Doha",
    "me-central2": "Dammam",
    "me-west1": "Tel Aviv",
    "northamerica-northeast1": "Montreal",
    "northamerica-northeast2": "Toronto",
    "southamerica-east1": "Sao Paulo",
    "southamerica-west1": "Santiago",
    "us-central1": "Iowa",
    "us-east1": "South Carolina",
    "us-east4": "Northern Virginia",
    "us-east5": "Columbus",
    "us-south1": "Dallas",
    "us-west1": "Oregon",
    "us-west2": "Los Angeles",
    "us-west3": "Salt Lake City",
    "us-west4": "Las Vegas",
}
"""What is listed; any other region works here too. Source: https://cloud.google.com/run/docs/locations."""


class Operations:
    """Operations and regions.

    Args:
        calls: Carries out what is asked.
        beside: What v2 has no field for.
    """

    def __init__(self, calls: Calls, beside: Shelf) -> None:
        """Nothing more."""
        self._calls = calls
        self._beside = beside

    async def answer(self, request: Request) -> Answer | None:
        """The answer to one request, None when it is not for these."""
        path = request.target.decode("latin-1").partition("?")[0]
        verb = request.method
        if verb == "GET" and (match := LOCATIONS.fullmatch(path)):
            return Answer(200, json.dumps(_locations(match[1])).encode())
        found = OPERATION.fullmatch(path)
        if found is None or verb != ("POST" if found[2] else "GET"):
            return None
        return await self._operation(found[1], bytes(request.body) if found[2] else None)

    async def _operation(self, name: str, waiting: bytes | None) -> Answer | None:
        answer = await answered(self._asked(name, waiting), f"v1 {name}")
        return answer if answer.body else None

    async def _asked(self, name: str, waiting: bytes | None) -> Answer:
        """An empty answer for an operation that is not about Cloud Run."""
        request: Message = operations_pb2.GetOperationRequest(name=name)
        if waiting is not None:
            request = _wait(name, waiting)
        method = "WaitOperation" if waiting is not None else "GetOperation"
        operation = await self._calls.carry_out("operations", method, request)
        assert isinstance(operation, messages.Operation)  # noqa: S101 - what these methods answer
        if not operation.metadata.TypeName().startswith("google.cloud.run.v2."):
            return Answer(200, b"")
        return Answer(200, json.dumps(self._told(operation)).encode())

    def _told(self, operation: Message) -> Json:
        made: Json = {"name": operation.name, "metadata": self._resource(operation.metadata)}
        if operation.done:
            made["done"] = True
        if operation.HasField("error"):
            made["error"] = json_format.MessageToDict(operation.error)
        if operation.HasField("response"):
            made["response"] = self._resource(operation.response)
        return made

    def _resource(self, envelope: Wrapped) -> Json:
        if envelope.Is(messages.Service.DESCRIPTOR):
            service = messages.Service()
            envelope.Unpack(service)
            return {"@type": f"{TYPE}Service"} | writing.service(service, self._beside.of(service))
        revision = messages.Revision()
        envelope.Unpack(revision)
        return {"@type": f"{TYPE}Revision"} | writing.revision(revision, "", {})


def _wait(name: str, body: bytes) -> Message:
    try:
        request = json_format.Parse(body or b"{}", operations_pb2.WaitOperationRequest())
    except (json_format.ParseError, UnicodeDecodeError) as error:
        raise unreadable(str(error)) from error
    request.name = name
    return request


def _locations(project: str) -> Json:
    parent = f"projects/{project}/locations"
    found = [
        {"name": f"{parent}/{region}", "locationId": region, "displayName": city}
        for region, city in REGIONS.items()
    ]
    return {"locations": found}
