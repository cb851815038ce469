"""Which instance has room for a request; without a connection."""

from __future__ import annotations

from msgspec import structs

from relman.embedded.dataplane.admission import Load
from relman.embedded.dataplane.table import NO_FLEET


def test_a_seat_at_a_full_instance_is_one_elsewhere() -> None:
    """The concurrency limit goes before a client's affinity."""
    load = Load("r", lambda: None)
    load.equip(structs.replace(NO_FLEET, ports=(1, 2), concurrency=1))
    assert load.room(wish=1) == 1
    load.enter(1)
    assert load.room(wish=1) == 2
