"""Services by the name of a host, on the platform's one port (row 34): ``[TAG---]SERVICE…``.

What it is not: the traffic. A connection whose first request names a service is joined to that service's
own port, with all that follows on it; the data plane there knows the tags.

Source of the hosts: https://cloud.google.com/run/docs/triggering/https-request; ``*.localhost``, RFC 6761.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

HEAD = re.compile(rb"[A-Z]{1,16}(?: [^\r\n]*)?(?:\r\n[^\r\n]*)*\r?\Z")
"""What a request's head may be the beginning of."""
FIELD = re.compile(rb"\r\nhost:[ \t]*([^\r\n]*?)[ \t]*\r\n", re.IGNORECASE)
END = b"\r\n\r\n"
LONGEST = 16 * 1024
OWN, LOCAL, GOOGLES = "localhost", ".localhost", ".run.app"
TAG_MARK = "---"


def host_in(first: bytes) -> str | None:
    """The host that a connection's first request names, empty if none; None while that cannot be told."""
    head, end, _ = first.partition(END)
    found = FIELD.search(head + b"\r\n" if end else head)
    if found:
        return found[1].decode("latin-1").lower().rpartition("@")[2].partition(":")[0]
    waits = not end and len(first) <= LONGEST and HEAD.fullmatch(first)
    return None if waits else ""


def named(host: str, services: Iterable[str]) -> str:
    """The service that a host names, empty if none.

    ``SERVICE``, ``SERVICE.localhost`` and ``SERVICE-….run.app`` name one, each with ``TAG---`` before it.

    Args:
        host: In lower case, without a port.
        services: Whole names; of two that are called the same, the first.
    """
    label, dot, rest = host.partition(".")
    local = host != OWN and (not dot or f".{rest}" == LOCAL)
    if not local and not host.endswith(GOOGLES):
        return ""
    label = label.partition(TAG_MARK)[2] or label
    by_id: dict[str, str] = {}
    for name in services:
        by_id.setdefault(name.rpartition("/")[2], name)
    if local:
        return by_id.get(label, "")
    fitting = [service_id for service_id in by_id if f"{label}-".startswith(f"{service_id}-")]
    return by_id.get(max(fitting, key=len, default=""), "")


Front = Callable[[str], int]
"""The port of the service that a host names, 0 if it names none."""
