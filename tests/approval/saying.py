"""What the tests of the verification share: how a refusal is looked at, and who may sign."""

from __future__ import annotations

import msgspec

from tests.approval.council import Council
from tests.signing import smith
from tests.signing.team import line

with_ = msgspec.structs.replace
"""A value with something else in it."""


def lines(**keys: smith.Key) -> list[str]:
    """The list of signers, with other keys than the usual ones."""
    return [line(f"{name}@mervo.example", keys.get(name)) for name in ("ana", "ben", "cleo", "erin")]


def refused(council: Council, *words: str) -> None:
    """It is not valid, and says so in these words."""
    found = council.judged()
    told = council.why(found)
    assert not found.valid
    for word in words:
        assert word in told
