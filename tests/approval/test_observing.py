"""What an approval binds, observed again."""

from __future__ import annotations

from relman.gates.approval import observing
from tests.approval.council import Council

ALWAYS = '{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], start = "00:00", end = "24:00" }'


def test_a_window_that_is_always_open_is_the_same_a_day_later(council: Council) -> None:
    """It has no edges, so that none moves with the clock and makes the approval void."""
    council.edit('{ days = ["wed"], start = "10:00", end = "16:00" }', ALWAYS)
    before = observing.occurrence(council.question(), council.now)
    council.later(hours=25)
    assert before is not None
    assert observing.occurrence(council.question(), council.now) == before
    assert observing.expiry(before, council.now) == int(council.now.timestamp()) + 8 * 86_400
