"""Which fields of a service are a client's to write, and how an update is laid over what stands.

What it is not: lenient, unless it is told to be faithful. The real API takes an unknown path for no
mask at all and writes the whole sparse resource (row 11); here it is INVALID_ARGUMENT.
"""

from __future__ import annotations

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from relman.embedded.resources.messages import Service
from relman.embedded.resources.refusals import invalid

WRITABLE = (
    "description",
    "labels",
    "annotations",
    "client",
    "client_version",
    "ingress",
    "launch_stage",
    "binary_authorization",
    "template",
    "traffic",
    "scaling",
    "invoker_iam_disabled",
    "default_uri_disabled",
    "iap_enabled",
    "multi_region_settings",
    "custom_audiences",
    "build_config",
)


def written(
    source: Message, target: Message, paths: list[str] | None = None, *, faithful: bool = False
) -> None:
    """Write the client's fields of one service over another; output-only fields stay (row 7).

    Args:
        source: What the client sent.
        target: What stands; changed in place.
        paths: The mask; none, empty or ``*`` means all fields that are the client's.
        faithful: Do as Google does with a path that is no field: write everything.

    Raises:
        InvalidArgument: A path that is no field of a client's.
    """
    asked = [] if not paths or paths == ["*"] else paths
    unknown = [path for path in asked if not _is_known(path)]
    if unknown and not faithful:
        raise invalid(
            "update_mask", f"Invalid path in update_mask: '{unknown[0]}' is not a field that can be updated."
        )
    asked = [] if unknown else asked
    FieldMask(paths=asked or WRITABLE).MergeMessage(source, target, True, True)  # noqa: FBT003 - positional there


def same(one: Message, other: Message) -> bool:
    """Whether two services are equal in all that a client can write."""
    first, second = Service(), Service()
    written(one, first)
    written(other, second)
    return bool(first == second)


def _is_known(path: str) -> bool:
    written_by_clients = path.partition(".")[0] in WRITABLE
    return written_by_clients and bool(FieldMask(paths=[path]).IsValidForDescriptor(Service.DESCRIPTOR))
