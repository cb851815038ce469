"""A team with real keys around the example service: who writes, who says go, who is on call.

What it is not: relman's own bookkeeping. People type commands, each under their own name and with their own
key; what they sign by hand, so that it can also be wrong, is signed by ``ssh-keygen``.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from relman.approval.folder import ROOT, VOTES, WAIVERS, Folder, requests
from relman.approval.request import Request
from relman.signing import GO, POLICY, OwnKey, Papers, PublicKey, Vote, Waiver, signed
from relman.signing.strict import sha256
from tests.release.shop import Ended, Shop

ANA, BEN, CLEO, ERIN = "ana", "ben", "cleo", "erin"
ADMINS = (ANA, BEN, CLEO)
NAMESPACES = ("go", "override", "duty", "policy", "checkpoint")
TEAM = """
[people]
ana = { name = "Ana Ruiz", emails = ["ana@mervo.example"] }
ben = { name = "Ben Okafor", emails = ["ben@mervo.example"] }
cleo = { name = "Cleo Lind", emails = ["cleo@mervo.example"] }
erin = { name = "Erin Wolf", emails = ["erin@mervo.example"] }

[roles]
eng-lead = { holder = "ana", deputy = "cleo" }
developer = { holder = "erin" }

[[raci]]
id = "deploy-rollback"
what = "Deploy and roll back"
R = "on-call"
A = "eng-lead"

[oncall]
tz = "UTC"
layers = [{ participants = ["ben"], start = "2024-01-01T09:00", every = { weeks = 1 } }]

