"""Secret Manager, judged by Google's own client over gRPC and REST."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import google_crc32c
import grpc
import pytest
from google.api_core.exceptions import GoogleAPICallError, InvalidArgument
from google.auth.credentials import AnonymousCredentials
from google.cloud import secretmanager_v1

from tests.embedded.world import World

PROJECT, REGION = "projects/p1", "projects/p1/locations/europe-west1"
AUTOMATIC: dict[str, Any] = {"replication": {"automatic": {}}}
NUMBERS = itertools.count(1)
State = secretmanager_v1.SecretVersion.State


def over_grpc(one: World) -> tuple[Any, Callable[[], None]]:
    """Google's client over gRPC, and what closes it."""
    channel = grpc.insecure_channel(one.endpoint.removeprefix("http://"))
    kind = secretmanager_v1.SecretManagerServiceClient.get_transport_class("grpc")
    client = secretmanager_v1.SecretManagerServiceClient(transport=kind(channel=channel))
    return client, channel.close


def over_rest(one: World) -> tuple[Any, Callable[[], None]]:
    """Google's client over REST, and what closes it."""
    client = secretmanager_v1.SecretManagerServiceClient(
        transport="rest",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": one.endpoint},
    )
    return client, client.transport.close


@pytest.fixture(params=[over_grpc, over_rest], ids=["grpc", "rest"])
def client(platform: World, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The client, by either wire."""
    found, close = request.param(platform)
    yield found
    close()


@pytest.mark.parametrize("parent", ["foo", "projects/..", "projects/p1/locations/-", "projects/p1/secrets"])
def test_a_parent_of_another_form_is_refused(platform: World, parent: str) -> None:
    """Of gRPC; REST has no such path."""
    client, close = over_grpc(platform)
    with pytest.raises(InvalidArgument, match="Invalid parent"):
        client.create_secret(parent=parent, secret_id="lost", secret=AUTOMATIC)
    close()


def made(client: Any, *values: bytes, parent: str = PROJECT) -> str:
    """A new secret with these values; its name."""
    secret = {} if "/locations/" in parent else AUTOMATIC
    name = f"key-{next(NUMBERS)}"
    found = client.create_secret(parent=parent, secret_id=name, secret=secret).name
    for value in values:
        client.add_secret_version(parent=found, payload={"data": value})
    return str(found)


def refused(call: Callable[[], object]) -> tuple[int, str]:
    """The HTTP status and the sentence of a refusal."""
    with pytest.raises(GoogleAPICallError) as error:
        call()
    code = error.value.grpc_status_code
    status = {5: 404, 6: 409, 3: 400, 9: 400}[code.value[0]] if code else error.value.code
    sentence = error.value.message  # the REST client puts what it asked for before it
    return int(status or 0), sentence.partition("enum-encoding%3Dint: ")[2] or sentence


@pytest.mark.parametrize("parent", [PROJECT, REGION])
def test_a_secret_is_accessed_by_number_and_as_latest(client: Any, parent: str) -> None:
    """Latest is the newest; every value comes with its checksum."""
    name = made(client, b"one", b"two", parent=parent)
    for version, number, value in (("1", 1, b"one"), ("2", 2, b"two"), ("latest", 2, b"two")):
        found = client.access_secret_version(name=f"{name}/versions/{version}")
        assert (found.name, found.payload.data) == (f"{name}/versions/{number}", value)
        assert found.payload.data_crc32c == google_crc32c.value(value)
    assert client.get_secret_version(name=f"{name}/versions/latest").name == f"{name}/versions/2"
    assert [one.name for one in client.list_secret_versions(parent=name)] == [
        f"{name}/versions/2",
        f"{name}/versions/1",
    ]
    assert name in [one.name for one in client.list_secrets(parent=parent)]


def test_latest_never_falls_back(client: Any) -> None:
    """Disabling the newest version makes ``latest`` unreadable, until that is enabled or another is added."""
    name = made(client, b"old", b"new")
    client.disable_secret_version(name=f"{name}/versions/2")
    sentence = f"Secret Version [{name}/versions/2] is in DISABLED state."
    assert refused(lambda: client.access_secret_version(name=f"{name}/versions/latest")) == (400, sentence)
    assert client.access_secret_version(name=f"{name}/versions/1").payload.data == b"old"
    listed = client.list_secret_versions(request={"parent": name, "filter": "state:ENABLED"})
    assert [one.name for one in listed] == [f"{name}/versions/1"]
    client.enable_secret_version(name=f"{name}/versions/2")
    assert client.access_secret_version(name=f"{name}/versions/latest").payload.data == b"new"


def test_a_destroyed_version_is_gone_for_good(client: Any, platform: World) -> None:
    """It stays listed, keeps its number, and neither is accessed nor enabled again."""
    name = made(client, b"once and never again")
    assert client.destroy_secret_version(name=f"{name}/versions/1").state == State.DESTROYED
    assert refused(lambda: client.access_secret_version(name=f"{name}/versions/1")) == (
        400,
        f"Secret Version [{name}/versions/1] is in DESTROYED state.",
    )
    assert b"once and never again" not in b"".join(values(platform))
    code, text = refused(lambda: client.enable_secret_version(name=f"{name}/versions/1"))
    assert (code, text) == (400, "SecretVersion.state is already DESTROYED")
    assert client.add_secret_version(parent=name, payload={"data": b"x"}).name == f"{name}/versions/2"
    client.delete_secret(name=name)
    assert refused(lambda: client.get_secret(name=name)) == (404, f"Secret [{name}] not found.")
    assert made(client).startswith(PROJECT)


def values(platform: World) -> list[bytes]:
    """All that the platform keeps."""
    with contextlib.closing(sqlite3.connect(platform.state / "state.db")) as database:
        return [body for (body,) in database.execute("SELECT body FROM resource")]


def test_a_version_is_changed_by_who_knows_how_it_is(client: Any) -> None:
    """An etag that is not the present one stops the change; the present one lets it through."""
    version = f"{made(client, b'one')}/versions/1"
    old = client.get_secret_version(name=version).etag
    new = client.disable_secret_version(request={"name": version, "etag": old}).etag
    for change in (client.enable_secret_version, client.destroy_secret_version):
        code, text = refused(partial(change, request={"name": version, "etag": old}))
        assert (code, "does not match the current etag" in text) == (400, True)
    assert client.enable_secret_version(request={"name": version, "etag": new}).state == State.ENABLED


def test_what_is_not_there_is_told_in_google_s_words(client: Any) -> None:
    """A secret, a secret's versions, a version, and the secret that is there already."""
    empty, none = made(client), f"{PROJECT}/secrets/none"
    key = {"parent": PROJECT, "secret_id": empty.rpartition("/")[2], "secret": AUTOMATIC}
    access, add, read = client.access_secret_version, client.add_secret_version, client.get_secret_version
    for call, expected in (
        (lambda: access(name=f"{none}/versions/1"), f"Secret [{none}] not found or has no versions."),
        (lambda: access(name=f"{empty}/versions/latest"), f"Secret [{empty}] not found or has no versions."),
        (lambda: read(name=f"{empty}/versions/3"), f"Secret Version [{empty}/versions/3] not found."),
        (lambda: read(name=f"{empty}/versions/canary"), f"Secret [{empty}] has no alias [canary]"),
        (lambda: client.get_secret(name=none), f"Secret [{none}] not found."),
        (lambda: add(parent=none, payload={"data": b"x"}), f"Secret [{none}] not found."),
    ):
        assert refused(call) == (404, expected)
    assert refused(lambda: client.create_secret(request=key)) == (409, f"Secret [{empty}] already exists.")


@pytest.mark.parametrize(
    ("secret_id", "secret", "sentence"),
    [
        ("a.b", AUTOMATIC, "The provided Secret ID [a.b] does not match"),
        ("", AUTOMATIC, "Secret ID must be provided."),
        ("x", {}, "Secret.replication must be provided."),
        ("x", AUTOMATIC | {"ttl": {"seconds": 90}}, "The embedded platform knows no secret.ttl"),
    ],
)
def test_a_secret_that_cannot_be_is_refused(
    client: Any, secret_id: str, secret: dict[str, Any], sentence: str
) -> None:
    """Nothing is taken in that would then be something else."""
    request = {"parent": PROJECT, "secret_id": secret_id, "secret": secret}
    code, text = refused(lambda: client.create_secret(request=request))
    assert (code, sentence in text) == (400, True), text


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"data": b""}, "SecretPayload.data must not be empty."),
        ({"data": bytes(65_537)}, "SecretPayload.data must not be larger than 65536 bytes."),
        ({"data": b"x", "data_crc32c": 1}, "Provided SecretPayload.data crc32c does not match"),
    ],
)
def test_a_value_that_cannot_be_is_refused(client: Any, payload: dict[str, Any], sentence: str) -> None:
    """Empty, too large, or not what its sender computed."""
    name = made(client)
    code, text = refused(lambda: client.add_secret_version(parent=name, payload=payload))
    assert (code, sentence in text) == (400, True), text
    assert list(client.list_secret_versions(parent=name)) == []


def test_values_are_nowhere_but_in_the_state_that_only_its_user_reads(platform: World) -> None:
    """In no log and no other file; the database is closed to others."""
    client, close = over_rest(platform)
    made(client, b"hush-hush-4711")
    close()
    holding = [path for path in files(platform.state) if b"hush-hush-4711" in path.read_bytes()]
    assert holding
    assert {path.name for path in holding} <= {"state.db", "state.db-wal"}
    for path in holding:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def files(folder: Path) -> list[Path]:
    """The files of a folder, those of images left out."""
    return [one for one in folder.rglob("*") if one.is_file() and "images" not in one.parts]
