"""Revisions as processes: what they leave in the log, how they are probed, started again and let go."""

from __future__ import annotations

import time
from typing import Any
from urllib.error import URLError

import pytest
from google.cloud import run_v2

from tests.embedded.world import DONE, FAILED, World, command, conditions, page, pid_of, target, until

Reason = run_v2.Condition.RevisionReason
Common = run_v2.Condition.CommonReason


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


def test_row_45_a_port_for_http2_is_refused_by_name(platform: World) -> None:
    """The data plane speaks HTTP/1.1 to containers."""
    template = platform.template("row45h-v1", ports=[{"name": "h2c", "container_port": 8080}])
    operation = platform.create("row45h", template=template)
    assert operation.error.code == 9
    assert "speaks HTTP/1.1 to containers" in operation.error.message


def test_row_43_an_http_probe_asks_its_path(platform: World) -> None:
    """A status below 400 is what it waits for."""
    probe = {"http_get": {"path": "/health"}, "period_seconds": 2}
    operation = platform.create("probed", template=platform.template("probed-v1", startup_probe=probe))
    assert not operation.error.message


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
    """Each pause is twice the last one: four lives of 0.3 s, and 0.1, 0.2, 0.4 and 0.8 s between them."""
    log = platform.state / "logs" / "p1" / "europe-west1" / "loops" / "loops-v1.log"
    begun = time.monotonic()
    platform.create("loops", template=platform.template("loops-v1", env=[{"name": "LIVES", "value": "0.3"}]))
    until(lambda: log.read_text().count("listening") > 4, 30)
    assert time.monotonic() - begun > 4 * 0.3 + 0.1 + 0.2 + 0.4 + 0.8


def retry(message: Any) -> str:
    """What a service or a revision tells of a new try."""
    return next((str(one.message) for one in message.conditions if one.type_ == "Retry"), "")


def answered(url: str) -> dict[str, Any] | None:
    """The page, or None while there is none."""
    try:
        return page(url)
    except URLError:
        return None


def test_a_revision_that_nothing_goes_to_is_stopped_and_started_again(platform: World) -> None:
    """Its process ends; traffic brings it back."""
    platform.create("retired", traffic=[target("retired-v1", 100)])
    template = platform.template("retired-v2")
    platform.update("retired", template=template, traffic=[target("retired-v2", 100)])
    until(lambda: pid_of(platform, "retired-v1") == 0)
    platform.update("retired", traffic=[target("retired-v1", 100)])
    assert page(platform.service("retired").uri)["K_REVISION"] == "retired-v1"
