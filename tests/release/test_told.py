"""What GitHub is told of a cut: after it, never in its way, and once."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.release.hub import REPOSITORY, TOKEN, Hub, served
from tests.release.shop import Shop
from tests.release.test_tag import add, bare, killed_at, there

ALL = "release = true\ndeployments = true"


@pytest.fixture
def hub(open_shop: Shop) -> Iterator[Hub]:
    """A GitHub whose copy of the shop is the remote that tags are pushed to."""
    with served(bare(open_shop)) as opened:
        open_shop.environ["GH_TOKEN"] = TOKEN
        asked = f'{ALL}\nrepository = "{REPOSITORY}"\napi = "{opened.url}"'
        add(open_shop, f"[tag]\npush = true\n\n[github]\n{asked}")
        yield opened


def test_a_good_release_is_published_and_its_deployment_told(open_shop: Shop, hub: Hub) -> None:
    """Notes and trailers on the page, success for the revision; and the token is in no file and no line."""
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "owed" not in ended.out
    release = hub.releases["v0.2.0"]
    assert release["name"] == f"{open_shop.name} 0.2.0"
    notes, trailers = release["body"].split("\n\n```\n")
    written = (open_shop.folder / "release_notes" / "0.2.0.md").read_text("utf-8")
    assert "sell sugar" in notes.lower()
    assert written.startswith(f"{notes}\n")
    assert "<!--" not in release["body"]
    assert trailers.startswith("Relman-Service: projects/acme/")
    live = open_shop.live()
    assert hub.states == [(live.split.sole, "success")]
    told = hub.deployments[0]
    assert (told["ref"], told["environment"]) == (open_shop.git("rev-parse", "HEAD"), "production")
    assert told["states"][0]["environment_url"] == live.uri
    assert TOKEN not in ended.out + ended.err
    kept = [path for path in (open_shop.folder / ".relman").rglob("*") if path.is_file()]
    assert [path for path in kept if TOKEN.encode() in path.read_bytes()] == []


def test_a_plan_says_what_is_not_set_up(open_shop: Shop) -> None:
    """Nobody is told anything unless relman.toml asks for it, and the plan shows that."""
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare").code == 0
    assert "not set up: pushing the tag and GitHub" in open_shop.run("release.plan").out


def test_a_release_that_is_put_back_is_told_as_failed(open_shop: Shop, hub: Hub) -> None:
    """Exit 4 as ever, no page and no tag."""
    open_shop.break_items()
    ended = open_shop.run("release.cut")
    assert ended.code == 4, ended.out
    assert [state for _, state in hub.states] == ["failure"]
    assert hub.releases == {}
    assert any(entry.kind == "release.put_back" and entry.detail["to"] for entry in open_shop.entries())


def test_an_expired_token_owes_and_a_new_one_settles(open_shop: Shop, hub: Hub) -> None:
    """Exit 0 with what to type; resume with a good token tells each thing once, and then nothing is owed."""
    open_shop.environ["GH_TOKEN"] = "ghp_expired"
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "does not take the token" in ended.out
    assert "export GH_TOKEN=" in ended.out
    assert "ghp_expired" not in ended.out
    assert there(hub.remote, "v0.2.0")
    shown = json.loads(open_shop.run("release.status", "--json").out)
    assert [debt["step"] for debt in shown["owed"]] == ["github-release", "github-success"]
    del open_shop.environ["GH_TOKEN"]
    without = open_shop.run("release.resume")
    assert (without.code, "GH_TOKEN and GITHUB_TOKEN are not set" in without.out) == (6, True), without.out
    open_shop.environ["GITHUB_TOKEN"] = TOKEN
    paid = open_shop.run("release.resume")
    assert paid.code == 0, paid.out
    assert list(hub.releases) == ["v0.2.0"]
    assert [state for _, state in hub.states] == ["success"]
    assert "owed" not in open_shop.run("release.status").out


def test_a_passing_trouble_is_waited_out(open_shop: Shop, hub: Hub) -> None:
    """One 502 and a lost answer leave no trace."""
    hub.failing, hub.losing = [502], True
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "owed" not in ended.out
    assert list(hub.releases) == ["v0.2.0"]
    assert [state for _, state in hub.states] == ["success"]


def test_github_is_not_left_to_make_a_tag_of_its_own(open_shop: Shop, hub: Hub) -> None:
    """Where the tag did not get there, no release is published: GitHub would make another tag for it."""
    hook = hub.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    hook.chmod(0o755)
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "v0.2.0 is not on" in ended.out
    assert hub.releases == {}
    hook.unlink()
    assert open_shop.run("release.resume").code == 0
    assert list(hub.releases) == ["v0.2.0"]


def test_what_was_told_before_a_death_is_not_told_twice(open_shop: Shop, hub: Hub) -> None:
    """SIGKILL between GitHub's answer and its record: resume looks, and finds it."""
    killed_at(open_shop, "step.done github-success", "before")
    resumed = open_shop.run("release.resume")
    assert resumed.code == 0, resumed.out
    assert len([one for one in hub.requests if one.startswith("POST") and one.endswith("/releases")]) == 1
    assert [state for _, state in hub.states] == ["success"]


def test_a_lasting_trouble_is_owed_and_settled_after_a_death_too(open_shop: Shop, hub: Hub) -> None:
    """Exit 0 with GitHub away; SIGKILL in the middle of a resume that pays, and nothing is told twice."""
    hub.away = True
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "HTTP 503" in ended.out
    assert "-v0-2-0-" in open_shop.live().split.sole
    hub.away = False
    killed_at(open_shop, "step.done github-release", "before", "release.resume")
    resumed = open_shop.run("release.resume")
    assert resumed.code == 0, resumed.out
    assert list(hub.releases) == ["v0.2.0"]
    assert [state for _, state in hub.states] == ["success"]
    assert "nothing is owed" in open_shop.run("release.resume").out


def test_a_first_release_that_fails_is_told_as_failed(shop: Shop) -> None:
    """Exit 5: there is nothing to go back to, and GitHub does not hear otherwise."""
    with served(bare(shop)) as opened:
        shop.environ["GH_TOKEN"] = TOKEN
        shop.break_items()
        add(shop, f'[github]\ndeployments = true\nrepository = "{REPOSITORY}"\napi = "{opened.url}"')
        (shop.folder / "items.json").write_text("[]", "utf-8")
        shop.commit("fix: tidy again")
        ended = shop.run("release.cut")
        assert ended.code == 5, ended.out
        assert [state for _, state in opened.states] == ["failure"]


def test_github_without_a_repository_is_refused_before_anything_ships(open_shop: Shop) -> None:
    """Exit 3, and the key that names one."""
    bare(open_shop)
    add(open_shop, f"[github]\n{ALL}")
    ended = open_shop.run("release.cut")
    assert ended.code == 3, ended.out
    assert 'repository = "OWNER/NAME"' in ended.out
