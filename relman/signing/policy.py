"""A policy: who may change the rules, how many of them it takes, whose keys count, what may not differ.

What it is not: in force. A file that says so is paper until enough admins of the policy before it, and of
itself, have signed it (``chain``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from relman.errors import Refused
from relman.signing.keys import PublicKey
from relman.signing.signers import Signers, read_revoked
from relman.signing.sshsig import Verified
from relman.signing.statements import POLICY, Digest, Seconds, Word
from relman.signing.strict import canonical, converted, need, parsed, sha256

TYPE: Final = "https://relman.dev/policy/v1"
LEAST = 2
"""How many admins must sign at least: nobody changes the rules alone."""
_NUMBER = 999_999


class Policy(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename="camel",
    omit_defaults=True,
    kw_only=True,
    tag_field="type",
    tag=TYPE,
):
    """One version of a team's rules about its rules.

    Attributes:
        version: Counts up from 1; also the name of its file.
        created_at: When it was written, in seconds since 1970.
        admins: Who may sign a change, as the list of signers names them; one more than the quorum at
            least, so that one of them may be lost (threat T19).
        quorum: How many of them it takes; two at least.
        allowed_signers: SHA-256 of the list of signers that comes with it.
        sections: What of relman.toml only a policy changes: digests by name (``guarded``).
        previous: SHA-256 of the version before; None in a genesis.
        revoked: Public keys that count no more; never fewer than before.
        approvals: How many must say go in a role, or as ``A`` or ``R`` of the row, where one is not enough.
        self_approval: Roles in which an author may approve all the same; none unless it says so.
        hardware: Roles that sign with a hardware key only.
        pin: Whether a hardware key must be used with its PIN.
        comment: Why it was changed.
    """

    version: Annotated[int, Meta(ge=1, le=_NUMBER)]
    created_at: Seconds
    admins: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=64)]
    quorum: Annotated[int, Meta(ge=1, le=64)]
    allowed_signers: Digest
    sections: dict[Word, Digest]
    previous: Digest | None = None
    revoked: tuple[str, ...] = ()
    approvals: dict[Word, Annotated[int, Meta(ge=1, le=9)]] = {}
    self_approval: tuple[Word, ...] = ()
    hardware: tuple[Word, ...] = ()
    pin: bool = False
    comment: Annotated[str, Meta(max_length=2000)] = ""

    @classmethod
    def read(cls, content: bytes, named: str = "the policy") -> Policy:
        """A policy's file.

        Raises:
            Refused: It is no canonical policy.
        """
        value = parsed(content, named)
        need(value.get("type") == TYPE, f"{named} is no policy", f"its type is {value.get('type')!r}"[:80])
        return converted(value, cls, named)

    @property
    def content(self) -> bytes:
        """The bytes to sign, and to keep."""
        return canonical(msgspec.to_builtins(self))

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes, by which a request names it, in hex."""
        return sha256(self.content)

    @property
    def at(self) -> datetime:
        """When it was written."""
        return datetime.fromtimestamp(self.created_at, UTC)

    @property
    def revoked_keys(self) -> frozenset[PublicKey]:
        """The keys that count no more.

        Raises:
            Refused: What stands there is no key.
        """
        return read_revoked("\n".join(self.revoked).encode(), "revoked")

    def need_sound(self, signers: Signers) -> None:
        """Refuse rules by which the rules could be changed by one person, or by nobody.

        Args:
            signers: The list that comes with it.

        Raises:
            Refused: Each reason is named.
        """
        revoked = self.revoked_keys
        lines = [each for each in signers.lines if POLICY in each.namespaces and each.key not in revoked]
        keyless = sorted(set(self.admins) - {name for each in lines for name in each.principals})
        spare = f"{len(self.admins)} admins, quorum {self.quorum}"
        need(len(set(self.admins)) == len(self.admins), "an admin stands there twice", ", ".join(self.admins))
        need(self.quorum >= LEAST, "one person could change the rules", f"quorum {self.quorum}")
        need(len(self.admins) > self.quorum, "no admin may be lost", spare)
        need(not keyless, f"an admin has no key for {POLICY}", ", ".join(keyless))

    def endorsed(self, signers: Signers, by: Iterable[Verified], at: datetime) -> tuple[str, ...]:
        """The admins who signed: each person once, each key once, in order.

        Args:
            signers: The list that belongs to this policy, without the keys that count no more.
            by: Signatures that hold, of a policy's bytes.
            at: The moment at which the keys must be valid.
        """
        signed: dict[str, PublicKey] = {}
        for each in by:
            names = signers.principals(each.key, POLICY, at) if self._present(each) else ()
            free = [name for name in self.admins if name in names and name not in signed]
            if free and each.key not in signed.values():
                signed[free[0]] = each.key
        return tuple(sorted(signed))

    def _present(self, by: Verified) -> bool:
        """Whether a person was there, as far as the key can tell."""
        try:
            by.present(pin=self.pin)
        except Refused:
            return False
        return by.namespace == POLICY
