"""A cut that goes well: what it leaves on the service, in git and in the ledger."""

from __future__ import annotations

import shutil

from relman.live import LATEST, tag_of
from tests.release.shop import Shop


def test_the_first_release_creates_the_service_and_tags_the_commit(shop: Shop) -> None:
    """Create, smoke, tag: all traffic on an explicit revision, and nothing to go back to."""
    ended = shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "first release: nothing to go back to" in ended.out
    assert "no 0 % phase" in ended.out
    live = shop.live()
    assert live.pinned
    assert live.split.sole.startswith(f"{shop.name}-v0-1-0-")
    assert shop.git("rev-parse", "v0.1.0^{commit}") == shop.git("rev-parse", "HEAD")
    assert shop.git("cat-file", "-t", "v0.1.0") == "tag"


def test_the_second_release_goes_through_its_phases(open_shop: Shop) -> None:
    """Deploy at 0 %, smoke on the tag URL, 20, 50 and 100 %, smoke on the live URL, tag; in this order."""
    stable = open_shop.live().split.sole
    open_shop.sell("sugar")
    ended = open_shop.run("release.cut", "--json")
    assert ended.code == 0, ended.out
    done = [event["key"] for event in ended.events if event["kind"] == "step.done"]
    phases = ["shift-20", "bake-20", "smoke-tag-20", "shift-50", "bake-50", "smoke-tag-50", "shift-100"]
    gates = ["gates", "way-back", "deploy", "smoke-tag-0"]
    assert done == ["build", "freeze", "notes", *gates, *phases, "smoke-live-100", "tag"]
    shares = [event["facts"]["shares"] for event in ended.events if event["kind"] == "traffic"]
    assert [[share["percent"] for share in one] for one in shares] == [[0, 100], [20, 80], [50, 50], [100, 0]]
    live = open_shop.live()
    assert live.split.sole.startswith(f"{open_shop.name}-v0-2-0-")
    assert [release.revision for release in live.way_back.chain] == [stable]
    assert live.tag_uri(stable), "a revision of the way back keeps a URL to be probed on"
    assert open_shop.git("tag", "--list").splitlines() == ["v0.1.0", "v0.2.0"]


def test_tags_and_annotations_of_the_team_are_kept(open_shop: Shop) -> None:
    """A tag of the team's, one that follows LATEST, and an annotation survive a release."""
    live = open_shop.live()
    stable = live.split.sole
    mine = [
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": stable, "percent": 100},
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": stable, "tag": "blessed"},
        {"type": LATEST, "tag": "newest"},
    ]
    annotations = {**live.annotations, "team/owner": "li"}
    body = {"traffic": mine, "annotations": annotations}
    open_shop.cloud.settle(open_shop.cloud.update(open_shop.key, etag=live.etag, body=body), 10)
    open_shop.sell("sugar")
    assert open_shop.run("release.cut").code == 0
    after = open_shop.live()
    assert {(target.tag, target.revision) for target in after.asked if target.tag} == {
        ("blessed", stable),
        ("newest", ""),
        (tag_of(stable), stable),
        (tag_of(after.split.sole), after.split.sole),
    }
    assert after.annotations["team/owner"] == "li"


def test_a_service_that_followed_latest_is_pinned_before_the_candidate_exists(open_shop: Shop) -> None:
    """The deploy that makes the candidate also pins what serves, in one request."""
    live = open_shop.live()
    stable = live.split.sole
    operation = open_shop.cloud.update(
        open_shop.key, etag=live.etag, body={"traffic": [{"type": LATEST, "percent": 100}]}
    )
    open_shop.cloud.settle(operation, 10)
    assert not open_shop.live().pinned
    open_shop.break_items()
    assert open_shop.run("release.cut").code == 4
    after = open_shop.live()
    assert after.pinned
    assert after.split.sole == stable


def test_plan_changes_nothing_and_asks_every_gate(open_shop: Shop) -> None:
    """The service, git and the list of entries are the same before and after; all gates are told."""
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare").code == 0
    before = (open_shop.live(), open_shop.kinds(), open_shop.git("status", "--porcelain"))
    ended = open_shop.run("release.plan", "--json")
    assert ended.code == 0, ended.out
    gates = [event["text"] for event in ended.events if event["kind"] == "gate"]
    assert gates == ["working tree", "version", "deploy window", "clock", "smoke baseline", "way back"]
    assert (open_shop.live(), open_shop.kinds(), open_shop.git("status", "--porcelain")) == before


def test_a_dry_run_is_the_plan(open_shop: Shop) -> None:
    """Cut --dry-run and Invoke's own --dry show the steps and change nothing."""
    open_shop.sell("sugar")
    open_shop.run("release.prepare")
    before = open_shop.live()
    assert "shift 20 % to 0.2.0" in open_shop.run("release.cut", "--dry-run").out
    assert "shift 20 % to 0.2.0" in open_shop.run("--dry", "release.cut").out
    assert open_shop.live() == before


def test_an_adopted_service_can_be_released_and_rolled_back(open_shop: Shop) -> None:
    """A service that this ledger never released is refused, adopted once, and then has a way back."""
    stable = open_shop.live().split.sole
    shutil.rmtree(open_shop.folder / ".relman")
    open_shop.sell("sugar")
    refused = open_shop.run("release.cut")
    assert refused.code == 3
    assert "inv release.adopt" in refused.out
    assert open_shop.run("release.adopt", "--version", "0.1.0").code == 0
    assert open_shop.run("release.cut").code == 0
    assert open_shop.run("release.rollback").code == 0
    assert open_shop.live().split.sole == stable


def test_a_commit_that_touches_only_records_is_no_candidate(open_shop: Shop) -> None:
    """A checklist or release note written after the release asks for no new version."""
    (open_shop.folder / "CHANGELOG.md").write_text("# Changes\n", encoding="utf-8")
    open_shop.commit("docs: say what changed")
    ended = open_shop.run("release.cut")
    assert ended.code == 3
    assert "nothing to release since 0.1.0" in ended.out


def test_an_image_built_elsewhere_is_released_by_digest(open_shop: Shop) -> None:
    """Prepare --image takes a digest, asks for no build, and refuses a tag."""
    image = open_shop.live().template["containers"][0]["image"]
    open_shop.commit("fix: nothing but a commit")
    builds = open_shop.builds()
    assert (
        open_shop.run("release.prepare", "--image", image.replace("@", ":tag@").partition("@")[0]).code == 2
    )
    ended = open_shop.run("release.prepare", "--image", image)
    assert ended.code == 0, ended.out
    assert open_shop.run("release.cut").code == 0
    assert open_shop.builds() == builds
    assert open_shop.live().template["containers"][0]["image"] == image


def test_a_release_whose_tag_was_lost_is_still_the_last_one(open_shop: Shop) -> None:
    """The ledger knows the version: the next one follows it, tag or no tag."""
    open_shop.git("tag", "--delete", "v0.1.0")
    open_shop.sell("sugar")
    ended = open_shop.run("release.prepare")
    assert ended.code == 0, ended.out
    assert "prepare" in ended.out
    assert "0.2.0 is prepared" in ended.out
