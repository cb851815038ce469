"""``release.why``: may it ship, now or at another instant, and what stands behind each gate."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relman import opening
from relman.clock import Clock
from tests.release.shop import Shop
from tests.release.test_window import Later, cut, windowed

HOURS = '\n[window]\ntz = "Europe/Berlin"\nwindows = [{ days = ["wed"], start = "10:00", end = "16:00" }]\n'
OPEN, SHUT = "2026-12-02T10:00:00+01:00", "2026-12-02T08:59:59Z"


def hours(shop: Shop, more: str = "") -> None:
    """Open on Wednesdays."""
    path = shop.folder / "relman.toml"
    path.write_text(more + path.read_text("utf-8") + HOURS, "utf-8")
    shop.commit("feat: keep hours")


def why(shop: Shop, *flags: str, zone: str = "UTC", code: int = 0) -> dict[str, Any]:
    """The answer as JSON, on a machine in that zone."""
    ended = shop.run("release.why", "--json", *flags, environ={**shop.environ, "TZ": zone})
    assert ended.code == code, ended.out + ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def gate(found: dict[str, Any], id_: str) -> dict[str, Any]:
    """What one gate says."""
    return next(one for one in found["gates"] if one["id"] == id_)


def lasting(found: dict[str, Any]) -> dict[str, Any]:
    """The answer without what is read of the world anew with each call."""
    world = {"as_of": "", "fact": "", "inputs": {}}
    return found | {"now": "", "gates": [one | (world if one["how"] else {}) for one in found["gates"]]}


def test_the_answer_is_that_of_the_instant_whatever_the_zone_of_the_machine(open_shop: Shop) -> None:
    """Open at 10:00 in Berlin to the second, on a machine in Kiritimati as on one in Pago Pago."""
    hours(open_shop)
    assert open_shop.run("release.prepare").code == 0
    east, west = (
        why(open_shop, "--at", OPEN, zone=zone) for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago")
    )
    assert lasting(east) == lasting(west)
    assert (east["at"], east["zone"], east["code"]) == ("2026-12-02T09:00:00Z", "Europe/Berlin", 0)
    assert gate(why(open_shop, "--at", SHUT, code=3), "window")["answer"] == "no-go"
    page = open_shop.run("release.why", "--at", OPEN, environ={**open_shop.environ, "TZ": "Asia/Tokyo"})
    assert "ship at Wed 2 Dec 2026 10:00 Europe/Berlin (09:00:00Z)?" in page.out
    assert (page.code, "GO: " in page.out) == (0, True)


def test_the_world_is_told_as_it_is_now(open_shop: Shop) -> None:
    """A gate of time is judged for the instant; one of the world says when it was read."""
    hours(open_shop)
    assert open_shop.run("release.prepare").code == 0
    found = why(open_shop, "--at", OPEN)
    assert (gate(found, "window")["how"], gate(found, "window")["as_of"]) == ("", "2026-12-02T09:00:00Z")
    assert (gate(found, "tree")["how"], gate(found, "tree")["as_of"][:10]) == (
        "as it is now",
        found["now"][:10],
    )


@pytest.mark.parametrize(
    "flags", [("--at", "2026-12-02T10:00"), ("--at", "wed"), ("--at", OPEN, "--run", "last")]
)
def test_an_instant_without_offset_is_refused(shop: Shop, flags: tuple[str, ...]) -> None:
    """Exit 2: it would be another instant on every machine. So is a run beside an instant."""
    ended = shop.run("release.why", *flags)
    assert ended.code == 2
    assert "--at" in ended.out + ended.err


def test_without_a_candidate_it_says_what_is_not_prepared(open_shop: Shop) -> None:
    """Exit 3; the gates that need none are asked all the same, and nothing is written."""
    before = open_shop.kinds()
    found = why(open_shop, code=3)
    assert (found["version"], gate(found, "way-back")["answer"]) == ("", "go")
    assert (gate(found, "tree")["answer"], gate(found, "tree")["clears"]) == (
        "unknown",
        "inv release.prepare",
    )
    assert open_shop.kinds() == before


def test_in_a_rollout_it_tells_what_the_run_found(open_shop: Shop) -> None:
    """Paused in the middle, the gates of the world say what was recorded; the window is judged now."""
    windowed(open_shop, opens=timedelta(hours=-1), overrun="hold")
    open_shop.sell("sugar")
    assert cut(open_shop, Later("smoke-tag-20", 4)) is not None
    found = why(open_shop)
    run = [one.run for one in open_shop.entries() if one.kind == "run.opened"][-1]
    assert (found["run"], found["version"], found["passes"]) == (run, "0.2.0", True)
    assert gate(found, "way-back")["how"] == "as the run found it"
    assert gate(found, "window")["how"] == ""
    later = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
    assert gate(why(open_shop, "--at", later, code=3), "window")["answer"] == "no-go"


def test_how_a_run_went(open_shop: Shop) -> None:
    """``--run last`` tells the newest run; a failure names its own."""
    open_shop.break_items()
    ended = open_shop.run("release.cut", "--json")
    assert ended.code == 4
    told = ended.events[-1]["facts"]["clears"]
    assert open_shop.run(*told.split()[1:]).out == open_shop.run("release.why", "--run", "last").out
    assert "way back: " in open_shop.run("release.why", "--run", "last").out


def test_verdicts_are_recorded_with_what_they_were_judged_by(open_shop: Shop) -> None:
    """Refused or not: answer, inputs, the age of the data, profile and mode (gate list)."""
    hours(open_shop)
    now = datetime(2026, 12, 3, 10, tzinfo=UTC)
    made = opening.here(open_shop.folder, environ={}, time=Clock(lambda: now, lambda _seconds: None))
    try:
        with pytest.raises(Exception, match="REFUSED by a gate"):
            made.cut()
        failed = next(entry for entry in made.entries()[::-1] if entry.kind == "step.failed")
    finally:
        made.close()
    window = next(one for one in failed.detail["verdicts"] if one["id"] == "window")
    assert (window["answer"], window["as_of"]) == ("no-go", "2026-12-03T10:00:00Z")
    told = {one["id"]: one["inputs"] for one in failed.detail["verdicts"]}
    assert told["tree"]["commit"] == told["version"]["commit"] == open_shop.git("rev-parse", "HEAD")
    assert sum(told["way-back"]["traffic"].values()) == 100
    assert told["smoke"]["failed"] == []
    assert (failed.detail["profile"], failed.detail["mode"]) == ("solo", "enforce")


def test_a_live_service_that_fails_its_checks_refuses(open_shop: Shop) -> None:
    """``smoke``: the check that fails is named, since a later failure could not be told from this one."""
    suite = open_shop.folder / "smoke" / "hello.toml"
    check = '\n[[check]]\nname = "tea"\nget = "/tea"\nexpect.status = 200\n'
    suite.write_text(suite.read_text("utf-8") + check, "utf-8")
    found = gate(why(open_shop, code=3), "smoke")
    assert (found["answer"], found["clears"].split(" --")[0]) == ("no-go", "inv smoke.run")
    assert "tea: " in found["fact"]


def test_what_relman_never_released_has_no_way_back(open_shop: Shop) -> None:
    """``way-back``: it says to adopt what serves; nobody may lift it."""
    shutil.rmtree(open_shop.folder / ".relman")
    found = gate(why(open_shop, code=3), "way-back")
    assert (found["answer"], found["clears"]) == ("no-go", "inv release.adopt")
    assert (found["liftable"], found["urgent"]) == (False, "")
