"""The bytes of SSH keys and signatures, read field by field (RFC 4251 section 5).

What it is not: lenient. Whatever stock OpenSSH trims, skips or leaves unread is refused here.
"""

from __future__ import annotations

import struct

from relman.errors import Tampered
from relman.signing.strict import need

MAX_BIGNUM = 16384 // 8
"""The largest number, in bytes, that OpenSSH reads."""
_HIGH = 0x80


def string(content: bytes) -> bytes:
    """``content`` as a ``string`` field: its length in four bytes, then itself."""
    return struct.pack(">I", len(content)) + content


class Fields:
    """What is left of some bytes; each method takes the next field from their front."""

    def __init__(self, content: bytes) -> None:
        """Nothing is read yet."""
        self._content, self._at = content, 0

    def raw(self, size: int) -> bytes:
        """The next ``size`` bytes.

        Raises:
            Tampered: There are fewer.
        """
        field = self._content[self._at : self._at + size]
        need(len(field) == size, "a signature or a key ends too early", error=Tampered)
        self._at += size
        return field

    def byte(self) -> int:
        """One byte."""
        return self.raw(1)[0]

    def uint32(self) -> int:
        """Four bytes, big-endian."""
        return int.from_bytes(self.raw(4), "big")

    def string(self) -> bytes:
        """A string, whatever is in it."""
        return self.raw(self.uint32())

    def word(self) -> str:
        """A string of printable ASCII without a space: a name.

        Raises:
            Tampered: It holds anything else, a NUL for instance, where stock's strings of C would end.
        """
        text = self.string()
        need(all(0x20 < each < 0x7F for each in text), "a name is none", repr(text[:40]), error=Tampered)  # noqa: PLR2004
        return text.decode("ascii")

    def number(self) -> int:
        """A positive ``mpint`` in its shortest form, which is the only one (RFC 4251 section 5).

        Raises:
            Tampered: Zero, negative, longer than it needs to be, or larger than OpenSSH reads.
        """
        field = self.string()
        short = field and field[0] < _HIGH and (field[0] or (len(field) > 1 and field[1] >= _HIGH))
        need(short, "a number has another form than its shortest", error=Tampered)
        value = int.from_bytes(field, "big")
        need(value.bit_length() <= MAX_BIGNUM * 8, "a number is too large", error=Tampered)
        return value

    def end(self, what: str) -> None:
        """Nothing is left.

        Raises:
            Tampered: Something is, and stands behind ``what``.
        """
        left = len(self._content) - self._at
        need(not left, f"something stands behind {what}", f"{left} bytes", error=Tampered)
