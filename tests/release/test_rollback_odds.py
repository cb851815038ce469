"""A rollback against the odds: late traffic, missing revisions, reads that fail, two people at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from relman import opening
from relman.cloudrun import CloudRun
from relman.errors import Rejected, Unreachable
from relman.live import REVISION, LiveRevision, LiveService
from relman.models import ServiceKey
from tests.release.shop import Shop
from tests.release.test_hands import write


@pytest.fixture
def three(open_shop: Shop) -> Shop:
    """A shop with three releases, the third one serving."""
    for name in ("sugar", "tea"):
        open_shop.sell(name)
        assert open_shop.run("release.cut").code == 0
    return open_shop


def named(shop: Shop, version: str) -> str:
    """The revision of a version."""
    return next(name for name in shop.revisions() if f"-v{version.replace('.', '-')}-" in name)


def rolled_back(shop: Shop, cloud: CloudRun) -> str:
    """Roll back in this process, through a client of the test's."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CLOUD_")}
    made = opening.for_rollback(shop.folder, environ=environ)
    made.cloud = cloud
    try:
        return made.rollback()
    finally:
        made.close()


class Late(CloudRun):
    """Cloud Run on a slow day: what a write asked for is served some seconds later."""

    until = 0.0

    def update(self, key: ServiceKey, *, etag: str, body: dict[str, Any]) -> str:
        """Write, and be late from now on."""
        self.until = time.monotonic() + 6
        return super().update(key, etag=etag, body=body)

    def service(self, key: ServiceKey) -> LiveService | None:
        """The service, whose traffic is still to move."""
        found = super().service(key)
        if found and time.monotonic() < self.until:
            return msgspec.structs.replace(found, served=())
        return found


def test_traffic_that_moves_late_is_waited_for(three: Shop) -> None:
    """The newest good release gets it, not the one after, however long the platform takes."""
    assert rolled_back(three, Late(three.endpoint)).startswith("0.2.0 serves again")
    assert three.live().split.sole == named(three, "0.2.0")


class Broken(CloudRun):
    """Cloud Run, where one thing about one revision fails."""

    def __init__(self, endpoint: str | None, revision: str, trouble: Callable[[], Exception]) -> None:
        """Which revision, and what is raised."""
        super().__init__(endpoint)
        self.revision_name, self.trouble = revision, trouble

    def revision(self, key: ServiceKey, name: str) -> LiveRevision | None:
        """The revision, if it is not the one."""
        if name == self.revision_name and isinstance(self.trouble(), Unreachable):
            raise self.trouble()
        return super().revision(key, name)

    def update(self, key: ServiceKey, *, etag: str, body: dict[str, Any]) -> str:
        """Write, if it does not give all traffic to the one."""
        whole = {"type": REVISION, "revision": self.revision_name, "percent": 100}
        if whole in body["traffic"] and isinstance(self.trouble(), Rejected):
            raise self.trouble()
        return super().update(key, etag=etag, body=body)


def test_a_probe_that_fails_refuses_nothing(three: Shop) -> None:
    """One read that fails orders the targets, and no more."""
    cloud = Broken(three.endpoint, named(three, "0.1.0"), lambda: Unreachable("no answer"))
    assert rolled_back(three, cloud).startswith("0.2.0 serves again")


def test_a_target_that_the_platform_refuses_is_passed_over(three: Shop) -> None:
    """400 for the newest good release: the one before it gets the traffic."""
    cloud = Broken(three.endpoint, named(three, "0.2.0"), lambda: Rejected("refused", fact="not that one"))
    assert rolled_back(three, cloud).startswith("0.1.0 serves again")


def test_a_revision_of_the_chain_that_was_deleted_blocks_nothing(three: Shop) -> None:
    """Untagged and deleted by somebody: neither the rollback nor the next release minds."""
    from google.cloud import run_v2

    oldest, live = named(three, "0.1.0"), three.live()
    kept = [one for one in live.asked if one.revision != oldest]
    write(three, traffic=[{"type": one.type, **msgspec.to_builtins(one)} for one in kept])
    client = three.cloud._client("Revisions")  # noqa: SLF001 - Google's own
    client.delete_revision(run_v2.DeleteRevisionRequest(name=f"{three.key.path}/revisions/{oldest}"))
    end = time.monotonic() + 20
    while three.cloud.revision(three.key, oldest) and time.monotonic() < end:
        time.sleep(0.05)
    ended = three.run("release.rollback")
    assert ended.code == 0, ended.out
    assert three.live().split.sole == named(three, "0.2.0")
    three.sell("coffee")
    assert three.run("release.cut").code == 0


def test_forward_again_keeps_a_way_back_on_the_service(three: Shop) -> None:
    """Back, and then --to the release that was left: what is left now is the one to come back to."""
    assert three.run("release.rollback").code == 0
    assert three.run("release.rollback", "--to", "0.3.0").code == 0
    chain = [release.version for release in three.live().way_back.chain]
    assert chain[:2] == ["0.3.0", "0.2.0"]
    assert three.live().tag_uri(named(three, "0.2.0"))


def test_two_people_roll_back_at_once(three: Shop) -> None:
    """Both end with 0, and the traffic went back one release, not two."""
    both = [three.start("release.rollback") for _ in range(2)]
    ended = [(one.communicate(timeout=60)[0], one.returncode) for one in both]
    assert [code for _, code in ended] == [0, 0], ended
    assert three.live().split.sole == named(three, "0.2.0")