[window]
tz = "UTC"
windows = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], start = "00:00", end = "24:00" }]
"""
"""Erin writes, Ana or Cleo is the A, Ben is on call; it is open at any time."""


@dataclass(frozen=True)
class Person:
    """Somebody with a key.

    Attributes:
        id: As in relman.toml.
        key: The file of the private key, whose public half is beside it.
    """

    id: str
    key: Path

    @classmethod
    def made(cls, name: str, keys: Path) -> Person:
        """Make a key, as people do."""
        path = keys / name
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
        subprocess.run(command, check=True)
        return cls(name, path)

    @property
    def email(self) -> str:
        """By which git and the list of signers know the person."""
        return f"{self.id}@mervo.example"

    @property
    def public(self) -> PublicKey:
        """The public key."""
        return PublicKey.read(self.key.with_suffix(".pub").read_text("ascii"))

    def sign(self, content: bytes, namespace: str = GO) -> bytes:
        """What ``ssh-keygen -Y sign`` makes."""
        return signed(content, namespace, OwnKey.chosen(str(self.key))).signature.encode("ascii")

    def environ(self, shop: Shop) -> dict[str, str]:
        """The environment in which this person types."""
        said = {"user.name": self.id.title(), "user.email": self.email, "user.signingKey": f"{self.key}.pub"}
        git = {"GIT_CONFIG_COUNT": str(len(said))}
        for n, (name, value) in enumerate(said.items()):
            git |= {f"GIT_CONFIG_KEY_{n}": name, f"GIT_CONFIG_VALUE_{n}": value}
        return shop.environ | git


@dataclass
class Crew:
    """The team, its repository, and whatever was put to the vote last.

    Attributes:
        shop: The repository and the platform; what it runs, Erin types.
        people: By their ids.
    """

    shop: Shop
    people: dict[str, Person] = field(default_factory=dict)

    @classmethod
    def formed(cls, shop: Shop) -> Crew:
        """A team around a shop whose first version was released: model, policy, pin, shift accepted."""
        crew = cls(shop)
        keys = shop.folder.parent / "keys"
        keys.mkdir()
        crew.people = {name: Person.made(name, keys) for name in (*ADMINS, ERIN)}
        shop.git("config", "user.name", "Erin Wolf")
        shop.git("config", "user.email", crew.people[ERIN].email)
        crew.model(TEAM)
        crew.legislate()
        crew.types(BEN, "ops.oncall.accept", need=True)
        return crew

    def types(
        self, name: str, task: str, *flags: str, need: bool = False, folder: Path | None = None
    ) -> Ended:
        """What comes of a command that somebody types; with ``need`` it must end with 0."""
        ended = self.shop.run(task, *flags, folder=folder, environ=self.people[name].environ(self.shop))
        assert ended.code == 0 or not need, f"{task}: {ended.code}\n{ended.out}\n{ended.err}"
        return ended

    # ── the rules ────────────────────────────────────────────────────────────────────────────────

    def model(self, text: str, profile: str = "team") -> str:
        """The operating model into relman.toml, committed; the commit."""
        path = self.shop.folder / "relman.toml"
        path.write_text(path.read_text("utf-8").replace('"solo"', f'"{profile}"') + text, "utf-8")
        return self.shop.commit("feat: work as a team")

    def contacts(self) -> None:
        """Ana has a telephone number, which stands in a variable."""
        path = self.shop.folder / "relman.toml"
        old, new = (
            '["ana@mervo.example"] }',
            '["ana@mervo.example"], contacts = { phone = "env:ANA_PHONE" } }',
        )
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
        self.shop.commit("feat: say how Ana is reached")

    def legislate(self, *admins: str) -> None:
        """Write the next version of the policy for what lies here, sign it, pin the first, commit."""
        first = not Papers.load(self.shop.folder).versions
        if first:
            for name in (*ADMINS, ERIN):
                self._enrol(name)
        flags = [word for each in admins or ADMINS for word in ("--admin", self.people[each].email)]
        self.types(ANA, "policy.propose", *flags, need=True)
        for name in ADMINS if first else ADMINS[:2]:
            self.types(name, "policy.sign", "--yes-sha256", self.newest, need=True)
        if first:
            self.shop.environ["RELMAN_GENESIS"] = f"sha256:{self.newest}"
        self.shop.commit("chore: sign the policy")

    def _enrol(self, name: str) -> None:
        public = str(self.people[name].key.with_suffix(".pub"))
        uses = [word for use in NAMESPACES if name != ERIN or use != "policy" for word in ("--for", use)]
        self.types(ANA, "signers.add", "--person", name, "--key", public, *uses, need=True)

    @property
    def newest(self) -> str:
        """SHA-256 of the newest version of the policy, in hex."""
        return Papers.load(self.shop.folder).versions[-1].digest

    # ── a request and the word of people ─────────────────────────────────────────────────────────

    def prepare(self, item: str = "sugar") -> Folder:
        """Erin writes and prepares something; the folder of its request, committed."""
        self.shop.sell(item)
        self.types(ERIN, "release.prepare", need=True)
        self.shop.commit("chore: put it to the vote")
        return self.folder

    @property
    def folder(self) -> Folder:
        """The folder of the request that was opened last."""
        found = requests(self.shop.folder / ROOT)
        return max(found, key=lambda one: (one.path / "request.json").stat().st_mtime_ns)

    @property
    def request(self) -> Request:
        """The request that was opened last."""
        return Request.read(self.folder.request())

    def vote(self, name: str, role: str, decision: Any = "GO", **said: Any) -> str:
        """Lay down a signed vote by hand, with whatever differs; its file's name."""
        request, namespace = self.request, said.pop("namespace", GO)
        by = self.people[said.pop("by", name)]
        own = tuple(one.id for one in request.checklist if one.state == "open" and one.owner == role)
        facts: dict[str, Any] = {"signed_at": request.created_at, "items": own}
        facts["request"] = sha256(self.folder.request())
        subject = said.pop("subject", request.subject)
        vote = Vote(decision, role, said.pop("signer", self.people[name].email), **(facts | said))
        file = self.folder.next_name(VOTES, role, vote.signer)
        return self.lay(VOTES, file, vote.statement(subject), by, namespace)

    def waive(
        self, name: str, role: str, item: str = "customers-told", reason: str = "nobody sees it"
    ) -> str:
        """Lay down a signed waiver by hand; its file's name."""
        request, who = self.request, self.people[name]
        digest = sha256(self.folder.request())
        waiver = Waiver(item, role, who.email, request.created_at, digest, reason)
        file = self.folder.next_name(WAIVERS, item, who.email)
        return self.lay(WAIVERS, file, waiver.statement(request.subject), who, GO)

    def lay(self, kind: str, file: str, content: bytes, by: Person, namespace: str) -> str:
        """A statement and somebody's signature under it."""
        self.folder.write(by.sign(content, namespace), kind, f"{file}.sig")
        self.folder.write(content, kind, file)
        return file

    def say(self, name: str, *flags: str) -> Ended:
        """What comes of ``checklist.sign``, typed by somebody who has read what lies here."""
        digest = sha256(self.folder.request())
        return self.types(name, "checklist.sign", "--yes-sha256", digest, *flags)

    def agree(self) -> None:
        """The A and the one who is on call say go, by hand; it is committed."""
        self.vote(ANA, "eng-lead")
        self.vote(BEN, "on-call")
        self.shop.commit("chore: two go")

    def gates(self) -> dict[str, dict[str, Any]]:
        """What ``release.why`` says of each gate, by its id."""
        told = json.loads(self.types(ERIN, "release.why", "--json").out)
        return {one["id"]: one for one in told["gates"]}

    def cut(self, *flags: str) -> Ended:
        """Erin ships it."""
        return self.types(ERIN, "release.cut", *flags)


def stranger(crew: Crew, name: str = "mallory") -> Person:
    """Somebody with a key that is in no list."""
    return Person.made(name, crew.people[ANA].key.parent)


__all__ = ["ADMINS", "ANA", "BEN", "CLEO", "ERIN", "POLICY", "Crew", "Person", "replace", "stranger"]
