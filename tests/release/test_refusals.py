"""Bad input of every kind: a clear message, the right exit code, and nothing changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.release.shop import Shop


def test_without_a_relman_toml(shop: Shop, tmp_path: Path) -> None:
    """Exit 2, and what to write."""
    (tmp_path / "bare").mkdir()
    ended = shop.run("release.cut", folder=tmp_path / "bare")
    assert ended.code == 2
    assert "relman.toml" in ended.out


@pytest.mark.parametrize(
    ("broken", "word"),
    [
        ("profile = = 1", "line 1"),
        ("prophile = 'solo'\n[service.api]\nproject = 'acme'\nregion = 'europe-west1'\n", "profile"),
        ("profile = 'solo'\n", "service"),
    ],
)
def test_a_broken_relman_toml(shop: Shop, broken: str, word: str) -> None:
    """Exit 2, with the line or the word that is meant."""
    (shop.folder / "relman.toml").write_text(broken, encoding="utf-8")
    ended = shop.run("release.cut")
    assert ended.code == 2
    assert word in ended.out


def test_a_dirty_tree(open_shop: Shop) -> None:
    """``tree``: exit 3 before anything is built, and again as a gate after the prepare."""
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare").code == 0
    (open_shop.folder / "app.py").write_text("broken", encoding="utf-8")
    before = open_shop.live()
    ended = open_shop.run("release.cut", "--json")
    assert ended.code == 3
    assert [event["facts"]["answer"] for event in ended.events if event["text"] == "working tree"] == [
        "no-go"
    ]
    assert open_shop.live() == before


def test_every_reason_is_told_at_once(open_shop: Shop) -> None:
    """A dirty tree and a closed window are two refusals, each with its own command."""
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare").code == 0
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).strftime("%a").lower()
    config = open_shop.folder / "relman.toml"
    window = (
        f'\n[window]\ntz = "UTC"\nwindows = [{{ days = ["{tomorrow}"], start = "10:00", end = "11:00" }}]\n'
    )
    config.write_text(config.read_text(encoding="utf-8") + window, encoding="utf-8")
    ended = open_shop.run("release.plan", "--json")
    assert ended.code == 3
    refusing = {event["text"] for event in ended.events if event["facts"].get("answer") == "no-go"}
    assert refusing == {"working tree", "deploy window"}


def test_a_version_that_is_tagged_already(open_shop: Shop) -> None:
    """``version``: exit 3 at prepare, and as a gate if the tag comes between prepare and cut."""
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare", "--version", "0.1.0").code == 3
    assert open_shop.run("release.prepare").code == 0
    open_shop.git("tag", "v0.2.0", "HEAD~1")
    ended = open_shop.run("release.plan")
    assert ended.code == 3
    assert "v0.2.0 is tagged already" in ended.out


def test_commits_that_ask_for_nothing(open_shop: Shop) -> None:
    """Exit 3 shows what was counted and names the bump, which then decides; words are a patch by default."""
    floor = open_shop.folder / "floor.txt"
    floor.write_text("swept")
    open_shop.commit("chore: sweep the floor")
    ended = open_shop.run("release.prepare")
    assert ended.code == 3
    assert "no commit asks for a release: 1 commit read = 0 listed + 1 ignored + 0 unparsed" in ended.out
    assert "inv release.prepare --bump patch" in ended.out
    assert "prepare " + open_shop.name + " 0.1.1" in open_shop.run("release.prepare", "--bump", "patch").out
    floor.write_text("mopped")
    open_shop.commit("Mop the floor\n\nBREAKING CHANGE: it is clean")
    told = open_shop.run("release.prepare").out
    assert "0.1.1" in told
    assert "possible breaking change in" in told


def test_a_platform_that_is_away(shop: Shop) -> None:
    """Exit 69, with the command that starts it."""
    ended = shop.run("release.cut", environ={**shop.environ, "CLOUD_RUN_EMULATOR_HOST": "127.0.0.1:1"})
    assert ended.code == 69
    assert "inv platform.up" in ended.out


def test_an_unknown_flag_and_task(shop: Shop) -> None:
    """Exit 2, and nothing runs."""
    assert shop.run("release.cut", "--forse").code == 2
    assert shop.run("release.cutt").code == 2
    assert shop.kinds() == []


def test_a_folder_without_git(shop: Shop) -> None:
    """Exit 2 says that a release is cut from a repository."""
    (shop.folder / ".git").rename(shop.folder.parent / "gone")
    ended = shop.run("release.cut")
    assert ended.code == 2
    assert "git repository" in ended.out


def test_a_shallow_clone(open_shop: Shop, tmp_path: Path) -> None:
    """Exit 3 with the command that mends it."""
    open_shop.sell("sugar")
    open_shop.git("clone", "--quiet", "--depth", "1", f"file://{open_shop.folder}", str(tmp_path / "shallow"))
    ended = open_shop.run("release.prepare", folder=tmp_path / "shallow")
    assert ended.code == 3
    assert "git fetch --unshallow" in ended.out


def test_a_stale_plan_is_refused_saying_what_changed(open_shop: Shop) -> None:
    """--plan takes only the plan of now; what differs is told."""
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare").code == 0
    shown = open_shop.run("release.plan", "--json")
    plan = next(event["facts"]["id"] for event in shown.events if event["kind"] == "plan")
    config = open_shop.folder / "relman.toml"
    config.write_text(config.read_text(encoding="utf-8").replace('"100ms"', '"200ms"'), encoding="utf-8")
    open_shop.commit("chore: bake longer")
    early = open_shop.run("release.cut", "--plan", plan)
    assert early.code == 3
    assert "nothing is prepared for the commit" in early.out
    assert open_shop.run("release.prepare").code == 0
    ended = open_shop.run("release.cut", "--plan", plan)
    assert ended.code == 3
    assert "stale" in ended.out
    assert "seconds: 0.1 -> 0.2" in ended.out
    fresh = open_shop.run("release.plan", "--json")
    plan = next(event["facts"]["id"] for event in fresh.events if event["kind"] == "plan")
    assert open_shop.run("release.cut", "--plan", plan).code == 0


def test_a_full_disk_under_the_ledger(open_shop: Shop) -> None:
    """The cut stops with a clear message and the traffic where it was; with room, resume ends it."""
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare").code == 0
    before = open_shop.live().split
    limited = f'ulimit -f {(open_shop.folder / ".relman" / "ledger.db").stat().st_size // 1024}; exec "$@"'
    ended = open_shop.run_in_shell(limited, "release.cut")
    assert ended.code in {6, 69}, ended.out + ended.err
    assert "the ledger cannot be used" in ended.out
    assert open_shop.live().split == before
    assert open_shop.run("release.resume").code == 0
    if ended.code == 69:
        assert open_shop.run("release.cut").code == 0
    assert "-v0-2-0-" in open_shop.live().split.sole


def test_two_cuts_at_once_are_one_release(open_shop: Shop) -> None:
    """One of two operators cuts; the other is told who drives, and nothing is done twice."""
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare").code == 0
    cuts = [open_shop.start("release.cut") for _ in range(2)]
    codes = sorted(cut.wait(60) for cut in cuts)
    outs = [cut.communicate()[0] for cut in cuts]
    assert codes in ([0, 3], [0, 75]), outs
    assert open_shop.kinds().count("release.shipped") == 2
    assert len([name for name in open_shop.revisions() if "-v0-2-0-" in name]) == 1


def test_status_of_a_service_that_is_not_there(shop: Shop) -> None:
    """Exit 0: it says so, for people and for machines."""
    assert "there is no such service yet" in shop.run("release.status").out
    assert json.loads(shop.run("release.status", "--json").out)["exists"] is False


def test_a_service_here_and_its_builds_at_google_are_refused(shop: Shop) -> None:
    """One variable without the other would build on the other side: exit 2, nothing is asked of anybody."""
    text = (shop.folder / "relman.toml").read_text(encoding="utf-8")
    bare = text.replace(f'endpoint = "{shop.endpoint}"\n', "")
    (shop.folder / "relman.toml").write_text(bare, encoding="utf-8")
    environ = {**shop.environ, "CLOUD_RUN_EMULATOR_HOST": shop.endpoint.removeprefix("http://")}
    ended = shop.run("release.cut", environ=environ)
    assert ended.code == 2
    assert "different sides" in ended.out
