"""A team's release, signed by two, cut and resumed by the commands that people type."""

from __future__ import annotations

import json
import signal
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest

from relman import config
from relman.approval import guarding
from relman.ledger.record import CONSUMED
from tests.release.shop import Ended, Shop
from tests.signing.team import Chain, line

ANA, BEN, CLEO = (f"{name}@mervo.example" for name in ("ana", "ben", "cleo"))
MODEL = """
[people]
ana = { name = "Ana Ruiz", emails = ["ana@mervo.example"] }
ben = { name = "Ben Okafor", emails = ["ben@mervo.example"] }
cleo = { name = "Cleo Lind", emails = ["cleo@mervo.example"] }
[roles]
eng-lead = { holder = "ana", deputy = "cleo" }
[[raci]]
id = "deploy-rollback"
what = "Deploy and roll back"
R = "on-call"
A = "eng-lead"
[oncall]
tz = "UTC"
layers = [{ participants = ["ben"], start = "2020-01-06T09:00", every = { weeks = 1 } }]
"""
TEMPLATE = """\
[[item]]
id = "way-back"
what = "There is a way back"
owner = "A"
evidence = "way-back"
[[item]]
id = "watching"
what = "I watch"
owner = "R"
"""


class Team:
    """Two who sign, in a shop that was released once by one alone."""

    def __init__(self, shop: Shop) -> None:
        """Keys, the model, the policy."""
        self.shop = shop
        self.keys = {name: self._key(name) for name in ("ana", "ben", "cleo")}
        written = shop.folder / "relman.toml"
        text = written.read_text("utf-8").replace('profile = "solo"', 'profile = "team"\nmode = "advise"')
        written.write_text(text + MODEL, "utf-8")
        place = shop.folder / "checklists" / "templates" / "release.toml"
        place.parent.mkdir(parents=True)
        place.write_text(TEMPLATE, "utf-8")
        self.policy()
        shop.sell("sugar")
        assert self.typed("ben", "ops.oncall.accept", "--key", self.keys["ben"]).code == 0
        assert shop.run("release.prepare").code == 0

    def _key(self, name: str) -> str:
        path = self.shop.folder.parent / "home" / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
        return str(path)

    def policy(self) -> None:
        """The first version, which everybody who types here has pinned."""
        folder = self.shop.folder
        document = config.load(folder / "relman.toml").source.document()
        sections = guarding.guarded(document, folder, folder)
        people = {ANA: "ana", BEN: "ben", CLEO: "cleo"}
        listed: list[str] = []
        for email, name in people.items():
            with open(f"{self.keys[name]}.pub", encoding="utf-8") as file:  # noqa: PTH123
                public: Any = SimpleNamespace(line=" ".join(file.read().split()[:2]))
            listed += [line(email), line(email, public, namespaces="go@relman.dev,override@relman.dev")]
        chain = Chain().add(" ".join(people), lines=listed, sections=sections)
        chain.write(self.shop.folder)
        self.shop.environ["RELMAN_GENESIS"] = chain.genesis

    def typed(self, name: str, task: str, *flags: str) -> Ended:
        """Type something as somebody."""
        self.shop.git("config", "user.email", f"{name}@mervo.example")
        try:
            return self.shop.run(task, *flags)
        finally:
            self.shop.git("config", "user.email", "tester@example.invalid")

    def sign(self, name: str, *flags: str, digest: str = "") -> Ended:
        """Type checklist.sign as somebody."""
        chosen = digest or self.shown()["request"]
        own = ("--key", self.keys[name], "--yes-sha256", chosen, "--json")
        return self.typed(name, "checklist.sign", *own, *flags)

    def shown(self) -> dict[str, Any]:
        """What checklist.show tells a program."""
        ended = self.shop.run("checklist.show", "--json")
        assert ended.code == 0, ended.err
        return dict(json.loads(ended.out))

    def agree(self) -> None:
        """Both say go."""
        assert self.sign("ana").code == 0
        assert self.sign("ben", "--item", "watching").code == 0


@pytest.fixture
def team(open_shop: Shop) -> Team:
    """A team with a candidate that is put to the vote."""
    return Team(open_shop)


