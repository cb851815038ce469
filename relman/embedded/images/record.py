"""The record of a build: what is written into it as it is taken in, works and ends (rows B2, B3, B4).

What it is not: the build itself, or where it is kept (``builds``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from google.protobuf.message import Message

from relman.embedded.images import substitutions
from relman.embedded.images.construction import Outcome
from relman.embedded.resources.defaults import project_number
from relman.embedded.resources.messages import Build, BuildStatus, FailureType

ENDED = {
    BuildStatus.SUCCESS,
    BuildStatus.FAILURE,
    BuildStatus.INTERNAL_ERROR,
    BuildStatus.TIMEOUT,
    BuildStatus.CANCELLED,
    BuildStatus.EXPIRED,
}
SENT = (
    "source",
    "steps",
    "timeout",
    "images",
    "queue_ttl",
    "tags",
    "substitutions",
    "options",
    "logs_bucket",
    "service_account",
)
"""What a client can say of a build; the rest is the server's."""


LONGEST_S = 3600
"""The documented default of a build's timeout, and of how long it may wait for its turn (row B6)."""


def queued(sent: Message, name: str, at: datetime, log: Callable[[str], Path]) -> Message:
    """A new build as a client sent it, waiting for its turn."""
    _, project, _, _, _, build_id = name.split("/")
    build = Build(name=name, id=build_id, project_id=project, status=BuildStatus.QUEUED)
    for field in SENT:
        value = getattr(sent, field)
        if isinstance(value, str):
            setattr(build, field, value)
        elif not isinstance(value, Message) or sent.HasField(field):
            getattr(build, field).MergeFrom(value)
    build.timeout.seconds = build.timeout.seconds or LONGEST_S
    build.queue_ttl.seconds = build.queue_ttl.seconds or LONGEST_S
    bucket = f"{project_number(project)}.cloudbuild-logs.googleusercontent.com"
    build.logs_bucket = build.logs_bucket or f"gs://{bucket}"
    build.log_url = log(build_id).as_uri()
    build.create_time.FromDatetime(at)
    return build


def works(build: Message, at: datetime) -> None:
    """The build has its turn."""
    build.status = BuildStatus.WORKING
    build.start_time.FromDatetime(at)
    for step in build.steps:
        step.status = BuildStatus.WORKING
        step.timing.start_time.FromDatetime(at)


def ends(build: Message, at: datetime, status: int, outcome: Outcome) -> None:
    """The build has ended, one way or the other."""
    build.status = status
    build.finish_time.FromDatetime(at)
    build.timing["BUILD"].start_time.CopyFrom(build.start_time)
    build.timing["BUILD"].end_time.FromDatetime(at)
    for step in build.steps:
        step.status = status
        step.exit_code = 0 if status == BuildStatus.SUCCESS else 1
        step.timing.end_time.FromDatetime(at)
    build.status_detail = outcome.detail
    if status == BuildStatus.SUCCESS:
        _tell_steps(build)
        _tell_images(build, outcome)
    elif outcome.kind:
        build.failure_info.type_ = FailureType[outcome.kind]
        build.failure_info.detail = outcome.detail


def _tell_steps(build: Message) -> None:
    """In the order of the steps: the builder's digest, and what it wrote (row B3).

    The platform's own builder stands in for all: it has no image, so its digest follows from the
    name that was asked for, and it writes nothing for others to read.
    """
    for step in build.steps:
        build.results.build_step_images.append(f"sha256:{hashlib.sha256(step.name.encode()).hexdigest()}")
        build.results.build_step_outputs.append(b"")


def _tell_images(build: Message, outcome: Outcome) -> None:
    """Only the images that the build lists are results (row B3)."""
    values = substitutions.known(build)
    for listed in build.images:
        image = build.results.images.add(name=substitutions.expanded(listed, values), digest=outcome.digest)
        image.push_timing.CopyFrom(build.timing["BUILD"])
    provenance, source = build.source_provenance, build.source
    if source.HasField("storage_source"):
        provenance.resolved_storage_source.CopyFrom(source.storage_source)
    elif source.HasField("git_source"):
        provenance.resolved_git_source.CopyFrom(source.git_source)
        provenance.resolved_git_source.revision = outcome.commit
