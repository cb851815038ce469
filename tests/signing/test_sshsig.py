"""An SSH signature holds for its bytes, its key and its purpose, and for nothing that differs by a bit."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from relman.errors import Refused, Tampered
from relman.signing import PublicKey, Signature, verified
from tests.signing import smith, stock

MESSAGE, NAMESPACE = b'{"decision":"GO"}', "go@relman.dev"


@pytest.fixture(scope="session", params=sorted(smith.KINDS))
def key(request: pytest.FixtureRequest) -> Any:
    """A key of each kind."""
    return smith.KINDS[request.param]()


@pytest.mark.parametrize("hash_", ["sha512", "sha256"])
@pytest.mark.needs_program("ssh-keygen")
def test_each_kind_of_key_is_accepted_as_stock_does(key: smith.Key, hash_: str, tmp_path: Path) -> None:
    """Every kind that may sign, with both hashes, here and by ``ssh-keygen -Y verify``."""
    signature = key.sign(MESSAGE, NAMESPACE, hash_)
    by = verified(MESSAGE, signature, NAMESPACE)
    assert by.key.line == key.line
    assert stock.accepts(tmp_path, MESSAGE, signature, NAMESPACE, f"ana {key.line}\n", who="ana")


def test_another_message_namespace_or_key_is_refused(key: smith.Key) -> None:
    """T02: nothing that was signed can be put to another use."""
    signature = key.sign(MESSAGE, NAMESPACE)
    other = smith.ed25519_key()
    own = key.own(smith.to_sign(MESSAGE, NAMESPACE))
    with pytest.raises(Tampered):
        verified(MESSAGE + b" ", signature, NAMESPACE)
    with pytest.raises(Tampered, match="something else"):
        verified(MESSAGE, signature, "ci@relman.dev")
    with pytest.raises(Tampered):
        verified(MESSAGE, smith.armour(smith.blob(other.blob, own, NAMESPACE)), NAMESPACE)
    with pytest.raises(Tampered):  # made in one namespace, wrapped as of another
        verified(MESSAGE, smith.armour(smith.blob(key.blob, own, "git")), "git")


def test_no_bit_of_a_signature_may_differ(key: smith.Key) -> None:
    """Every byte of the armoured text flipped in two ways, one by one; an RSA's middle is left out."""
    signature = key.sign(MESSAGE, NAMESPACE)
    step = 7 if key.kind == "ssh-rsa" else 1
    for at in range(0, len(signature), step):
        for flip in (0x01, 0x20):
            changed = signature[:at] + bytes([signature[at] ^ flip]) + signature[at + 1 :]
            with pytest.raises(Tampered):
                verified(MESSAGE, changed, NAMESPACE)


def test_no_byte_of_the_message_may_differ() -> None:
    """Every byte of what was signed, flipped."""
    key = smith.ed25519_key()
    signature = key.sign(MESSAGE, NAMESPACE)
    for at in range(len(MESSAGE)):
        with pytest.raises(Tampered):
            verified(MESSAGE[:at] + bytes([MESSAGE[at] ^ 1]) + MESSAGE[at + 1 :], signature, NAMESPACE)


ED25519 = smith.ed25519_key()
GOOD = ED25519.sign(MESSAGE, NAMESPACE)
OWN = ED25519.own(smith.to_sign(MESSAGE, NAMESPACE))
BLOB = smith.blob(ED25519.blob, OWN, NAMESPACE)

DAMAGED = {
    "empty": b"",
    "no armour": BLOB,
    "CRLF": smith.armour(BLOB, end="\r\n"),
    "a line before it": b"\n" + GOOD,
    "a space before it": b" " + GOOD,
    "trailing junk": GOOD + b"junk\n",
    "a blank line behind it": GOOD + b"\n",
    "two signatures": GOOD + GOOD,
    "a blank line inside": GOOD.replace(b"-----\n", b"-----\n\n", 1),
    "a space inside": GOOD.replace(b"\n", b"\n ", 2),
    "a tab inside": GOOD.replace(b"AA", b"A\tA", 1),
    "no footer": GOOD.partition(b"\n-----END")[0],
    "text behind the footer's dashes": GOOD.rstrip(b"\n") + b" -----\n",
    "a NUL inside": GOOD.replace(b"AA", b"A\0A", 1),
    "spare bits of base64": smith.armour(BLOB + b"x").replace(b"eA==", b"eB=="),
    "a byte behind the blob": smith.armour(BLOB + b"\0"),
    "a version to come": smith.armour(BLOB.replace(struct.pack(">I", 1), struct.pack(">I", 2), 1)),
    "version 0": smith.armour(BLOB.replace(struct.pack(">I", 1), struct.pack(">I", 0), 1)),
    "something unsigned in reserved": smith.armour(smith.blob(ED25519.blob, OWN, NAMESPACE, reserved=b"x")),
    "MD5": ED25519.sign(MESSAGE, NAMESPACE, "md5"),
    "SHA-1": ED25519.sign(MESSAGE, NAMESPACE, "sha1"),
    "SHA-384": ED25519.sign(MESSAGE, NAMESPACE, "sha384"),
    "a NUL in the namespace": smith.armour(smith.blob(ED25519.blob, OWN, NAMESPACE + "\0x")),
    "a byte behind the signature": smith.armour(smith.blob(ED25519.blob, OWN + b"\0", NAMESPACE)),
    "a byte behind the key": smith.armour(smith.blob(ED25519.blob + b"\0", OWN, NAMESPACE)),
    "a length beyond the end": smith.armour(BLOB[:10] + b"\xff\xff\xff\xff" + BLOB[14:]),
    "megabytes": b"-----BEGIN SSH SIGNATURE-----\n" + b"A" * 10**7,
    "a message to log in with": smith.armour(smith.blob(ED25519.blob, ED25519.own(b"\0" * 32), NAMESPACE)),
}
"""What must not pass; stock accepts some of it, and what PyPI's sshsig accepts stands here too."""


