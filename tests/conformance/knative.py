"""The v1 wire, which gcloud speaks: Knative's JSON, told to a test in the words of v2.

What it is not: a client. It sends what a test of every wire can say, and reads what such a test looks at.
"""

from __future__ import annotations

import re
import time
from typing import Any

import requests
from google.cloud import run_v2
from google.longrunning import operations_pb2
from google.protobuf import json_format

from tests.conformance.clients import Refused, fields, plain
from tests.conformance.world import Ended, World
from tests.embedded.world import LATEST, REVISION, until

Json = dict[str, Any]
STATES = {
    "True": run_v2.Condition.State.CONDITION_SUCCEEDED,
    "False": run_v2.Condition.State.CONDITION_FAILED,
    "Unknown": run_v2.Condition.State.CONDITION_RECONCILING,
}
STRANGERS = {"run.googleapis.com/invoker-iam-disabled": "true"}


class Knative(World):
    """One test's hands over v1."""

    def begin(self, service_id: str, **service: Any) -> operations_pb2.Operation:
        """Create a service that answers strangers, and do not wait."""
        sent = {"template": self.template(f"{service_id}-v1"), **service}
        metadata: Json = {"name": service_id, "namespace": self.place.project, "annotations": {}}
        made: Json = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": metadata}
        made["spec"] = {}
        _lay(made, sent)
        metadata["annotations"] |= STRANGERS
        return self._begun(self.say("POST", "services", json=made))

    def change(self, service_id: str, *mask: str, etag: str = "", **fields: Any) -> operations_pb2.Operation:
        """Read a service, change it, and put it back."""
        assert not mask, "v1 has no mask"
        standing = self.say("GET", f"services/{service_id}")
        standing.pop("status")
        _lay(standing, fields)
        if etag:
            standing["metadata"]["resourceVersion"] = etag.strip('"')
        return self._begun(self.say("PUT", f"services/{service_id}", json=standing))

    def wait(self, operation: operations_pb2.Operation, seconds: float = 600) -> Ended:
        """Wait until a service says how it is, or is gone: v1's changes have no answer of their own."""
        service_id = operation.name.rpartition("/")[2]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                found = self.say("GET", f"services/{service_id}")
            except Refused as refused:
                if refused.status == "NOT_FOUND":
                    return Ended(0, "", run_v2.Service())
                raise
            if not _is_busy(found):
                return self._ended(found)
            time.sleep(0.02 if self.place.endpoint else 1)
        raise AssertionError(f"'{service_id}' does not settle")

    def service(self, service_id: str) -> run_v2.Service:
        """The service as it stands, in the words of v2."""
        return self._told(self.say("GET", f"services/{service_id}"))

    def revisions(self, service_id: str) -> list[run_v2.Revision]:
        """The revisions of a service as they are listed; of each only its name."""
        selector = {"labelSelector": f"serving.knative.dev/service={service_id}"}
        items = self.say("GET", "revisions", params=selector)["items"]
        names = [self.place.revision(service_id, one["metadata"]["name"]) for one in items]
        return [run_v2.Revision(name=name) for name in names]

    def delete(self, service_id: str, **_request: Any) -> operations_pb2.Operation:
        """Delete a service, and do not wait."""
        self.say("DELETE", f"services/{service_id}")
        until(lambda: not self.has(service_id), 60)
        return operations_pb2.Operation(name=self.place.service(service_id))

    def say(self, method: str, path: str, **sent: Any) -> Json:
        """One request.

        Raises:
            Refused: The API says no.
        """
        whole = f"/apis/serving.knative.dev/v1/namespaces/{self.place.project}/{path}"
        return told(self.http(method, whole, **sent))

    def http(self, method: str, path: str, **sent: Any) -> requests.Response:
        """One request to the host of the region."""
        return self._clients.http(method, path, region=self.place.region, **sent)

    def _begun(self, service: Json) -> operations_pb2.Operation:
        return operations_pb2.Operation(name=self.place.service(service["metadata"]["name"]))

    def _ended(self, found: Json) -> Ended:
        ready = _conditions(found)["Ready"]
        message = "" if ready["status"] == "True" else ready.get("message", "")
        return Ended(0, message, self._told(found), name=found["metadata"]["name"])

    def _told(self, found: Json) -> run_v2.Service:
        metadata, spec, status = found["metadata"], found["spec"], found["status"]
        name = metadata["name"]
        told_of = _conditions(found)
        conditions = [_condition(kind, one) for kind, one in told_of.items()]
        own = {key: text for key, text in metadata.get("annotations", {}).items() if "knative" not in key}
        return run_v2.Service(
            name=self.place.service(name),
            uid=metadata["uid"],
            etag=f'"{metadata["resourceVersion"]}"',
            generation=metadata["generation"],
            annotations={key: text for key, text in own.items() if ".googleapis.com/" not in key},
            template={"containers": [_container(one) for one in spec["template"]["spec"]["containers"]]},
            traffic=[_target(one) for one in spec.get("traffic", [])],
            traffic_statuses=[
                _target(one) | {"uri": one.get("url", "")} for one in status.get("traffic", [])
            ],
            observed_generation=status.get("observedGeneration", 0),
            latest_ready_revision=self._revision(name, status, "latestReadyRevisionName"),
            latest_created_revision=self._revision(name, status, "latestCreatedRevisionName"),
            uri=status.get("url", ""),
            terminal_condition=next(one for one in conditions if one.type_ == "Ready"),
            conditions=[one for one in conditions if one.type_ != "Ready"],
            reconciling=told_of["Ready"]["status"] == "Unknown",
        )

    def _revision(self, service_id: str, status: Json, key: str) -> str:
        return self.place.revision(service_id, status[key]) if status.get(key) else ""


