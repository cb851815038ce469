"""gRPC and REST are one platform: the same calls get the same answers and the same refusals (rows 41, 49)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from google.api_core import exceptions
from google.protobuf import json_format
from google.protobuf.message import Message

from relman.embedded.resources.messages import wrapped
from tests.embedded.clients.pointing import Clients, over_grpc, over_rest
from tests.embedded.world import DOCKER, World, target

NAMES = [
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
    (r"operations/build/[\w-]+/[\w=-]+", "BUILD OPERATION"),
    (r'\\"[\w=-]+\\"', "ETAG"),
    (r"127\.0\.0\.1:\d+", "ADDRESS"),
    (r"\b\d{12}\b", "PROJECT NUMBER"),
    (r"completed in \d+\.\d\ds", "completed"),
    (r"by-(grpc|rest)", "by"),
]
"""What is never the same twice, and what it is called here."""


Call = tuple[str, str, dict[str, Any]]
"""Client, method, request."""


def calls(place: str, image: str) -> Iterator[Call]:
    """A life of a service and of a build, with a mistake at every turn."""
    name = f"{place}/services/twin"
    yield from creating(place, image)
    yield from reading(place)
    yield from updating(name, image)
    yield from looking(place)
    yield from building(place.split("/")[1])
    for etag in ('"stale"', "", ""):
        yield "services", "delete_service", {"name": name, "etag": etag}


def creating(place: str, image: str) -> Iterator[Call]:
    """Until there is one, and once more."""
    template = {"revision": "twin-v1", "containers": [{"image": image}]}
    good = {"parent": place, "service_id": "twin", "service": {"template": template}}
    system = {"template": template, "labels": {"run.googleapis.com/x": "y"}}
    yield "services", "get_service", {"name": f"{place}/services/twin"}
    for request in (
        good | {"service_id": "Twin"},
        good | {"service": {}},
        good | {"service": system},
        good | {"validate_only": True},
        good,
        good,
    ):
        yield "services", "create_service", request
    yield "services", "get_service", {"name": f"{place}/services/twin"}


def reading(place: str) -> Iterator[Call]:
    """Lists, with what a list may be asked."""
    elsewhere = f"{place.rpartition('/')[0]}/-"
    for request in (
        {"parent": place},
        {"parent": elsewhere},
        {"parent": place, "page_size": -1},
        {"parent": place, "page_token": "stale"},
    ):
        yield "services", "list_services", request


def updating(name: str, image: str) -> Iterator[Call]:
    """Traffic, masks, etags, templates."""
    other = {"revision": "twin-v1", "containers": [{"image": image, "args": ["x"]}]}
    for mask, fields in (
        ("traffic", {"traffic": [target("twin-v1", 90)]}),
        ("traffic", {"traffic": [target("twin-v9", 100)]}),
        ("traffic", {"traffic": [target("twin-v1", 50, "a")] * 2}),
        ("nonsense", {"description": "x"}),
        ("description", {"description": "x", "etag": '"stale"'}),
        ("template", {"template": other}),
        ("traffic", {"traffic": [target("twin-v1", 100, "a")]}),
    ):
        request = {"service": {"name": name, **fields}, "update_mask": {"paths": [mask]}}
        yield "services", "update_service", request
    yield "revisions", "list_revisions", {"parent": name}
    yield "revisions", "get_revision", {"name": f"{name}/revisions/twin-v1"}
    yield "revisions", "get_revision", {"name": f"{name}/revisions/twin-v9"}
    yield "revisions", "delete_revision", {"name": f"{name}/revisions/twin-v1"}


def looking(place: str) -> Iterator[Call]:
    """Operations."""
    for method in ("get_operation", "delete_operation", "wait_operation"):
        yield "services", method, {"name": f"{place}/operations/none"}
    for wanted in ("done=true", "nonsense"):
        yield "services", "list_operations", {"name": place, "filter": wanted}


def building(project: str) -> Iterator[Call]:
    """Builds: none that could succeed."""
    for url, steps in (
        ("", []),
        ("x", []),
        ("/nowhere", [{"name": DOCKER, "args": ["build"]}]),
    ):
        build = {"source": {"git_source": {"url": url}}, "steps": steps}
        yield "builds", "create_build", {"project_id": project, "build": build}
    for wanted in ("", "nonsense("):
        yield "builds", "list_builds", {"project_id": project, "filter": wanted}
    yield "builds", "get_build", {"project_id": project, "id": "none"}
    yield "builds", "cancel_build", {"project_id": project, "id": "none"}


def test_row_49_the_same_calls_get_the_same_answers_over_both_wires(platform: World) -> None:
    """Messages, long-running ends, codes, sentences and details: only what is drawn by lot differs."""
    found = {}
    for wire, pointed in {"by-grpc": over_grpc, "by-rest": over_rest}.items():
        clients = pointed(platform.endpoint)
        asked = calls(f"projects/{wire}/locations/europe-west1", platform.image)
        found[wire] = [said(clients, *call) for call in asked]
        clients.close()
    for by_grpc, by_rest in zip(found["by-grpc"], found["by-rest"], strict=True):
        assert by_grpc == by_rest
    assert sum("refused" in one for one in found["by-grpc"]) > 20


def said(clients: Clients, client: str, method: str, request: dict[str, Any]) -> str:
    """The answer to one call, or its refusal, as text without what differs from run to run."""
    try:
        answer = getattr(getattr(clients, client), method)(request)
    except exceptions.GoogleAPICallError as error:
        told: Any = {"refused": refusal(error)}
    else:
        told = {"answered": shown(settled(clients, answer))}
    text = json.dumps([method, told], sort_keys=True, ensure_ascii=False)
    for pattern, name in NAMES:
        text = re.sub(pattern, name, text)
    return text


def settled(clients: Clients, answer: Any) -> Any:
    """What an operation ends with, where the answer is one; a page's own message, where it is a list."""
    if hasattr(answer, "operation"):
        if answer.operation.name.startswith("projects/") and not answer.operation.done:
            return clients.wait(answer.operation.name)
        answer.exception(timeout=20)  # as the client itself waits, which is slower
        return answer.operation
    return getattr(answer, "_response", answer)


def shown(answer: Any) -> Any:
    """A message as JSON spells it."""
    if answer is None:
        return None
    message = answer if isinstance(answer, Message) else type(answer).pb(answer)
    return json_format.MessageToDict(message)


def refusal(error: exceptions.GoogleAPICallError) -> dict[str, Any]:
    """Status, sentence and details, from wherever a wire carries them."""
    if hasattr(error.response, "json"):
        found: dict[str, Any] = error.response.json()["error"]
        return {key: found.get(key) for key in ("status", "message", "details")}
    details = [json_format.MessageToDict(wrapped(one)) for one in error.details]
    assert error.grpc_status_code
    return {
        "status": error.grpc_status_code.name,
        "message": error.message,
        "details": details or None,
    }
