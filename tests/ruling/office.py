"""A repository of three people with keys, under a clock that is handed in; and who types in it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from relman import opening
from relman.clock import Clock
from relman.ledger import Entry
from relman.models import TEAM, Emit, silent
from relman.signing.standing import Outstanding, Standing
from relman.team import enrolling, rulebook, ruling
from relman.team.operating import Operating
from relman.team.rulebook import Place
from relman.team.ruling import Proposal, Wish

T = TypeVar("T")
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PEOPLE = ("ana", "ben", "cleo")
MODEL = """
profile = "team"
[service.api]
project = "acme"
region = "europe-west1"
[people.ana]
name = "Ana Ruiz"
emails = ["ana@mervo.example"]
[people.ben]
name = "Ben Ode"
emails = ["Ben@Mervo.example"]
[people.cleo]
name = "Cleo Wu"
emails = ["cleo@mervo.example"]
[roles.eng-lead]
holder = "ana"
[window]
tz = "Europe/Berlin"
windows = [{ days = ["wed"], start = "10:00", end = "16:00" }]
"""


class Office:
    """The repository, and the time that it is there."""

    def __init__(self, folder: Path) -> None:
        """Three keys beside an empty repository of Ana's."""
        self.root, self.keys, self.now = folder / "api", folder / "keys", NOON
        self.environ = {"HOME": str(folder / "home")}
        self.keys.mkdir(parents=True)
        self.root.mkdir()
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("config", "commit.gpgsign", "false")
        self.write(MODEL)
        for person in (*PEOPLE, "mallory"):
            self.new_key(person)
        self.as_("ana")

    def copied(self, folder: Path) -> Office:
        """The same once more, in another folder."""
        made = object.__new__(Office)
        shutil.copytree(self.root.parent, folder, dirs_exist_ok=True)
        made.root, made.keys, made.now = folder / "api", folder / "keys", self.now
        made.environ = {"HOME": str(folder / "home")}
        return made.as_("ana")

    def write(self, model: str) -> None:
        """Another relman.toml."""
        (self.root / "relman.toml").write_text(model, "utf-8")

    def new_key(self, name: str) -> Path:
        """A key of that name."""
        place = self.keys / name
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name} here", "-f", str(place)]
        subprocess.run(command, check=True)
        return place

    def as_(self, person: str) -> Office:
        """Somebody else types, with their own key."""
        self.git("config", "user.name", person)
        self.git("config", "user.email", f"{person}@mervo.example")
        self.git("config", "user.signingKey", str(self.keys / f"{person}.pub"))
        return self

    def later(self, **span: float) -> Office:
        """Time goes on."""
        self.now += timedelta(**span)
        return self

    def git(
        self, *words: str, check: bool = True, at: datetime | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Git in the repository, on another day if one is named."""
        env = {"PATH": "/usr/bin:/bin", **self.environ, "GIT_CONFIG_NOSYSTEM": "1"}
        if at:
            env |= {"GIT_COMMITTER_DATE": at.isoformat(), "GIT_AUTHOR_DATE": at.isoformat()}
        command = ["git", *words]
        return subprocess.run(
            command, cwd=self.root, env=env, check=check, capture_output=True, text=True, timeout=30
        )

    def ask(self, verb: Callable[[Operating, Place], T], emit: Emit = silent) -> T:
        """What a verb answers now."""
        clock = Clock(lambda: self.now, lambda _seconds: None)
        with closing(opening.team(self.root, time=clock, emit=emit)) as team:
            return verb(team, rulebook.place(team, self.environ))

    def add(self, person: str, key: str = "", uses: tuple[str, ...] = ()) -> None:
        """A person adds a key of theirs."""
        self.as_(person if person in PEOPLE else "ana")
        wish = enrolling.Wish(person, key, uses=uses)
        self.ask(lambda team, where: enrolling.add(team, where, wish))

    def propose(self, *admins: str, quorum: int = 0, comment: str = "") -> Proposal:
        """The next version is written."""
        wish = Wish(tuple(admins), quorum, comment)
        return self.ask(lambda team, where: ruling.propose(team, where, wish))

    def sign(self, person: str, key: str = "") -> Outstanding:
        """An admin signs the next version."""
        self.as_(person)
        return self.ask(lambda team, where: ruling.sign(team, where, lambda _found: None, key))[1]

    def pin(self) -> None:
        """The first version is pinned."""
        self.ask(rulebook.pin)

    def founded(self) -> Office:
        """A policy is in force."""
        for person in PEOPLE:
            self.add(person)
        self.propose()
        for person in PEOPLE:
            self.sign(person)
        self.pin()
        return self

    def standing(self) -> Standing:
        """Where the policy stands."""
        return self.ask(rulebook.standing)

    def version(self) -> int:
        """The version in force; 0 for none."""
        found = self.standing().force
        return found.policy.version if found else 0

    def entries(self) -> list[Entry]:
        """What the ledger has of the team."""
        return self.ask(lambda team, _where: [*team.store.entries(TEAM)])

    def told(self, kind: str) -> list[Entry]:
        """The entries of a kind."""
        return [entry for entry in self.entries() if entry.kind == kind]
