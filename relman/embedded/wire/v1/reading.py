"""A service as a v1 client sends it, turned into the one of v2 that it means.

What it is not: a rule. The core judges what comes out; here only what v1 itself is strict about.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from google.protobuf import json_format
from google.protobuf.message import Message

from relman.embedded.resources.messages import Service
from relman.embedded.resources.refusals import invalid
from relman.embedded.wire.misreading import explain
from relman.embedded.wire.v1 import meanings, templates
from relman.embedded.wire.v1.places import Json, find, known, moved, objects, text, texts

VERSION = "serving.knative.dev/v1"
TYPE = "TRAFFIC_TARGET_ALLOCATION_TYPE_"
TARGET = ("latestRevision", "revisionName", "percent", "tag", "url", "configurationName")


class Sent(NamedTuple):
    """What a client sent.

    Attributes:
        service: As a message of v2; its ``name`` is the short one.
        version: The ``resourceVersion`` that it knows, empty for any.
        annotations: The system's, of the service.
        of_template: The system's, of the template.
    """

    service: Message
    version: str
    annotations: dict[str, str]
    of_template: dict[str, str]


def read(body: Json, project: str) -> Sent:
    """A v1 service as one of v2.

    Raises:
        InvalidArgument: Another kind or place than the request's, or anything that v1 does not take.
    """
    known(body, ("apiVersion", "kind", "metadata", "spec", "status"), "service")
    _check_kind(body)
    metadata = known(body.get("metadata"), METADATA, "metadata")
    if text(metadata.get("namespace"), "metadata.namespace") not in {"", project}:
        sentence = f"metadata.namespace: '{metadata['namespace']}' is not the request's: '{project}'."
        raise invalid("metadata.namespace", sentence)
    where = "metadata.annotations"
    own, system = meanings.divided(texts(metadata.get("annotations"), where), meanings.SERVICE, where)
    made = meanings.read(system, meanings.SERVICE, where)
    labels = templates.plain_labels(texts(metadata.get("labels"), "metadata.labels"))
    made |= {"name": text(metadata.get("name"), "metadata.name"), "annotations": own, "labels": labels}
    _binary_authorization(made)
    of_template = _specification(made, body)
    return Sent(_message(made), str(metadata.get("resourceVersion") or ""), system, of_template)


METADATA = (
    "name",
    "namespace",
    "labels",
    "annotations",
    "resourceVersion",
    "generation",
    "uid",
    "selfLink",
    "creationTimestamp",
    "deletionTimestamp",
)


def _check_kind(body: Json) -> None:
    for name, wanted in (("apiVersion", VERSION), ("kind", "Service")):
        if body.get(name) != wanted:
            raise invalid(name, f"{name}: expected '{wanted}', got '{body.get(name, '')}'.")


def _specification(made: Json, body: Json) -> dict[str, str]:
    spec = known(body.get("spec"), ("template", "traffic"), "spec")
    made["template"], of_template = templates.read(spec.get("template"))
    made["traffic"] = [_target(one) for one in objects(spec.get("traffic"), "spec.traffic")]
    return of_template


def _target(given: Json) -> Json:
    """One traffic target; ``latestRevision`` and ``revisionName`` exclude each other (row 25)."""
    known(given, TARGET, "spec.traffic")
    made = moved(given, {"revisionName": "revision", "percent": "percent", "tag": "tag"})
    if given.get("latestRevision") and given.get("revisionName"):
        raise invalid(
            "spec.traffic",
            "spec.traffic: expected exactly one of latestRevision and revisionName, got both.",
        )
    return made | {"type": TYPE + ("REVISION" if given.get("revisionName") else "LATEST")}


def _binary_authorization(made: Json) -> None:
    """The policy ``default`` is a field of its own in v2."""
    if find(made, "binaryAuthorization.policy") == "default":
        del made["binaryAuthorization"]["policy"]
        made["binaryAuthorization"]["useDefault"] = True


def _message(made: Json) -> Message:
    message: Message = Service()
    try:
        json_format.ParseDict(made, message)
    except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
        raise explain({"service": made}, _Holder, error) from error
    return message


class _Holder:
    """For ``explain``: the service stands in a field of a request there, as REST v2 has it."""

    from relman.embedded.resources.messages import UpdateServiceRequest

    DESCRIPTOR: Any = UpdateServiceRequest.DESCRIPTOR
