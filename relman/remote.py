"""Where a git remote is, read from its address: the host, and the repository's path on it.

What it is not: a look at git or at the network. An address is a text, and this is what it says.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from msgspec import Struct

SCHEMES = {"https": 443, "http": 80, "ssh": 22, "git": 9418, "git+ssh": 22}
"""What git speaks over the network, with the port that goes without saying."""
SAME = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
"""Hosts that answer ssh on the port of https, and the host that they stand for."""

_SCP = re.compile(r"(?:[^@/:\s]+@)?(?P<host>[^@/:\s\[\]]+):(?!/{0,2}$)(?P<path>[^\s]+)")


class Remote(Struct, frozen=True):
    """A repository on a host.

    Attributes:
        host: In small letters; with a port where people reach the host's pages at one.
        path: Without slashes at its ends and without ``.git``: ``acme/api``.
    """

    host: str
    path: str

    @classmethod
    def read(cls, url: str) -> Remote | None:
        """What an address says; None for a folder of this machine, and for what is no address.

        Both forms are read: ``scheme://user@host:port/path``, and ``user@host:path`` as scp spells it, which
        is one only if no slash stands before the colon (git-clone(1), GIT URLS). A name or a password in
        it is left out.
        """
        if "://" not in url:
            found = _SCP.fullmatch(url)
            return _remote(found["host"], found["path"]) if found else None
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return None
        if parts.scheme not in SCHEMES or not host:
            return None
        pages = parts.scheme in {"https", "http"} and port not in {None, SCHEMES[parts.scheme]}
        return _remote(f"{host}:{port}" if pages else host, parts.path)

    @property
    def name(self) -> str:
        """What the repository is called wherever it was cloned to: ``github.com/acme/api``."""
        return f"{self.host}/{self.path}"

    @property
    def web(self) -> str:
        """Where people read it."""
        return f"https://{self.host}/{self.path}"


def _remote(host: str, path: str) -> Remote | None:
    name = path.strip("/").removesuffix(".git").strip("/")
    known = host.lower()
    return Remote(SAME.get(known, known), name) if name else None
