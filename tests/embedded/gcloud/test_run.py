"""``gcloud run``, unmodified: each command of a deploy script, and what it says when it goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.embedded.gcloud.cli import Gcloud
from tests.embedded.world import page, until

pytestmark = pytest.mark.wants_program("gcloud")


def test_a_script_creates_updates_splits_describes_rolls_back_and_deletes(gcloud: Gcloud) -> None:
    """Real traffic follows each command, and each command tells what is so."""
    image = gcloud.platform.image
    said = gcloud.done("run", "deploy", "script", "--image", image, "--allow-unauthenticated")
    assert "is serving 100 percent of traffic" in said
    assert "warning" not in said.lower()
    url = gcloud.done("run", "services", "describe", "script", "--format=value(status.url)").strip()
    first = page(url)["K_REVISION"]

    candidate = (
        "run",
        "deploy",
        "script",
        "--image",
        image,
        "--set-env-vars",
        "N=2",
        "--no-traffic",
        "--tag",
        "next",
    )
    assert "is serving 0 percent of traffic" in gcloud.done(*candidate)
    service = gcloud.told("run", "services", "describe", "script")
    second = service["status"]["latestReadyRevisionName"]
    tagged = next(one["url"] for one in service["status"]["traffic"] if one.get("tag") == "next")
    assert page(tagged)["K_REVISION"] == second
    assert page(url)["K_REVISION"] == first

    assert "40% next" not in gcloud.done(
        "run", "services", "update-traffic", "script", "--to-tags", "next=40"
    )
    assert {page(url)["K_REVISION"] for _ in range(50)} == {first, second}

    said = gcloud.done("run", "services", "update-traffic", "script", "--to-revisions", f"{first}=100")
    assert f"100% {first}" in said
    assert {page(url)["K_REVISION"] for _ in range(20)} == {first}

    names = [
        one["metadata"]["name"] for one in gcloud.told("run", "revisions", "list", "--service", "script")
    ]
    assert names == [second, first]
    refusal = gcloud.refused("run", "revisions", "delete", first)
    assert f'Revision "{first}" cannot be directly deleted because it is actively serving.' in refusal

    assert "Deleted service [script]." in gcloud.done("run", "services", "delete", "script")
    assert "Cannot find service [script]" in gcloud.refused("run", "services", "describe", "script")


def test_a_revision_that_cannot_start_reaches_the_user(gcloud: Gcloud) -> None:
    """Why, and where its log is; the one before goes on serving, and the failed one can be described."""
    image = gcloud.platform.image
    gcloud.platform.create("fragile")
    said = gcloud.refused("run", "deploy", "fragile", "--image", image, "--set-env-vars", "MODE=broken")
    assert "Deployment failed" in said
    assert "is not ready and cannot serve traffic. The user-provided container failed to start" in said
    assert "Logs URL: file://" in said
    service = gcloud.told("run", "services", "describe", "fragile")
    failed = service["status"]["latestCreatedRevisionName"]
    assert (
        page(service["status"]["url"])["K_REVISION"] == service["status"]["latestReadyRevisionName"] != failed
    )
    assert "failed to start" in gcloud.done("run", "revisions", "describe", failed)
    gcloud.done("run", "services", "update", "fragile", "--remove-env-vars", "MODE", "--concurrency", "7")
    mended = gcloud.told("run", "services", "describe", "fragile")
    assert mended["spec"]["template"]["spec"]["containerConcurrency"] == 7
    assert until(lambda: gcloud.run("run", "revisions", "delete", failed).returncode == 0)


def test_a_service_is_exported_and_replaced_from_its_file(gcloud: Gcloud, tmp_path: Path) -> None:
    """The same file changes nothing, a changed one makes a revision, under a name still free (row 13)."""
    gcloud.platform.create("filed", labels={"team": "x"})
    text = gcloud.done("run", "services", "describe", "filed", "--format=export")
    gcloud.done("run", "services", "replace", written(tmp_path, text))
    assert len(gcloud.told("run", "revisions", "list", "--service", "filed")) == 1
    changed = text.replace("timeoutSeconds: 300", "timeoutSeconds: 30")
    refusal = gcloud.refused("run", "services", "replace", written(tmp_path, changed))
    assert "Revision named 'filed-v1' with different configuration already exists." in refusal
    gcloud.done("run", "services", "replace", written(tmp_path, changed.replace("filed-v1", "filed-v2")))
    assert gcloud.platform.service("filed").latest_ready_revision.endswith("/filed-v2")
    listed = gcloud.done("run", "services", "list")
    assert "filed" in listed
    assert "europe-west1" in listed


def test_policies_and_regions_are_answered(gcloud: Gcloud) -> None:
    """A binding is added and read again."""
    gcloud.platform.create("entered")
    binding = ("--member", "user:ann@example.com", "--role", "roles/run.invoker")
    gcloud.done("run", "services", "add-iam-policy-binding", "entered", *binding)
    policy = gcloud.told("run", "services", "get-iam-policy", "entered")
    assert policy["bindings"] == [{"members": ["user:ann@example.com"], "role": "roles/run.invoker"}]
    assert "us-central1" in gcloud.done("run", "regions", "list")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("services", "update-traffic", "none", "--to-latest"), "Service [none] could not be found."),
        (("revisions", "describe", "none"), "Cannot find revision [none]"),
        (("deploy", "unbuilt", "--image", "eu/p1/none:v1"), "Image 'eu/p1/none:v1' not found."),
    ],
)
def test_what_is_not_there_is_told(gcloud: Gcloud, words: tuple[str, ...], sentence: str) -> None:
    """In one sentence, never a traceback."""
    assert sentence in gcloud.refused("run", *words)


def written(folder: Path, text: str) -> Path:
    """A file with a text."""
    path = folder / "service.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_script_may_switch_its_apis_on(gcloud: Gcloud) -> None:
    """The first line of many a script; here every API is on already, one or several at once."""
    gcloud.done("services", "enable", "run.googleapis.com")
    gcloud.done("services", "enable", "run.googleapis.com", "cloudbuild.googleapis.com")


def test_what_is_not_there_is_said_and_nothing_crashes(gcloud: Gcloud) -> None:
    """Commands that people type beside the others: a sentence, not a proxy's error."""
    for words in (
        ("run", "services", "logs", "read", "x"),
        ("iam", "service-accounts", "create", "one-more"),
    ):
        said = gcloud.refused(*words)
        assert "was not found on this server" in said
        assert "crashed" not in said
