"""Bytes, HTTP, JSON and protobuf of any kind at the platform's port: no traceback, no hang, no wrong yes.

The examples are the same in every run; what a longer run finds becomes a test of its own.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import grpc
import pytest
from google.cloud import run_v2
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st

from relman.embedded.wire.apis import APIS
from tests.embedded.world import PLACE, World

SERVICE = f"/v2/{PLACE}/services"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PIECES = st.sampled_from(
    [
        PREFACE,
        b"\x00\x00\x00\x04\x00\x00\x00\x00\x00",  # HTTP/2: an empty SETTINGS
        b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n",
        f"POST {SERVICE}?serviceId=x HTTP/1.1\r\n".encode(),
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Upgrade: websocket\r\nConnection: upgrade\r\n",
        b"\r\n",
        b"3\r\n{}\n\r\n0\r\n\r\n",
        b"{}\n",
    ]
)
NOISE = st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=8).map(b"".join)
WORDS = st.sampled_from(
    ["v1", "v2", "v3", "apis", "projects", "p1", "locations", "services", "revisions", "builds", "operations"]
) | st.sampled_from(["blobs", "uploads", "faults", "status", "-", "..", "x:wait", "x:cancel", "%2F", "%ff"])
PATHS = st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=9).map(lambda words: "/" + "/".join(words))
NAMES = st.sampled_from(["serviceId", "pageSize", "update_mask", "alt", "service.labels", "x.y", "filter"])
PAIRS = st.tuples(NAMES, st.text(max_size=8)).map("=".join)
VERBS = st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "BREW"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=4,
)
FUZZ = settings(max_examples=100, deadline=None, database=None, derandomize=True)


@pytest.fixture(scope="module")
def unbroken(platform: World) -> Iterator[World]:
    """The platform, whose log must not tell of an error afterwards, and which must answer still."""
    log = platform.state / "platform.log"
    before = len(log.read_bytes())
    yield platform
    said = log.read_bytes()[before:].decode()
    assert "Traceback" not in said, said
    assert "ERROR" not in said, said
    assert platform.status()["endpoint"] == platform.endpoint


@pytest.fixture(scope="module")
def channel(unbroken: World) -> Iterator[grpc.Channel]:
    """A bare channel, for what no client would send."""
    with grpc.insecure_channel(unbroken.endpoint.removeprefix("http://")) as found:
        yield found


@pytest.mark.parametrize(
    "sent",
    [
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"description": NaN}',
        b'{"template": {"timeout": Infinity}}',
        b'{"description": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"description": "\xff"}',
        b"\xff\xfe{}",
        b"9" * 5_000,
        b'{"traffic": [{"percent": ' + b"9" * 5_000 + b"}]}",
        b'{"template": ' * 200 + b"1" + b"}" * 200,
    ],
)
def test_row_48_what_json_is_not_is_refused(unbroken: World, sent: bytes) -> None:
    """Too deep, no number, half a character, no UTF-8: a client's mistake each, not ours."""
    status, answer = http(unbroken, "POST", f"{SERVICE}?serviceId=any&validateOnly=true", sent)
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")


@FUZZ
@given(data=NOISE)
def test_any_bytes_are_answered_or_let_go(unbroken: World, data: bytes) -> None:
    """A client that has said all hears an answer or an end; a yes is for none but a request."""
    heard = raw(unbroken, data, ends=True)
    assert b"HTTP" in data or not heard.startswith(b"HTTP/1.1 2")


