"""What v1 refuses, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.embedded.v1.knative import Knative

RUN = "run.googleapis.com"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "Job"}, "kind: expected 'Service', got 'Job'."),
        ({"apiVersion": "v1"}, "apiVersion: expected 'serving.knative.dev/v1', got 'v1'."),
        ({"metadata": {"name": "x", "namespace": "other"}}, "'other' is not the request's: 'p1'."),
        ({"metadata": {"name": "X_"}}, "metadata.name: only lowercase, digits, and hyphens;"),
        ({"metadata": 5}, "Invalid value at 'metadata': expected an object."),
        ({"spec": {"template": {"spec": {"containers": []}}}}, "should contain at least one container"),
        ({"spec": {"template": {"spec": {"containers": {}}}}}, "expected a list of objects"),
        ({"spec": {"template": {"spec": {"containers": ["x"]}}}}, "expected a list of objects"),
        (
            {"spec": {"template": {"spec": {"containers": [{"image": "x", "foo": 1}]}}}},
            "Unknown name \"foo\" at 'spec.template.spec.containers[0]': Cannot find field.",
        ),
        (
            {"spec": {"template": {"spec": {"containers": [{"image": ""}]}}}},
            "spec.template.spec.containers[0].image: expected a container image path, got none.",
        ),
        (
            {"spec": {"template": {"spec": {"containers": [{"image": 3}]}}}},
            "Invalid value at 'spec.template.spec.containers[0].image' (TYPE_STRING), 3",
        ),
    ],
)
def test_what_v1_does_not_take_is_refused_by_its_place(
    knative: Knative, change: dict[str, Any], sentence: str
) -> None:
    """INVALID_ARGUMENT, with the field that offends as v1 knows it."""
    error = knative.refused("POST", "services", knative.service("x") | change)
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert sentence in error["message"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"containerConcurrency": 5000}, "spec.template.spec.containerConcurrency: Must be a number between"),
        ({"timeoutSeconds": 99999}, "spec.template.spec.timeoutSeconds: maximum allowed time is one hour."),
        (
            {"env": [{"name": "PORT", "value": "1"}]},
            "spec.template.spec.containers[0].env: The following reserved env names were provided: PORT.",
        ),
        (
            {"resources": {"limits": {"memory": "12"}}},
            "spec.template.spec.containers[0].resources.limits.memory: Invalid value specified for container",
        ),
    ],
)
def test_what_a_revision_cannot_have_is_refused_by_its_place(
    knative: Knative, given: dict[str, Any], sentence: str
) -> None:
    """What gcloud shows begins as Google's own sentence does."""
    body = knative.service("x")
    spec = body["spec"]["template"]["spec"]
    (spec if set(given) <= {"containerConcurrency", "timeoutSeconds"} else spec["containers"][0]).update(
        given
    )
    error = knative.refused("POST", "services", body)
    assert error["message"].startswith(sentence)
    assert error["details"][0]["fieldViolations"][0]["field"] == sentence.partition(": ")[0]


def test_more_instances_at_least_than_at_most_are_refused_by_the_annotation(knative: Knative) -> None:
    """v1 says in annotations what v2 says in fields."""
    body = knative.service("x")
    scale = "autoscaling.knative.dev"
    body["spec"]["template"]["metadata"] = {
        "annotations": {f"{scale}/minScale": "5", f"{scale}/maxScale": "2"}
    }
    said = knative.refused("POST", "services", body)["message"]
    place = f"spec.template.metadata.annotations[{scale}/maxScale]"
    assert said == f"{place}: must be greater than or equal to minScale."


@pytest.mark.parametrize(
    ("holder", "key", "value", "sentence"),
    [
        (
            "service",
            f"{RUN}/secrets",
            "x",
            (
                "Annotation 'run.googleapis.com/secrets' is not supported on resources of kind 'Service'."
                " Supported kinds are: Revision"
            ),
        ),
        ("service", f"{RUN}/nonsense", "x", "is not supported on resources of kind 'Service'."),
        ("template", f"{RUN}/ingress", "all", "kind 'Revision'. Supported kinds are: Service"),
        ("template", "autoscaling.knative.dev/maxScale", "many", "it must be a whole number"),
        ("service", f"{RUN}/ingress", "some", "it must be all or internal or internal-and"),
        ("service", f"{RUN}/custom-audiences", "{", "it must be JSON"),
        ("template", f"{RUN}/sessionAffinity", "yes", "it must be true or false"),
    ],
)
def test_an_annotation_of_the_system_must_be_one_of_its_kind(
    knative: Knative, holder: str, key: str, value: str, sentence: str
) -> None:
    """Google's sentence, which names the kinds that take it."""
    wanted = knative.service("x", annotations={key: value} if holder == "template" else {})
    wanted["metadata"]["annotations"] = {key: value} if holder == "service" else {}
    error = knative.refused("POST", "services", wanted)
    assert sentence in error["message"]
    place = "spec.template.metadata.annotations" if holder == "template" else "metadata.annotations"
    assert error["details"][0]["fieldViolations"][0]["field"] == place


@pytest.mark.parametrize("verb", ["PATCH", "PUT", "POST"])
def test_a_method_that_v1_does_not_have_is_not_found(knative: Knative, verb: str) -> None:
    """404, never a traceback; and so is what is no JSON refused."""
    path = "services/told" if verb == "POST" else "services"
    assert knative.refused(verb, path, {})["code"] == 404
    answer = knative.session.post(f"{knative.there}/services", data="{", timeout=5)
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("text", ["=", "a in b", "a==b==c", "(", "a,,b"])
def test_a_selector_that_cannot_be_read_is_refused(knative: Knative, text: str) -> None:
    """Never taken for none."""
    assert text in knative.refused("GET", "services", labelSelector=text)["message"]