@pytest.mark.parametrize("name", sorted(DAMAGED))
def test_what_is_not_exactly_one_signature_is_refused(name: str) -> None:
    """Nothing stands before, behind or within a signature that is not it."""
    with pytest.raises(Tampered):
        verified(MESSAGE, DAMAGED[name], NAMESPACE)


def test_what_was_damaged_was_good() -> None:
    """Other lengths of the lines and a missing newline at the end are no damage (PROTOCOL.sshsig, 1)."""
    for signature in (GOOD, GOOD.rstrip(b"\n"), smith.armour(BLOB, 76), smith.armour(BLOB, 10**4)):
        assert verified(MESSAGE, signature, NAMESPACE).key.line == ED25519.line
    assert Signature.read(smith.armour(BLOB, 76)).armoured.encode() == GOOD


def test_an_ed25519_or_rsa_signature_has_one_length() -> None:
    """Cut by a byte, or with a zero before it."""
    for key in (ED25519, smith.rsa_key()):
        own = key.own(smith.to_sign(MESSAGE, NAMESPACE))
        algorithm = own[: 4 + struct.unpack(">I", own[:4])[0]]
        made = own[len(algorithm) + 4 :]
        for other in (made[:-1], b"\0" + made, made + b"\0", b""):
            changed = smith.blob(key.blob, algorithm + smith.string(other), NAMESPACE)
            with pytest.raises(Tampered):
                verified(MESSAGE, smith.armour(changed), NAMESPACE)


def test_a_signature_is_for_something_and_says_so_briefly() -> None:
    """No empty namespace, though it was asked for and signed; none of thousands of characters."""
    for namespace in ("", "x" * 70_000):
        with pytest.raises(Tampered):
            verified(MESSAGE, ED25519.sign(MESSAGE, namespace), namespace)


def _padded(key: smith.Key) -> smith.Key:
    """The same key, its modulus with a zero byte too many."""
    exponent, _, modulus = key.blob.partition(struct.pack(">I", 257))
    return smith.Key(key.kind, exponent + struct.pack(">I", 258) + b"\0" + modulus, key.own)


def _compressed(key: smith.Key) -> smith.Key:
    """The same key, its point by one coordinate and the other's sign; stock does not read that."""
    head, x, y = key.blob[:-69], key.blob[-64:-32], key.blob[-1]
    return smith.Key(key.kind, head + smith.string(bytes([2 + (y & 1)]) + x), key.own)


def _rsa_of(modulus: int) -> smith.Key:
    """An RSA key that nobody can have."""
    own = smith.string(b"rsa-sha2-512") + smith.string(b"\1" * 256)
    blob = smith.string(b"ssh-rsa") + smith.number(65537) + smith.number(modulus)
    return smith.Key("ssh-rsa", blob, lambda _: own)


WEAK = {
    "RSA of 1024 bits": lambda: smith.rsa_key(1024),
    "RSA with SHA-1": lambda: smith.rsa_key(algorithm="ssh-rsa"),
    "an RSA modulus in another form": lambda: _padded(smith.rsa_key()),
    "P-521": lambda: smith.ecdsa_key("ecdsa-sha2-nistp521"),
    "a NUL in the application": lambda: smith.sk_ed25519_key(application=b"ssh:\0x"),
    "DSA": lambda: smith.Key("ssh-dss", smith.string(b"ssh-dss") + smith.number(7) * 4, ED25519.own),
    "a certificate": lambda: smith.Key(
        "ssh-ed25519-cert-v01@openssh.com",
        smith.string(b"ssh-ed25519-cert-v01@openssh.com") + ED25519.blob,
        ED25519.own,
    ),
    "a kind that nobody knows": lambda: smith.Key("x", smith.string(b"x") + ED25519.blob, ED25519.own),
    "a point off the curve": lambda: smith.Key(
        "ecdsa-sha2-nistp256",
        b"".join(map(smith.string, (b"ecdsa-sha2-nistp256", b"nistp256", b"\x04" + b"\x07" * 64))),
        ED25519.own,
    ),
    "an even RSA exponent": lambda: smith.Key(
        "ssh-rsa", smith.string(b"ssh-rsa") + smith.number(4) + smith.number(2**2047 + 1), ED25519.own
    ),
}


