"""Where commits, issues and comparisons can be read, on the host that a remote names.

What it is not: a look at the network. The paths are those of the hosts' own pages; a host that nobody
knows is taken for one of GitHub's form, which Gitea and Forgejo have too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from msgspec import Struct

from relman.notes.values import Ref
from relman.remote import Remote
from relman.version import Message

FORGES = ("github", "gitlab", "bitbucket")
REFERENCE = re.compile(r"([#!])(?<![\w&/#!][#!])(\d{1,9})(?!\w)")
"""``#12``, and on GitLab a merge request's ``!7``; none within a word or an address."""


class Links(Struct, frozen=True):
    """The pages of a repository.

    Attributes:
        web: Its own page, without a slash at the end; empty if no remote is known: then nothing has a link.
        forge: What kind of host it is: one of :data:`FORGES`.
    """

    web: str = ""
    forge: str = "github"

    @classmethod
    def to(cls, address: str, forge: str = "") -> Links:
        """The pages of the repository at an address; a secret in it is left out.

        Args:
            address: As git knows the remote.
            forge: Which kind of host it is; empty to see it by the host's name.
        """
        remote = Remote.read(address)
        if remote is None:
            return cls()
        named = next((kind for kind in FORGES if kind in remote.host), FORGES[0])
        host, path = quote(remote.host, safe=":.-"), quote(remote.path, safe="/~@+")
        return cls(f"https://{host}/{path}", forge or named)

    def commit(self, hash_: str) -> str:
        """A commit."""
        middle = {"gitlab": "-/commit", "bitbucket": "commits"}.get(self.forge, "commit")
        return f"{self.web}/{middle}/{hash_}" if self.web else ""

    def compare(self, since: str, until: str) -> str:
        """What lies between two tags or commits."""
        if not self.web or not since:
            return ""
        one, other = quote(since, safe="/.-"), quote(until, safe="/.-")
        if self.forge == "bitbucket":
            return f"{self.web}/branches/compare/{other}..{one}"
        return f"{self.web}/{'-/' if self.forge == 'gitlab' else ''}compare/{one}...{other}"

    def at(self, tag: str) -> str:
        """The repository at a tag, for a first release, which has nothing to be compared with."""
        middle = {"gitlab": "-/tags", "bitbucket": "src"}.get(self.forge, "releases/tag")
        return f"{self.web}/{middle}/{quote(tag, safe='/.-')}" if self.web and tag else ""

    def reference(self, mark: str, number: str) -> str:
        """An issue, or a change that was asked to be taken in."""
        if not self.web:
            return ""
        if mark == "!":
            return f"{self.web}/-/merge_requests/{number}" if self.forge == "gitlab" else ""
        return f"{self.web}/{'-/' if self.forge == 'gitlab' else ''}issues/{number}"

    def named(self, message: Message) -> tuple[Ref, ...]:
        """The issues and changes that a message names in its first line and its footers, each once."""
        found: dict[str, Ref] = {}
        for text in _naming(message):
            for mark, number in REFERENCE.findall(text):
                name = f"{mark}{number}"
                if name not in found and (mark != "!" or self.forge == "gitlab"):
                    found[name] = Ref(name, self.reference(mark, number))
        return tuple(found.values())


def _naming(message: Message) -> Iterator[str]:
    """The texts of a message that may name something."""
    if "#" in message.header or "!" in message.header:
        yield message.subject
    for footer in message.footers:
        if not footer.breaking:
            yield f"#{footer.value}" if footer.separator == " #" else footer.value
