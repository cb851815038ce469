"""The protobuf messages that the platform speaks: Google's own classes, as they are on the wire.

What it is not: a model of ours. The official packages ship proto-plus wrappers; the platform works
on the plain messages inside them, because these copy, merge and serialise without a second layer.
"""

from __future__ import annotations

import hashlib
from typing import Any

from google.cloud.devtools.cloudbuild_v1.types import cloudbuild
from google.cloud.run_v2.types import condition, k8s_min, revision, revision_template, service, traffic_target
from google.cloud.secretmanager_v1.types import resources as secret_resources
from google.cloud.secretmanager_v1.types import service as secret_service
from google.iam.v1 import policy_pb2
from google.longrunning import operations_pb2
from google.protobuf.any_pb2 import Any as Wrapped
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2


def plain(wrapper: Any) -> Any:  # noqa: ANN401 - proto-plus classes
    """The protobuf class inside a proto-plus class."""
    return type(wrapper.pb(wrapper()))


Service = plain(service.Service)
CreateServiceRequest = plain(service.CreateServiceRequest)
GetServiceRequest = plain(service.GetServiceRequest)
ListServicesRequest = plain(service.ListServicesRequest)
ListServicesResponse = plain(service.ListServicesResponse)
UpdateServiceRequest = plain(service.UpdateServiceRequest)
DeleteServiceRequest = plain(service.DeleteServiceRequest)
Revision = plain(revision.Revision)
RevisionTemplate = plain(revision_template.RevisionTemplate)
GetRevisionRequest = plain(revision.GetRevisionRequest)
ListRevisionsRequest = plain(revision.ListRevisionsRequest)
ListRevisionsResponse = plain(revision.ListRevisionsResponse)
DeleteRevisionRequest = plain(revision.DeleteRevisionRequest)
TrafficTarget = plain(traffic_target.TrafficTarget)
Condition = plain(condition.Condition)
Container = plain(k8s_min.Container)
Build = plain(cloudbuild.Build)
BuildOperationMetadata = plain(cloudbuild.BuildOperationMetadata)
CreateBuildRequest = plain(cloudbuild.CreateBuildRequest)
GetBuildRequest = plain(cloudbuild.GetBuildRequest)
ListBuildsRequest = plain(cloudbuild.ListBuildsRequest)
ListBuildsResponse = plain(cloudbuild.ListBuildsResponse)
CancelBuildRequest = plain(cloudbuild.CancelBuildRequest)
Secret = plain(secret_resources.Secret)
SecretVersion = plain(secret_resources.SecretVersion)
SecretPayload = plain(secret_resources.SecretPayload)
CreateSecretRequest = plain(secret_service.CreateSecretRequest)
GetSecretRequest = plain(secret_service.GetSecretRequest)
ListSecretsRequest = plain(secret_service.ListSecretsRequest)
ListSecretsResponse = plain(secret_service.ListSecretsResponse)
DeleteSecretRequest = plain(secret_service.DeleteSecretRequest)
AddSecretVersionRequest = plain(secret_service.AddSecretVersionRequest)
GetSecretVersionRequest = plain(secret_service.GetSecretVersionRequest)
ListSecretVersionsRequest = plain(secret_service.ListSecretVersionsRequest)
ListSecretVersionsResponse = plain(secret_service.ListSecretVersionsResponse)
AccessSecretVersionRequest = plain(secret_service.AccessSecretVersionRequest)
AccessSecretVersionResponse = plain(secret_service.AccessSecretVersionResponse)
EnableSecretVersionRequest = plain(secret_service.EnableSecretVersionRequest)
DisableSecretVersionRequest = plain(secret_service.DisableSecretVersionRequest)
DestroySecretVersionRequest = plain(secret_service.DestroySecretVersionRequest)
Operation = operations_pb2.Operation
Policy = policy_pb2.Policy
Status = status_pb2.Status
BadRequest = error_details_pb2.BadRequest

# proto-plus enumerations are known to a type checker as plain numbers only.
State: Any = condition.Condition.State
Severity: Any = condition.Condition.Severity
CommonReason: Any = condition.Condition.CommonReason
RevisionReason: Any = condition.Condition.RevisionReason
Allocation: Any = traffic_target.TrafficTargetAllocationType
BuildOptions: Any = cloudbuild.BuildOptions
SecretState: Any = secret_resources.SecretVersion.State
BuildStatus: Any = cloudbuild.Build.Status
FailureType: Any = cloudbuild.Build.FailureInfo.FailureType


def wrapped(message: Message) -> Wrapped:
    """A message as an ``Any`` that carries its type, as operations and errors do."""
    envelope = Wrapped()
    envelope.Pack(message)
    return envelope


def fingerprint(message: Message) -> str:
    """SHA-256 of a message's deterministic serialisation: equal content, equal fingerprint."""
    return hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()
