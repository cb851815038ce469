"""A team's gate is lifted by the commands that two people type, and the release ships."""

from __future__ import annotations

import pytest

from relman.ops import overrides
from tests.release.shop import Shop
from tests.release.test_override import SAID, shut
from tests.release.test_signed import Team


@pytest.fixture
def team(open_shop: Shop) -> Team:
    """A team whose window is closed, and whose release two have approved."""
    shut(open_shop)
    made = Team(open_shop)
    open_shop.git("config", "user.signingKey", made.keys["ben"])
    made.agree()
    return made


def test_two_people_lift_the_window_by_commands(team: Team) -> None:
    """Ben cuts and signs, Ana types the one line that he was told, Ben cuts again: it ships."""
    flags = ("release.cut", "--override", "window", *SAID)
    first = team.typed("ben", *flags)
    assert first.code == 3, first.out
    assert "T16: two people lift a gate" in first.out
    (lying,) = team.shop.folder.glob("checklists/overrides/*.json")
    path = str(lying.relative_to(team.shop.folder))
    assert f"inv checklist.sign --override {path}" in " ".join(first.out.split())
    blind = team.typed("ana", "checklist.sign", "--override", path, "--key", team.keys["ana"])
    assert (blind.code, "there is no terminal" in blind.out) == (3, True), blind.out
    digest = blind.out.rpartition("--yes-sha256 ")[2].split()[0]
    own = ("--key", team.keys["ana"], "--yes-sha256", digest)
    mixed = team.typed("ana", "checklist.sign", "--override", path, "--no-go", *own)
    assert (mixed.code, "an override is no vote" in mixed.err) == (2, True), mixed.err
    signed = team.typed("ana", "checklist.sign", "--override", path, *own)
    assert signed.code == 0, signed.out
    ended = team.typed("ben", *flags, "--json")
    assert ended.code == 0, ended.out
    told = next(one["facts"] for one in ended.events if one["text"] == "deploy window")
    assert "lifted by ben and ana" in told["lifted"]
    assert overrides.KIND in team.shop.kinds()
