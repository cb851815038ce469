"""Web pages are turned away: a browser lets any of them send requests to this machine.

What it is not: a question who is asking. Whatever else runs on this machine may ask everything.

A page of another origin can send a POST here without asking first (the Fetch standard, "CORS-safelisted"),
and so build and run its own program; browsers say ``Origin`` then. A page whose name is made to lead to this
machine is of our origin for the browser, which may leave ``Origin`` out and let it read the answer; its name
is in ``Host``.
"""

from __future__ import annotations

import contextlib
import ipaddress

from relman.embedded import ports
from relman.embedded.wire.http import Answer, Request

NAMES = ("localhost", ports.DOMAIN, "host.docker.internal", "googleapis.com", "run.app")
"""And what is below them: names of this machine, and those of Google that clients may be led here by."""
TEXT = "text/plain; charset=utf-8"


async def turn_away(request: Request) -> Answer | None:
    """The refusal of a web page's request, None for any other."""
    return refused(request)


def refused(request: Request) -> Answer | None:
    """The refusal, told by the head alone: 421 for a name that is not ours, 403 for a page."""
    host = request.headers.get("host", "")
    if host and not is_ours(host):
        return Answer(421, f"'{host}' is not this platform; ask localhost or an IP address.\n".encode(), TEXT)
    if "origin" in request.headers:
        return Answer(403, b"Web pages are not answered: the request has an Origin.\n", TEXT)
    return None


def is_ours(host: str) -> bool:
    """Whether a ``Host`` is an address, or a name that nobody else can make lead here.

    Args:
        host: As it was sent, maybe with a port.
    """
    if host.startswith("["):
        name = host[1:].partition("]")[0]
    else:
        name = host.partition(":")[0].lower().removesuffix(".")
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(name))
    return any(name == one or name.endswith(f".{one}") for one in NAMES)
