"""Services and revisions as v1 tells them: ``metadata``, ``spec``, ``status``.

What it is not: a second state. Everything is made from the message of v2 and from the annotations that
v2 has no field for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from google.protobuf import json_format
from google.protobuf.message import Message

from relman.embedded.control.revisions import short
from relman.embedded.wire.v1 import meanings, templates
from relman.embedded.wire.v1.conditions import conditions
from relman.embedded.wire.v1.places import Json, find
from relman.embedded.wire.v1.reading import TYPE, VERSION

LOCATION = "cloud.googleapis.com/location"
CREATOR, MODIFIER = "serving.knative.dev/creator", "serving.knative.dev/lastModifier"


class Beside(NamedTuple):
    """What v2 does not tell of a service.

    Attributes:
        annotations: The system's that a v1 client sent for the service.
        of_template: Likewise for the template.
        operation: The last operation of the service, its short name; empty if none is known.
    """

    annotations: Mapping[str, str] = {}
    of_template: Mapping[str, str] = {}
    operation: str = ""


def as_json(message: Message) -> Json:
    """A message of v2 as JSON."""
    made: Json = json_format.MessageToDict(message)
    return made


def service(message: Message, beside: Beside) -> Json:
    """A service, as v1 tells it."""
    given = as_json(message)
    return {
        "apiVersion": VERSION,
        "kind": "Service",
        "metadata": _metadata(given, "services") | {"annotations": _annotations(given, beside)},
        "spec": {"template": _template(given, beside), "traffic": [_target(one) for one in given["traffic"]]},
        "status": _status(given, message),
    }


def _metadata(given: Json, kind: str) -> Json:
    """What every object of v1 has; the namespace is the project, as the client calls it."""
    parts = given["name"].split("/")
    made = {
        "name": parts[-1],
        "namespace": parts[1],
        "selfLink": f"/apis/{VERSION}/namespaces/{parts[1]}/{kind}/{parts[-1]}",
        "uid": given["uid"],
        "resourceVersion": given.get("etag", "").strip('"'),
        "generation": int(given.get("generation", 0)),
        "creationTimestamp": given["createTime"],
        "labels": given.get("labels", {}) | {LOCATION: parts[3]},
    }
    return made | ({"deletionTimestamp": given["deleteTime"]} if "deleteTime" in given else {})


def _annotations(given: Json, beside: Beside) -> dict[str, str]:
    if find(given, "binaryAuthorization.useDefault"):
        given = given | {"binaryAuthorization": given["binaryAuthorization"] | {"policy": "default"}}
    told = {
        CREATOR: given.get("creator", ""),
        MODIFIER: given.get("lastModifier", ""),
        f"{meanings.RUN}operation-id": beside.operation,
        f"{meanings.RUN}urls": json.dumps(given["urls"]) if given.get("urls") else "",
    }
    system = meanings.written(given, meanings.SERVICE, beside.annotations)
    told[f"{meanings.RUN}ingress-status"] = system.get(f"{meanings.RUN}ingress", "")
    own: dict[str, str] = given.get("annotations", {})
    return own | system | {key: text for key, text in told.items() if text}


def _template(given: Json, beside: Beside) -> Json:
    template = given["template"]
    made = templates.written(template, beside.of_template)
    labels = template.get("labels", {}) | templates.label(template)
    metadata = {"labels": labels, "annotations": made["annotations"]}
    named = {"name": template["revision"]} if template.get("revision") else {}
    found = named | {name: value for name, value in metadata.items() if value}
    return ({"metadata": found} if found else {}) | {"spec": made["spec"]}


def _target(given: Json) -> Json:
    made: Json = {name: given[name] for name in ("percent", "tag") if name in given}
    if given.get("type") == f"{TYPE}REVISION":
        return made | {"revisionName": given.get("revision", "")}
    return made | {"latestRevision": True}


def _status(given: Json, message: Message) -> Json:
    """``observedGeneration`` catches up also when a change has failed: ``Ready`` tells how it came out."""
    seen = given.get("observedGeneration", 0) if given.get("reconciling") else given.get("generation", 0)
    latest = short(given.get("latestReadyRevision", ""))
    made: Json = {
        "observedGeneration": int(seen),
        "conditions": conditions([message.terminal_condition, *message.conditions]),
        "latestCreatedRevisionName": short(given.get("latestCreatedRevision", "")),
        "latestReadyRevisionName": latest,
        "traffic": [_served(one, latest) for one in given.get("trafficStatuses", [])],
        "url": given.get("uri", ""),
    }
    found = {name: value for name, value in made.items() if value}
    return found | ({"address": {"url": given["uri"]}} if given.get("uri") else {})


def _served(given: Json, latest: str) -> Json:
    """In the status an entry always names its revision."""
    made = _target(given) | ({"url": given["uri"]} if given.get("uri") else {})
    return made if "revisionName" in made else made | {"revisionName": latest}


def revision(message: Message, service_uid: str, sent: Mapping[str, str]) -> Json:
    """A revision, as v1 tells it."""
    given = as_json(message)
    of, generation = short(given["service"]), given.get("generation", 0)
    made = templates.written(given, sent)
    metadata = _metadata(given, "revisions")
    metadata["annotations"] = made["annotations"] | {CREATOR: given.get("creator", "")}
    metadata["labels"] |= templates.label(given) | {
        "serving.knative.dev/configuration": of,
        "serving.knative.dev/configurationGeneration": str(generation),
        "serving.knative.dev/service": of,
        "serving.knative.dev/serviceUid": service_uid,
    }
    metadata["ownerReferences"] = [_owner(of, service_uid)]
    return {
        "apiVersion": VERSION,
        "kind": "Revision",
        "metadata": metadata,
        "spec": made["spec"],
        "status": _revision_status(given, message),
    }


def _owner(of: str, uid: str) -> Json:
    reference: dict[str, Any] = {"apiVersion": VERSION, "kind": "Configuration", "name": of, "uid": uid}
    return reference | {"controller": True, "blockOwnerDeletion": True}


def _revision_status(given: Json, message: Message) -> Json:
    containers = given.get("containers", [])
    digests = [one["image"] if "@" in one["image"] else "" for one in containers]
    made: Json = {
        "observedGeneration": int(given.get("observedGeneration", 0)),
        "conditions": conditions(message.conditions),
        "logUrl": given.get("logUri", ""),
        "imageDigest": digests[0] if digests else "",
        "containerStatuses": [
            {"name": one.get("name", ""), "imageDigest": digest}
            for one, digest in zip(containers, digests, strict=True)
        ],
    }
    return {name: value for name, value in made.items() if value}


def halves(told: Json) -> tuple[Json, Json]:
    """The configuration and the route that a service of v1 consists of.

    Source: https://github.com/knative/specs/blob/main/specs/serving/overview.md.
    """
    metadata = {name: value for name, value in told["metadata"].items() if name != "selfLink"}
    status = told["status"]

    def half(kind: str, spec: str, condition: str, names: tuple[str, ...]) -> Json:
        found = [one | {"type": "Ready"} for one in status["conditions"] if one["type"] == condition]
        shown = {name: status[name] for name in ("observedGeneration", *names) if name in status}
        head = {"apiVersion": VERSION, "kind": kind, "metadata": metadata}
        return head | {"spec": {spec: told["spec"][spec]}, "status": shown | {"conditions": found}}

    latest = ("latestCreatedRevisionName", "latestReadyRevisionName")
    return (
        half("Configuration", "template", "ConfigurationsReady", latest),
        half("Route", "traffic", "RoutesReady", ("traffic", "url", "address")),
    )
