"""Conditions: how a service and a revision tell how they are (rows 18 to 23 of the semantics).

What it is not: a decision. The reconciler decides; here it is put into Google's words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.message import Message

from relman.embedded.resources.messages import (
    CommonReason,
    Condition,
    RevisionReason,
    Severity,
    State,
    Status,
)

DONE, FAILED, BUSY = State.CONDITION_SUCCEEDED, State.CONDITION_FAILED, State.CONDITION_RECONCILING
RETIRED = "Revision retired."


@dataclass(frozen=True)
class Trouble:
    """Why a revision cannot serve.

    Attributes:
        message: The sentence for people.
        reason: The canonical reason, common or the revision's own.
    """

    message: str
    reason: int = RevisionReason.HEALTH_CHECK_CONTAINER_ERROR


@dataclass(frozen=True)
class Failure:
    """Why a change of a service came to nothing.

    Attributes:
        code: Of its operation's error, a ``google.rpc.Code``.
        trouble: What the service's conditions tell.
    """

    code: int
    trouble: Trouble

    @property
    def status(self) -> Message:
        """The operation's error."""
        return Status(code=self.code, message=self.trouble.message)


def condition(kind: str, state: int, at: datetime, trouble: Trouble | None = None) -> Message:
    """One condition; only a failure or a wait has a message and a reason."""
    made = Condition(type_=kind, state=state)
    made.last_transition_time.FromDatetime(at)
    if trouble:
        made.message = trouble.message
        own = isinstance(trouble.reason, RevisionReason)
        setattr(made, "revision_reason" if own else "reason", trouble.reason)
    return made


def _as_information(made: Message) -> Message:
    """The same condition, whose failure is no failure of the revision (row 21)."""
    made.severity = Severity.INFO
    return made


def _write(revision: Message, conditions: Iterable[Message], *, reconciling: bool) -> None:
    del revision.conditions[:]
    revision.conditions.extend(conditions)
    revision.reconciling = reconciling


def revision_waits(revision: Message, at: datetime) -> None:
    """The revision is on its way up."""
    kinds = ("Ready", "ContainerReady", "ResourcesAvailable", "ContainerHealthy", "Active")
    _write(revision, [condition(kind, BUSY, at) for kind in kinds], reconciling=True)


def revision_serves(revision: Message, at: datetime, imported: float, provisioned: float) -> None:
    """The revision is up. Seconds are told as Google tells them (row 20)."""
    conditions = [condition(kind, DONE, at) for kind in ("Ready", "ContainerHealthy", "Active")]
    image, resources = (condition(kind, DONE, at) for kind in ("ContainerReady", "ResourcesAvailable"))
    image.message = f"Container image import completed in {imported:.2f}s."
    resources.message = f"Provisioning imported containers completed in {provisioned:.2f}s."
    minimum = condition("MinInstancesProvisioned", DONE, at)
    _write(revision, [*conditions, image, resources, minimum], reconciling=False)
    revision.observed_generation = revision.generation


def revision_warms(revision: Message, at: datetime) -> None:
    """An instance is up, and more are on their way to the revision's minimum (row 44)."""
    warming = Trouble("Minimum instances are being started.", RevisionReason.MIN_INSTANCES_WARMING)
    waiting = [condition(kind, BUSY, at) for kind in ("Ready", "Active")]
    done = [
        condition(kind, DONE, at) for kind in ("ContainerReady", "ResourcesAvailable", "ContainerHealthy")
    ]
    minimum = condition("MinInstancesProvisioned", BUSY, at, warming)
    _write(revision, [*waiting, *done, minimum], reconciling=True)


def revision_fails(revision: Message, at: datetime, trouble: Trouble) -> None:
    """The revision cannot start; where it broke depends on the reason (rows 22 and 23)."""
    broken = "ContainerReady" if isinstance(trouble.reason, CommonReason) else "ContainerHealthy"
    failed = [condition(kind, FAILED, at, trouble) for kind in ("Ready", broken)]
    _write(revision, failed, reconciling=False)


