"""Web pages cannot drive the platform: neither from another origin, nor under a name that leads here."""

from __future__ import annotations

import socket
from http.client import HTTPConnection

import pytest

from relman.embedded.wire.pages import is_ours
from tests.embedded.world import World

SECRETS = "/v1/projects/p1/secrets"


def asked(platform: World, method: str, path: str, body: str = "", **fields: str) -> tuple[int, str]:
    """Status and text of the answer to one request with these header fields."""
    connection = HTTPConnection(platform.endpoint.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, body or None, {"content-type": "text/plain"} | fields)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:3000"])
def test_a_page_of_another_origin_changes_nothing(platform: World, origin: str) -> None:
    """What a page can send without asking first is refused, on every surface that changes something."""
    secret = f"{SECRETS}?secretId=evil"
    for path in (secret, "/faults", "/v2/evil/blobs/uploads/", "/v1/projects/p1/builds"):
        status, text = asked(platform, "POST", path, "{}", origin=origin)
        assert (status, "Origin" in text) == (403, True), path
    assert asked(platform, "GET", f"{SECRETS}/evil")[0] == 404


def test_a_page_is_not_told_that_it_may_ask(platform: World) -> None:
    """A browser asks first for anything but a simple request, and gets no leave."""
    method = {"access-control-request-method": "DELETE"}
    assert asked(platform, "OPTIONS", "/faults", origin="http://evil.example", **method)[0] == 403


def test_a_name_that_was_made_to_lead_here_is_not_answered(platform: World) -> None:
    """DNS rebinding: the browser takes the page for ours and lets it read, so nothing is told."""
    status, text = asked(platform, "GET", SECRETS, host="evil.example:8085")
    assert (status, "'evil.example:8085' is not this platform" in text) == (421, True)


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:8085", True),
        ("[::1]:8085", True),
        ("192.168.1.7", True),
        ("LocalHost:8085", True),
        ("localhost.", True),
        ("api.localhost:8085", True),
        ("us-central1-run.relman.internal", True),
        ("host.docker.internal:8085", True),
        ("run.googleapis.com", True),
        ("hello-abcdefghij-uc.a.run.app", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evillocalhost", False),
        ("evilgoogleapis.com", False),
        ("printer", False),
        ("1", False),
    ],
)
def test_whose_a_host_is(host: str, *, ours: bool) -> None:
    """An address cannot be made to lead here; of names only some are nobody else's."""
    assert is_ours(host) is ours


@pytest.mark.parametrize(
    "target", [b"", b" ", b"HTTP/1.1", b"example.com:443 HTTP/1.1", b"[::1]:22 HTTP/1.1"]
)
def test_no_tunnel_leads_out(platform: World, target: bytes) -> None:
    """Whatever a CONNECT asks for that is not the platform is refused, and the connection closed."""
    host, port = platform.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(b"CONNECT " + target + b"\r\n\r\n")
        said = b"".join(iter(lambda: client.recv(4096), b""))
    assert said.startswith(b"HTTP/1.1 421 "), said
