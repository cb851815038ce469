"""What the platform says no with: Google's canonical errors, in Cloud Run's own words.

What it is not: a transport. Each refusal is an exception of ``google.api_core``, which knows its
HTTP number and its gRPC status; the REST and, later, the gRPC adapter write it down.
"""

from __future__ import annotations

from google.api_core import exceptions

from relman.embedded.messages import BadRequest


def invalid(field: str, message: str) -> exceptions.InvalidArgument:
    """INVALID_ARGUMENT with the field that offends, as ``google.rpc.BadRequest`` names it."""
    violation = BadRequest.FieldViolation(field=field, description=message)
    return exceptions.InvalidArgument(message, details=[BadRequest(field_violations=[violation])])


def missing(name: str, kind: str) -> exceptions.NotFound:
    """NOT_FOUND for a resource of Cloud Run (row 3)."""
    parts = name.split("/")
    project, region = (parts[1], parts[3]) if len(parts) > 3 else ("", "")  # noqa: PLR2004 - projects/P/locations/L
    return exceptions.NotFound(
        f"Resource '{parts[-1]}' of kind '{kind}' in region '{region}' in project '{project}' does not exist."
    )


def stale() -> exceptions.Aborted:
    """ABORTED: the etag is not the one that stands (row 24)."""
    return exceptions.Aborted(
        "Conflict for the resource: the etag does not match the current one. Read it again and retry."
    )


def taken(name: str) -> exceptions.AlreadyExists:
    """ALREADY_EXISTS for a service (row 2)."""
    return exceptions.AlreadyExists(f"Resource '{name}' already exists.")


def differs(revision: str) -> exceptions.AlreadyExists:
    """ALREADY_EXISTS: a revision's name stands for one content only (row 13)."""
    return exceptions.AlreadyExists(
        f"Revision named '{revision}' with different configuration already exists."
    )
