"""``release.cut --override``: one gate, one candidate, two hours, with a reason and an incident."""

from __future__ import annotations

import pytest

from relman.ops import overrides
from tests.release.shop import Shop
from tests.release.test_why import gate, hours, why

SAID = ("--reason", "nobody can pay", "--incident", "INC-42")
CLOSED = 'freezes = [{ from = "2020-01-01" }]\n'


def shut(shop: Shop, *, freeze: bool = False) -> None:
    """A window that is closed today and tomorrow, and perhaps a freeze without end."""
    config = shop.folder / "relman.toml"
    rare = 'days = ["mon"], start = "00:00", end = "00:01", every = 520, anchor = "2020-01-06"'
    window = f'\n[window]\ntz = "UTC"\nwindows = [{{ {rare} }}]\n'
    config.write_text(config.read_text("utf-8") + window + (CLOSED if freeze else ""), "utf-8")
    shop.commit("feat: keep hours")


def test_one_person_lifts_the_window_for_solo(open_shop: Shop) -> None:
    """It is recorded before the gates are asked, bound to the candidate, for two hours; then it ships."""
    shut(open_shop)
    assert open_shop.run("release.cut").code == 3
    ended = open_shop.run("release.cut", "--override", "window", *SAID, "--json")
    assert ended.code == 0, ended.out
    kinds = open_shop.kinds()
    granted = next(one for one in open_shop.entries() if one.kind == overrides.KIND)
    assert kinds.index(overrides.KIND) < len(kinds) - kinds[::-1].index("run.opened")
    assert granted.detail["candidate"]["version"] == "0.2.0"
    assert (granted.detail["reason"], granted.detail["incident"]) == ("nobody can pay", "INC-42")
    told = next(one["facts"] for one in ended.events if one["text"] == "deploy window")
    assert (told["answer"], told["clears"]) == ("no-go", "")
    assert "nobody can pay (override, INC-42)" in told["lifted"]


def test_the_next_candidate_is_not_lifted(open_shop: Shop) -> None:
    """An override is spent on one version of one commit."""
    shut(open_shop)
    assert open_shop.run("release.cut", "--override", "window", *SAID).code == 0
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare").code == 0
    assert gate(why(open_shop, code=3), "window")["lifted"] == ""


def test_a_freeze_takes_an_emergency(open_shop: Shop) -> None:
    """W7: without --emergency it refuses and says so; with it the gate is lifted."""
    shut(open_shop, freeze=True)
    refused = open_shop.run("release.cut", "--override", "window", *SAID, "--json")
    assert refused.code == 3
    told = next(one["facts"] for one in refused.events if one["text"] == "deploy window")
    assert told["urgent"].endswith("--emergency")
    found = open_shop.run("release.cut", "--override", "window", "--emergency", *SAID, "--json")
    assert found.code == 0, found.out
    assert "emergency override" in next(
        one["facts"]["lifted"] for one in found.events if one["text"] == "deploy window"
    )


@pytest.mark.parametrize(
    ("flags", "code", "word"),
    [
        (("--override", "window"), 2, "--reason and --incident"),
        (("--override", "window", "--reason", " ", "--incident", "I"), 2, "--reason"),
        (SAID, 2, "no gate is named"),
        (("--override", "windou", *SAID), 2, "those that can be lifted: window"),
        (("--override", "deploy window", *SAID), 2, "--override window"),
        (("--override", "sign-off", *SAID), 2, "does not ask"),
        (("--override", "smoke", *SAID), 3, "nobody may lift smoke baseline"),
        (("--override", "way-back", "--override", "window", *SAID), 3, "nobody may lift way back"),
        (("--override", "window", "--dry-run", *SAID), 2, "dry run"),
    ],
)
def test_what_is_no_override_is_refused_before_anything_else(
    shop: Shop, flags: tuple[str, ...], code: int, word: str
) -> None:
    """Nothing is built and nothing is recorded; a gate that nobody may lift is named."""
    shop.sell("sugar")
    before = shop.kinds()
    ended = shop.run("release.cut", *flags)
    assert (ended.code, word in ended.out) == (code, True), ended.out
    assert shop.kinds() == before


def test_a_team_lifts_nothing_without_a_policy(open_shop: Shop) -> None:
    """Two people sign, and without a pinned policy nobody's key counts: exit 3, and nothing is recorded."""
    config = open_shop.folder / "relman.toml"
    config.write_text(config.read_text("utf-8").replace('"solo"', '"team"'), "utf-8")
    open_shop.commit("feat: be a team")
    assert open_shop.run("release.prepare").code == 0
    ended = open_shop.run("release.cut", "--override", "window", *SAID)
    assert (ended.code, "no genesis is pinned" in ended.out) == (3, True), ended.out
    assert overrides.KIND not in open_shop.kinds()


def test_advice_is_shown_and_ships(open_shop: Shop) -> None:
    """``mode = "advise"``: the closed window is told and recorded as advice (ruling 17)."""
    hours(open_shop, 'mode = "advise"\n')
    shut_at = "2026-12-03T10:00Z"
    assert open_shop.run("release.prepare").code == 0
    found = gate(why(open_shop, "--at", shut_at), "window")
    assert (found["answer"], found["passes"]) == ("no-go", True)
    assert found["lifted"] == 'advice only: mode = "advise"'
