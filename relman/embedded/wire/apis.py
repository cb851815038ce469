"""The APIs that are served: which of Google's services, and which of their methods, said once for every wire.

What it is not: a wire. gRPC takes its names from here, REST the messages and where the rules stand. To serve
one more, add a row here and the object that answers it in ``platform``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.cloud.devtools.cloudbuild_v1.services.cloud_build.transports.rest_base import (
    _BaseCloudBuildRestTransport,
)
from google.cloud.run_v2.services.revisions.transports.rest_base import _BaseRevisionsRestTransport
from google.cloud.run_v2.services.services.transports.rest_base import _BaseServicesRestTransport
from google.cloud.secretmanager_v1.services.secret_manager_service.transports.rest_base import (
    _BaseSecretManagerServiceRestTransport,
)
from google.iam.v1 import iam_policy_pb2
from google.longrunning import operations_pb2
from google.protobuf.message import Message

from relman.embedded.resources import messages


@dataclass(frozen=True)
class Api:
    """One of Google's services, as far as it is served.

    Attributes:
        service: Its whole name, as gRPC and the reference spell it.
        requests: What each served method takes: a protobuf class, by the method's name.
        rules: The official client's REST base transport, whose private classes hold the ``http`` rules;
            None for a service without any.
    """

    service: str
    requests: Mapping[str, type[Message]]
    rules: Any = None


def _taking(source: object, *names: str) -> dict[str, type[Message]]:
    """Methods by name; what one takes is called after it."""
    return {name: getattr(source, f"{name}Request") for name in names}


APIS: dict[str, Api] = {
    "services": Api(
        "google.cloud.run.v2.Services",
        _taking(messages, "CreateService", "GetService", "ListServices", "UpdateService", "DeleteService"),
        _BaseServicesRestTransport,
    ),
    "policies": Api(
        "google.cloud.run.v2.Services",
        _taking(iam_policy_pb2, "GetIamPolicy", "SetIamPolicy", "TestIamPermissions"),
        _BaseServicesRestTransport,
    ),
    "revisions": Api(
        "google.cloud.run.v2.Revisions",
        _taking(messages, "GetRevision", "ListRevisions", "DeleteRevision"),
        _BaseRevisionsRestTransport,
    ),
    "operations": Api(
        "google.longrunning.Operations",
        _taking(
            operations_pb2,
            "GetOperation",
            "ListOperations",
            "DeleteOperation",
            "WaitOperation",
            "CancelOperation",
        ),
        _BaseServicesRestTransport,
    ),
    "secrets": Api(
        "google.cloud.secretmanager.v1.SecretManagerService",
        _taking(messages, "CreateSecret", "GetSecret", "ListSecrets", "DeleteSecret")
        | _taking(messages, "AddSecretVersion", "GetSecretVersion", "ListSecretVersions")
        | _taking(messages, "AccessSecretVersion", "EnableSecretVersion")
        | _taking(messages, "DisableSecretVersion", "DestroySecretVersion"),
        _BaseSecretManagerServiceRestTransport,
    ),
    "builds": Api(
        "google.devtools.cloudbuild.v1.CloudBuild",
        _taking(messages, "CreateBuild", "GetBuild", "ListBuilds", "CancelBuild"),
        _BaseCloudBuildRestTransport,
    ),
}
"""By the names under which ``Calls`` knows who answers."""
