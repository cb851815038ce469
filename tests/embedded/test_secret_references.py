"""Secrets of a revision: in variables and files, read when an instance starts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
import requests
from google.cloud import run_v2

from tests.embedded.test_daemon import answered
from tests.embedded.test_secrets import made, over_rest
from tests.embedded.world import PLACE, World, conditions, page, target, until

PLAIN_FIELD = "spec.template.spec.containers[0].env[0].value_from.secret_key_ref.name"


@pytest.fixture
def secrets(platform: World) -> Iterator[Any]:
    """Secret Manager's client."""
    client, close = over_rest(platform)
    yield client
    close()


def variable(secret: str, version: str) -> dict[str, Any]:
    """A variable KEY from a secret."""
    return {"name": "KEY", "value_source": {"secret_key_ref": {"secret": secret, "version": version}}}


def volume(secret: str, *items: dict[str, Any], mode: int = 0) -> dict[str, Any]:
    """A secret volume."""
    return {"name": "keys", "secret": {"secret": secret, "items": list(items), "default_mode": mode}}


def mounting(
    one: World, revision: str, given: dict[str, Any], path: str = "/keys", **variables: str
) -> dict[str, Any]:
    """A template of the app that looks at files, with a volume."""
    container = {
        "command": ["python", "intruder.py"],
        "env": [{"name": name, "value": value} for name, value in variables.items()],
        "volume_mounts": [{"name": "keys", "mount_path": path}],
    }
    return one.template(revision, **container) | {"volumes": [given]}


def test_latest_is_read_at_each_start_a_number_stays(platform: World, secrets: Any) -> None:
    """So a shift back does not bring an old value back: the trap of a rollback."""
    secret = made(secrets, b"first").rpartition("/")[2]
    whole = f"projects/p1/secrets/{secret}"
    for service, version, named in (("loose", "latest", secret), ("pinned", "1", whole)):
        template = platform.template(f"{service}-v1", env=[variable(named, version)])
        assert not platform.create(service, template=template).error.message
        assert page(platform.service(service).uri)["KEY"] == "first"
    secrets.add_secret_version(parent=whole, payload={"data": b"second"})
    for service, value in (("loose", "second"), ("pinned", "first")):
        uri = platform.service(service).uri
        assert page(uri)["KEY"] == "first"  # of an instance that runs nothing changes
        with contextlib.suppress(requests.RequestException):
            requests.get(f"{uri}/die", timeout=10)
        assert until(partial(answered, uri))["KEY"] == value


def test_an_idle_revision_whose_secret_was_disabled_takes_no_traffic(platform: World, secrets: Any) -> None:
    """Latest does not fall back: the shift back fails, in Google's words, and the traffic stays."""
    name = made(secrets, b"old", b"new")
    template = platform.template("locked-v1", env=[variable(name, "latest")])
    platform.create("locked", template=template, traffic=[target("locked-v1", 100)])
    other = platform.template("locked-v2")
    assert not platform.update("locked", template=other, traffic=[target("locked-v2", 100)]).error.message
    until(lambda: platform.revision("locked", "locked-v1").conditions[0].revision_reason.name == "RETIRED")
    until(lambda: not running(platform, "locked", "locked-v1"))
    secrets.disable_secret_version(name=f"{name}/versions/2")
    error = platform.update("locked", traffic=[target("locked-v1", 100)]).error
    sentence = (
        f"Revision 'locked-v1' is not ready and cannot serve traffic. {PLAIN_FIELD}: Failed to access secret "
        f"{name}/versions/latest: Secret Version [{name}/versions/2] is in DISABLED state."
    )
    assert (error.code, error.message) == (9, sentence)
    assert page(platform.service("locked").uri)["K_REVISION"] == "locked-v2"
    secrets.enable_secret_version(name=f"{name}/versions/2")
    assert not platform.update("locked", traffic=[target("locked-v1", 100)]).error.message
    assert page(platform.service("locked").uri)["KEY"] == "new"


def test_a_revision_whose_secrets_are_missing_is_not_deployed(platform: World) -> None:
    """Every one of them is told, by the field that refers to it."""
    template = platform.template("lacking-v1", env=[variable("none", "latest")])
    template["volumes"] = [volume("projects/other/secrets/gone", {"path": "a", "version": "3"})]
    error = platform.create("lacking", template=template).error
    sentence = (
        "Revision 'lacking-v1' is not ready and cannot serve traffic. "
        f"{PLAIN_FIELD}: Secret projects/p1/secrets/none/versions/latest was not found\n"
        "spec.template.spec.volumes[0].secret.secret_name: "
        "Secret projects/other/secrets/gone/versions/3 was not found"
    )
    assert (error.code, error.message) == (9, sentence)
    ready = conditions(platform.revision("lacking", "lacking-v1"))["Ready"]
    assert ready.reason == run_v2.Condition.CommonReason.SECRETS_ACCESS_CHECK_FAILED