def test_a_signed_release_ships_once(team: Team) -> None:
    """Short of two, it is refused; signed by both it ships; the same request again is T04."""
    shop = team.shop
    assert shop.run("checklist.verify").code == 3
    page = shop.run("checklist.show").out
    assert "Ana Ruiz: inv checklist.sign --release 0.2.0 --role eng-lead" in page
    assert "Ben Okafor: inv checklist.sign --release 0.2.0 --role on-call --item watching" in page
    refused = shop.run("release.cut")
    assert refused.code == 3, refused.out + refused.err
    assert "short of" in refused.out + refused.err
    team.agree()
    verified = shop.run("checklist.verify")
    assert verified.code == 0, verified.out
    steps = [row[2] for row in verified.out.splitlines() if row[2:3].isdecimal()]
    assert steps == list("01234567")
    assert "tester@example.invalid wrote too, and [people] does not know who that is" in verified.out
    shop.commit("chore: record the votes")
    ended = shop.run("release.cut")
    assert ended.code == 0, ended.out + ended.err
    used = [one for one in shop.entries() if one.kind == CONSUMED]
    assert len({one.run for one in used}) == 2, "the refused run used nothing"
    told = shop.git("for-each-ref", "--format=%(contents:body)", "refs/tags/v0.2.0").splitlines()
    assert f"Relman-Request: sha256:{used[-1].detail['request']}" in told
    assert "T04: this request was used already" in shop.run("checklist.verify", "--release", "0.2.0").out
    assert shop.run("release.rollback").code == 0, "T18: a rollback asks nobody"


def test_a_killed_cut_goes_on_with_its_request_once(team: Team) -> None:
    """T04: kill -9 between the use and the deploy; a resume is the same run, and ships."""
    shop = team.shop
    team.agree()
    process = shop.started_until("release.cut", CONSUMED)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    resumed = shop.run("release.resume")
    assert resumed.code == 0, resumed.out + resumed.err
    assert len([one for one in shop.entries() if one.kind == CONSUMED]) == 1
    assert len([one for one in shop.entries() if one.kind == "release.shipped"]) == 2
    assert shop.live().split.percent(next(iter(shop.live().split.shares))[0]) == 100


def test_t22_what_is_shown_is_what_is_signed(team: Team) -> None:
    """T22: without a terminal the digest is named, and another one than the shown is refused."""
    assert team.sign("ana", digest="ab" * 32).code == 3
    alone = team.shop.run("checklist.sign", "--key", team.keys["ana"])
    assert alone.code == 3
    assert not list((team.shop.folder / "checklists").glob("*/votes/*"))
    told = team.sign("ana")
    notes = "\n".join(one["text"] for one in told.events if one["kind"] == "note")
    for word in ("@sha256:", "0.2.0", "production", "until", team.shown()["request"]):
        assert word in notes


def test_who_may_not_does_not_get_to_sign(team: Team) -> None:
    """Somebody unknown, another one's key, an item of somebody else: refused, and nothing is laid down."""
    shop, digest = team.shop, team.shown()["request"]
    assert shop.run("checklist.sign", "--key", team.keys["ana"], "--yes-sha256", digest).code == 3
    team.keys["ana"], own = team.keys["ben"], team.keys["ana"]
    assert team.sign("ana").code == 3
    team.keys["ana"] = own
    assert team.sign("ana", "--item", "watching").code == 2
    assert team.sign("ana", "--waive", "watching", "--reason", "why not").code == 2
    assert not list((shop.folder / "checklists").glob("*/votes/*.json"))


def test_a_no_go_is_withdrawn_by_voting_again(team: Team) -> None:
    """T12: it stops the release, stands in the ledger, and its file is missed where it goes away."""
    shop = team.shop
    team.agree()
    assert team.sign("cleo", "--no-go", "--comment", "the queue is long").code == 0
    assert "NO-GO" in shop.run("checklist.verify").out
    (no,) = [
        path for path in shop.folder.glob("checklists/*/votes/*.json") if b'"NO-GO"' in path.read_bytes()
    ]
    content = no.read_bytes()
    no.unlink()
    assert shop.run("checklist.verify").code == 7
    no.write_bytes(content)
    assert team.sign("cleo").code == 0
    assert shop.run("checklist.verify").code == 0