@FUZZ
@given(verb=VERBS, path=PATHS, query=st.lists(PAIRS, max_size=3).map("&".join))
def test_any_path_is_answered(unbroken: World, verb: str, path: str, query: str) -> None:
    """Never with 5xx, but for 501 where Google does not offer it either."""
    heard = raw(unbroken, f"{verb} {path}?{query} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
    status = int(heard.split(b" ")[1])
    assert status < 500 or status == 501, heard


@FUZZ
@given(data=st.data())
def test_a_service_with_a_change_is_refused_or_is_one(unbroken: World, data: st.DataObject) -> None:
    """Any value anywhere in a good request: what is taken is a message still."""
    service = body(unbroken)
    places = list(inside(service))
    *way, last = data.draw(st.sampled_from(places))
    at(service, way)[last] = data.draw(JSON)
    sent = json.dumps(service).encode()
    status, answer = http(unbroken, "POST", f"{SERVICE}?serviceId=any&validateOnly=true", sent)
    assert status in {200, 400}, answer
    if status == 200:
        read = json_format.Parse(sent, run_v2.Service.pb(run_v2.Service()))
        assert read.template.containers[0].image == answer["response"]["template"]["containers"][0]["image"]


@FUZZ
@given(data=st.data())
def test_a_service_of_v1_with_a_change_is_refused_or_is_one(unbroken: World, data: st.DataObject) -> None:
    """The same for Knative's objects: a client's mistake, or a service that could be read back."""
    service = body_of_v1(unbroken)
    *way, last = data.draw(st.sampled_from(list(inside(service))))
    at(service, way)[last] = data.draw(JSON)
    target = f"/v1/{PLACE}/services?dryRun=all"
    status, answer = http(unbroken, "POST", target, json.dumps(service).encode())
    assert status in {200, 400}, answer
    if status == 200:
        assert answer["spec"]["template"]["spec"]["containers"][0]["image"]


@FUZZ
@given(data=st.data(), wrong=st.sampled_from([[1], {"a": {"b": 1}}, "\ud800", {"\ud800": 1}, 1e400, [[]]]))
def test_a_wrong_value_is_never_taken(unbroken: World, data: st.DataObject, wrong: Any) -> None:
    """A name or a number that is a list, an unknown field, half a character: 400 in Google's envelope."""
    service = body(unbroken)
    leaves = [place for place in inside(service) if isinstance(at(service, place), str | int | bool)]
    *way, last = data.draw(st.sampled_from(leaves))
    at(service, way)[last] = wrong
    status, answer = http(
        unbroken, "POST", f"{SERVICE}?serviceId=any&validateOnly=true", json.dumps(service).encode()
    )
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")


@FUZZ
@given(data=st.data())
def test_any_bytes_over_grpc_end_with_a_code(channel: grpc.Channel, data: st.DataObject) -> None:
    """Never UNKNOWN or INTERNAL, which is what a broken server says, and never too late."""
    api, method = data.draw(st.sampled_from([(api, name) for api in APIS.values() for name in api.requests]))
    good = run_v2.Service.serialize(run_v2.Service(name=f"{PLACE}/services/x", labels={"a": "b"}))
    sent = bytearray(good if data.draw(st.booleans()) else data.draw(st.binary(max_size=60)))
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, 80), st.integers(0, 255)), max_size=4)):
        if place < len(sent):
            sent[place] = byte
    code = ended(channel, f"/{api.service}/{method}", bytes(sent))
    assert code not in {"UNKNOWN", "INTERNAL", "DEADLINE_EXCEEDED"}, (method, bytes(sent))


def address(platform: World) -> tuple[str, int]:
    """The platform's port."""
    host, _, port = platform.endpoint.removeprefix("http://").partition(":")
    return host, int(port)


def ended(channel: grpc.Channel, method: str, sent: bytes) -> str:
    """What a call ended with."""
    try:
        channel.unary_unary(method)(sent, timeout=10)
    except grpc.RpcError as error:
        return str(error.code().name)
    return "OK"


def raw(platform: World, sent: bytes, *, ends: bool = False) -> bytes:
    """All that is heard by a client that sends this, and ``ends``: says that it has said all."""
    with socket.create_connection(address(platform), timeout=10) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        return b""


def http(platform: World, verb: str, target: str, sent: bytes) -> tuple[int, Any]:
    """One request: its status, and its JSON if it is that."""
    connection = HTTPConnection(*address(platform), timeout=10)
    with contextlib.closing(connection):
        connection.putrequest(verb, target, skip_accept_encoding=True)
        connection.putheader("content-length", str(len(sent)))
        connection.endheaders(sent)
        answer = connection.getresponse()
        text = answer.read()
    with contextlib.suppress(ValueError):
        return answer.status, json.loads(text)
    return answer.status, text


def body(platform: World) -> dict[str, Any]:
    """A good service with a bit of everything."""
    container = {
        "image": platform.image,
        "env": [{"name": "A", "value": "b"}],
        "ports": [{"name": "http1", "containerPort": 8080}],
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "cpuIdle": True},
        "startupProbe": {"tcpSocket": {"port": 8080}, "timeoutSeconds": 1, "failureThreshold": 1},
    }
    return {
        "description": "x",
        "labels": {"a": "b"},
        "ingress": "INGRESS_TRAFFIC_ALL",
        "template": {"containers": [container], "timeout": "300s", "scaling": {"maxInstanceCount": 3}},
        "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100, "tag": "now"}],
    }


def body_of_v1(platform: World) -> dict[str, Any]:
    """A good service with a bit of everything, as Knative spells it."""
    container = {
        "image": platform.image,
        "env": [{"name": "A", "value": "b"}],
        "ports": [{"name": "http1", "containerPort": 8080}],
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}},
        "startupProbe": {"tcpSocket": {"port": 8080}, "timeoutSeconds": 1, "failureThreshold": 1},
    }
    scale = {
        "annotations": {
            "autoscaling.knative.dev/maxScale": "3",
            "run.googleapis.com/container-dependencies": "{}",
            "run.googleapis.com/sessionAffinity": "true",
        }
    }
    spec = {
        "containers": [container],
        "timeoutSeconds": 300,
        "containerConcurrency": 80,
        "nodeSelector": {},
        "volumes": [{"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}],
    }
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": "any", "namespace": "p1", "labels": {"a": "b"}, "annotations": {"c": "d"}},
        "spec": {
            "template": {"metadata": scale, "spec": spec},
            "traffic": [{"latestRevision": True, "percent": 100, "tag": "now"}],
        },
    }


def inside(value: Any, *way: Any) -> Iterator[list[Any]]:
    """The way to every place in a value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in list(pairs):
        yield [*way, step]
        yield from inside(one, *way, step)


def at(value: Any, way: list[Any]) -> Any:
    """What is at the end of a way."""
    for step in way:
        value = value[step]
    return value
