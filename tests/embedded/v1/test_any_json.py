"""Whatever JSON is sent as a service: it is read or refused, and what is told reads back as it was."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relman.embedded.resources import defaults
from relman.embedded.resources.messages import Service
from relman.embedded.resources.refusals import Refusal
from relman.embedded.wire.v1 import meanings, reading, writing

RUN, SCALING = meanings.RUN, meanings.SCALING
WHOLE: dict[str, Any] = {
    "apiVersion": "serving.knative.dev/v1",
    "kind": "Service",
    "metadata": {
        "name": "x",
        "namespace": "p1",
        "labels": {"a": "b", "cloud.googleapis.com/location": "y"},
        "annotations": {
            f"{RUN}ingress": "internal",
            f"{RUN}custom-audiences": '["a"]',
            f"{RUN}binary-authorization": "default",
            "own": "z",
        },
        "resourceVersion": "v",
    },
    "spec": {
        "template": {
            "metadata": {
                "name": "x-1",
                "labels": {"c": "d"},
                "annotations": {
                    f"{SCALING}maxScale": "3",
                    f"{RUN}cpu-throttling": "false",
                    f"{RUN}cloudsql-instances": "p:r:i",
                    f"{RUN}container-dependencies": '{"main":["beside"]}',
                    f"{RUN}base-images": '{"main":"b"}',
                    f"{RUN}secrets": "s:projects/1/secrets/s",
                    f"{RUN}network-interfaces": '[{"network":"n","tags":["t"]}]',
                    f"{RUN}encryption-key-shutdown-hours": "2",
                    f"{RUN}client-name": "gcloud",
                },
            },
            "spec": {
                "containerConcurrency": 4,
                "timeoutSeconds": 9,
                "serviceAccountName": "a@b",
                "nodeSelector": {"run.googleapis.com/accelerator": "l4"},
                "containers": [
                    {
                        "name": "main",
                        "image": "i",
                        "ports": [{"containerPort": 8080, "name": "h2c", "protocol": "TCP"}],
                        "env": [
                            {"name": "A", "value": "1"},
                            {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "latest"}}},
                        ],
                        "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {}},
                        "startupProbe": {"httpGet": {"path": "/", "port": 8080}, "successThreshold": 1},
                        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                    },
                    {"name": "beside", "image": "j", "command": ["c"], "args": ["d"], "workingDir": "/"},
                ],
                "volumes": [
                    {"name": "v", "secret": {"secretName": "s", "items": [{"key": "1", "path": "p"}]}},
                    {"name": "w", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
                    {"name": "n", "nfs": {"server": "s", "path": "/", "readOnly": True}},
                    {
                        "name": "b",
                        "csi": {
                            "driver": "gcsfuse.run.googleapis.com",
                            "volumeAttributes": {"bucketName": "b", "mountOptions": "o,p"},
                        },
                    },
                ],
            },
        },
        "traffic": [
            {"latestRevision": True, "percent": 90},
            {"revisionName": "x-0", "percent": 10, "tag": "t"},
        ],
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value: the holder, and its key or index there."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
    return [(node, key) for key in keys] + [place for key in keys for place in places(node[key])]


@settings(max_examples=400, deadline=None)
@given(where=st.integers(min_value=0), value=JSON | st.sampled_from(["5", "[1]", "{}", "true", "-1"]))
def test_any_json_is_read_or_refused(where: int, value: Any) -> None:
    """With any value at any place: an answer, or Google's refusal, never anything else."""
    body = copy.deepcopy(WHOLE)
    found = places(body)
    holder, key = found[where % len(found)]
    holder[key] = value
    try:
        sent = reading.read(body, "p1")
    except Refusal:
        return
    if not sent.service.template.containers:
        return  # refused by the core, which asks for one
    json.dumps(writing.service(filled(sent), writing.Beside(sent.annotations, sent.of_template)))


def test_what_is_told_reads_back_as_it_was() -> None:
    """Every field and every annotation that v1 has comes back, and means the same."""
    sent = reading.read(WHOLE, "p1")
    service = filled(sent)
    told = writing.service(service, writing.Beside(sent.annotations, sent.of_template))
    again = reading.read(told, "p1")
    assert filled(again).template == service.template
    assert again.annotations.items() >= sent.annotations.items()
    assert again.of_template.items() >= sent.of_template.items()
    assert told["spec"]["traffic"] == WHOLE["spec"]["traffic"]
    assert told["spec"]["template"]["spec"]["volumes"] == WHOLE["spec"]["template"]["spec"]["volumes"]


def filled(sent: reading.Sent) -> Service:
    """The service as the core would keep it."""
    service = Service()
    service.CopyFrom(sent.service)
    service.name, service.uid = "projects/p1/locations/l/services/x", "u"
    service.create_time.GetCurrentTime()
    defaults.fill(service)
    return service
