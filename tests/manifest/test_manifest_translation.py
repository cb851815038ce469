"""Every key that relman translates, as Google's own client reads the outcome."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud import run_v2
from google.protobuf import json_format

from relman.manifest import Translated, translate

IMAGE = "europe-west1-docker.pkg.dev/acme/web/api@sha256:" + "a" * 64
WHOLE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: api
  namespace: '123456'
  labels: {team: shop, cloud.googleapis.com/location: europe-west1}
  annotations:
    run.googleapis.com/description: The shop's API
    run.googleapis.com/ingress: internal-and-cloud-load-balancing
    run.googleapis.com/launch-stage: BETA
    run.googleapis.com/minScale: '1'
    run.googleapis.com/maxScale: '20'
    run.googleapis.com/scalingMode: automatic
    run.googleapis.com/client-name: gcloud
    acme.example/owner: ada
spec:
  template:
    metadata:
      name: api-00042-abc
      labels: {tier: web}
      annotations:
        autoscaling.knative.dev/minScale: '0'
        autoscaling.knative.dev/maxScale: '7'
        run.googleapis.com/cloudsql-instances: acme:europe-west1:db, acme:europe-west1:log
        run.googleapis.com/cpu-throttling: 'false'
        run.googleapis.com/startup-cpu-boost: 'true'
        run.googleapis.com/execution-environment: gen2
        run.googleapis.com/vpc-access-egress: private-ranges-only
        run.googleapis.com/network-interfaces: '[{"network":"net","subnetwork":"sub","tags":["web"]}]'
        run.googleapis.com/container-dependencies: '{"api":["proxy"]}'
        run.googleapis.com/secrets: 'key:projects/99/secrets/signing-key'
        acme.example/nonce: '7'
    spec:
      containerConcurrency: 40
      timeoutSeconds: 300
      serviceAccountName: api@acme.iam.gserviceaccount.com
      containers:
      - name: api
        image: will-be/replaced:latest
        command: [python3]
        args: [app.py, --fast]
        workingDir: /srv
        ports: [{name: h2c, containerPort: 8081, protocol: TCP}]
        env:
        - {name: MODE, value: 'on'}
        - {name: EMPTY}
        - name: KEY
          valueFrom: {secretKeyRef: {name: key, key: '3'}}
        resources: {limits: {cpu: 2, memory: 1Gi}}
        startupProbe:
          initialDelaySeconds: 0
          timeoutSeconds: 2
          periodSeconds: 3
          failureThreshold: 4
          httpGet: {path: /healthz, port: 8081, httpHeaders: [{name: X-Probe, value: '1'}]}
        livenessProbe: {grpc: {port: 8081, service: health}}
        readinessProbe: {httpGet: {path: /ready}}
        volumeMounts:
        - {name: cache, mountPath: /cache, subPath: here}
        - {name: keys, mountPath: /keys}
      - name: proxy
        image: acme/proxy@sha256:b
        startupProbe: {tcpSocket: {port: 9000}}
      volumes:
      - {name: cache, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
      - name: keys
        secret:
          secretName: tls
          defaultMode: 0444
          items: [{key: latest, path: tls.pem, mode: 0400}]
  traffic: [{latestRevision: true, percent: 100}]
status: {url: https://api.example}
"""
EXPECTED: dict[str, Any] = {
    "labels": {"tier": "web"},
    "annotations": {"acme.example/nonce": "7"},
    "scaling": {"minInstanceCount": 0, "maxInstanceCount": 7},
    "vpcAccess": {
        "egress": "PRIVATE_RANGES_ONLY",
        "networkInterfaces": [{"network": "net", "subnetwork": "sub", "tags": ["web"]}],
    },
    "timeout": "300s",
    "serviceAccount": "api@acme.iam.gserviceaccount.com",
    "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
    "maxInstanceRequestConcurrency": 40,
    "containers": [
        {
            "name": "api",
            "image": IMAGE,
            "command": ["python3"],
            "args": ["app.py", "--fast"],
            "workingDir": "/srv",
            "ports": [{"name": "h2c", "containerPort": 8081}],
            "env": [
                {"name": "MODE", "value": "on"},
                {"name": "EMPTY", "value": ""},
                {
                    "name": "KEY",
                    "valueSource": {
                        "secretKeyRef": {"secret": "projects/99/secrets/signing-key", "version": "3"}
                    },
                },
            ],
            "resources": {
                "limits": {"cpu": "2", "memory": "1Gi"},
                "cpuIdle": False,
                "startupCpuBoost": True,
            },
            "startupProbe": {
                "initialDelaySeconds": 0,
                "timeoutSeconds": 2,
                "periodSeconds": 3,
                "failureThreshold": 4,
                "httpGet": {
                    "path": "/healthz",
                    "port": 8081,
                    "httpHeaders": [{"name": "X-Probe", "value": "1"}],
                },
            },
            "livenessProbe": {"grpc": {"port": 8081, "service": "health"}},
            "readinessProbe": {"httpGet": {"path": "/ready"}},
            "volumeMounts": [
                {"name": "cache", "mountPath": "/cache", "subPath": "here"},
                {"name": "keys", "mountPath": "/keys"},
                {"name": "cloudsql", "mountPath": "/cloudsql"},
            ],
            "dependsOn": ["proxy"],
        },
        {
            "name": "proxy",
            "image": "acme/proxy@sha256:b",
            "resources": {"cpuIdle": False, "startupCpuBoost": True},
            "startupProbe": {"tcpSocket": {"port": 9000}},
            "volumeMounts": [{"name": "cloudsql", "mountPath": "/cloudsql"}],
        },
    ],
    "volumes": [
        {"name": "cache", "emptyDir": {"medium": "MEMORY", "sizeLimit": "64Mi"}},
        {
            "name": "keys",
            "secret": {
                "secret": "tls",
                "defaultMode": 0o444,
                "items": [{"path": "tls.pem", "version": "latest", "mode": 0o400}],
            },
        },
        {
            "name": "cloudsql",
            "cloudSqlInstance": {"instances": ["acme:europe-west1:db", "acme:europe-west1:log"]},
        },
    ],
}


