"""Free ports: what is given out to two is taken by one, and the other ends."""

from __future__ import annotations

import random

from relman.embedded import ports

MANY = 1000


def test_no_port_is_given_out_twice() -> None:
    """Until somebody listens on it it looks free; not even who begins by chance anew is given it again."""
    found = set()
    for _ in range(MANY):
        random.seed(1)
        found.add(ports.free())
    assert len(found) == MANY