def test_a_plain_process_is_told_where_its_secret_files_are(platform: World, secrets: Any) -> None:
    """By the variable that names the path; the files are only its own, and go with the instance."""
    name = made(secrets, b"one", b"two")
    items: list[dict[str, Any]] = [
        {"path": "old", "version": "1"},
        {"path": "deep/new", "version": "latest", "mode": 0o600},
    ]
    template = mounting(
        platform, "keyed-v1", volume(name, *items), OLD="/keys/old", KEYS="/keys", HOME="/keysmith"
    )
    assert not platform.create("keyed", template=template).error.message
    uri = platform.service("keyed").uri
    env = page(uri)["env"]
    assert env["OLD"] == f"{env['KEYS']}/old"
    assert env["HOME"] == "/keysmith"
    assert look(uri, env["OLD"]) == ["one"]
    assert look(uri, f"{env['KEYS']}/deep/new") == ["two"]
    (folder,) = platform.state.glob("instances/*/.volumes/keys")
    assert str(folder) == env["KEYS"]
    assert [oct(path.stat().st_mode & 0o777) for path in (folder / "old", folder / "deep" / "new")] == [
        "0o444",
        "0o400",
    ]
    assert not folder.parents[1].stat().st_mode & 0o077
    platform.wait(platform.services.delete_service(name=f"{PLACE}/services/keyed"))
    until(lambda: not folder.exists())


def test_a_plain_process_that_could_not_find_its_secret_files_is_not_started(
    platform: World, secrets: Any
) -> None:
    """Rather than an application that looks at a path where nothing is."""
    template = mounting(platform, "lost-v1", volume(made(secrets, b"one")))
    message = platform.create("lost", template=template).error.message
    assert (
        "'/keys' cannot be mounted for a plain process, and no variable and no argument tells it" in message
    )
    assert "--runtime bwrap" in message


@pytest.mark.parametrize("path", ["../out", "/etc/out", "deep/../../out", ""])
def test_a_secret_file_lies_in_its_volume(platform: World, secrets: Any, path: str) -> None:
    """An item whose path leads out of it stops the start; nothing is written."""
    item: dict[str, Any] = {"path": path, "version": "1"}
    template = mounting(platform, "outer-v1", volume(made(secrets, b"one"), item), KEYS="/keys")
    service = f"outer{len(path)}"
    message = platform.create(service, template=template | {"revision": f"{service}-v1"}).error.message
    assert f"Volume 'keys' has an item at '{path}', which is no relative path." in message
    assert not list(platform.state.rglob("out"))


@pytest.mark.parametrize("path", ["/keys", "/workspace/keys"])
def test_kept_apart_a_secret_is_a_file_at_its_path(apart: World, path: str) -> None:
    """Found there and by the image's own way to it; nobody can write to it."""
    client, close = over_rest(apart)
    secret = made(client, b"hush").rpartition("/")[2]
    close()
    service = f"keeper{path.replace('/', '-')}"
    template = mounting(apart, f"{service}-v1", volume(secret), path)
    assert not apart.create(service, template=template).error.message
    uri = apart.service(service).uri
    assert look(uri, f"{path}/{secret}") == ["hush"]
    assert "error" in page(f"{uri}/write/{quote(path)}/{secret}")
    if path.startswith("/workspace"):
        assert look(uri, f"keys/{secret}") == ["hush"]


def test_a_sidecar_has_its_secrets_too(platform: World, secrets: Any) -> None:
    """Each container those that it refers to."""
    name = made(secrets, b"shared")
    template = mounting(platform, "both-v1", volume(name), KEYS="/keys")
    template["containers"][0]["ports"] = [{"container_port": 8080}]
    says = "print(os.environ['KEY'], open(os.environ['FILE']).read(), flush=True)"
    sidecar = {
        "name": "side",
        "image": platform.image,
        "command": ["python", "-c", f"import os, signal; {says}; signal.pause()"],
        "env": [variable(name, "1"), {"name": "FILE", "value": f"/keys/{name.rpartition('/')[2]}"}],
        "volume_mounts": [{"name": "keys", "mount_path": "/keys"}],
    }
    template["containers"].append(sidecar)
    assert not platform.create("both", template=template).error.message
    logs = platform.state / "logs" / "p1" / "europe-west1" / "both"
    until(lambda: "shared shared" in "".join(one.read_text() for one in logs.glob("*.side.log")))
    assert "KEY" not in page(platform.service("both").uri)["env"]


def look(uri: str, path: str) -> list[str]:
    """What the app finds there."""
    found = page(f"{uri}/look/{quote(path)}")
    assert "error" not in found, found
    return list(found["done"])


def running(one: World, service: str, revision: str) -> bool:
    """Whether a revision has a process."""
    told = next(found for found in one.status()["services"] if found["name"].endswith(f"/{service}"))
    return any(found["pid"] for found in told["revisions"] if found["name"] == revision)
