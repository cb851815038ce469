"""What the platform says no with: Google's canonical errors, in Cloud Run's own words.

What it is not: a transport. Each refusal is an exception of ``google.api_core``, which knows its
HTTP number and its gRPC status; the REST and the gRPC adapter write it down.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions

from relman.embedded.resources.messages import BadRequest

Refusal = exceptions.GoogleAPICallError


def invalid(field: str, message: str) -> Refusal:
    """INVALID_ARGUMENT with the field that offends, as ``google.rpc.BadRequest`` names it.

    A message that begins with the field has the rest as its description, as Google's have.
    """
    violation = BadRequest.FieldViolation(field=field, description=message.removeprefix(f"{field}: "))
    return _refusal(exceptions.InvalidArgument, message, BadRequest(field_violations=[violation]))


@contextmanager
def violations(request: str) -> Iterator[None]:
    """Say of which request the offending field is, as Cloud Run does: ``Violation in REQUEST.service.…``.

    Args:
        request: ``CreateServiceRequest``, say; rules know only ``service.…``, and begin with it.
    """
    try:
        yield
    except exceptions.InvalidArgument as error:
        field = error.details[0].field_violations[0].field
        if not error.message.startswith("service."):
            raise
        raise invalid(f"Violation in {request}.{field}", f"Violation in {request}.{error.message}") from error


def unreadable(message: str) -> Refusal:
    """INVALID_ARGUMENT for a request that is no message at all."""
    return _refusal(exceptions.InvalidArgument, f"Invalid JSON payload received. {message}", BadRequest())


def undecodable(kind: str) -> Refusal:
    """INVALID_ARGUMENT for bytes that are no message of a kind, named in full."""
    return _refusal(exceptions.InvalidArgument, f"The request is no valid {kind}.", BadRequest())


def missing(name: str, kind: str) -> Refusal:
    """NOT_FOUND for a resource of Cloud Run (row 3)."""
    parts = name.split("/")
    project, region = (parts[1], parts[3]) if len(parts) > 3 else ("", "")  # noqa: PLR2004 - projects/P/locations/L
    return absent(
        f"Resource '{parts[-1]}' of kind '{kind}' in region '{region}' in project '{project}' does not exist."
    )


def absent(message: str) -> Refusal:
    """NOT_FOUND for anything else."""
    return _refusal(exceptions.NotFound, message)


def unoffered(message: str) -> Refusal:
    """UNIMPLEMENTED: the platform does not do that, whoever asks."""
    return _refusal(exceptions.MethodNotImplemented, message)


def unmet(message: str) -> Refusal:
    """FAILED_PRECONDITION: not in the state that things are in."""
    return _refusal(exceptions.FailedPrecondition, message)


def stale() -> Refusal:
    """ABORTED: the etag is not the one that stands (row 24)."""
    return _refusal(
        exceptions.Aborted,
        "Conflict for the resource: the etag does not match the current one. Read it again and retry.",
    )


def conflicting() -> Refusal:
    """ABORTED: somebody else has written the policy since it was read."""
    return _refusal(
        exceptions.Aborted,
        "There were concurrent policy changes. Please retry the whole read-modify-write with exponential "
        "backoff.",
    )


def taken(name: str) -> Refusal:
    """ALREADY_EXISTS for a service (row 2)."""
    return present(f"Resource '{name}' already exists.")


def present(message: str) -> Refusal:
    """ALREADY_EXISTS for anything else."""
    return _refusal(exceptions.AlreadyExists, message)


def exhausted(message: str) -> Refusal:
    """RESOURCE_EXHAUSTED: there are as many as there may be (row 40)."""
    return _refusal(exceptions.ResourceExhausted, message)


def differs(revision: str) -> Refusal:
    """ALREADY_EXISTS: a revision's name stands for one content only (row 13)."""
    message = f"Revision named '{revision}' with different configuration already exists."
    return _refusal(exceptions.AlreadyExists, message)


def broken() -> Refusal:
    """INTERNAL: our own mistake; what it was stands in the log."""
    return _refusal(exceptions.InternalServerError, "Internal error: see the platform's log.")


def demanded(code: str, message: str) -> Refusal:
    """Any canonical code by its name, because somebody wanted to see it (``faults``)."""
    import grpc

    made: Refusal = exceptions.from_grpc_status(grpc.StatusCode[code], message)  # type: ignore[no-untyped-call]
    return made


def _refusal(kind: type[Refusal], message: str, *details: object) -> Refusal:
    return kind(message, details=details)
