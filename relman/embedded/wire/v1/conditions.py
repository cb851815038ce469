"""Conditions in the form of v1: ``True``, ``False`` or ``Unknown``, with a reason of one word.

What it is not: a judgement. It says what v2 says.
"""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.message import Message

from relman.embedded.resources.messages import CommonReason, RevisionReason, Severity, State
from relman.embedded.wire.v1.places import Json

STATUSES = {State.CONDITION_SUCCEEDED: "True", State.CONDITION_FAILED: "False"}
SEVERITIES = {Severity.WARNING: "Warning", Severity.INFO: "Info"}
"""An error needs no severity: it is what a condition without one is."""


def conditions(found: Iterable[Message]) -> list[Json]:
    """Conditions of v2 as those of v1."""
    return [_condition(one) for one in found if one.type_]


def _condition(one: Message) -> Json:
    made = {
        "type": one.type_,
        "status": STATUSES.get(one.state, "Unknown"),
        "lastTransitionTime": one.last_transition_time.ToJsonString(),
        "message": one.message,
        "reason": _reason(one),
        "severity": SEVERITIES.get(one.severity, ""),
    }
    return {name: text for name, text in made.items() if text}


def _reason(one: Message) -> str:
    """``HEALTH_CHECK_CONTAINER_ERROR`` is ``HealthCheckContainerError`` here."""
    kinds = {"reason": CommonReason, "revision_reason": RevisionReason}
    kind = kinds.get(one.WhichOneof("reasons") or "")
    if kind is None:
        return ""
    return "".join(
        part.capitalize() for part in kind(getattr(one, one.WhichOneof("reasons"))).name.split("_")
    )
