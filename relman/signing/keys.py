"""Public keys as OpenSSH writes them, and whether a signature of one holds.

What it is not: a holder of private keys; relman never has one in its hands. DSA, RSA below 2048 bits,
SHA-1 and certificates are refused: nobody may say go with them.

Sources: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8332, RFC 8709, OpenSSH's PROTOCOL.u2f.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from msgspec import Struct

from relman.errors import Tampered
from relman.signing.strict import need
from relman.signing.wire import Fields

ED25519, SK_ED25519 = "ssh-ed25519", "sk-ssh-ed25519@openssh.com"
P256, P384 = "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"
SK_P256, RSA = "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa"
KINDS = (ED25519, SK_ED25519, P256, P384, SK_P256, RSA)
"""The kinds of keys that may sign."""
RSA_BITS = 2048
"""The fewest bits that an RSA key may have (NIST SP 800-131A)."""
TOUCHED, PIN_GIVEN = 0x01, 0x04
"""Flags of an authenticator: a person was present, and was verified (WebAuthn section 6.1, UP and UV)."""

_UNCOMPRESSED = 4
_CURVES = {P256: b"nistp256", P384: b"nistp384", SK_P256: b"nistp256"}
_RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")


class PublicKey(Struct, frozen=True):
    """A public key that may sign; made by ``read`` or ``from_blob``, which refuse every other.

    Attributes:
        kind: Such as ``ssh-ed25519``.
        blob: The key in SSH's own form, the only one that it has.
    """

    kind: str
    blob: bytes

    @classmethod
    def read(cls, text: str) -> PublicKey:
        """A key as it stands in an ``id_*.pub``: kind, base64, and perhaps a comment.

        Raises:
            Tampered: No such text, or a key that may not sign.
        """
        kind, _, rest = text.strip(" \n").partition(" ")
        try:
            key = cls.from_blob(strict_base64(rest.partition(" ")[0]))
        except Tampered as error:
            shown = f"{text.strip()[:60]!r}: {error.fact or error.what}"
            raise Tampered("this is no public key that may sign", fact=shown) from None
        need(key.kind == kind, "a public key is of another kind than it says", kind[:60], error=Tampered)
        return key

    @classmethod
    def from_blob(cls, blob: bytes) -> PublicKey:
        """A key in SSH's own form.

        Raises:
            Tampered: It is none, or one that may not sign.
        """
        return cls(_known(blob)[0], blob)

    @property
    def fingerprint(self) -> str:
        """``SHA256:…``, as ``ssh-keygen -l`` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """As it stands in an ``id_*.pub``, without a comment."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    @property
    def hardware(self) -> bool:
        """Whether it lives in a FIDO authenticator."""
        return self.kind.startswith("sk-")

    def holds(self, signature: bytes, message: bytes) -> int | None:
        """Check a signature of the message itself.

        Args:
            signature: Its blob: the algorithm's name and what that needs.
            message: What was signed.

        Returns:
            The authenticator's flags, None for a key that lives in none.

        Raises:
            Tampered: It does not hold.
        """
        _, check = _known(self.blob)
        fields = Fields(signature)
        algorithm = fields.word()
        allowed = _RSA_SIGNATURES if self.kind == RSA else (self.kind,)
        need(algorithm in allowed, "a signature is of a kind that is not accepted", algorithm, error=Tampered)
        return check(algorithm, fields, message)


Check = Callable[[str, Fields, bytes], int | None]


def strict_base64(text: str) -> bytes:
    """The bytes of a base64 text that is the only one of these bytes (RFC 4648 section 3.5).

    Raises:
        Tampered: It is none.
    """
    try:
        content = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Tampered("this is no base64", fact=repr(text[:40])) from None
    need(base64.b64encode(content).decode() == text, "this is no base64", "spare bits set", error=Tampered)
    return content


@lru_cache(maxsize=256)
def _known(blob: bytes) -> tuple[str, Check]:
    """The kind of a key, and the check of its signatures."""
    fields = Fields(blob)
    kind = fields.word()
    need(kind in KINDS, "a key is of a kind that may not sign", kind[:60], error=Tampered)
    try:
        check = _check(kind, fields)
    except (ValueError, OverflowError) as error:  # of cryptography: no such point, no such exponent
        raise Tampered("a public key is none", fact=str(error)) from None
    fields.end("a public key")
    return kind, check


def _check(kind: str, fields: Fields) -> Check:
    if kind == RSA:
        return _rsa(fields)
    plain = _ed25519(fields) if kind in {ED25519, SK_ED25519} else _ecdsa(kind, fields)
    return _authenticator(fields.string(), plain) if kind in {SK_ED25519, SK_P256} else _bare(plain)


Verify = Callable[[bytes, bytes], None]
"""Takes the algorithm's own part of the signature and the message; raises Tampered."""


def _bare(verify: Verify) -> Check:
    def check(_algorithm: str, fields: Fields, message: bytes) -> None:
        own = fields.string()
        fields.end("a signature")
        verify(own, message)

    return check


def _authenticator(application: bytes, verify: Verify) -> Check:
    """What an authenticator signs (PROTOCOL.u2f, SSH U2F Signatures): both hashes, its flags, its counter."""
    need(b"\0" not in application, "an application's name holds a NUL", error=Tampered)
    place = hashlib.sha256(application).digest()

    def check(_algorithm: str, fields: Fields, message: bytes) -> int:
        own, flags, counter = fields.string(), fields.byte(), fields.uint32()
        fields.end("a signature")
        verify(own, place + struct.pack(">BI", flags, counter) + hashlib.sha256(message).digest())
        return flags

    return check


def _ed25519(fields: Fields) -> Verify:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(fields.string())

    def verify(own: bytes, message: bytes) -> None:
        _valid(lambda: key.verify(own, message))

    return verify


def _ecdsa(kind: str, fields: Fields) -> Verify:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    curve, hash_ = (ec.SECP384R1(), hashes.SHA384()) if kind == P384 else (ec.SECP256R1(), hashes.SHA256())
    need(fields.string() == _CURVES[kind], "a key names another curve than its own", error=Tampered)
    point = fields.string()
    need(point[:1] == bytes([_UNCOMPRESSED]), "a point is not written out", error=Tampered)
    key = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)

    def verify(own: bytes, message: bytes) -> None:
        pair = Fields(own)
        encoded = utils.encode_dss_signature(pair.number(), pair.number())
        pair.end("an ECDSA signature")
        _valid(lambda: key.verify(encoded, message, ec.ECDSA(hash_)))

    return verify


def _rsa(fields: Fields) -> Check:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    exponent, modulus = fields.number(), fields.number()
    bits = modulus.bit_length()
    need(bits >= RSA_BITS, "an RSA key is too short", f"{bits} bits, at least {RSA_BITS}", error=Tampered)
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()

    def check(algorithm: str, fields: Fields, message: bytes) -> None:
        own = fields.string()
        fields.end("a signature")
        hash_ = hashes.SHA512() if algorithm == _RSA_SIGNATURES[0] else hashes.SHA256()
        _valid(lambda: key.verify(own, message, padding.PKCS1v15(), hash_))

    return check


def _valid(verify: Callable[[], Any]) -> None:
    """Run a verification of ``cryptography``.

    Raises:
        Tampered: The signature does not hold.
    """
    from cryptography.exceptions import InvalidSignature

    try:
        verify()
    except InvalidSignature:
        raise Tampered("a signature does not hold", fact="made of other bytes, or by another key") from None
