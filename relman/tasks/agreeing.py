"""What a person must say before something is signed: nobody signs what was not shown (threat T22).

What it is not: the signature, or the page. With a terminal the person types yes; without one, the digest of
what was read elsewhere must be that of what lies here.
"""

from __future__ import annotations

import sys
from typing import TextIO

from relman.errors import Refused

YES = "yes"
PREFIX = "sha256:"


def agreed(page: str, digest: str, wanted: str, answers: TextIO) -> None:
    """Show what is about to be signed, and return if the person agrees.

    Args:
        page: Everything that the signature is for.
        digest: SHA-256 of the bytes, in hex.
        wanted: What ``--yes-sha256`` said, empty for nothing.
        answers: Where a person types.

    Raises:
        Refused: Another digest, no terminal, or another word.
    """
    print(page, file=sys.stderr)
    if wanted:
        if wanted.lower().removeprefix(PREFIX) != digest:
            fact = f"--yes-sha256 says {wanted[:80]}, and here is {digest}"
            raise Refused("T22: this is not what you have read; nothing was signed", fact=fact)
        return
    if not answers.isatty():
        clears = f"the same with --yes-sha256 {digest}"
        raise Refused("nobody is here to read what is signed", fact="there is no terminal", clears=clears)
    print(f"type {YES} to sign it: ", end="", file=sys.stderr, flush=True)
    if answers.readline().strip().lower() != YES:
        raise Refused("nothing was signed", fact=f"{YES} was not typed")
