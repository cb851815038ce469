"""What the users of a service see meanwhile: somebody asks without pause, and counts."""

from __future__ import annotations

from relman.demo.client import Client
from relman.live import LATEST
from tests.release.shop import Shop


def test_no_request_is_lost_while_a_release_goes_through_its_phases(open_shop: Shop) -> None:
    """Both versions answer, and nothing else does."""
    stable = open_shop.live().split.sole
    open_shop.slow("500ms")
    open_shop.sell("sugar")
    with Client(open_shop.live().uri) as client:
        assert open_shop.run("release.cut").code == 0
    assert client.lost == []
    assert set(client.served) == {stable, open_shop.live().split.sole}


def test_a_service_on_latest_never_shows_a_user_a_candidate_that_fails(open_shop: Shop) -> None:
    """The deploy pins what serves in the same request, so no user ever meets the broken revision."""
    live = open_shop.live()
    stable = live.split.sole
    latest = {"traffic": [{"type": LATEST, "percent": 100}]}
    open_shop.cloud.settle(open_shop.cloud.update(open_shop.key, etag=live.etag, body=latest), 10)
    open_shop.break_items()
    with Client(live.uri) as client:
        assert open_shop.run("release.cut").code == 4
    assert client.lost == []
    assert set(client.served) == {stable}
    assert client.served[stable] > 10


def test_no_request_is_lost_by_a_rollback(open_shop: Shop) -> None:
    """From one version to the other, and nothing between."""
    open_shop.sell("sugar")
    assert open_shop.run("release.cut").code == 0
    with Client(open_shop.live().uri) as client:
        assert open_shop.run("release.rollback").code == 0
    assert client.lost == []
    assert len(client.served) == 2
