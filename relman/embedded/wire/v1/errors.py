"""What the core says no with, said of the places of v1: ``spec.template.spec.containers``, not ``template``.

What it is not: another opinion. Code, status and details stay as they are.
"""

from __future__ import annotations

import re

from google.api_core import exceptions

from relman.embedded.control.revisions import short
from relman.embedded.resources.messages import BadRequest
from relman.embedded.resources.refusals import Refusal

PLACES = {
    r"(?:Violation in )?(?:Create|Update)ServiceRequest\.": "",
    r"\bservice_id\b": "metadata.name",
    r"service\.template\.max_instance_request_concurrency": "spec.template.spec.containerConcurrency",
    r"service\.template\.timeout": "spec.template.spec.timeoutSeconds",
    r"service\.template\.scaling\.(max|min)_instance_count": (
        r"spec.template.metadata.annotations[autoscaling.knative.dev/\1Scale]"
    ),
    r"\bmin_instance_count": "minScale",
    r"service\.template\.revision": "spec.template.metadata.name",
    r"service\.template\.(labels|annotations)": r"spec.template.metadata.\1",
    r"service\.template\.(containers|volumes)": r"spec.template.spec.\1",
    r"service\.(labels|annotations)": r"metadata.\1",
    r"service\.traffic": "spec.traffic",
    r"service\.name": "metadata.name",
}
SNAKE = re.compile(
    r"\b(depends_on|(?:startup|liveness|readiness)_probe|http_get|tcp_socket"
    r"|(?:initial_delay|timeout|period)_seconds|failure_threshold)\b"
)
"""Fields that v2 spells with an underscore in its sentences."""


def of_v1(error: Refusal) -> Refusal:
    """The same refusal in the words of v1."""
    details = [_renamed(one) if isinstance(one, BadRequest) else one for one in error.details]
    return type(error)(_said(error.message), details=details)


def conflict(name: str, sent: str, standing: str) -> Refusal:
    """ABORTED: a ``resourceVersion`` that is not the one that stands (row 24)."""
    return exceptions.Aborted(  # type: ignore[no-untyped-call]
        f"Conflict for resource '{short(name)}': version '{sent}' was specified"
        f" but current version is '{standing}'."
    )


def _renamed(details: BadRequest) -> BadRequest:
    violations = [
        BadRequest.FieldViolation(field=_said(one.field), description=_said(one.description))
        for one in details.field_violations
    ]
    return BadRequest(field_violations=violations)


def _said(text: str) -> str:
    for pattern, place in PLACES.items():
        text = re.sub(pattern, place, text)
    return SNAKE.sub(lambda match: _camel(match[1]), text)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
