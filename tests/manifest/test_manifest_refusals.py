"""What no manifest of ours is: each refused by name, with file, line and the path of the key."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from relman.errors import ConfigError
from relman.manifest import translate

HEAD = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: api}
spec:
  template:
"""
SPEC = "    spec:\n      containers:\n      - image: x\n"
WHOLE = HEAD + SPEC


def noted(annotation: str) -> str:
    """The frame with an annotation of the template, in line 6."""
    return f"{HEAD}    metadata: {{annotations: {{{annotation}}}}}\n{SPEC}"


def refusal(text: str) -> str:
    """What is said of a manifest that cannot be used."""
    with pytest.raises(ConfigError) as caught:
        translate(text, image="i@sha256:0", where="deploy/service.yaml")
    assert "deploy/service.yaml" in str(caught.value)
    return str(caught.value)


def test_the_frame_of_these_tests_is_right() -> None:
    """Without the defect, each of them would pass."""
    translate(WHOLE, image="i@sha256:0", where="x")
    translate(noted("a/b: c"), image="i@sha256:0", where="x")


def test_every_unknown_key_is_named_at_once_with_what_may_be_meant() -> None:
    """One run shows all that is to be removed, in the order of the file."""
    said = refusal(
        WHOLE
        + """\
        imagePullPolicy: Always
        resources: {requests: {cpu: 1}, limits: {nvidia.com/gpu: 1, memorry: 1Gi}}
      nodeSelector: {run.googleapis.com/accelerator: nvidia-l4}
      timeoutSecond: 5
"""
    )
    assert said.startswith("the manifest has keys that relman does not translate: deploy/service.yaml:9: ")
    places = [
        ":9: spec.template.spec.containers[0].imagePullPolicy;",
        ":10: spec.template.spec.containers[0].resources.limits.memorry, did you mean 'memory'?;",
        ':10: spec.template.spec.containers[0].resources.limits["nvidia.com/gpu"];',
        ":10: spec.template.spec.containers[0].resources.requests;",
        ":11: spec.template.spec.nodeSelector;",
        ":12: spec.template.spec.timeoutSecond, did you mean 'timeoutSeconds'?",
    ]
    assert [said.find(place) for place in places] == sorted(said.find(place) for place in places)
    assert all(place in said for place in places)
    assert "\n  next: " in said


