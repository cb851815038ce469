"""The port as a forward proxy, and the neighbours that gcloud asks on its way."""

from __future__ import annotations

import requests

from tests.embedded.v1.knative import Knative


def test_the_proxy_answers_for_its_own_names_only(knative: Knative) -> None:
    """421 for any other host: nothing leaves this machine through it."""
    answer = knative.session.get("http://example.com/v2/projects/p1/locations/x/services", timeout=5)
    assert answer.status_code == 421
    assert "'example.com' is not asked" in answer.text


def test_an_absolute_target_is_the_same_as_a_path(knative: Knative) -> None:
    """Also for v2, and for a target without a path."""
    path = "/v2/projects/p1/locations/europe-west1/services"
    absolute = knative.session.get(f"http://run.relman.internal{path}", timeout=5)
    assert absolute.json() == requests.get(f"{knative.platform.endpoint}{path}", timeout=5).json()
    assert knative.session.get("http://run.relman.internal", timeout=5).status_code == 404


def test_every_project_exists_with_its_apis_and_regions(knative: Knative) -> None:
    """Service Usage, Resource Manager, and the list of regions."""
    usage = knative.said(
        "GET", "http://serviceusage.relman.internal/v1/projects/p1/services/run.googleapis.com"
    )
    assert usage["state"] == "ENABLED"
    project = knative.said("GET", "http://cloudresourcemanager.relman.internal/v1/projects/p1")
    assert (project["projectId"], project["lifecycleState"]) == ("p1", "ACTIVE")
    assert usage["parent"] == f"projects/{project['projectNumber']}"
    regions = knative.said("GET", "http://run.relman.internal/v1/projects/p1/locations")["locations"]
    assert "us-central1" in [one["locationId"] for one in regions]
