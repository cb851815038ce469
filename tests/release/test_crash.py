"""``kill -9`` at every recorded step, then ``release.resume``: the world of an undisturbed run.

Of a cut that goes well, of one that is put back, and of a rollback.

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

APPENDS = 36
"""How many times a prepare and a cut append: opening, intents, outcomes, closing."""
PUT_BACK_APPENDS = 22
"""The same for a cut whose smoke check fails at 0 %, and that is put back."""
ROLLBACK_APPENDS = 7
FULL = bool(os.environ.get("RELMAN_FULL"))
POINTS = range(APPENDS) if FULL else (0, 2, 3, 5, 6, 8, 9, 13, 16, 22, 35)
PUT_BACK_POINTS = range(9, PUT_BACK_APPENDS) if FULL else (16, 17, 20)
ROLLBACK_POINTS = range(1, ROLLBACK_APPENDS) if FULL else (2, 3)


@pytest.fixture(scope="module")
def shop(platform: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One shop for all the crashes, released once."""
    made = Shop.made(tmp_path_factory.mktemp("crash") / "shop", "crash", platform)
    assert made.run("release.cut").code == 0
    yield made
    made.cloud.close()


@pytest.fixture(scope="module")
def broken(platform: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose first release was good, and whose shelf is empty since."""
    made = Shop.made(tmp_path_factory.mktemp("crash-back") / "shop", "crash-back", platform)
    assert made.run("release.cut").code == 0
    made.break_items()
    yield made
    made.cloud.close()


def killed(shop: Shop, point: int, when: str, task: str = "release.cut") -> None:
    """Type a command, and die at an append."""
    driver = Path(__file__).with_name("crash_driver.py")
    ended = subprocess.run(
        [sys.executable, str(driver), str(point), when, task],
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
    [tag] = set(shop.git("tag").splitlines()) - set(tags.splitlines())
    assert f"sell {when}{point} (" in (shop.folder / "release_notes" / f"{tag[1:]}.md").read_text("utf-8")
    assert told(shop, since) == undisturbed


@pytest.fixture(scope="module")
def put_back(broken: Shop) -> list[str]:
    """The ledger of a cut that is put back, and that nobody disturbs."""
    since = len(broken.kinds())
    broken.litter("undisturbed")
    assert broken.run("release.cut").code == 4
    return told(broken, since)


def test_the_points_of_a_return_are_all_there_are(put_back: list[str]) -> None:
    """A cut that is put back appends exactly as often as there are points to die at."""
    together = {"release.prepared", "release.put_back"}
    assert len([kind for kind in put_back if kind not in together]) == PUT_BACK_APPENDS


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", PUT_BACK_POINTS)
def test_a_cut_that_is_killed_while_it_is_put_back_is_put_back(
    broken: Shop, put_back: list[str], point: int, when: str
) -> None:
    """Resume ends with 4: the traffic on the good release, no tag of the candidate's, nothing twice."""
    stable, builds, since = broken.live().split, broken.builds(), len(broken.kinds())
    broken.litter(f"{when} {point}")
    killed(broken, point, when)
    resumed = broken.run("release.resume")
    over = (point, when) == (PUT_BACK_APPENDS - 1, "after")
    assert resumed.code == (0 if over else 4), resumed.out
    live = broken.live()
    assert (live.split, live.served_split) == (stable, stable)
    assert len([target for target in live.asked if target.tag]) == 1
    assert broken.builds() == builds + 1
    assert told(broken, since) == put_back


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", ROLLBACK_POINTS)
def test_a_killed_rollback_is_done_by_typing_it_again(shop: Shop, point: int, when: str) -> None:
    """Whatever was done of it, the second one ends with 0 and the traffic on the release before."""
    before = shop.live().split.sole
    shop.sell(f"back-{when}{point}")
    assert shop.run("release.cut").code == 0
    killed(shop, point, when, "release.rollback")
    again = shop.run("release.rollback")
    assert again.code == 0, again.out
    assert shop.live().split.sole == before
    shop.sell(f"forth-{when}{point}")
    assert shop.run("release.cut").code == 0
