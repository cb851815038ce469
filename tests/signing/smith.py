"""Keys and signatures made in Python, of every kind: those of authenticators too, which no program makes.

What it is not: relman's. It follows PROTOCOL.sshsig and PROTOCOL.u2f on its own, so that it can make what
relman must refuse.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TOUCH = 1
COUNTER = 7
CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "ecdsa-sha2-nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "ecdsa-sha2-nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "ecdsa-sha2-nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
HASHES: dict[str, hashes.HashAlgorithm] = {
    "rsa-sha2-512": hashes.SHA512(),
    "rsa-sha2-256": hashes.SHA256(),
    "ssh-rsa": hashes.SHA1(),  # noqa: S303 - it must be refused
}


def string(content: bytes) -> bytes:
    """A field with its length."""
    return struct.pack(">I", len(content)) + content


def number(value: int) -> bytes:
    """A positive mpint."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def armour(blob: bytes, width: int = 70, end: str = "\n") -> bytes:
    """A blob as ssh-keygen writes it."""
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return end.join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]).encode()


def blob(key: bytes, own: bytes, namespace: str, hash_: str = "sha512", reserved: bytes = b"") -> bytes:
    """An SSHSIG."""
    parts = (key, namespace.encode(), reserved, hash_.encode(), own)
    return b"SSHSIG" + struct.pack(">I", 1) + b"".join(map(string, parts))


def to_sign(message: bytes, namespace: str, hash_: str = "sha512") -> bytes:
    """What a key signs for a message."""
    digest = hashlib.new(hash_, message).digest()
    return b"SSHSIG" + b"".join(map(string, (namespace.encode(), b"", hash_.encode(), digest)))


@dataclass
class Key:
    """A key pair; ``own`` is what it makes of what is to be signed."""

    kind: str
    blob: bytes
    own: Callable[[bytes], bytes] = field(repr=False)

    @property
    def line(self) -> str:
        """As it stands in an id_*.pub."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    def sign(self, message: bytes, namespace: str, hash_: str = "sha512") -> bytes:
        """An armoured signature."""
        own = self.own(to_sign(message, namespace, hash_))
        return armour(blob(self.blob, own, namespace, hash_))


def ed25519_key() -> Key:
    """An Ed25519 key."""
    secret, kind = ed25519.Ed25519PrivateKey.generate(), "ssh-ed25519"
    public = string(kind.encode()) + string(_raw(secret))
    return Key(kind, public, lambda data: string(kind.encode()) + string(secret.sign(data)))


def ecdsa_key(kind: str = "ecdsa-sha2-nistp256") -> Key:
    """A key on one of NIST's curves."""
    curve, hash_ = CURVES[kind]
    secret = ec.generate_private_key(curve)
    public = string(kind.encode()) + string(kind.rpartition("-")[2].encode()) + string(_point(secret))
    return Key(kind, public, lambda data: string(kind.encode()) + string(_pair(secret, data, hash_)))


def rsa_key(bits: int = 2048, algorithm: str = "rsa-sha2-512") -> Key:
    """An RSA key that signs with one algorithm."""
    secret = rsa.generate_private_key(65537, bits)
    numbers = secret.public_key().public_numbers()
    public = string(b"ssh-rsa") + number(numbers.e) + number(numbers.n)

    def own(data: bytes) -> bytes:
        made = secret.sign(data, padding.PKCS1v15(), HASHES[algorithm])
        return string(algorithm.encode()) + string(made)

    return Key("ssh-rsa", public, own)


def sk_ed25519_key(flags: int = TOUCH, application: bytes = b"ssh:") -> Key:
    """An Ed25519 key in an authenticator that sets these flags."""
    secret, kind = ed25519.Ed25519PrivateKey.generate(), "sk-ssh-ed25519@openssh.com"
    public = string(kind.encode()) + string(_raw(secret)) + string(application)

    def own(data: bytes) -> bytes:
        made = secret.sign(_told(data, flags, application))
        return string(kind.encode()) + string(made) + struct.pack(">BI", flags, COUNTER)

    return Key(kind, public, own)


def sk_ecdsa_key(flags: int = TOUCH, application: bytes = b"ssh:") -> Key:
    """A key on P-256 in an authenticator that sets these flags."""
    secret, kind = ec.generate_private_key(ec.SECP256R1()), "sk-ecdsa-sha2-nistp256@openssh.com"
    public = string(kind.encode()) + string(b"nistp256") + string(_point(secret)) + string(application)

    def own(data: bytes) -> bytes:
        pair = _pair(secret, _told(data, flags, application), hashes.SHA256())
        return string(kind.encode()) + string(pair) + struct.pack(">BI", flags, COUNTER)

    return Key(kind, public, own)


def _told(data: bytes, flags: int, application: bytes) -> bytes:
    """What an authenticator signs."""
    hashed = hashlib.sha256(application).digest(), hashlib.sha256(data).digest()
    return hashed[0] + struct.pack(">BI", flags, COUNTER) + hashed[1]


def _pair(secret: ec.EllipticCurvePrivateKey, data: bytes, hash_: hashes.HashAlgorithm) -> bytes:
    r, s = utils.decode_dss_signature(secret.sign(data, ec.ECDSA(hash_)))
    return number(r) + number(s)


def _raw(secret: ed25519.Ed25519PrivateKey) -> bytes:
    return secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _point(secret: ec.EllipticCurvePrivateKey) -> bytes:
    return secret.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


KINDS: dict[str, Callable[[], Any]] = {
    "ed25519": ed25519_key,
    "sk-ed25519": sk_ed25519_key,
    "p256": ecdsa_key,
    "p384": lambda: ecdsa_key("ecdsa-sha2-nistp384"),
    "sk-p256": sk_ecdsa_key,
    "rsa-sha2-512": rsa_key,
    "rsa-sha2-256": lambda: rsa_key(algorithm="rsa-sha2-256"),
}
"""Every kind of key that may sign."""
