"""``kill -9`` at every recorded step of a cut, then ``release.resume``: the world of an undisturbed run.

A sample of the points runs by default, all of them with ``RELMAN_FULL=1`` and by ``inv test.crash``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.shop import Shop

APPENDS = 34
"""How many times a prepare and a cut append: opening, intents, outcomes, closing."""
SAMPLE = (0, 2, 3, 5, 6, 7, 11, 14, 20, 33)
POINTS = range(APPENDS) if os.environ.get("RELMAN_FULL") else SAMPLE


@pytest.fixture(scope="module")
def shop(platform: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One shop for all the crashes, released once."""
    made = Shop.made(tmp_path_factory.mktemp("crash") / "shop", "crash", platform)
    assert made.run("release.cut").code == 0
    yield made
    made.cloud.close()


def killed(shop: Shop, point: int, when: str) -> None:
    """Cut, and die at an append."""
    driver = Path(__file__).with_name("crash_driver.py")
    ended = subprocess.run(
        [sys.executable, str(driver), str(point), when, "release.cut"],
        cwd=shop.folder,
        env=shop.environ,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stdout


def told(shop: Shop, since: int) -> list[str]:
    """What the ledger says of one release, without what a resume adds."""
    return [
        kind for kind in shop.kinds()[since:] if kind != "run.resumed" and not kind.startswith("step.again")
    ]


@pytest.fixture(scope="module")
def undisturbed(shop: Shop) -> list[str]:
    """The ledger of a cut that nobody disturbs."""
    since = len(shop.kinds())
    shop.sell("undisturbed")
    assert shop.run("release.cut").code == 0
    return told(shop, since)


def test_the_points_are_all_there_are(undisturbed: list[str]) -> None:
    """An undisturbed prepare and cut append exactly as often as there are points to die at."""
    together = {"release.prepared", "release.shipped"}  # each in one append with the run's closing
    assert len([kind for kind in undisturbed if kind not in together]) == APPENDS


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_cut_is_resumed_to_the_same_world(
    shop: Shop, undisturbed: list[str], point: int, when: str
) -> None:
    """One build, one new revision, one tag, all traffic on it, and the ledger in the same order."""
    builds, revisions, tags, since = shop.builds(), shop.revisions(), shop.git("tag"), len(shop.kinds())
    shop.sell(f"{when}{point}")
    killed(shop, point, when)
    resumed = shop.run("release.resume")
    if point == 0 and when == "before":  # nothing was ever recorded: there is nothing to resume
        assert "nothing to resume" in resumed.out
        resumed = shop.run("release.cut")
    assert resumed.code == 0, resumed.out
    assert shop.builds() == builds + 1
    new = [name for name in shop.revisions() if name not in revisions]
    assert len(new) == 1
    live = shop.live()
    assert live.split.sole == new[0]
    assert live.served_split == live.split
    assert len(shop.git("tag").splitlines()) == len(tags.splitlines()) + 1
    assert told(shop, since) == undisturbed