@pytest.mark.parametrize(
    "annotation",
    [
        "run.googleapis.com/encryption-key: k",
        "run.googleapis.com/sessionAffinity: 'true'",
        "run.googleapis.com/health-check-disabled: 'true'",
        "autoscaling.knative.dev/target: '10'",
        "relman.dev/epoch: '9'",
        "foo.run.googleapis.com/x: y",
    ],
)
def test_annotations_of_reserved_namespaces_are_never_passed_on(annotation: str) -> None:
    """API v2 refuses them, and relman's own are not for a manifest to write."""
    assert f':6: spec.template.metadata.annotations["{annotation.partition(":")[0]}"]' in refusal(
        noted(annotation)
    )


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        ("autoscaling.knative.dev/minScale: 1", "expected text, got 1; quote it"),
        ("autoscaling.knative.dev/minScale: '-1'", "expected one to nine digits, got '-1'"),
        ("autoscaling.knative.dev/minScale: '99999999999'", "expected one to nine digits"),
        ("run.googleapis.com/cpu-throttling: false", "expected text, got false; quote it"),
        ("run.googleapis.com/cpu-throttling: 'no'", "expected one of true, false, got 'no'"),
        ("run.googleapis.com/execution-environment: gen3", "got 'gen3', did you mean 'gen"),
        ("run.googleapis.com/vpc-access-connector: short", "API v2 needs it in full: projects/"),
        ("run.googleapis.com/vpc-access-egress: all-traffic", "there is no network that it could mean"),
        ("run.googleapis.com/network-interfaces: '{}'", "expected a JSON list"),
        ("run.googleapis.com/network-interfaces: '['", "expected JSON: "),
        ("run.googleapis.com/network-interfaces: '[1]'", "expected a mapping, got 1"),
        ("""run.googleapis.com/network-interfaces: '[{"vlan":1}]'""", ":6: spec.template.metadata.anno"),
        ("""run.googleapis.com/container-dependencies: '{"a":["b"]}'""", "names 'a', which is none of them"),
        ("run.googleapis.com/container-dependencies: '[]'", "expected a mapping, got a list"),
        ("run.googleapis.com/secrets: 'key=v'", "expected 'ALIAS:projects/PROJECT/secrets/NAME'"),
        ("a: [b]", "expected text, got a list; quote it"),
        ("a: 2026-01-01", "expected text, got 2026-01-01; quote it"),
    ],
)
def test_annotations_that_cannot_be_read(annotation: str, said: str) -> None:
    """The value is judged where it stands."""
    assert said in refusal(noted(annotation))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("env: {A: b}", ":9: spec.template.spec.containers[0].env: expected a list, got a mapping"),
        ("env: [A]", ":9: spec.template.spec.containers[0].env[0]: expected a mapping, got text"),
        ("env: [{name: A, value: 1}]", ".env[0].value: expected text, got 1; quote it"),
        ("env: [{name: A, value: on}]", ".env[0].value: expected text, got true; quote it"),
        ("env: [{value: x}]", ".env[0].name: is missing"),
        ("env: [{name: A}, {name: A}]", ".env[1].name: A stands twice"),
        ("env: [{name: A, value: x, valueFrom: {secretKeyRef: {name: s, key: '1'}}}]", "stands beside"),
        (
            "env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: k}}}]",
            "secretKeyRef.name: is missing",
        ),
        ("env: [{name: A, valueFrom: {secretKeyRef: {name: s}}}]", "secretKeyRef.key: is missing"),
        ("envFrom: [{secretRef: {name: s}}]", "containers[0].envFrom"),
        ("command: python", ".command: expected a list, got text"),
        ("args: [1]", ".args[0]: expected text, got 1; quote it"),
        ("ports: [{containerPort: '80'}]", "expected a whole number from 0 to 2147483647, got text"),
        ("ports: [{containerPort: 80, protocol: UDP}]", "expected one of TCP, got 'UDP'"),
        ("ports: [{containerPort: true}]", "got true"),
        ("ports: [{containerPort: 80}, {containerPort: 81}]", ".ports: Cloud Run takes one port"),
        ("startupProbe: {}", ".startupProbe: needs exactly one of httpGet, tcpSocket, grpc"),
        ("startupProbe: {httpGet: {}, tcpSocket: {}}", "needs exactly one of"),
        ("startupProbe: {exec: {command: [x]}}", "needs exactly one of"),
        ("livenessProbe: {httpGet: {path: /, scheme: HTTPS}}", ".livenessProbe.httpGet.scheme"),
        ("livenessProbe: {periodSeconds: 3000000000, httpGet: {path: /}}", "from 0 to 2147483647"),
        ("resources: {limits: {memory: [1]}}", "expected a quantity such as '512Mi', got a list"),
        ("volumeMounts: [{name: v}]", ".volumeMounts[0].mountPath: is missing"),
        ("volumeMounts: [{name: v, mountPath: /v, readOnly: true}]", ".volumeMounts[0].readOnly"),
        ("name: [x]", "containers[0].name: expected text, got a list"),
    ],
)
def test_containers_that_cannot_be_read(more: str, said: str) -> None:
    """Wrong kinds, missing keys, and keys that v2 does not have."""
    assert said in refusal(f"{WHOLE}        {more}\n")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("volumes: [{name: v, csi: {driver: gcs}}]", ":9: spec.template.spec.volumes[0].csi: "),
        ("volumes: [{name: v, nfs: {server: s}}]", "volumes[0].nfs: relman translates"),
        ("volumes: [{name: v}]", "relman translates volumes of 'secret' and 'emptyDir' only"),
        ("volumes: [{name: v, emptyDir: {}}, {name: v, emptyDir: {}}]", "two volumes are called 'v'"),
        ("volumes: [{name: v, emptyDir: {medium: Tape}}]", "expected one of Memory, Disk, got 'Tape'"),
        ("volumes: [{name: v, emptyDir: {}, secret: {secretName: s}}]", "volumes[0].emptyDir"),
        ("volumes: [{name: v, secret: {}}]", "secretName: is missing"),
        ("timeoutSeconds: 5m", "spec.template.spec.timeoutSeconds: expected a whole number"),
        ("containerConcurrency: -1", "expected a whole number from 0"),
        ("containers: []", "spec.template.spec.containers: stands twice, again in line 9"),
    ],
)  # fmt: skip
def test_template_specs_that_cannot_be_read(more: str, said: str) -> None:
    """Volumes that are not translated, and values of the wrong kind."""
    assert said in refusal(f"{WHOLE}      {more}\n")