WEAK |= {
    "a point that is not written out": lambda: _compressed(smith.ecdsa_key()),
    "an even RSA modulus": lambda: _rsa_of(2**2048 - 2),
    "an RSA key beyond all measure": lambda: _rsa_of(2**16400 - 1),
    "an Ed25519 key that is cut": lambda: smith.Key(
        "ssh-ed25519", smith.string(b"ssh-ed25519") + smith.string(b"x" * 31), ED25519.own
    ),
}


@pytest.mark.parametrize("name", sorted(WEAK))
def test_a_key_that_may_not_sign_is_refused(name: str) -> None:
    """Kinds, sizes and forms of keys that are not accepted, though their signature may hold."""
    key = WEAK[name]()
    with pytest.raises(Tampered):
        verified(MESSAGE, key.sign(MESSAGE, NAMESPACE), NAMESPACE)


def test_an_ecdsa_number_has_one_form() -> None:
    """A zero byte before r, where none belongs, makes it another signature; stock trims it."""
    key = smith.ecdsa_key()
    own = key.own(smith.to_sign(MESSAGE, NAMESPACE))
    at = len(smith.string(key.kind.encode()))
    pair = own[at + 4 :]
    length = struct.unpack(">I", pair[:4])[0]
    longer = struct.pack(">I", length + 1) + b"\0" + pair[4:]
    with pytest.raises(Tampered, match="shortest"):
        verified(
            MESSAGE, smith.armour(smith.blob(key.blob, own[:at] + smith.string(longer), NAMESPACE)), NAMESPACE
        )


# ── hardware keys ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", [smith.sk_ed25519_key, smith.sk_ecdsa_key])
@pytest.mark.needs_program("ssh-keygen")
def test_t01_stock_takes_a_signature_without_a_touch_and_relman_does_not(make: Any, tmp_path: Path) -> None:
    """T01: the flags are read from what the authenticator signed; stock verifies them and ignores them."""
    key = make(flags=0)
    signature = key.sign(MESSAGE, NAMESPACE)
    by = verified(MESSAGE, signature, NAMESPACE)
    assert stock.accepts(tmp_path, MESSAGE, signature, NAMESPACE, f"ana {key.line}\n", who="ana")
    with pytest.raises(Refused, match="not touched"):
        by.present()


@pytest.mark.parametrize(("flags", "pin", "good"), [(1, False, True), (1, True, False), (5, True, True)])
@pytest.mark.parametrize("make", [smith.sk_ed25519_key, smith.sk_ecdsa_key])
def test_t01_touch_and_pin_are_asked_for(make: Any, flags: int, good: bool, pin: bool) -> None:  # noqa: FBT001
    """T01: a touch is always needed, the PIN where the policy says so."""
    by = verified(MESSAGE, make(flags).sign(MESSAGE, NAMESPACE), NAMESPACE)
    if good:
        assert by.present(hardware=True, pin=pin) is by
        return
    with pytest.raises(Refused, match="PIN"):
        by.present(hardware=True, pin=pin)


def test_t01_a_file_is_no_hardware_key() -> None:
    """T01: where the policy asks for hardware, a key in a file will not do; elsewhere it needs no touch."""
    by = verified(MESSAGE, GOOD, NAMESPACE)
    assert by.present() is by
    with pytest.raises(Refused, match="only a hardware key"):
        by.present(hardware=True)


def test_the_flags_are_signed() -> None:
    """T01: a flag set afterwards breaks the signature."""
    key = smith.sk_ed25519_key(flags=0)
    own = key.own(smith.to_sign(MESSAGE, NAMESPACE))
    forged = own[:-5] + b"\x01" + own[-4:]
    with pytest.raises(Tampered):
        verified(MESSAGE, smith.armour(smith.blob(key.blob, forged, NAMESPACE)), NAMESPACE)


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_is_read_from_its_line(key: smith.Key) -> None:
    """With a comment or without; written again it is the same."""
    assert PublicKey.read(f"{key.line} ana@laptop 2026\n") == PublicKey.read(key.line)
    assert PublicKey.read(key.line).line == key.line


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ssh-rsa {key}",
        "{cut}",
        "{line}=",
        "  ssh-ed25519  {key}",
        "{umlaut}",
    ],
)
def test_what_is_no_key_is_refused(line: str) -> None:
    """Another kind than it says, cut, or with another reading."""
    whole = ED25519.line
    text = line.format(
        line=whole, key=whole.split()[1], cut=whole[:-2], umlaut=whole.replace("AAAA", "AA\u00e4A")
    )
    with pytest.raises(Tampered):
        PublicKey.read(text)
