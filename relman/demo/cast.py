"""Who plays in ``demo.tamper``: a team with keys around the example service, and Mallory.

What it is not: the attempts (``attempts``). Keys are made by ssh-keygen in the stage's temporary folder, and
each person types relman's commands under their own name.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from relman.approval.folder import ROOT, VOTES, Folder, requests
from relman.approval.request import Request
from relman.clock import Clock
from relman.demo.stage import DemoFailed, Stage
from relman.errors import Unreachable
from relman.signing import GO, OwnKey, Papers, Vote, signed
from relman.signing.genesis import VARIABLE
from relman.signing.keygen import PROGRAM
from relman.signing.strict import sha256

ANA, BEN, CLEO, ERIN, MALLORY = "ana", "ben", "cleo", "erin", "mallory"
ROBOT = "robot"
"""A machine of CI, whose key is listed for machines' namespaces alone."""
ADMINS = (ANA, BEN, CLEO)
MODEL = """
[people]
ana = { name = "Ana Ruiz", emails = ["ana@demo.invalid"] }
ben = { name = "Ben Okafor", emails = ["ben@demo.invalid"] }
cleo = { name = "Cleo Lind", emails = ["cleo@demo.invalid"] }
erin = { name = "Erin Wolf", emails = ["erin@demo.invalid"] }

[roles]
eng-lead = { holder = "ana", deputy = "cleo" }

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


class Said(NamedTuple):
    """What came of a command: its exit code, and everything that it told."""

    code: int
    text: str


@dataclass
class Cast:
    """The team on its stage.

    Attributes:
        stage: The repository and the platform.
        keys: The folder of everybody's private keys.
        clock: Where time comes from.
        environ: What every command is run with; it gets the pinned genesis.
    """

    stage: Stage
    keys: Path
    clock: Clock
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def gathered(cls, stage: Stage, keys: Path, clock: Clock) -> Cast:
        """A service that was released once, a team that signs from now on, and its first policy."""
        if not shutil.which(PROGRAM):
            install = "sudo apt install openssh-client"
            raise Unreachable("people sign with ssh-keygen", fact="it is not on the PATH", clears=install)
        cast = cls(stage, keys, clock, dict(stage.environ))
        keys.mkdir()
        for name in (*ADMINS, ERIN, MALLORY, ROBOT):
            command = [PROGRAM, "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(keys / name)]
            subprocess.run(command, check=True)
        cast.configure(lambda text: re.sub('bake = ".*"', 'bake = "200ms"', text))
        cast.commit("feat: open the shop")
        cast.must(ERIN, "release.cut")
        cast.configure(lambda text: text.replace('"solo"', '"team"') + MODEL)
        cast._legislate()
        cast.must(BEN, "ops.oncall.accept")
        return cast

    # ── typing ───────────────────────────────────────────────────────────────────────────────────

    def types(self, name: str, *words: str, flags: tuple[str, ...] = ()) -> Said:
        """What comes of a command that somebody types; ``flags`` are those of Python itself."""
        command = [sys.executable, *flags, "-m", "relman", *words]
        return self._ran(command, self._as(name))

    def must(self, name: str, *words: str) -> Said:
        """The same, where it must succeed.

        Raises:
            DemoFailed: It did not.
        """
        said = self.types(name, *words)
        if said.code:
            last = said.text.strip().splitlines()[-3:]
            raise DemoFailed(f"inv {words[0]} ended with {said.code}", fact=" · ".join(last))
        return said

    def runs(self, *command: str) -> Said:
        """What comes of another program."""
        return self._ran(list(command), self.environ)

    def _ran(self, command: list[str], environ: Mapping[str, str]) -> Said:
        ended = subprocess.run(
            command,
            cwd=self.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Said(ended.returncode, ended.stdout + ended.stderr)

    def _as(self, name: str) -> dict[str, str]:
        said = {"user.email": self.email(name), "user.signingKey": str(self.keys / f"{name}.pub")}
        git = {"GIT_CONFIG_COUNT": str(len(said))}
        for n, (key, value) in enumerate(said.items()):
            git |= {f"GIT_CONFIG_KEY_{n}": key, f"GIT_CONFIG_VALUE_{n}": value}
        return self.environ | git

    @staticmethod
    def email(name: str) -> str:
        """By which git and the list of signers know somebody; a machine by its name."""
        return name if name == ROBOT else f"{name}@demo.invalid"

    # ── the repository ───────────────────────────────────────────────────────────────────────────

    @property
    def root(self) -> Path:
        """The repository."""
        return self.stage.repository

    def configure(self, edit: Callable[[str], str]) -> None:
        """Change relman.toml."""
        path = self.root / "relman.toml"
        path.write_text(edit(path.read_text("utf-8")), "utf-8")

    def commit(self, subject: str) -> None:
        """Commit everything, as Erin."""
        who = {"NAME": "Erin Wolf", "EMAIL": self.email(ERIN)}
        by = {f"GIT_{one}_{key}": value for one in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        for words in (["add", "--all"], ["commit", "--quiet", "--allow-empty", "--message", subject]):
            subprocess.run(["git", *words], cwd=self.root, env=self.environ | by, check=True)

    def restore(self) -> None:
        """Everything as it was committed last; the ledger, which forgets nothing, stays."""
        for words in (["reset", "--quiet", "--hard"], ["clean", "-fdq", ROOT]):
            subprocess.run(["git", *words], cwd=self.root, env=self.environ, check=True)

    def _legislate(self) -> None:
        """The list of signers and the first policy, signed by all its admins, and pinned."""
        for name in (*ADMINS, ERIN):
            uses = ("go", "override", "duty", *(("policy",) if name in ADMINS else ()))
            self._enrol(name, uses)
        self._enrol(ROBOT, ("ci", "checkpoint"))
        admins = [word for name in ADMINS for word in ("--admin", self.email(name))]
        self.must(ANA, "policy.propose", *admins)
        digest = Papers.load(self.root).versions[-1].digest
        for name in ADMINS:
            self.must(name, "policy.sign", "--yes-sha256", digest)
        self.environ[VARIABLE] = f"sha256:{digest}"
        self.commit("feat: work as a team")

    def _enrol(self, name: str, uses: tuple[str, ...]) -> None:
        flags = [word for use in uses for word in ("--for", use)]
        self.must(ANA, "signers.add", "--person", name, "--key", str(self.keys / f"{name}.pub"), *flags)

    # ── the request ──────────────────────────────────────────────────────────────────────────────

    @property
    def folder(self) -> Folder:
        """The folder of the request."""
        return requests(self.root / ROOT)[-1]

    @property
    def request(self) -> Request:
        """What is put to the vote."""
        return Request.read(self.folder.request())

    def read(self) -> tuple[str, str]:
        """The flags by which somebody says that they have read what lies here."""
        return "--yes-sha256", sha256(self.folder.request())

    def forge(self, signer: str, role: str, key: str, *, at: int = 0, namespace: str = GO) -> Path:
        """A vote laid down by hand: it says that it is somebody's, and is signed with some key.

        Args:
            signer: Whose it says it is.
            role: As what.
            key: Whose key signs it.
            at: When it says that it was signed; the request's own time if 0.
            namespace: What the signature is for.
        """
        request, folder = self.request, self.folder
        own = tuple(one.id for one in request.checklist if one.state == "open" and one.owner == role)
        when, digest = at or request.created_at, sha256(folder.request())
        vote = Vote("GO", role, self.email(signer), when, digest, own)
        content = vote.statement(request.subject)
        done = signed(content, namespace, OwnKey.chosen(str(self.keys / key)))
        name = folder.next_name(VOTES, role, vote.signer)
        folder.write(done.signature.encode("ascii"), VOTES, f"{name}.sig")
        return folder.write(content, VOTES, name)
