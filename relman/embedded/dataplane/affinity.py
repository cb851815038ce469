"""Session affinity: the cookie by which a client comes back to its revision, and to its instance.

What it is not: a promise. A revision that is no longer in the split gives its clients to the split, an
instance that is gone or full gives them to another.

Source: https://cloud.google.com/run/docs/configuring/session-affinity (a cookie of 30 days; it takes
precedence over the split). The cookie's name is not documented; this one is what clients of Google have seen.
"""

from __future__ import annotations

import base64
import binascii

from msgspec.structs import replace

from relman.embedded.dataplane.head import Fields, Response
from relman.embedded.dataplane.pool import Backend

NAME = b"GAESA"
LIFE_S = 30 * 24 * 3600


NOBODY = Backend("", 0)


def seat_in(fields: Fields) -> Backend:
    """The instance that a request's cookie names; any other cookie of the name is as good as none."""
    for name, value in fields:
        if name.lower() == b"cookie":
            for pair in value.split(b";"):
                key, _, token = pair.strip().partition(b"=")
                if key == NAME:
                    return _read(token)
    return NOBODY


def seated(response: Response, seat: Backend) -> Response:
    """The same answer, which gives the client a seat at this instance."""
    token = base64.urlsafe_b64encode(f"{seat.revision} {seat.port}".encode())
    cookie = b"Set-Cookie: %b=%b; Max-Age=%d; Path=/; HttpOnly\r\n" % (NAME, token, LIFE_S)
    return replace(response, lines=response.lines + cookie)


def _read(token: bytes) -> Backend:
    try:
        revision, _, port = base64.b64decode(token, b"-_", validate=True).decode().partition(" ")
        return Backend(revision, int(port))
    except (binascii.Error, ValueError):
        return NOBODY
