"""Where the platform is reached: free ports of the loopback interface, and the names of its hosts.

What it is not: a reservation; a port is taken by listening.
"""

from __future__ import annotations

import random
import socket
from itertools import count, islice
from pathlib import Path

HOST = "127.0.0.1"
DOMAIN = "relman.internal"
"""Of the names that ``gcloud`` asks through the port as a proxy; ``.internal`` is for private use."""
PREFERRED = 8085
"""Where the APIs are unless that port is taken or another one is asked for."""
LOWEST = 10240
TRIES = 200
_turns = count(random.SystemRandom().randrange(1 << 16))
"""Which port is tried next. One that was given out is free until its process listens, which takes a while,
so no port is given out twice; the beginning is the machine's chance, because a test may seed Python's."""


def free() -> int:
    """A port on which nothing listens, below the range that the kernel gives to outgoing connections.

    In that range a probe could connect to itself, and a remembered port could be taken meanwhile.

    Raises:
        OSError: No free port was found.
    """
    highest = _outgoing()
    for turn in islice(_turns, TRIES):
        port = LOWEST + turn % max(highest - LOWEST, 1000)
        if is_free(port):
            return port
    raise OSError(f"no free port between {LOWEST} and {highest}")


def _outgoing() -> int:
    """Where the kernel's range for outgoing connections begins: Linux tells, IANA's 49152 elsewhere."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    except OSError:
        return 49152


def is_free(port: int) -> bool:
    """Whether the port can be listened on."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((HOST, port))
        except OSError:
            return False
    return True
