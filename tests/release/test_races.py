"""Other writers, lost replies, sleeping drivers and Ctrl-C: nothing is done twice, nobody is overruled."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from relman import opening
from relman.cloudrun import CloudRun
from relman.errors import Unreachable
from relman.models import ServiceKey
from tests.release.shop import Shop, ctrl_c


class Meddled(CloudRun):
    """Google's client, behind a line on which something happens at every write."""

    def __init__(self, endpoint: str | None, how: str) -> None:
        """What happens: ``race``: somebody else writes first; ``lost``: the answer; ``deaf``: the request."""
        super().__init__(endpoint)
        self.how, self.writes = how, 0

    def update(self, key: ServiceKey, *, etag: str, body: dict[str, Any]) -> str:
        """One write, meddled with at its first try."""
        self.writes += 1
        meddled = self.writes % 2 == 1
        if meddled and self.how == "race":
            live = self.service(key)
            assert live is not None
            noted = {**live.annotations, "team/note": str(self.writes)}
            self.settle(super().update(key, etag=live.etag, body={"annotations": noted}), 10)
        if meddled and self.how == "deaf":
            raise Unreachable("the line is dead")
        sent = super().update(key, etag=etag, body=body)
        if meddled and self.how == "lost":
            raise Unreachable("the answer was lost")
        return sent


@pytest.mark.parametrize("how", ["race", "lost", "deaf"])
def test_every_write_survives_a_bad_line(open_shop: Shop, how: str) -> None:
    """A lost race is written once more, a lost answer found by looking, a lost request sent again."""
    open_shop.sell("sugar")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CLOUD_")}
    made = opening.here(open_shop.folder, environ=environ)
    made.cloud = Meddled(open_shop.endpoint, how)
    made.cut()
    made.close()
    assert len([name for name in open_shop.revisions() if "-v0-2-0-" in name]) == 1
    assert "-v0-2-0-" in open_shop.live().split.sole
    if how == "race":
        assert "team/note" in open_shop.live().annotations


def test_ctrl_c_pauses_at_a_safe_point_and_resume_goes_on(open_shop: Shop) -> None:
    """Exit 6 and the command that resumes; the traffic stays at its phase until then."""
    open_shop.slow("3s")
    open_shop.sell("sugar")
    cut = open_shop.started_until("release.cut", "step.intent bake-20")
    ctrl_c(cut)
    out, _ = cut.communicate(timeout=30)
    assert cut.returncode == 6, out
    assert "inv release.resume" in out
    assert sorted(percent for _, percent in open_shop.live().split.shares) == [20, 80]
    refused = open_shop.run("release.cut")
    assert refused.code == 3
    assert "inv release.resume" in refused.out
    assert open_shop.run("release.resume").code == 0
    assert "-v0-2-0-" in open_shop.live().split.sole


def test_a_second_ctrl_c_leaves_at_once(open_shop: Shop) -> None:
    """Exit 130 in the middle of a step; the run can be resumed all the same."""
    (open_shop.folder / "app.py").write_text(
        "import time\ntime.sleep(8)\n"
        + (open_shop.folder / "app.py")
        .read_text(encoding="utf-8")
        .replace("from __future__ import annotations\n", ""),
        encoding="utf-8",
    )
    open_shop.commit("feat: start slowly")
    cut = open_shop.started_until("release.cut", "step.intent deploy")
    ctrl_c(cut)
    assert cut.stdout is not None
    told = next(line for line in cut.stdout if "Ctrl-C again leaves at once" in line)
    ctrl_c(cut)
    out, _ = cut.communicate(timeout=30)
    assert cut.returncode == 130, told + out
    assert open_shop.run("release.resume").code == 0


def test_a_driver_that_slept_finds_out_that_it_was_overtaken(open_shop: Shop) -> None:
    """SIGSTOP, a rollback meanwhile, SIGCONT: the driver writes nothing more and ends with 6."""
    stable = open_shop.live().split.sole
    open_shop.slow("2s")
    open_shop.sell("sugar")
    cut = open_shop.started_until("release.cut", "step.intent bake-20")
    cut.send_signal(signal.SIGSTOP)
    assert open_shop.run("release.rollback").code == 0
    cut.send_signal(signal.SIGCONT)
    out, _ = cut.communicate(timeout=30)
    assert cut.returncode == 6, out
    assert open_shop.live().split.sole == stable


def test_a_rollback_without_the_ledger_stops_the_driver_at_its_next_look(
    open_shop: Shop, tmp_path: Path
) -> None:
    """The epoch on the service fences a driver that the rollback's journal knows nothing of."""
    stable = open_shop.live().split.sole
    open_shop.slow("60s")
    open_shop.sell("sugar")
    cut = open_shop.started_until("release.cut", "step.intent bake-20")
    empty = tmp_path / "elsewhere"
    empty.mkdir()
    flags = ["--service", open_shop.name, "--project", "acme", "--region", "europe-west1"]
    environ = {**open_shop.environ, "CLOUD_RUN_EMULATOR_HOST": open_shop.endpoint.removeprefix("http://")}
    assert open_shop.run("release.rollback", *flags, folder=empty, environ=environ).code == 0
    out, _ = cut.communicate(timeout=30)
    assert cut.returncode == 6, out
    assert open_shop.live().split.sole == stable
    resumed = open_shop.run("release.resume")
    assert resumed.code == 6, resumed.out
    assert open_shop.live().split.sole == stable
    open_shop.slow("100ms")
    open_shop.sell("tea")
    after = open_shop.run("release.cut")
    assert after.code == 0, after.out


def test_abort_of_a_dead_drivers_run_puts_back(open_shop: Shop) -> None:
    """Kill -9 in a bake, then release.abort: all traffic on the release before, and no run is open."""
    stable = open_shop.live().split.sole
    open_shop.slow("60s")
    open_shop.sell("sugar")
    cut = open_shop.started_until("release.cut", "step.intent bake-20")
    cut.kill()
    cut.communicate()
    aborted = open_shop.run("release.abort", "--reason", "second thoughts")
    assert aborted.code == 0, aborted.out
    assert open_shop.live().split.sole == stable
    assert "nothing to abort" in open_shop.run("release.abort").out
