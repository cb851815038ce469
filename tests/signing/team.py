"""A team of admins with keys, and the policies that they sign.

What it is not: relman's writer of policies; it writes what must be refused as readily.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from relman.signing import POLICY, Paper, Papers, Policy, PublicKey, Seen, in_force
from relman.signing.strict import sha256
from tests.signing import smith

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
SECTIONS = {"window": "ab" * 32, "mode": "cd" * 32}


@cache
def key_of(person: str) -> smith.Key:
    """A person's key, the same one each time."""
    del person
    return smith.ed25519_key()


def line(person: str, key: smith.Key | None = None, **options: str) -> str:
    """A person's line in the list of signers."""
    namespaces = options.get("namespaces", f"go@relman.dev,{POLICY}")
    dates = f'valid-after="{options.get("after", "20260101Z")}"'
    dates += f',valid-before="{options["before"]}"' if "before" in options else ""
    return f'{person} namespaces="{namespaces}",{dates} {(key or key_of(person)).line}'


@dataclass
class Chain:
    """Versions of a policy, each written on top of the one before it."""

    papers: list[Paper] = field(default_factory=list)
    revoked: frozenset[Any] = frozenset()

    def add(
        self,
        admins: str = "ana ben cleo",
        signed: str = "",
        *,
        lines: list[str] | None = None,
        keys: dict[str, smith.Key] | None = None,
        namespace: str = POLICY,
        **said: Any,
    ) -> Chain:
        """One more version, signed by these persons; by all of its admins where nobody is named."""
        number = said.pop("number", len(self.papers) + 1)
        listed = "".join(f"{each}\n" for each in lines or [line(name) for name in admins.split()]).encode()
        last = self.papers[-1].digest if self.papers else None
        facts: dict[str, Any] = {
            "version": number,
            "created_at": int(datetime(2026, 11, len(self.papers) + 1, tzinfo=UTC).timestamp()),
            "admins": tuple(admins.split()),
            "quorum": 2,
            "allowed_signers": sha256(listed),
            "sections": SECTIONS,
            "previous": last,
        }
        content = Policy(**(facts | said)).content
        signing = {name: (keys or {}).get(name) or key_of(name) for name in (signed or admins).split()}
        made = [(f"{number:06}.{name}.sig", each.sign(content, namespace)) for name, each in signing.items()]
        self.papers.append(Paper(number, content, listed, tuple(made)))
        return self

    @property
    def genesis(self) -> str:
        """The first version's digest."""
        return self.papers[0].digest

    @property
    def all(self) -> Papers:
        """What a repository with these versions has."""
        return Papers(tuple(self.papers), self.revoked)

    def unsigned(self) -> Chain:
        """The last version without a signature."""
        self.papers[-1] = msgspec.structs.replace(self.papers[-1], signatures=())
        return self

    def write(self, root: Path) -> Path:
        """As files below a repository's root."""
        folder = root / "checklists" / "policy"
        folder.mkdir(parents=True, exist_ok=True)
        for paper in self.papers:
            (folder / f"{paper.number:06}.json").write_bytes(paper.content)
            (folder / f"{paper.number:06}.allowed_signers").write_bytes(paper.allowed_signers)
            for name, signature in paper.signatures:
                (folder / name).write_bytes(signature)
        return folder


def public(person: str) -> PublicKey:
    """A person's public key."""
    return PublicKey.read(key_of(person).line)


def version(chain: Chain, at: datetime = NOW, seen: Seen | None = None) -> int:
    """The version in force."""
    return in_force(chain.all, chain.genesis, at, seen).policy.version


def why(chain: Chain, at: datetime = NOW, seen: Seen | None = None) -> str:
    """Why the version ahead is not in force."""
    return "; ".join(in_force(chain.all, chain.genesis, at, seen).ahead)
