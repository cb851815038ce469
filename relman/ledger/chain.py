"""What makes the ledger tamper-evident: canonical leaves, their hashes, and the tree over them.

What it is not: storage. Everything here is a pure function over bytes.

Sources: RFC 8785 (canonical JSON), RFC 6962 section 2.1 (leaf and node prefixes 0x00 and 0x01).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

HASH_BYTES = 32
NOTHING = bytes(HASH_BYTES)
"""What the first leaf names as its predecessor."""


def canonical(value: object) -> bytes:
    """``value`` in its RFC 8785 form: the same value gives the same bytes everywhere."""
    import rfc8785

    return bytes(rfc8785.dumps(value))  # type: ignore[arg-type] # refuses at run time what is no JSON


def sha256(value: object) -> str:
    """Hex SHA-256 of a JSON value's RFC 8785 form."""
    return hashlib.sha256(canonical(value)).hexdigest()


def leaf_hash(body: bytes) -> bytes:
    """SHA-256(0x00 ‖ leaf), RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x00" + body).digest()


def salted(salt: bytes, detail: bytes) -> bytes:
    """SHA-256(salt ‖ detail): a detail can be erased, and not be guessed from its digest."""
    return hashlib.sha256(salt + detail).digest()


def grown(size: int, peaks: bytes, leaf: bytes) -> bytes:
    """The peaks of the tree after one more leaf.

    Args:
        size: How many leaves the tree had.
        peaks: Its perfect subtrees' hashes, the largest first, 32 bytes each.
        leaf: The new leaf's hash.
    """
    node = leaf
    while size & 1:
        peaks, left = peaks[:-HASH_BYTES], peaks[-HASH_BYTES:]
        node = hashlib.sha256(b"\x01" + left + node).digest()
        size >>= 1
    return peaks + node


def root(peaks: bytes) -> bytes:
    """The RFC 6962 root of a tree with these peaks (SHA-256 of nothing for an empty one)."""
    if not peaks:
        return hashlib.sha256(b"").digest()
    nodes = [peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)]
    top = nodes.pop()
    while nodes:
        top = hashlib.sha256(b"\x01" + nodes.pop() + top).digest()
    return top


def rooted(leaves: Iterable[bytes]) -> tuple[int, bytes]:
    """Size and RFC 6962 root of the tree over these leaves' hashes."""
    size, peaks = 0, b""
    for leaf in leaves:
        size, peaks = size + 1, grown(size, peaks, leaf)
    return size, root(peaks)
