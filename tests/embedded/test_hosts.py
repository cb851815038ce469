"""Hosts on the platform's one port: which name a service, and when that can be told."""

from __future__ import annotations

import pytest

from relman.embedded.wire.hosts import LONGEST, host_in, named

SERVICES = [
    f"projects/p/locations/{place}" for place in ("a/services/api", "b/services/api", "a/services/api-x")
]


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("api", SERVICES[0]),
        ("api.localhost", SERVICES[0]),
        ("next---api.localhost", SERVICES[0]),
        ("api-1a2b3c4d5e-ew.a.run.app", SERVICES[0]),
        ("api-x-1a2b3c4d5e-ew.a.run.app", SERVICES[2]),
        ("next---api-x-123.europe-west1.run.app", SERVICES[2]),
        ("other.localhost", ""),
        ("api.example.com", ""),
        ("europe-west1-run.googleapis.com", ""),
        ("127.0.0.1", ""),
        ("localhost", ""),
        ("", ""),
    ],
)
def test_a_host_names_a_service_or_none(host: str, service: str) -> None:
    """The longest name that fits; of two that are called the same the first; no host of the APIs."""
    assert named(host, SERVICES) == service


@pytest.mark.parametrize(
    ("first", "host"),
    [
        (b"GET / HTTP/1.1\r\nHost: Api.localhost:8085\r\nAcc", "api.localhost"),
        (b"GET / HTTP/1.1\r\nAccept: x\r\nhost:api\r\n\r\nbody", "api"),
        (b"GET / HTTP/1.0\r\n\r\nHost: api\r\n\r\n", ""),
        (b"GET / HTTP/1.1\r\nHost: api", None),
        (b"GET / HTTP/1.1\r\nAccept: x\r", None),
        (b"GE", None),
        (b"GET /" + b"x" * LONGEST, ""),
        (b"\x16\x03\x01\x02", ""),
        (b"nonsense\r\n\r\n", ""),
    ],
)
def test_a_host_is_known_when_its_line_is_whole(first: bytes, host: str | None) -> None:
    """What can be no head, or is too long for one, waits for nothing."""
    assert host_in(first) == host
