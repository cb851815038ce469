"""A cut that goes wrong: what is put back, and what is said."""

from __future__ import annotations

from relman.live import tag_of
from tests.release.shop import Shop


def test_a_failed_smoke_check_is_put_back_before_a_user_sees_it(open_shop: Shop) -> None:
    """Exit 4; the traffic never moved, and the candidate's tag is gone."""
    stable = open_shop.live().split.sole
    open_shop.break_items()
    ended = open_shop.run("release.cut", "--json")
    assert ended.code == 4, ended.out
    shares = [event["facts"]["shares"] for event in ended.events if event["kind"] == "traffic"]
    assert {share["percent"] for one in shares for share in one if share["revision"] != stable} == {0}
    live = open_shop.live()
    assert live.split.sole == stable
    assert {target.tag for target in live.asked if target.tag} == {tag_of(stable)}
    assert ended.events[-1]["facts"]["code"] == 4


def test_a_revision_that_does_not_start_is_put_back(open_shop: Shop) -> None:
    """Exit 4 with the platform's reason; the next try of the same commit gets another name."""
    stable = open_shop.live().split.sole
    (open_shop.folder / "app.py").write_text("raise SystemExit('no')\n", encoding="utf-8")
    open_shop.commit("fix: a typo")
    first = open_shop.run("release.cut")
    assert first.code == 4, first.out
    assert "failed to start" in first.out
    assert open_shop.live().split.sole == stable
    second = open_shop.run("release.cut")
    assert second.code == 4
    names = [name for name in open_shop.revisions() if "-v0-1-1-" in name]
    assert sorted(names) == [min(names), f"{min(names)}-2"]


def test_a_build_that_fails_changes_nothing(open_shop: Shop) -> None:
    """Exit 3 with the builder's reason; a later attempt has the next number."""
    before = open_shop.live()
    (open_shop.folder / "Procfile").unlink()
    open_shop.commit("fix: drop the Procfile")
    ended = open_shop.run("release.cut")
    assert ended.code == 3, ended.out
    assert "nothing was changed" in ended.out
    assert open_shop.live() == before
    assert open_shop.run("release.cut").code == 3
    assert open_shop.builds() == 3


def test_a_first_release_that_fails_stays_and_says_how_to_delete_it(shop: Shop) -> None:
    """Exit 5: nothing to go back to; the next cut is a first release again, and passes."""
    shop.break_items()
    ended = shop.run("release.cut")
    assert ended.code == 5, ended.out
    assert f"gcloud run services delete {shop.name}" in ended.out
    (shop.folder / "items.json").write_text('[{"id": "it_1", "name": "Tea", "cents": 5}]', encoding="utf-8")
    shop.commit("fix: fill the shelf")
    again = shop.run("release.cut")
    assert again.code == 0, again.out
    assert shop.live().pinned


def test_another_hand_stops_the_cut_and_is_not_overruled(open_shop: Shop) -> None:
    """Exit 6 when somebody moves the traffic in the middle of a bake; it stays where they put it."""
    stable = open_shop.live().split.sole
    open_shop.slow("30s")
    open_shop.sell("sugar")
    cut = open_shop.started_until("release.cut", "step.intent bake-20")
    by_hand(open_shop, stable)
    out, _ = cut.communicate(timeout=30)
    assert cut.returncode == 6, out
    assert "somebody else moved the traffic" in out
    assert open_shop.live().split.sole == stable
    resumed = open_shop.run("release.resume")
    assert resumed.code == 6
    assert open_shop.live().split.sole == stable
    assert open_shop.run("release.adopt").code == 0
    assert open_shop.run("release.resume").out.count("nothing to resume") == 1


def by_hand(shop: Shop, revision: str) -> None:
    """What gcloud run services update-traffic does: it knows nothing of relman."""
    live = shop.live()
    traffic = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": revision, "percent": 100}]
    shop.cloud.settle(shop.cloud.update(shop.key, etag=live.etag, body={"traffic": traffic}), 10)


def test_a_late_tag_that_cannot_be_made_pauses_and_keeps_the_release(open_shop: Shop) -> None:
    """Exit 6: the release is live; once the reason is gone, resume makes the tag and ends it."""
    open_shop.sell("sugar")
    lock = open_shop.folder / ".git" / "refs" / "tags" / "v0.2.0.lock"
    lock.write_text("", encoding="ascii")
    ended = open_shop.run("release.cut")
    assert ended.code == 6, ended.out
    assert "-v0-2-0-" in open_shop.live().split.sole
    lock.unlink()
    assert open_shop.run("release.resume").code == 0
    assert open_shop.git("tag", "--list", "v0.2.0") == "v0.2.0"


def test_abort_reaches_the_living_driver(open_shop: Shop) -> None:
    """The driver stops its bake, puts back and ends with 4; abort itself ends with 0."""
    stable = open_shop.live().split.sole
    open_shop.slow("60s")
    open_shop.sell("sugar")
    cut = open_shop.started_until("release.cut", "step.intent bake-20")
    aborted = open_shop.run("release.abort", "--reason", "the page is wrong")
    out, _ = cut.communicate(timeout=30)
    assert (aborted.code, cut.returncode) == (0, 4), out
    assert open_shop.live().split.sole == stable
    assert any(entry.detail.get("reason") == "the page is wrong" for entry in open_shop.entries())


def test_a_smoke_file_that_breaks_in_the_middle_is_put_back(open_shop: Shop) -> None:
    """What cannot be asked is not passed: exit 4, and no run is left open."""
    stable = open_shop.live().split.sole
    open_shop.slow("2s")
    open_shop.sell("sugar")
    cut = open_shop.started_until("release.cut", "step.intent bake-20")
    (open_shop.folder / "smoke" / "hello.toml").write_text("[[check]", encoding="utf-8")
    out, _ = cut.communicate(timeout=30)
    assert cut.returncode == 4, out
    assert open_shop.live().split.sole == stable
    assert "nothing to resume" in open_shop.run("release.resume").out
