"""The way back's bare line against Google's own client: one platform, the same service, the same writes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from relman.cloudrun import CloudRun
from relman.errors import Raced, Rejected
from relman.wayback import WayBack

from .shop import Shop

Both = tuple[CloudRun, CloudRun]


@pytest.fixture
def both(open_shop: Shop) -> Iterator[Both]:
    """The official client and the bare line, on a shop with one release."""
    made = CloudRun(open_shop.endpoint), WayBack(open_shop.endpoint)
    yield made
    for one in made:
        one.close()


def test_both_read_the_same(open_shop: Shop, both: Both) -> None:
    """Service and revision are equal as values, down to the last field that relman knows."""
    key = open_shop.key
    official, bare = (one.service(key) for one in both)
    assert official == bare
    assert bare
    name = bare.split.sole
    assert both[0].revision(key, name) == both[1].revision(key, name)
    assert both[1].revision(key, "no-such-revision") is None


def test_both_write_the_same(open_shop: Shop, both: Both) -> None:
    """A write by either is seen by both; an etag that is used up is Raced, bad traffic Rejected."""
    key = open_shop.key
    for number, one in enumerate(both):
        live = one.service(key)
        assert live
        annotations = {**live.annotations, "team/note": str(number)}
        assert one.settle(one.update(key, etag=live.etag, body={"annotations": annotations}), 10) == ""
        seen = [each.service(key) for each in both]
        assert [found.annotations["team/note"] for found in seen if found] == [str(number)] * 2
        with pytest.raises(Raced):
            one.update(key, etag=live.etag, body={"annotations": annotations})
        with pytest.raises(Rejected):
            one.update(key, etag="", body={"traffic": [{"percent": 90}]})
