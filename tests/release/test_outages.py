"""A platform that takes no writes for a while, and people who act in the meantime."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from relman import opening
from relman.cloudrun import CloudRun
from relman.errors import Paused, Unreachable
from relman.live import LATEST
from relman.models import ServiceKey
from tests.release.shop import Shop
from tests.release.test_hands import write


class Deaf(CloudRun):
    """Cloud Run that answers every read, and takes no write from the n-th on."""

    def __init__(self, endpoint: str | None, takes: int) -> None:
        """How many writes it takes."""
        super().__init__(endpoint)
        self.left = takes

    def update(self, key: ServiceKey, *, etag: str, body: dict[str, Any]) -> str:
        """Write, while it takes any."""
        self.left -= 1
        if self.left < 0:
            raise Unreachable("Cloud Run cannot answer now", fact="503")
        return super().update(key, etag=etag, body=body)


@pytest.mark.parametrize("takes", [0, 2])
def test_an_outage_of_writes_pauses_the_run(open_shop: Shop, takes: int) -> None:
    """Exit 6 at the deploy or in the middle of the phases; the run stays open, and resume ends it."""
    open_shop.sell("sugar")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CLOUD_")}
    made = opening.here(open_shop.folder, environ=environ)
    made.cloud = Deaf(open_shop.endpoint, takes)
    with pytest.raises(Paused):
        made.cut()
    made.close()
    ended = open_shop.run("release.resume")
    assert ended.code == 0, ended.out
    assert "-v0-2-0-" in open_shop.live().split.sole


def killed(shop: Shop, point: int, *task: str) -> None:
    """Type a command, and die before an append."""
    driver = Path(__file__).with_name("crash_driver.py")
    command = [sys.executable, str(driver), str(point), "before", *task]
    ended = subprocess.run(command, cwd=shop.folder, env=shop.environ, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stdout


def test_a_rollback_beyond_the_chain_that_died_is_done_by_typing_it_again(open_shop: Shop) -> None:
    """To the oldest of four releases, killed after its write: a plain rollback goes there, and ends it."""
    for word in ("two", "three", "four"):
        open_shop.sell(word)
        assert open_shop.run("release.cut").code == 0
    killed(open_shop, 3, "release.rollback", "--to", "0.1.0")
    ended = open_shop.run("release.rollback")
    assert ended.code == 0, ended.out
    live = open_shop.live()
    assert "-v0-1-0-" in live.split.sole
    assert [release.version for release in live.way_back.chain] == ["0.1.0"]


def test_an_abort_before_the_service_is_made_says_so(shop: Shop) -> None:
    """A first release that died before its Create: nothing was changed, and nothing is called gone."""
    assert shop.run("release.prepare").code == 0
    killed(shop, 3, "release.cut")
    aborted = shop.run("release.abort")
    assert aborted.code == 0, aborted.out
    assert "nothing was changed" in aborted.out
    assert shop.run("release.cut").code == 0


def test_a_first_release_that_failed_is_cut_again_as_the_same_version(shop: Shop) -> None:
    """What the platform filled into the template makes no new candidate of it."""
    shop.break_items()
    assert shop.run("release.cut").code == 5
    assert shop.run("release.cut").code == 5
    assert {name.rpartition("-")[0] for name in shop.revisions()} == {f"{shop.name}-v0-1-0"}


def test_a_run_that_wrote_nothing_yet_is_resumed_after_an_adoption(open_shop: Shop, tmp_path: Path) -> None:
    """The service carries another ledger's mark; it stood there when the run began."""
    clone = Shop(tmp_path / "clone", open_shop.name, open_shop.endpoint, open_shop.environ)
    open_shop.git("clone", "--quiet", str(open_shop.folder), str(clone.folder))
    clone.git("config", "user.name", "A Tester")
    clone.git("config", "user.email", "tester@example.invalid")
    assert clone.run("release.adopt").code == 0
    clone.sell("sugar")
    assert clone.run("release.prepare").code == 0
    killed(clone, 3, "release.cut")
    resumed = clone.run("release.resume")
    assert resumed.code == 0, resumed.out
    clone.cloud.close()


def test_a_hotfix_by_hand_may_be_named(open_shop: Shop) -> None:
    """A deploy by hand copies relman's annotations; its revision is nobody's version until it is adopted."""
    template = dict(open_shop.live().template)
    template.pop("revision", None)
    (container,) = template["containers"]
    hotfix = {**template, "containers": [{**container, "env": [{"name": "FIX", "value": "1"}]}]}
    write(open_shop, template=hotfix, traffic=[{"type": LATEST, "percent": 100}])
    adopted = open_shop.run("release.adopt", "--version", "0.1.1")
    assert adopted.code == 0, adopted.out
    open_shop.sell("sugar")
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
