"""The platform as a forward proxy: ``gcloud`` reaches its APIs by names that nobody has to resolve.

What it is not: a way out. It knows its own names, and answers for no other host.

Source: absolute-form requests, RFC 9112 section 3.2.2; a host that is not served, RFC 9110 section 15.5.20.
"""

from __future__ import annotations

import re

from relman.embedded import ports
from relman.embedded.wire.http import Answer, Request

ABSOLUTE = re.compile(rb"http://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


async def unwrap(request: Request) -> Answer | None:
    """Turn a request to a proxy into one to the server that it names; an answer when that is not here."""
    match = ABSOLUTE.fullmatch(bytes(request.target))
    if match is None:
        return None
    host = match[1].decode("latin-1")
    name = host.rpartition("@")[2].partition(":")[0]
    if not is_own(name):
        return Answer(421, refusal(name), "text/plain; charset=utf-8")
    request.headers["host"] = host
    path = match[2].partition(b"#")[0]
    request.target = path if path.startswith(b"/") else b"/" + path
    return None


def is_own(host: str) -> bool:
    """Whether a host is the platform itself, without its port."""
    name = host.lower()
    return name in {ports.HOST, "localhost", ports.DOMAIN} or name.endswith(f".{ports.DOMAIN}")


def refusal(host: str) -> bytes:
    """What is said of any other host."""
    return f"The embedded platform is a proxy for *.{ports.DOMAIN} only; '{host}' is not asked.\n".encode()
