"""A service in a git repository, released by the commands that people type."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from relman.clock import system
from relman.cloudbuild import CloudBuild
from relman.cloudrun import CloudRun
from relman.ledger import Entry, SqliteStore
from relman.live import LiveService
from relman.models import ServiceKey

EXAMPLE = Path(__file__).parents[2] / "examples" / "hello"
SOURCE = Path(__file__).parents[2]
CONFIG = """\
profile = "solo"

[platform]
endpoint = "{endpoint}"
doubt = "300ms"

[service.{name}]
project = "acme"
region = "europe-west1"
bake = "{bake}"
smoke = "smoke/hello.toml"
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """What a command with ``--json`` told."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Shop:
    """The example service in a repository of its own.

    Attributes:
        folder: The repository.
        name: The service's name.
        endpoint: The platform's.
    """

    folder: Path
    name: str
    endpoint: str
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def made(cls, folder: Path, name: str, endpoint: str, bake: str = "100ms") -> Shop:
        """A fresh repository with one commit."""
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".relman", "__pycache__"))
        home = folder.parent / "home"
        home.mkdir()
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "CLOUD_"))},
            "HOME": str(home),
            "PYTHONPATH": str(SOURCE),
            "GIT_CONFIG_NOSYSTEM": "1",
            "NO_COLOR": "1",
        }
        environ.pop("XDG_STATE_HOME", None)
        shop = cls(folder, name, endpoint, environ)
        (folder / "relman.toml").write_text(
            CONFIG.format(endpoint=endpoint, name=name, bake=bake), encoding="utf-8"
        )
        smoke = folder / "smoke" / "hello.toml"
        smoke.write_text(smoke.read_text(encoding="utf-8").replace('"hello"', f'"{name}"'), encoding="utf-8")
        shop.git("init", "--quiet", "--initial-branch", "main")
        shop.git("config", "user.name", "A Tester")
        shop.git("config", "user.email", "tester@example.invalid")
        shop.commit("feat: open")
        return shop

    @property
    def key(self) -> ServiceKey:
        """The service's key."""
        return ServiceKey("acme", "europe-west1", self.name)

    def git(self, *words: str) -> str:
        """Run git in the repository."""
        return subprocess.run(
            ["git", *words], cwd=self.folder, env=self.environ, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, subject: str) -> str:
        """Commit everything; the hash."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.git("rev-parse", "HEAD")

    def sell(self, name: str) -> str:
        """A feature: one more item; the commit's hash."""
        items = self.folder / "items.json"
        found = json.loads(items.read_text(encoding="utf-8"))
        items.write_text(
            json.dumps([*found, {"id": f"it_{name}", "name": name, "cents": 100}]), encoding="utf-8"
        )
        return self.commit(f"feat: sell {name}")

    def litter(self, word: str) -> str:
        """A commit that changes nothing that matters; its hash."""
        (self.folder / "litter.txt").write_text(word, encoding="utf-8")
        return self.commit(f"fix: {word}")

    def break_items(self) -> str:
        """A commit whose smoke check fails; its hash."""
        (self.folder / "items.json").write_text("[]", encoding="utf-8")
        return self.commit("fix: tidy the shelf")

    def run(
        self, task: str, *flags: str, folder: Path | None = None, environ: dict[str, str] | None = None
    ) -> Ended:
        """Type a command and wait for its end."""
        ended = subprocess.run(
            self.command(task, *flags),
            cwd=folder or self.folder,
            env=self.environ if environ is None else environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def run_in_shell(self, script: str, task: str) -> Ended:
        """Type a command behind a shell script that ends with ``exec "$@"``."""
        ended = subprocess.run(
            ["/bin/bash", "-c", script, "bash", *self.command(task)],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def start(self, task: str, *flags: str) -> subprocess.Popen[str]:
        """Type a command and do not wait."""
        return subprocess.Popen(
            self.command(task, *flags),
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def command(self, task: str, *flags: str) -> list[str]:
        """What the shell is given."""
        return [sys.executable, "-m", "relman", task, *flags]

    @cached_property
    def cloud(self) -> CloudRun:
        """Google's own client, for looking."""
        return CloudRun(self.endpoint)

    def live(self) -> LiveService:
        """The service as the platform answers it."""
        found = self.cloud.service(self.key)
        assert found is not None
        return found

    def builds(self) -> int:
        """How many builds of the service the platform was asked for."""
        builds = CloudBuild(self.endpoint)
        try:
            return len(builds.builds("acme", f"relman-{self.name}"))
        finally:
            builds.close()

    def revisions(self) -> list[str]:
        """The names of the service's revisions, newest first."""
        return [revision.name for revision in self.cloud.revisions(self.key)]

    def entries(self) -> tuple[Entry, ...]:
        """Everything in the ledger of the repository."""
        store = SqliteStore(self.folder / ".relman", system())
        try:
            return store.entries(self.key)
        finally:
            store.close()

    def kinds(self) -> list[str]:
        """The entries' kinds, with their steps."""
        return [f"{entry.kind} {entry.step}".strip() for entry in self.entries()]

    def started_until(self, task: str, entry: str, seconds: float = 60.0) -> subprocess.Popen[str]:
        """Type a command, and wait until it has recorded an entry, such as ``step.intent bake-20``."""
        before = self.kinds().count(entry)
        process = self.start(task)
        end = time.monotonic() + seconds
        while self.kinds().count(entry) == before:
            assert time.monotonic() < end, f"no {entry} in {self.kinds()}"
            time.sleep(0.02)
        return process

    def slow(self, bake: str) -> None:
        """Bake so long from the next commit on."""
        config = self.folder / "relman.toml"
        text = re.sub('bake = ".*"', f'bake = "{bake}"', config.read_text(encoding="utf-8"))
        config.write_text(text, encoding="utf-8")


def ctrl_c(process: subprocess.Popen[str]) -> None:
    """What the terminal sends."""
    process.send_signal(signal.SIGINT)
