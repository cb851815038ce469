"""Other people's hands between two commands: found out, and never overruled in silence."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from relman.live import EPOCH, RUN
from tests.release.shop import Shop
from tests.release.test_failures import by_hand


def write(shop: Shop, **body: Any) -> None:
    """One write to the service by somebody who knows nothing of relman."""
    live = shop.live()
    shop.cloud.settle(shop.cloud.update(shop.key, etag=live.etag, body=body), 10)


def killed_before_done(shop: Shop, step: str) -> None:
    """Cut, and die after a step's write and before its outcome is recorded."""
    appends = [*(f"step.{word} {key}" for key in STEPS for word in ("intent", "done"))]
    point = 1 + appends.index(f"step.done {step}")
    driver = Path(__file__).with_name("crash_driver.py")
    command = [sys.executable, str(driver), str(point), "before", "release.cut"]
    ended = subprocess.run(command, cwd=shop.folder, env=shop.environ, capture_output=True, check=False)
    assert ended.returncode == -9, ended.stdout
    assert shop.kinds()[-1] == f"step.intent {step}"


STEPS = ("gates", "way-back", "deploy", "smoke-tag-0", "shift-20")


def test_a_shift_that_was_sent_and_undone_by_hand_is_not_sent_again(open_shop: Shop) -> None:
    """Killed after the write, put back by hand: resume ends with 6 and touches nothing."""
    stable = open_shop.live().split.sole
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare").code == 0
    killed_before_done(open_shop, "shift-20")
    assert sorted(percent for _, percent in open_shop.live().split.shares) == [20, 80]
    by_hand(open_shop, stable)
    resumed = open_shop.run("release.resume")
    assert resumed.code == 6, resumed.out
    assert open_shop.live().split.sole == stable


@pytest.mark.parametrize("wiped", [True, False])
def test_a_resume_after_a_foreign_write_is_fenced(open_shop: Shop, *, wiped: bool) -> None:
    """Annotations wiped, or another ledger's run on the service: exit 6, traffic untouched."""
    open_shop.slow("60s")
    open_shop.sell("sugar")
    cut = open_shop.started_until("release.cut", "step.intent bake-20")
    cut.kill()
    cut.communicate()
    before = open_shop.live()
    foreign = {**before.annotations, RUN: "somebody-else", EPOCH: str(before.epoch + 1)}
    write(open_shop, annotations={} if wiped else foreign)
    resumed = open_shop.run("release.resume")
    assert resumed.code == 6, resumed.out
    assert open_shop.live().split == before.split


def test_a_colleagues_slow_deploy_is_waited_for_and_not_taken_for_ours(open_shop: Shop) -> None:
    """A deploy by hand during the bake reconciles for a while; the rollout then goes on."""
    open_shop.slow("1500ms")
    open_shop.sell("sugar")
    cut = open_shop.started_until("release.cut", "step.intent bake-20")
    template = dict(open_shop.live().template)
    template.pop("revision", None)
    (container,) = template["containers"]
    slow = ["sh", "-c", "sleep 3; exec python3 app.py"]
    write(open_shop, template={**template, "containers": [{**container, "command": slow}]})
    out, _ = cut.communicate(timeout=60)
    assert cut.returncode == 0, out
    assert "-v0-2-0-" in open_shop.live().split.sole


def test_a_template_that_was_changed_by_hand_makes_the_candidate_stale(open_shop: Shop) -> None:
    """An environment variable set after the prepare is in what ships."""
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare").code == 0
    template = dict(open_shop.live().template)
    template.pop("revision", None)
    (container,) = template["containers"]
    write(
        open_shop,
        template={**template, "containers": [{**container, "env": [{"name": "MINE", "value": "1"}]}]},
        traffic=[
            {
                "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
                "revision": open_shop.live().split.sole,
                "percent": 100,
            }
        ],
    )
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert {"name": "MINE", "value": "1"} in open_shop.live().template["containers"][0]["env"]


def deleted(shop: Shop) -> None:
    """Somebody deletes the service."""
    from google.cloud import run_v2

    client = shop.cloud._client("Services")  # noqa: SLF001 - Google's own
    client.delete_service(run_v2.DeleteServiceRequest(name=shop.key.path))
    end = time.monotonic() + 20
    while shop.cloud.service(shop.key) and time.monotonic() < end:
        time.sleep(0.05)


def test_a_service_that_was_deleted_is_made_again(open_shop: Shop) -> None:
    """The next cut is a first release; and a run that was open is closed by abort."""
    open_shop.slow("60s")
    open_shop.sell("sugar")
    cut = open_shop.started_until("release.cut", "step.intent bake-20")
    cut.kill()
    cut.communicate()
    deleted(open_shop)
    aborted = open_shop.run("release.abort", "--reason", "it is gone")
    assert aborted.code == 0, aborted.out
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "no 0 % phase" in ended.out
    assert "-v0-2-0-" in open_shop.live().split.sole


def test_a_resume_ships_only_what_was_prepared(open_shop: Shop) -> None:
    """Killed between prepare and cut; the commit moved on: resume refuses, and a cut prepares anew."""
    open_shop.sell("sugar")
    driver = Path(__file__).with_name("crash_driver.py")
    command = [sys.executable, str(driver), "8", "before", "release.cut"]
    subprocess.run(command, cwd=open_shop.folder, env=open_shop.environ, capture_output=True, check=False)
    assert open_shop.kinds()[-1] == "run.closed"
    open_shop.sell("tea")
    resumed = open_shop.run("release.resume")
    assert resumed.code == 3, resumed.out
    assert "-v0-1-0-" in open_shop.live().split.sole
    assert open_shop.run("release.cut").code == 0


def test_a_start_command_may_use_the_port(open_shop: Shop) -> None:
    """$PORT reaches the container: it is no substitution of Cloud Build's."""
    config = open_shop.folder / "relman.toml"
    text = config.read_text(encoding="utf-8") + 'start = "env PORT=$PORT python3 app.py"\n'
    config.write_text(text, encoding="utf-8")
    open_shop.commit("feat: say how it starts")
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