def read(text: str) -> Translated:
    """Translate under the name that errors carry."""
    return translate(text, image=IMAGE, where="service.yaml")


def parsed(kind: Any, body: dict[str, Any]) -> dict[str, Any]:
    """What Google's own message says after it has taken the JSON in; it refuses unknown fields."""
    return dict(json_format.MessageToDict(json_format.ParseDict(body, kind.pb(kind()))))


def small(template: str = "", container: str = "") -> str:
    """A manifest with one container, and more of the template's spec and of the container."""
    lines = [
        "apiVersion: serving.knative.dev/v1",
        "kind: Service",
        "metadata: {name: api}",
        "spec:",
        "  template:",
        *(f"    {line}" for line in template.splitlines() if not line.startswith(" ")),
        "    spec:",
        *(f"    {line}" for line in template.splitlines() if line.startswith(" ")),
        "      containers:",
        "      - image: x",
        *(f"        {line}" for line in container.splitlines()),
    ]
    return "\n".join(lines) + "\n"


def test_every_key_is_translated_to_its_field() -> None:
    """The whole template, field by field."""
    assert read(WHOLE).template == EXPECTED


def test_googles_client_reads_the_template_as_it_was_written() -> None:
    """Nothing is lost on the way through ``RevisionTemplate``; only zeros are left unsaid there."""
    through = parsed(run_v2.RevisionTemplate, read(WHOLE).template)
    assert _without_zeros(through) == _without_zeros(EXPECTED)


def test_the_services_own_fields_are_kept_apart() -> None:
    """They apply at Create only; Google's client reads them too."""
    service = read(WHOLE).service
    assert service == {
        "description": "The shop's API",
        "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        "launchStage": "BETA",
        "scaling": {"minInstanceCount": 1, "maxInstanceCount": 20, "scalingMode": "AUTOMATIC"},
        "labels": {"team": "shop"},
        "annotations": {"acme.example/owner": "ada"},
    }
    assert parsed(run_v2.Service, service) == service


