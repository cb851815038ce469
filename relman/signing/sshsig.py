"""Detached OpenSSH signatures (SSHSIG): read, and verified without a program.

What it is not: a judge of who may sign (``signers``), and no maker of signatures (``keygen``). It is
stricter than ``ssh-keygen -Y verify`` and never laxer: what is accepted here is accepted there.

Source: OpenSSH's PROTOCOL.sshsig.
"""

from __future__ import annotations

import base64
import hashlib
import re

from msgspec import Struct

from relman.errors import Refused, Tampered
from relman.signing.keys import PIN_GIVEN, TOUCHED, PublicKey, strict_base64
from relman.signing.strict import CAP, need
from relman.signing.wire import Fields, string

MAGIC, VERSION = b"SSHSIG", 1
HASHES = ("sha512", "sha256")
"""What a message may be hashed with before it is signed."""
LINE = 70
"""How long ssh-keygen makes the lines of its base64."""

_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----\n", "\n-----END SSH SIGNATURE-----"
_LINES = re.compile(r"(?:[A-Za-z0-9+/]+\n)*[A-Za-z0-9+/]+={0,2}")


class Signature(Struct, frozen=True):
    """A signature as it was read; whether it holds is what ``verified`` says.

    Attributes:
        key: The public key that it says it was made with.
        namespace: What for: a signature of one namespace is none in another.
        hash: What the message was hashed with.
        own: What the key made: the algorithm's name and what that needs.
    """

    key: PublicKey
    namespace: str
    hash: str
    own: bytes

    @classmethod
    def read(cls, armoured: bytes) -> Signature:
        """Read an armoured signature.

        Args:
            armoured: What ``ssh-keygen -Y sign`` wrote: one signature and nothing before or behind it. Lines
                end with LF, and may be of any length (the standard says 76, ssh-keygen does 70).

        Raises:
            Tampered: It is none, holds anything that is not signed or skipped by others, or a key that may
                not sign.
        """
        fields = Fields(_unarmoured(armoured))
        need(fields.raw(len(MAGIC)) == MAGIC, "this is no SSH signature", error=Tampered)
        version = fields.uint32()
        need(
            version == VERSION,
            "an SSH signature has a version that nobody knows",
            f"{version}",
            error=Tampered,
        )
        key = PublicKey.from_blob(fields.string())
        namespace, reserved, hash_ = fields.word(), fields.string(), fields.word()
        need(namespace, "an SSH signature has no namespace", error=Tampered)
        need(not reserved, "an SSH signature says something that is not signed", error=Tampered)
        need(hash_ in HASHES, "an SSH signature has a hash that is not accepted", hash_[:20], error=Tampered)
        own = fields.string()
        fields.end("an SSH signature")
        return cls(key, namespace, hash_, own)

    @property
    def armoured(self) -> str:
        """As ``ssh-keygen`` writes it."""
        blob = MAGIC + VERSION.to_bytes(4, "big")
        blob += b"".join(
            map(string, (self.key.blob, self.namespace.encode(), b"", self.hash.encode(), self.own))
        )
        text = base64.b64encode(blob).decode()
        return _BEGIN + "\n".join(text[at : at + LINE] for at in range(0, len(text), LINE)) + _END + "\n"

    def of(self, message: bytes) -> Verified:
        """The signature as one that holds for a message, in its own namespace.

        Raises:
            Tampered: It does not hold.
        """
        digest = hashlib.new(self.hash, message).digest()
        parts = (self.namespace.encode(), b"", self.hash.encode(), digest)
        flags = self.key.holds(self.own, MAGIC + b"".join(map(string, parts)))
        return Verified(self.key, self.namespace, flags)


class Verified(Struct, frozen=True):
    """A signature that holds: these bytes were signed by this key, for this.

    Attributes:
        key: The key that made it; whose key that is says a list of signers.
        namespace: What for.
        flags: What the authenticator said; None for a key that lives in none.
    """

    key: PublicKey
    namespace: str
    flags: int | None = None

    @property
    def touched(self) -> bool:
        """Whether an authenticator says that a person was there; stock OpenSSH does not ask."""
        return self.flags is not None and bool(self.flags & TOUCHED)

    @property
    def pin_given(self) -> bool:
        """Whether an authenticator says that it knows the person, by PIN or by finger."""
        return self.flags is not None and bool(self.flags & PIN_GIVEN)

    def present(self, *, hardware: bool = False, pin: bool = False) -> Verified:
        """Itself, if a person was there as far as the key can tell (threat T01).

        Args:
            hardware: Only a key in an authenticator will do.
            pin: An authenticator must know the person too.

        Raises:
            Refused: An authenticator signed without a touch or without the PIN, or the key lives in none.
        """
        need(self.key.hardware or not hardware, "only a hardware key may sign this", self.key.fingerprint)
        if self.key.hardware and not self.touched:
            raise Refused("the hardware key was not touched", fact=self.key.fingerprint)
        if pin and self.key.hardware and not self.pin_given:
            raise Refused("the hardware key was used without its PIN", fact=self.key.fingerprint)
        return self


def verified(message: bytes, armoured: bytes, namespace: str) -> Verified:
    """Verify a detached signature; whose it is and whether that person may sign is another question.

    Args:
        message: The bytes that were signed, as stored.
        armoured: The signature as ssh-keygen wrote it.
        namespace: What it must have been made for.

    Raises:
        Tampered: It does not hold, for whatever reason.
    """
    signature = Signature.read(armoured)
    told = f"made for {signature.namespace[:60]!r}, not for {namespace!r}"
    need(signature.namespace == namespace, "a signature was made for something else", told, error=Tampered)
    return signature.of(message)


def _unarmoured(armoured: bytes) -> bytes:
    need(len(armoured) <= CAP, "an SSH signature is too large", error=Tampered)
    try:
        text = armoured.decode("ascii").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise Tampered("this is no armoured SSH signature", fact=str(error)) from None
    framed = text.startswith(_BEGIN) and text.endswith(_END) and len(text) > len(_BEGIN + _END)
    body = text[len(_BEGIN) : -len(_END)] if framed else ""
    need(_LINES.fullmatch(body), "this is no armoured SSH signature", repr(text[:40]), error=Tampered)
    return strict_base64(body.replace("\n", ""))