def test_several_containers_need_exactly_one_with_a_port() -> None:
    """Which image is to be replaced must not be guessed; and names must tell them apart."""
    two = f"{WHOLE}      - {{image: y}}\n"
    assert "exactly one of several needs 'ports', 0 have them" in refusal(two)
    both = two.replace("image: x", "image: x\n        ports: [{}]").replace(
        "image: y", "image: y, ports: [{}]"
    )
    assert "2 have them" in refusal(both)
    one = f"{WHOLE}        ports: [{{}}]\n"
    assert "containers[1].image: is missing" in refusal(f"{one}      - {{name: s}}\n")
    named = one.replace("image: x", "image: x\n        name: a")
    assert "two containers have the same name" in refusal(f"{named}      - {{name: a, image: y}}\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a mapping, got nothing"),
        ("- a", ":1: expected a mapping, got a list"),
        ("just words", "expected a mapping, got text"),
        (WHOLE.replace("/v1", "/v1beta1"), ":1: apiVersion: expected serving.knative.dev/v1, got"),
        (WHOLE.replace("kind: Service", "kind: Job"), ":2: kind: expected Service, got 'Job'"),
        (WHOLE.replace("kind: Service\n", ""), "kind: is missing"),
        (WHOLE.replace("name: api", "x: y"), "metadata.name: is missing"),
        (HEAD, "spec.template.spec.containers: a service needs at least one"),
        (WHOLE.replace("metadata: {name: api}", "metadata: api"), ":3: metadata: expected a mapping"),
        (f"{WHOLE}---\n{WHOLE}", "expected a single document"),
        ("a: b: c", ":1: mapping values are not allowed here"),
        ("a: [1, 2", "the manifest is no YAML: deploy/service.yaml:1: "),
        ("a: \x00", "no YAML"),
        (
            "a: !!python/object/apply:os.system [id]",
            "the YAML tag 'python/object/apply:os.system' means nothing here",
        ),
        ("a: !!python/name:os.system", "the YAML tag 'python/name:os.system' means nothing here"),
        ("a: !!map b", "the YAML tag 'map' means nothing here"),
        ("a: !!seq {b: c}", "the YAML tag 'seq' means nothing here"),
        ("a: !!timestamp 2026-99-99", "no YAML"),
        (f"a: {'9' * 5000}", "no YAML"),
        ("1: a", "a key must be text, got 1 in line 1; quote it"),
        ("a:\n  on: b", "a: a key must be text, got on in line 2; quote it"),
        ("? [a]\n: b", "a key must be text, got a list or a mapping"),
        ("kind: a\nkind: b", ":1: kind: stands twice, again in line 2"),
        ("a: &a [*a]", "nested too deeply"),
        ("[" * 3000, "nested too deeply"),
        ("{a: " * 60 + "b" + "}" * 60, "nested too deeply"),
        ("a: " + "b" * 200_001, "longer than 200,000 characters"),
    ],
)
def test_what_is_no_manifest_at_all(text: str, said: str) -> None:
    """Whatever a file can hold ends in one plain error."""
    assert said in refusal(text)


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    """Nine levels of nine would be 387 million values."""
    levels = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for old, new in pairwise("abcdefghi"):
        levels.append(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]")
    began = time.monotonic()
    assert "too many values" in refusal("\n".join(levels))
    assert time.monotonic() - began < 2


def test_a_merge_key_is_refused_by_name() -> None:
    """What it would add is not seen where it stands."""
    said = refusal(WHOLE + "        resources: &r {limits: {cpu: 1}}\n      - {<<: *r}\n")
    assert "exactly one of several" in said
    assert '["<<"]' in refusal(WHOLE.replace("{name: api}", "{name: api, <<: {a: b}}"))
