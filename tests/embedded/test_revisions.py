"""Revisions: the container contract, conditions, failures, lists, deletes (rows 20 to 23, 35, 38, 45, 47)."""

from __future__ import annotations

import os
import time
from typing import Any
from urllib.error import URLError

import pytest
from google.api_core import exceptions
from google.cloud import run_v2

from tests.embedded.world import DONE, FAILED, PLACE, World, command, conditions, page, target, until

Reason = run_v2.Condition.RevisionReason
Common = run_v2.Condition.CommonReason


def test_row_45_the_container_contract(platform: World) -> None:
    """PORT, the three names, the template's own variables, and nothing of this process's."""
    os.environ["LEAKED"] = "1"
    platform.create(
        "row45", template=platform.template("row45-v1", env=[{"name": "COLOUR", "value": "blue"}])
    )
    found = page(platform.service("row45").uri)
    assert (found["K_SERVICE"], found["K_REVISION"], found["K_CONFIGURATION"]) == (
        "row45",
        "row45-v1",
        "row45",
    )
    assert found["COLOUR"] == "blue"
    assert int(found["PORT"]) > 0
    assert "LEAKED" not in found


def test_row_20_a_ready_revision_tells_its_conditions(platform: World) -> None:
    """Each with the state SUCCEEDED; what took time says how much."""
    platform.create("row20")
    found = conditions(platform.revision("row20", "row20-v1"))
    kinds = {"Ready", "ContainerReady", "ResourcesAvailable", "ContainerHealthy", "Active"}
    assert kinds | {"MinInstancesProvisioned"} == set(found)
    assert {one.state for one in found.values()} == {DONE}
    assert found["ContainerReady"].message.startswith("Container image import completed in ")


def test_row_21_a_retired_revision_is_no_failure(platform: World) -> None:
    """Ready SUCCEEDED, Active FAILED for information only."""
    platform.create("row21", traffic=[target("row21-v1", 100)])
    platform.update("row21", template=platform.template("row21-v2"), traffic=[target("row21-v2", 100)])
    found = conditions(platform.revision("row21", "row21-v1"))
    assert (found["Ready"].state, found["Ready"].revision_reason) == (DONE, Reason.RETIRED)
    assert (found["Active"].state, found["Active"].severity) == (FAILED, run_v2.Condition.Severity.INFO)
    assert found["Active"].message == "Revision retired."


def test_row_22_a_process_that_exits_fails_its_revision_at_once(platform: World) -> None:
    """With the sentence, the log's place and code 9; the log has what it printed."""
    begun = time.monotonic()
    broken = platform.template("row22-v1", env=[{"name": "MODE", "value": "broken"}])
    operation = platform.create("row22", template=broken)
    assert time.monotonic() - begun < 5
    assert operation.error.code == 9
    sentence = "Revision 'row22-v1' is not ready and cannot serve traffic. The user-provided container failed"
    assert operation.error.message.startswith(sentence)
    found = conditions(platform.revision("row22", "row22-v1"))
    assert found["Ready"].state == found["ContainerHealthy"].state == FAILED
    assert found["Ready"].revision_reason == Reason.HEALTH_CHECK_CONTAINER_ERROR
    log = platform.state / "logs" / "p1" / "europe-west1" / "row22" / "row22-v1.log"
    assert log.as_uri() in found["Ready"].message
    assert "broken on purpose" in log.read_text()
    assert platform.service("row22").terminal_condition.state == FAILED


def test_row_22_a_process_that_never_listens_fails_after_the_probes_time(platform: World) -> None:
    """The template's own startup probe says how long that is."""
    probe = {"period_seconds": 1, "failure_threshold": 1, "tcp_socket": {}}
    deaf = platform.template("deaf-v1", env=[{"name": "MODE", "value": "deaf"}], startup_probe=probe)
    begun = time.monotonic()
    operation = platform.create("deaf", template=deaf)
    assert operation.error.code == 9
    assert 0.9 < time.monotonic() - begun < 5


def test_row_43_an_http_probe_asks_its_path(platform: World) -> None:
    """A status below 400 is what it waits for."""
    probe = {"http_get": {"path": "/health"}, "period_seconds": 2}
    operation = platform.create("probed", template=platform.template("probed-v1", startup_probe=probe))
    assert not operation.error.message


@pytest.mark.parametrize(
    ("container", "reason", "sentence"),
    [
        ({"image": "eu/p1/none:v1"}, Common.CONTAINER_MISSING, "'eu/p1/none:v1' not found"),
        (
            {"env": [{"name": "A", "value_source": {"secret_key_ref": {"secret": "key", "version": "1"}}}]},
            Common.SECRETS_ACCESS_CHECK_FAILED,
            "Secret 'key' of variable 'A' cannot be read",
        ),
    ],
)
def test_row_23_what_cannot_be_given_is_told_by_its_reason(
    platform: World, container: dict[str, Any], reason: int, sentence: str
) -> None:
    """An image that is not there, a secret that nobody keeps."""
    name = f"row23-{int(reason)}"
    template = {"containers": [{"image": platform.image} | container]}
    operation = platform.create(name, template=template)
    found = conditions(platform.revisions.list_revisions(parent=f"{PLACE}/services/{name}").revisions[0])
    assert operation.error.code == 9
    assert found["Ready"].reason == reason
    assert sentence in found["Ready"].message


