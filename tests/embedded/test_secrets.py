"""Secret Manager, judged by Google's own client over gRPC and REST."""

from __future__ import annotations

import itertools
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import google_crc32c
import grpc
import pytest
from google.api_core.exceptions import GoogleAPICallError
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


def test_a_destroyed_version_is_gone_for_good(client: Any) -> None:
    """It stays listed, keeps its number, and neither is accessed nor enabled again."""
    name = made(client, b"once and never again")
    assert client.destroy_secret_version(name=f"{name}/versions/1").state == State.DESTROYED
    assert refused(lambda: client.access_secret_version(name=f"{name}/versions/1")) == (
        400,
        f"Secret Version [{name}/versions/1] is in DESTROYED state.",
    )
    code, text = refused(lambda: client.enable_secret_version(name=f"{name}/versions/1"))
    assert (code, text) == (400, "SecretVersion.state is already DESTROYED")
    assert client.add_secret_version(parent=name, payload={"data": b"x"}).name == f"{name}/versions/2"
    client.delete_secret(name=name)
    assert refused(lambda: client.get_secret(name=name)) == (404, f"Secret [{name}] not found.")
    assert made(client).startswith(PROJECT)


def test_refusals_are_google_s(client: Any) -> None:
    """What is missing, what is there already, what cannot be."""
    empty, name = made(client), f"{PROJECT}/secrets/none"
    key = {"parent": PROJECT, "secret_id": empty.rpartition("/")[2], "secret": AUTOMATIC}
    access, add = client.access_secret_version, client.add_secret_version
    for call, expected in (
        (lambda: access(name=f"{name}/versions/1"), (404, f"Secret [{name}] not found or has no versions.")),
        (
            lambda: access(name=f"{empty}/versions/latest"),
            (404, f"Secret [{empty}] not found or has no versions."),
        ),
        (lambda: client.get_secret(name=name), (404, f"Secret [{name}] not found.")),
        (lambda: add(parent=name, payload={"data": b"x"}), (404, f"Secret [{name}] not found.")),
        (lambda: client.create_secret(request=key), (409, f"Secret [{empty}] already exists.")),
        (
            lambda: client.create_secret(request=key | {"secret_id": "a.b"}),
            (400, "The provided Secret ID [a.b]"),
        ),
        (
            lambda: client.create_secret(request=key | {"secret_id": "x", "secret": {}}),
            (400, "Secret.replication must"),
        ),
        (lambda: add(parent=empty, payload={"data": b""}), (400, "SecretPayload.data must not be empty")),
        (
            lambda: add(parent=empty, payload={"data": bytes(70_000)}),
            (400, "SecretPayload.data must not be larger"),
        ),
        (
            lambda: add(parent=empty, payload={"data": b"x", "data_crc32c": 1}),
            (400, "Provided SecretPayload.data crc32c"),
        ),
        (
            lambda: client.create_secret(
                request=key | {"secret_id": "x", "secret": {**AUTOMATIC, "ttl": {"seconds": 90}}}
            ),
            (400, "The embedded platform knows no secret.ttl"),
        ),
        (
            lambda: client.disable_secret_version(name=f"{empty}/versions/latest"),
            (400, "The provided Secret Version ID"),
        ),
    ):
        code, text = refused(call)
        assert (code, expected[1] in text) == (expected[0], True), text


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
