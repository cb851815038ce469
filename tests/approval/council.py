"""A team that votes on a candidate: a repository with a policy, keys, a request and its evidence.

What it is not: relman's own way to a request (``approving``); it lays down what must be refused as readily.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec

from relman import config
from relman.approval import guarding, stock, template
from relman.approval.folder import EVIDENCE, REQUEST, ROOT, VOTES, WAIVERS, Folder
from relman.approval.request import Item, LedgerBound, PolicyBound, Request
from relman.clock import Clock
from relman.cloudrun import CloudRun
from relman.gates import Question
from relman.gates.approval import choosing, observing, roles, rules
from relman.gates.approval.verifying import Judged, judged
from relman.gates.approval.votes import VOTED
from relman.ledger import Draft, SqliteStore
from relman.live import REVISION, LiveService, Target
from relman.models import TEAM, Candidate, Release, ServiceKey
from relman.repo import Repo
from relman.signing import GO, Subject, Vote, Waiver, canonical
from relman.signing.genesis import VARIABLE
from relman.signing.statements import Sha256
from relman.signing.strict import sha256
from tests.signing.smith import Key
from tests.signing.team import Chain, key_of, line

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
KEY = ServiceKey("acme", "europe-west1", "api")
ANA, BEN, CLEO, ERIN = (f"{name}@mervo.example" for name in ("ana", "ben", "cleo", "erin"))
SERVING = Release("1.3.2", "api-v1-3-2-abcdef0", "sha256:" + "cd" * 32)
TOML = """
profile = "team"
[service.api]
project = "acme"
region = "europe-west1"
smoke = "smoke.toml"
[people]
ana = { name = "Ana Ruiz", emails = ["ana@mervo.example", "Ana@home.example"] }
ben = { name = "Ben Okafor", emails = ["ben@mervo.example"] }
cleo = { name = "Cleo Lind", emails = ["cleo@mervo.example"] }
erin = { name = "Erin Wolf", emails = ["erin@mervo.example"] }
[roles]
eng-lead = { holder = "ana", deputy = "cleo" }
ops-lead = { holder = "erin" }
[[raci]]
id = "deploy-rollback"
what = "Deploy and roll back"
R = "on-call"
A = "eng-lead"
[oncall]
tz = "UTC"
layers = [{ participants = ["ben", "cleo"], start = "2026-11-23T09:00", every = { weeks = 1 } }]
[window]
tz = "UTC"
windows = [{ days = ["wed"], start = "10:00", end = "16:00" }]
"""


class World:
    """What the platform says serves."""

    def __init__(self, revision: str = SERVING.revision) -> None:
        """One revision has everything."""
        target = Target(REVISION, revision, 100)
        empty = LiveService.empty({})
        self.live = msgspec.structs.replace(empty, asked=(target,), served=(target,), latest_ready=revision)

    def service(self, _key: ServiceKey) -> LiveService:
        """The service."""
        return self.live


@dataclass
class Council:
    """A repository in which something is put to the vote.

    Attributes:
        root: The repository.
        now: What the clock says.
        run: The run that asks.
        plan: The digest of the plan of now.
        change: What the candidate of now has otherwise.
        chain: The policy's versions.
        answer: What every gate said that was asked for evidence.
        source: One that stands already, to be a copy of.
    """

    root: Path
    now: datetime = NOW
    run: str = ""
    plan: str = "bb" * 32
    change: dict[str, Any] = field(default_factory=dict)
    chain: Chain = field(default_factory=Chain)
    world: World = field(default_factory=World)
    answer: str = "go"
    source: Council | None = None
    folder: Folder = field(init=False)
    request: Request = field(init=False)
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        """Commit, write the policy, and put the candidate to the vote."""
        if self.source:
            shutil.copytree(self.source.root, self.root)
            self.chain, self.change = Chain(list(self.source.chain.papers)), dict(self.source.change)
        else:
            self._found()
        self.store = SqliteStore(self.root / ".relman", Clock(lambda: self.now, lambda _: None))
        self.repo = Repo(self.root)
        if not self.source:
            self.legislate()
            self.put()
            return
        self.request, self.digest = self.source.request, self.source.digest
        self.folder = Folder(self.root / ROOT, self.request.folder)

    def _found(self) -> None:
        self.root.mkdir(exist_ok=True)
        (self.root / ".gitignore").write_text(".relman/\n", "utf-8")
        (self.root / "relman.toml").write_text(TOML, "utf-8")
        (self.root / "smoke.toml").write_text("# checks\n", "utf-8")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit("feat: begin", "erin@mervo.example")
        self.git("tag", "v1.3.2")
        self.work("feat: sell sugar")

    # ── the repository ───────────────────────────────────────────────────────────────────────────

    def git(self, *words: str, **environ: str) -> str:
        """Run git."""
        command = ["git", "-c", "user.name=X", "-c", "user.email=erin@mervo.example", *words]
        home = {"HOME": str(self.root), "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            command, cwd=self.root, check=True, capture_output=True, text=True, env=home | environ
        ).stdout.strip()

    def commit(self, message: str, author: str = "erin@mervo.example") -> str:
        """Commit everything; the hash."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--author", f"X <{author}>", "--message", message)
        return self.git("rev-parse", "HEAD")

    def work(self, message: str, author: str = "erin@mervo.example") -> str:
        """A commit that the candidate is built from; its hash."""
        self.change["commit"] = self.commit(message, author)
        return str(self.change["commit"])

    def legislate(self, people: str = f"{ANA} {BEN} {CLEO}", **said: Any) -> None:
        """One more version of the policy, signed by all, that binds what stands in the tree."""
        lines = said.pop("lines", [line(one) for one in (ANA, BEN, CLEO, ERIN)])
        document = config.load(self.root / "relman.toml").source.document()
        said.setdefault("sections", guarding.guarded(document, self.root, self.root))
        self.chain.add(people, lines=lines, **said).write(self.root)

    def edit(self, old: str, new: str) -> None:
        """Change relman.toml in the tree."""
        path = self.root / "relman.toml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    # ── what is asked ────────────────────────────────────────────────────────────────────────────

    @property
    def environ(self) -> dict[str, str]:
        """Where the genesis is pinned."""
        return {VARIABLE: f"sha256:{self.chain.genesis}", "HOME": str(self.root)}

    def question(self) -> Question:
        """A cut's question, now."""
        read = config.load(self.root / "relman.toml")
        return Question(
            key=KEY,
            proposed=self.candidate,
            chain=(SERVING,),
            first=False,
            config=read,
            target=read.select(),
            repo=lambda: self.repo,
            cloud=cast("CloudRun", self.world),
            clock=Clock(lambda: self.now, lambda _: None),
            ledger=self.store.entries,
            plan=self.plan,
            run=self.run,
        )

    @property
    def candidate(self) -> Candidate:
        """What is prepared."""
        whole: dict[str, Any] = {
            "key": KEY,
            "environment": "production",
            "version": "1.4.0",
            "image": "europe-docker.pkg.dev/p/r/api@sha256:" + "ab" * 32,
            "template": {},
            "template_digest": "ee" * 32,
            "revision": "api-v1-4-0-1234567",
            "tag": "c-12345",
            "prior": "1.3.2",
        }
        return Candidate(**whole | self.change)

    def put(self, **other: Any) -> Folder:
        """Lay down a request, with whatever differs."""
        question = self.question()
        known, candidate = observing.written(question), question.candidate
        asked = template.read(template.content(self.root / ROOT)).item
        machine = [one for one in asked if one.evidence != template.PERSON]
        told = {f"{one.id}.json": self.says(one.evidence, self.answer) for one in machine}
        told["difference.json"] = observing.difference(question, known)
        items = tuple(self.item(question, one, told.get(f"{one.id}.json", b"")) for one in asked)
        slot = observing.occurrence(question, self.now)
        request = Request(
            subject=(Subject.of("europe-docker.pkg.dev/p/r/api", candidate.digest.partition(":")[2]),),
            service="api",
            project="acme",
            region="europe-west1",
            environment="production",
            version=candidate.version,
            commit=candidate.commit,
            image=candidate.image,
            replaces=observing.replaced(question),
            authors=observing.authors(question, known),
            checklist=items,
            policy=PolicyBound(len(self.chain.papers), Sha256(self.chain.papers[-1].digest)),
            ledger=LedgerBound(0, "00" * 32),
            window=slot,
            plan=Sha256(self.plan),
            template=Sha256(candidate.template_digest),
            difference=Sha256(sha256(told["difference.json"])),
            oncall=observing.on_call(question, slot, self.now),
            nonce=other.pop("nonce", "3f" * 16),
            created_at=int(self.now.timestamp()) - 60,
            expires_at=observing.expiry(slot, self.now),
        )
        self.request = msgspec.structs.replace(request, **other)
        self.folder = Folder(self.root / ROOT, self.request.folder)
        for name, evidence in told.items():
            self.folder.write(evidence, EVIDENCE, name)
        stock.explained(self.folder, question.config.source.document())
        self.lay(self.request.content())
        return self.folder

    def lay(self, content: bytes) -> None:
        """These bytes as the request."""
        self.digest = sha256(content)
        self.folder.write(content, REQUEST)

    @staticmethod
    def says(gate: str, answer: str = "go") -> bytes:
        """A gate's evidence."""
        return canonical({"gate": gate, "answer": answer, "fact": "24 checks", "inputs": {}})

    @staticmethod
    def item(question: Question, asked: template.Asked, evidence: bytes) -> Item:
        """A line of the checklist."""
        owner = roles.named(question.config, asked.owner)
        if not evidence:
            return Item(asked.id, owner, "open", asked.waivable)
        good = json.loads(evidence)["answer"] == "go"
        return Item(asked.id, owner, "pass" if good else "fail", asked.waivable, Sha256(sha256(evidence)))

    # ── who says what ────────────────────────────────────────────────────────────────────────────

    def vote(
        self, signer: str, role: str, decision: Any = "GO", *, key: Key | None = None, **said: Any
    ) -> str:
        """Cast a vote; its file's name. ``recorded`` in the ledger too, unless it says otherwise."""
        recorded, namespace = said.pop("recorded", False), said.pop("namespace", GO)
        subject = said.pop("subject", self.request.subject)
        own = tuple(one.id for one in self.request.checklist if one.state == "open" and one.owner == role)
        facts: dict[str, Any] = {"signed_at": int(self.now.timestamp()), "request": self.digest}
        facts |= {"items": own, **said}
        content = Vote(decision, role, signer, **facts).statement(subject)
        signature = (key or key_of(signer)).sign(content, namespace)
        name = self.lay_signed(VOTES, self.folder.next_name(VOTES, role, signer), content, signature)
        if recorded:
            told = {"request": self.digest, "file": name, "vote": sha256(content)}
            told |= {"role": role, "signer": signer, "decision": decision}
            self.store.append([Draft(VOTED, KEY, "production", detail=told)])
        return name

    def waive(self, signer: str, role: str, item: str = "customers-told", **said: Any) -> str:
        """Waive an item; the file's name."""
        facts: dict[str, Any] = {"signed_at": int(self.now.timestamp()), "request": self.digest}
        facts |= {"reason": "nobody sees it"}
        content = Waiver(item, role, signer, **facts | said).statement(self.request.subject)
        name = self.folder.next_name(WAIVERS, item, signer)
        return self.lay_signed(WAIVERS, name, content, key_of(signer).sign(content, GO))

    def lay_signed(self, kind: str, name: str, content: bytes, signature: bytes) -> str:
        """A statement and its signature as they lie in the folder."""
        self.folder.write(signature, kind, f"{name}.sig")
        self.folder.write(content, kind, name)
        return name

    def open(self) -> None:
        """Have the ledger know the request."""
        told = {"request": self.digest, "folder": self.folder.name, "version": "1.4.0"}
        self.store.append([Draft(choosing.OPENED, KEY, "production", detail=told)])

    def agree(self) -> None:
        """The two who must say go do."""
        self.vote(ANA, "eng-lead")
        self.vote(BEN, "on-call")

    def judged(self) -> Judged:
        """What the verification finds."""
        return judged(self.question(), environ=self.environ)

    def judged_with(self, environ: dict[str, str]) -> Judged:
        """The same, with another genesis pinned."""
        return judged(self.question(), environ=environ)

    def remember(self, seen: dict[str, Any]) -> None:
        """Have the ledger know a policy."""
        self.store.append([Draft(rules.SEEN, TEAM, "", detail=seen)])

    def digest_of(self, name: str) -> str:
        """SHA-256 of a vote's bytes."""
        return sha256((self.folder.path / VOTES / name).read_bytes())

    def why(self, found: Judged | None = None) -> str:
        """Every finding that does not hold, and every note, in one text."""
        found = found or self.judged()
        lines = [f"{one.number} {one.state}: {one.fact}" for one in found.findings if one.state != "holds"]
        return "\n".join([*lines, *(note for one in found.findings for note in one.notes)])

    def later(self, **by: float) -> None:
        """Turn the clock."""
        self.now += timedelta(**by)

    def close(self) -> None:
        """Let go of git and the ledger."""
        self.repo.close()
        self.store.close()