def test_what_is_ignored_is_said() -> None:
    """Traffic, names, and what Cloud Run wrote there itself; and a secret that moves."""
    done = read(WHOLE)
    assert done.name == "api"
    for said in (
        "spec.traffic is ignored: relman sets the traffic itself",
        "spec.template.metadata.name is ignored: relman names revisions itself",
        "metadata.namespace is ignored: the project stands in relman.toml",
        'metadata.labels["cloud.googleapis.com/location"] is ignored',
        'metadata.annotations["run.googleapis.com/client-name"] is ignored',
        "status is ignored: Cloud Run writes it",
        "secret tls is taken at 'latest': a rollback does not bring its old value back",
    ):
        assert any(note.startswith(said) for note in done.notes), said
    assert not any("signing-key" in note for note in done.notes)


def test_the_smallest_manifest_is_an_image_and_nothing_else() -> None:
    """What is not said is left to Cloud Run's own defaults."""
    done = read(small())
    assert done.template == {"containers": [{"image": IMAGE}]}
    assert (done.service, done.notes) == ({}, ())


@pytest.mark.parametrize(
    ("template", "container", "resources"),
    [
        ("", "resources: {limits: {memory: 1Gi}}", {"limits": {"memory": "1Gi"}, "cpuIdle": True}),
        ("", "resources: {limits: {cpu: 0.5}}", {"limits": {"cpu": "0.5"}, "cpuIdle": True}),
        (
            "metadata: {annotations: {run.googleapis.com/startup-cpu-boost: 'true'}}",
            "",
            {"cpuIdle": True, "startupCpuBoost": True},
        ),
        ("metadata: {annotations: {run.googleapis.com/cpu-throttling: 'true'}}", "", {"cpuIdle": True}),
        ("metadata: {annotations: {run.googleapis.com/cpu-throttling: 'false'}}", "", {"cpuIdle": False}),
        ("", "resources: {}", None),
    ],
)
def test_limits_alone_do_not_make_the_cpu_run_all_the_time(
    template: str, container: str, resources: dict[str, Any] | None
) -> None:
    """API v2 takes unsaid ``cpuIdle`` for false once there are resources: a dearer service."""
    (found,) = read(small(template, container)).template["containers"]
    assert found.get("resources") == resources


def test_a_connector_and_manual_scaling() -> None:
    """The two keys that exclude others in the whole example."""
    connector = "projects/acme/locations/europe-west1/connectors/c"
    text = small(
        "metadata: {annotations: {run.googleapis.com/vpc-access-connector: "
        f"{connector}, run.googleapis.com/vpc-access-egress: all}}}}"
    ).replace(
        "metadata: {name: api}",
        "metadata: {name: api, annotations: {run.googleapis.com/scalingMode: manual, "
        "run.googleapis.com/manualInstanceCount: '0'}}",
    )
    done = read(text)
    assert done.template["vpcAccess"] == {"connector": connector, "egress": "ALL_TRAFFIC"}
    assert parsed(run_v2.RevisionTemplate, done.template)["vpcAccess"] == done.template["vpcAccess"]
    scaling = {"scalingMode": "MANUAL", "manualInstanceCount": 0}
    assert done.service == {"scaling": scaling}
    assert parsed(run_v2.Service, done.service) == done.service


def test_the_sidecar_keeps_its_image() -> None:
    """Of several containers the one with a port takes the requests, wherever it stands."""
    text = small("", "ports: [{containerPort: 80}]").replace(
        "      containers:\n", "      containers:\n      - {name: s, image: side@sha256:c}\n"
    )
    assert [one["image"] for one in read(text).template["containers"]] == ["side@sha256:c", IMAGE]


def test_yaml_anchors_are_followed() -> None:
    """Two containers may share what a person wrote once."""
    text = small("", "ports: [{containerPort: 80}]\nenv: &shared [{name: A, value: b}]") + (
        "      - {name: s, image: side, env: *shared}\n"
    )
    found = read(text).template["containers"]
    assert found[0]["env"] == found[1]["env"] == [{"name": "A", "value": "b"}]


def _without_zeros(node: Any) -> Any:
    if isinstance(node, dict):
        kept = {key: _without_zeros(value) for key, value in node.items()}
        return {key: value for key, value in kept.items() if value not in (0, "")}
    return [_without_zeros(one) for one in node] if isinstance(node, list) else node