def test_row_35_revisions_are_listed_newest_first(platform: World) -> None:
    """Of one service, of all, and of none."""
    platform.create("row35")
    platform.update("row35", template=platform.template("row35-v2"))
    names = [one.name.rpartition("/")[2] for one in listed(platform, "row35")]
    assert names == ["row35-v2", "row35-v1"]
    assert {"row35-v1", "row35-v2"} <= {one.name.rpartition("/")[2] for one in listed(platform, "-")}
    assert not listed(platform, "unknown")


def test_row_38_only_a_spare_revision_can_be_deleted(platform: World) -> None:
    """What serves and what is latest is refused; what is retired goes, with its times."""
    platform.create("row38", traffic=[target("row38-v1", 100)])
    platform.update("row38", template=platform.template("row38-v2"), traffic=[target("row38-v1", 100)])
    for name, reason in (("row38-v1", "actively serving"), ("row38-v2", "the latest revision")):
        with pytest.raises(exceptions.BadRequest, match=reason) as error:
            platform.revisions.delete_revision(name=f"{PLACE}/services/row38/revisions/{name}")
        assert error.value.response.json()["error"]["status"] == "FAILED_PRECONDITION"
    platform.update("row38", traffic=[target("row38-v2", 100)])
    begun: Any = platform.revisions.delete_revision(name=f"{PLACE}/services/row38/revisions/row38-v1")
    assert begun.result().delete_time < begun.result().expire_time
    with pytest.raises(exceptions.NotFound, match="of kind 'REVISION'"):
        platform.revision("row38", "row38-v1")


def test_row_47_an_image_by_tag_is_pinned_when_the_revision_is_made(platform: World) -> None:
    """The revision names the digest, whatever the tag means later."""
    template = platform.template("row47-v1") | {"containers": [{"image": "eu/p1/api:v1"}]}
    platform.create("row47", template=template)
    assert platform.revision("row47", "row47-v1").containers[0].image == platform.image


def test_a_serving_process_that_dies_is_started_again(platform: World) -> None:
    """The revision stays ready, its conditions tell the crash, the URL answers again."""
    platform.create("crash")
    uri = platform.service("crash").uri
    pid = page(uri)["pid"]
    with pytest.raises((URLError, ConnectionError)):
        page(f"{uri}/die")
    assert until(lambda: answered(uri))["pid"] != pid
    assert conditions(platform.revision("crash", "crash-v1"))["Ready"].state == DONE


def test_a_crash_is_told_while_it_lasts_and_no_longer(platform: World) -> None:
    """In the conditions of revision and service, and in status; both stay ready, as nothing was changed."""
    platform.create("falls", template=platform.template("falls-v1", env=[{"name": "LIVES", "value": "0.5"}]))
    told = until(lambda: retry(platform.service("falls")))
    assert "ended with exit code 9; it is started again" in told
    assert "Revision 'falls-v1': " in told
    assert platform.service("falls").terminal_condition.state == DONE
    until(lambda: retry(platform.revision("falls", "falls-v1")) in told)
    until(lambda: "    The container's process ended" in command("status", "--state", platform.state).stdout)
    until(lambda: not retry(platform.service("falls")) and not retry(platform.revision("falls", "falls-v1")))
    found = conditions(platform.revision("falls", "falls-v1"))
    assert found["Ready"].state == found["ContainerHealthy"].state == DONE


def test_what_crashes_again_and_again_is_given_ever_more_time(platform: World) -> None:
    """Each pause is twice the last one: half as many starts as there would be in the first seconds."""
    platform.create("loops", template=platform.template("loops-v1", env=[{"name": "LIVES", "value": "0.3"}]))
    log = platform.state / "logs" / "p1" / "europe-west1" / "loops" / "loops-v1.log"
    begun = time.monotonic()
    until(lambda: time.monotonic() - begun > 3)
    assert 2 < log.read_text().count("listening") < 6


def retry(message: Any) -> str:
    """What a service or a revision tells of a new try."""
    return next((str(one.message) for one in message.conditions if one.type_ == "Retry"), "")


def answered(url: str) -> dict[str, Any] | None:
    """The page, or None while there is none."""
    try:
        return page(url)
    except URLError:
        return None


def listed(world: World, service_id: str) -> list[run_v2.Revision]:
    """The revisions of a service as they are listed."""
    return list(world.revisions.list_revisions(parent=f"{PLACE}/services/{service_id}"))