def told(answer: requests.Response) -> Json:
    """An answer, or the refusal in it."""
    found: Json = answer.json()
    if answer.status_code >= 400:
        error = found["error"]
        raise Refused(error["status"], error["message"], fields(error.get("details", [])))
    return found


def _lay(service: Json, fields: Json) -> None:
    """Lay what a test says in the words of v2 over a service of v1."""
    for name, value in fields.items():
        if name == "template":
            service["spec"][name] = _template(value)
        elif name == "traffic":
            service["spec"][name] = [_sent_target(one) for one in value]
        else:
            service["metadata"].setdefault(name, {}).update(value)


def _template(template: Json) -> Json:
    containers = [plain(run_v2.Container(one)) for one in template["containers"]]
    for container in containers:
        container["env"] = [_variable(one) for one in container.get("env", [])]
    spec: Json = {"containers": containers}
    named = {"name": template["revision"]} if template.get("revision") else {}
    return {"metadata": named, "spec": spec}


def _variable(one: Json) -> Json:
    reference = one.pop("valueSource", {}).get("secretKeyRef")
    if not reference:
        return one
    return one | {"valueFrom": {"secretKeyRef": {"name": reference["secret"], "key": reference["version"]}}}


def _sent_target(one: Json) -> Json:
    latest = one.get("type_") == LATEST
    made: Json = {"latestRevision": True} if latest else {"revisionName": one["revision"]}
    return made | {name: one[name] for name in ("percent", "tag") if one.get(name)}


def _target(one: Json) -> Json:
    latest = bool(one.get("latestRevision"))
    return {
        "type_": LATEST if latest else REVISION,
        "revision": "" if latest else one.get("revisionName", ""),
        "percent": one.get("percent", 0),
        "tag": one.get("tag", ""),
    }


def _container(one: Json) -> run_v2.Container:
    container = run_v2.Container()
    raw = run_v2.Container.pb(container)
    json_format.ParseDict(one, raw, ignore_unknown_fields=True)
    return container


def _conditions(found: Json) -> dict[str, Json]:
    conditions = {one["type"]: one for one in found.get("status", {}).get("conditions", [])}
    return conditions or {"Ready": {"status": "Unknown"}}


def _condition(kind: str, one: Json) -> run_v2.Condition:
    state, message = STATES[one["status"]], one.get("message", "")
    return run_v2.Condition(type_=kind, state=state, message=message, **_reason(one.get("reason", "")))


def _reason(word: str) -> Json:
    """``ContainerMissing`` as the reason of v2 that it stands for."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", word).upper()
    kinds: Json = {
        "reason": run_v2.Condition.CommonReason,
        "revision_reason": run_v2.Condition.RevisionReason,
    }
    return {field: kind[name] for field, kind in kinds.items() if name in kind.__members__}


def _is_busy(found: Json) -> bool:
    status, metadata = found.get("status", {}), found["metadata"]
    behind = status.get("observedGeneration") != metadata["generation"]
    return behind or "deletionTimestamp" in metadata or _conditions(found)["Ready"]["status"] == "Unknown"