def revision_retires(revision: Message, at: datetime) -> None:
    """Nothing goes to the revision any more; ``Active`` FAILED is no failure (row 21)."""
    retired = Trouble(RETIRED, RevisionReason.RETIRED)
    ready = condition("Ready", DONE, at)
    ready.revision_reason = RevisionReason.RETIRED
    active = _as_information(condition("Active", FAILED, at, retired))
    unprovisioned = Trouble(
        "Minimum instances are not provisioned.", RevisionReason.MIN_INSTANCES_NOT_PROVISIONED
    )
    minimum = _as_information(condition("MinInstancesProvisioned", FAILED, at, unprovisioned))
    kept = [one for one in revision.conditions if one.type_ in {"ContainerReady", "ResourcesAvailable"}]
    _write(revision, [ready, active, minimum, *kept], reconciling=False)


def revision_crashed(revision: Message, at: datetime, message: str) -> None:
    """A serving process died and is started again: ``ContainerHealthy`` and ``Retry`` say so."""
    healthy = condition("ContainerHealthy", FAILED, at, Trouble(message))
    healthy.severity = Severity.WARNING
    kept = [one for one in revision.conditions if one.type_ not in {"ContainerHealthy", "Retry"}]
    _write(revision, [*kept, healthy, *_retry(message, at)], reconciling=False)


def _retry(message: str, at: datetime) -> list[Message]:
    """What says that something is tried again, which is no failure; nothing when there is nothing to say."""
    trouble = Trouble(message, CommonReason.IMMEDIATE_RETRY)
    return [_as_information(condition("Retry", BUSY, at, trouble))] if message else []


def ready_of(revision: Message) -> Message:
    """The ``Ready`` condition, empty when there is none."""
    return next((one for one in revision.conditions if one.type_ == "Ready"), Condition())


def trouble_of(revision: Message) -> Trouble:
    """Why a revision that failed did, in its own words and with its own reason."""
    ready = ready_of(revision)
    own = ready.WhichOneof("reasons") == "revision_reason"
    reason = RevisionReason(ready.revision_reason) if own else CommonReason(ready.reason)
    return Trouble(str(ready.message), reason)


def failed(revision: Message) -> bool:
    """The revision could not start."""
    return bool(ready_of(revision).state == FAILED)


def well(revision: Message) -> bool:
    """The revision serves, and there is nothing else to say of it."""
    troubled = any(one.type_ == "Retry" or one.state == FAILED for one in revision.conditions)
    return bool(ready_of(revision).state == DONE) and not troubled and not retired(revision)


def pending(revision: Message) -> bool:
    """The revision has not settled yet."""
    return ready_of(revision).state not in {DONE, FAILED}


def retired(revision: Message) -> bool:
    """The revision once served, and nothing goes to it now."""
    return bool(ready_of(revision).revision_reason == RevisionReason.RETIRED)


def crash_of(revision: Message) -> str:
    """How the process of a serving revision ended that is not up again yet; empty when none did."""
    retry = next((one for one in revision.conditions if one.type_ == "Retry"), Condition())
    return str(retry.message)


def service_tells(
    service: Message, at: datetime, routes: Message, configurations: Message, crash: str | None = None
) -> None:
    """``Ready`` is what the worse of the two halves says (row 19); a crash is told beside it.

    Args:
        service: Written to.
        at: The current time.
        routes: The half that traffic tells.
        configurations: The half that the latest created revision tells.
        crash: How a serving process ended that is not up again yet; None for what is told already.
    """
    halves = [routes, configurations]
    told = [one for one in service.conditions if one.type_ == "Retry"] if crash is None else _retry(crash, at)
    for one in [*halves, *told]:
        _keep_time(service.conditions, one)
    del service.conditions[:]
    service.conditions.extend([*halves, *told])
    worst = next((one for one in halves if one.state == BUSY), None)
    worst = worst or next((one for one in halves if one.state == FAILED), routes)
    ready = Condition()
    ready.CopyFrom(worst)
    ready.type_ = "Ready"
    ready.last_transition_time.FromDatetime(at)
    _keep_time([service.terminal_condition], ready)
    service.terminal_condition.CopyFrom(ready)
    service.reconciling = worst.state == BUSY


def _keep_time(old: Iterable[Message], new: Message) -> None:
    """A condition that says what it said before has not changed since."""
    for one in old:
        if (one.type_, one.state, one.message) == (new.type_, new.state, new.message):
            new.last_transition_time.CopyFrom(one.last_transition_time)
