"""IAM policies of services: kept, and told as they were written.

What it is not: a guard. The platform asks nobody who they are, so it enforces no policy: a service without
``allUsers`` as ``roles/run.invoker`` answers here, where Google answers 403 to a request without a token.
Whoever asks which permissions they have is told that they have all.

Source: https://cloud.google.com/iam/docs/reference/rest/v1/Policy; refusals are in the words of Google's IAM.
"""

from __future__ import annotations

import re
import secrets

from google.iam.v1 import iam_policy_pb2
from google.protobuf.message import Message

from relman.embedded.resources.messages import Policy
from relman.embedded.resources.refusals import conflicting, invalid, missing
from relman.embedded.resources.shelf import Shelf

KIND = "policy"
UNWRITTEN = b"\x00\x20\x01"
"""The etag of a policy that nobody has written yet; it reads ``ACAB`` in JSON, as Google's does."""
ROLE = re.compile(r"(?:(?:projects|organizations)/[^/]+/)?roles/[\w.]+")
MEMBER = re.compile(r"allUsers|allAuthenticatedUsers|[A-Za-z]+:.+")


class Policies:
    """The policy of every service.

    Args:
        services: Whose policies these are; in their store they are kept.
    """

    def __init__(self, services: Shelf) -> None:
        """Nothing is read yet."""
        self._services = services

    def get_iam_policy(self, request: Message) -> Message:
        """The policy as it stands; one without bindings where none was written."""
        uid = self._uid(request.resource)
        row = self._services.store.find(KIND, request.resource)
        # A service of the same name that was made anew has none of the old one's.
        return Policy.FromString(row.body) if row and row.facts["uid"] == uid else Policy(etag=UNWRITTEN)

    def set_iam_policy(self, request: Message) -> Message:
        """Write a policy whole; with an etag only over the one it was read from."""
        standing, wanted = self.get_iam_policy(request), Policy()
        if request.policy.etag not in {b"", standing.etag}:
            raise conflicting()
        wanted.CopyFrom(request.policy)
        _check(wanted)
        conditional = any(one.HasField("condition") for one in wanted.bindings)
        # A client says 3 to say that it knows conditions (gcloud does); a policy without any is told as 1.
        wanted.version, wanted.etag = 3 if conditional else 1, secrets.token_bytes(8)
        facts = {"uid": self._uid(request.resource)}
        self._services.store.put(KIND, request.resource, wanted.SerializeToString(), facts)
        return wanted

    def test_iam_permissions(self, request: Message) -> Message:
        """Everything that is asked for is allowed, also on a service that is yet to be made.

        It is no error that there is none (``google/iam/v1/iam_policy.proto``), and gcloud asks before it
        creates one whether it may let everybody in.
        """
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=request.permissions)

    def _uid(self, service: str) -> str:
        entry = self._services.find(service)
        if entry is None:
            raise missing(service, "SERVICE")
        return str(entry.message.uid)


def _check(policy: Message) -> None:
    """Refuse what is no role or no member.

    Raises:
        InvalidArgument: Names it.
    """
    for binding in policy.bindings:
        if not ROLE.fullmatch(binding.role):
            raise invalid("policy.bindings.role", f"Role {binding.role} is not supported for this resource.")
        for member in binding.members:
            if not MEMBER.fullmatch(member):
                raise invalid("policy.bindings.members", _untyped(member))


def _untyped(member: str) -> str:
    return (
        f"The member {member} is of an unknown type. Please set a valid type prefix for the member: "
        "such as 'user:' or 'serviceAccount:'."
    )
