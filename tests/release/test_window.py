"""The deploy window: a gate before a cut, and what a rollout does that the window overruns."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from relman import opening
from relman.clock import Clock, system
from relman.errors import Paused, PutBack, Refused, RelmanError
from relman.ledger import Entry, SqliteStore
from relman.models import Event
from tests.release.shop import Shop


class Later:
    """A clock that jumps ahead when a step is done."""

    def __init__(self, step: str, hours: float) -> None:
        """Nothing is shifted before the step is done."""
        self.step, self.hours, self.shift = step, hours, timedelta()

    def now(self) -> datetime:
        """The machine's time, plus the jump."""
        return datetime.now(UTC) + self.shift

    def emit(self, event: Event) -> None:
        """Jump when the step is done."""
        if (event.kind, event.key) == ("step.done", self.step):
            self.shift = timedelta(hours=self.hours)


def windowed(shop: Shop, *, opens: timedelta, extra: str = "", overrun: str = "") -> None:
    """A window of two hours that opens so long from now, committed."""
    start = datetime.now(UTC) + opens
    end = start + timedelta(hours=2)
    window = f'{{ days = ["{start:%a}"], start = "{start:%H:%M}", end = "{end:%H:%M}" }}'.lower()
    text = (shop.folder / "relman.toml").read_text(encoding="utf-8")
    text += f'overrun = "{overrun}"\n' if overrun else ""
    (shop.folder / "relman.toml").write_text(
        f'{text}\n[window]\ntz = "UTC"\nwindows = [{window}]\n{extra}', encoding="utf-8"
    )
    shop.commit("feat: keep hours")


def cut(shop: Shop, later: Later, verb: str = "cut") -> RelmanError | None:
    """Cut (or resume) in this process, under a clock that jumps."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CLOUD_")}
    made = opening.here(shop.folder, environ=environ, time=Clock(later.now, time.sleep), emit=later.emit)
    try:
        getattr(made, verb)()
    except RelmanError as error:
        return error
    finally:
        made.close()
    return None


def test_a_closed_window_refuses_and_says_when_it_opens(open_shop: Shop) -> None:
    """Exit 3, and the next opening is told; nothing is deployed."""
    windowed(open_shop, opens=timedelta(hours=20))
    before = open_shop.live()
    error = cut(open_shop, Later("never", 0))
    assert isinstance(error, Refused)
    assert "deploy window" in error.fact
    assert open_shop.live() == before


def test_an_open_window_lets_a_cut_through(open_shop: Shop) -> None:
    """Within the window everything goes as without one."""
    windowed(open_shop, opens=timedelta(hours=-1))
    assert cut(open_shop, Later("never", 0)) is None


@pytest.mark.parametrize(
    ("overrun", "kind", "serves"),
    [("", type(None), "-v0-2-0-"), ("finish", type(None), "-v0-2-0-"), ("return", PutBack, "-v0-1-0-")],
)
def test_a_window_that_closes_in_the_middle_follows_overrun(
    open_shop: Shop, overrun: str, kind: type, serves: str
) -> None:
    """Finish (the default) goes on; return puts back."""
    windowed(open_shop, opens=timedelta(hours=-1), overrun=overrun)
    assert isinstance(cut(open_shop, Later("smoke-tag-20", 3)), kind)
    assert serves in open_shop.live().split.sole


def test_hold_waits_for_a_person(open_shop: Shop) -> None:
    """The rollout stays where it is, exit 6, and is resumed when the window is open again, in a week."""
    windowed(open_shop, opens=timedelta(hours=-1), overrun="hold")
    assert isinstance(cut(open_shop, Later("smoke-tag-20", 3)), Paused)
    assert sorted(percent for _, percent in open_shop.live().split.shares) == [20, 80]
    in_a_week = Later("never", 0)
    in_a_week.shift = timedelta(days=7)
    assert cut(open_shop, in_a_week, "resume") is None
    assert "-v0-2-0-" in open_shop.live().split.sole


def stopped_while_it_bakes(shop: Shop) -> str:
    """A release that bakes at 20 %, an emergency stop, and what the release said at its end."""
    shop.slow("3s")
    shop.sell("pens")
    process = shop.started_until("release.cut", "step.intent bake-20")
    told = shop.run("window.freeze", "--stop", "--reason", "money is lost")
    assert told.code == 0, told.out + told.err
    assert "has a rollout under way" in told.out
    page, _ = process.communicate(timeout=60)
    assert process.returncode == Paused.code, page
    return page


def test_a_stop_holds_a_rollout_before_its_next_write(open_shop: Shop) -> None:
    """Exit 6 with the stop's name and reason; traffic stays as it is; once it is lifted, it goes on."""
    page = stopped_while_it_bakes(open_shop)
    assert "held: an emergency stop is in force" in page
    assert "money is lost" in page
    assert sorted(percent for _, percent in open_shop.live().split.shares) == [20, 80]
    assert open_shop.run("release.resume").code == Paused.code
    (entry,) = [one for one in all_entries(open_shop) if one.kind == "window.stopped"]
    assert "emergency stop" in open_shop.run("release.status").out
    assert open_shop.run("window.thaw", "--id", f"s{entry.seq}", "--reason", "it was not us").code == 0
    assert open_shop.run("release.resume").code == 0
    assert "-v0-2-0-" in open_shop.live().split.sole


def test_a_rollback_passes_under_a_stop_in_a_freeze_and_outside_the_window(open_shop: Shop) -> None:
    """Ruling 20: at any time. And a cut is refused for the stop, which goes before the rest."""
    windowed(open_shop, opens=timedelta(hours=-1))
    stopped_while_it_bakes(open_shop)
    assert open_shop.run("window.freeze", "--reason", "audit").code == 0
    text = (open_shop.folder / "relman.toml").read_text(encoding="utf-8")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    (open_shop.folder / "relman.toml").write_text(f"{text}holidays = [{today}]\n", encoding="utf-8")
    rolled = open_shop.run("release.rollback")
    assert rolled.code == 0, rolled.out + rolled.err
    assert "-v0-1-0-" in open_shop.live().split.sole
    open_shop.commit("fix: a holiday")
    refused = open_shop.run("release.cut")
    assert refused.code == Refused.code
    assert "emergency stop" in refused.out


def test_an_abort_passes_under_a_stop(open_shop: Shop) -> None:
    """What returns to the safe state asks nobody."""
    stopped_while_it_bakes(open_shop)
    assert open_shop.run("release.abort", "--reason", "enough").code in {0, PutBack.code}
    assert "-v0-1-0-" in open_shop.live().split.sole


def all_entries(shop: Shop) -> tuple[Entry, ...]:
    """Everything in the ledger, of the team too."""
    store = SqliteStore(shop.folder / ".relman", system())
    try:
        return store.entries()
    finally:
        store.close()


@pytest.mark.parametrize("mode", ["enforce", "advise"])
def test_no_shift_goes_forward_inside_a_freeze(open_shop: Shop, mode: str) -> None:
    """A freeze holds whatever overrun says, and whether gates refuse or advise."""
    path = open_shop.folder / "relman.toml"
    path.write_text(f'mode = "{mode}"\n{path.read_text("utf-8")}', "utf-8")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    freeze = f'freezes = [{{ from = "{tomorrow}", to = "{tomorrow}", reason = "stocktaking" }}]\n'
    windowed(open_shop, opens=timedelta(hours=-1), extra=freeze)
    error = cut(open_shop, Later("smoke-tag-20", 24))
    assert isinstance(error, Paused)
    assert "stocktaking" in error.fact
