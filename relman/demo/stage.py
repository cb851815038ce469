"""Where the demonstration plays: a temporary git repository, and a platform of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from relman.errors import RelmanError, Unreachable

EXAMPLE = "hello"
NOBODY = {
    "GIT_AUTHOR_NAME": "relman demo",
    "GIT_AUTHOR_EMAIL": "demo@relman.invalid",
    "GIT_COMMITTER_NAME": "relman demo",
    "GIT_COMMITTER_EMAIL": "demo@relman.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


@dataclass(frozen=True)
class Stage:
    """The repository, and the environment in which commands find the platform.

    Attributes:
        repository: The folder with the example service's ``relman.toml``.
        environ: What commands are run with.
    """

    repository: Path
    environ: Mapping[str, str]

    def commit(self, subject: str) -> None:
        """Commit everything that is there."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", subject)

    def type(self, command: str) -> int:
        """Show a command as a person types it, run it on the same terminal; its exit code."""
        print(f"\n$ inv {command}", flush=True)
        return subprocess.run(
            [sys.executable, "-m", "relman", *command.split()],
            cwd=self.repository,
            env=self.environ,
            check=False,
        ).returncode

    def ask(self, command: str) -> str:
        """The output of a command that only reads."""
        return subprocess.run(
            [sys.executable, "-m", "relman", *command.split()],
            cwd=self.repository,
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.repository, env=self.environ, check=True)


@contextmanager
def built(environ: Mapping[str, str]) -> Iterator[Stage]:
    """A stage; whatever happens on it, nothing of it is left running or lying about.

    Raises:
        Unreachable: git or the platform cannot be started.
    """
    if not shutil.which("git"):
        raise Unreachable("the demo needs git", fact="it is not on the PATH", clears="sudo apt install git")
    with tempfile.TemporaryDirectory(prefix="relman-demo-") as folder:
        state, repository = Path(folder) / "platform", Path(folder) / EXAMPLE
        shutil.copytree(example(), repository, ignore=shutil.ignore_patterns(".relman", "__pycache__"))
        try:
            yield _opened(repository, {**environ, **NOBODY, **_platform(state)})
        finally:
            _embedded("down", state)


def example() -> Path:
    """The example service: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).parent.parent
    found = next(
        (
            place / EXAMPLE
            for place in (package.parent / "examples", package / "examples")
            if (place / EXAMPLE).is_dir()
        ),
        None,
    )
    if found is None:
        raise Unreachable("the example service is missing", fact=f"not beside {package}")
    return found


def _opened(repository: Path, environ: Mapping[str, str]) -> Stage:
    stage = Stage(repository, environ)
    stage._git("init", "--quiet", "--initial-branch", "main")  # noqa: SLF001 - its own first step
    return stage


def _platform(state: Path) -> dict[str, str]:
    """Start the platform on a free port; the variables that point clients at it."""
    started = _embedded("up", state)
    if started.returncode:
        raise Unreachable("the embedded platform does not start", fact=started.stderr.strip())
    exports = _embedded("env", state).stdout.splitlines()
    pairs = [line.removeprefix("export ").partition("=") for line in exports if line.startswith("export ")]
    return {name: value.strip("'\"") for name, _, value in pairs}


def _embedded(verb: str, state: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "relman.embedded", verb, "--state", str(state)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


class DemoFailed(RelmanError):
    """A command of the demonstration ended otherwise than it should."""
